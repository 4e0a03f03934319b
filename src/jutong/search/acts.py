"""What officials do about the search: say which words stand for one another, keep questions, put demands forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import digest
from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import text

from . import store
from .wish import REASON_LIMIT, Candidate, Kept, KeptGroup, group_of, question


def keep_group(desk: Desk, line: str, group_id: str = "") -> KeptGroup:
    """Keep words that stand for one another, or change a group; every search on this node uses it from then on."""
    desk.allow("search.keep_group", Label(owner=desk.actor.org))
    line = " ".join(line.split())
    group_of(line)
    if group_id:
        known = store.find_group(desk.db, group_id)
        group = replace(known, line=line, body=desk.actor.org, changed=desk.now)
    else:
        group = KeptGroup(id=desk.new_id(), line=line, body=desk.actor.org, changed=desk.now)
        if len(known_groups := store.groups(desk.db)) >= store.GROUPS_MOST:
            raise TooMuch(text("there are {count} groups of synonyms already", count=len(known_groups)))
        if (same := next((one for one in known_groups if one.line == line), None)) is not None:
            return same
    store.save_group(desk.db, group)
    desk.record("search.group_kept", on=group.id, line=digest(line.encode()))
    return group


def remove_group(desk: Desk, group_id: str) -> None:
    """Let go of words that stood for one another."""
    desk.allow("search.remove_group", Label(owner=desk.actor.org))
    group = store.find_group(desk.db, group_id)
    store.remove_group(desk.db, group.id)
    desk.record("search.group_removed", on=group.id, line=digest(group.line.encode()))


def keep_question(desk: Desk, asked: str, facets: Mapping[str, str]) -> Kept:
    """Keep a question for one's body, which is told of new entries that answer it; the same question once."""
    desk.allow("search.keep_question", Label(owner=desk.actor.org))
    words = question(asked)
    own = store.questions(desk.db, desk.actor.org)
    if (same := next((one for one in own if one.asked == words and one.facets == facets), None)) is not None:
        return same
    if len(own) >= store.KEPT_MOST:
        raise TooMuch(
            text("your body keeps {count} searches already", count=len(own)),
            remedy=text("let go of those that are not needed any more"),
        )
    kept = Kept(id=desk.new_id(), body=desk.actor.org, asked=words, facets=facets, kept=desk.now)
    store.save_question(desk.db, kept)
    desk.record("search.question_kept", on=kept.id, words=digest(words.encode()))
    return kept


def let_go(desk: Desk, question_id: str) -> None:
    """Let go of a question of one's body."""
    desk.allow("search.let_go", Label(owner=desk.actor.org))
    kept = store.find_question(desk.db, question_id, desk.actor.org)
    store.remove_question(desk.db, kept.id)
    desk.record("search.question_removed", on=kept.id)


def tell_match(desk: Desk, kept: Kept, entry: str, provider: str) -> bool:
    """Tell a body, once, that an entry which was just published answers the question that it keeps."""
    desk.allow("search.tell_match", Label(owner=desk.actor.org))
    if store.was_told(desk.db, kept.id, entry):
        return False
    store.save_told(desk.db, kept.id, entry)
    desk.record("search.matched", on=entry, entry=entry, question=kept.id, provider=provider, consumer=kept.body)
    return True


def put_forward(desk: Desk, words: str, reason: str) -> Candidate:
    """Put a question that found nothing forward as a demand; the same words once."""
    desk.allow("search.put_forward", Label(owner=desk.actor.org))
    if (known := store.candidate_of(desk.db, words)) is not None:
        return known
    missed = store.find_missed(desk.db, words)
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= REASON_LIMIT:
        raise Invalid(text("a reason has 1 to {most} characters", most=REASON_LIMIT), remedy=text("say what for"))
    noted = Candidate(
        id=desk.new_id(), words=words, count=missed.count, reason=reason, body=desk.actor.org, noted=desk.now
    )
    store.save_candidate(desk.db, noted)
    store.forget_missed(desk.db, words)
    desk.record("search.put_forward", on=noted.id, count=noted.count, words=digest(words.encode()))
    return noted
