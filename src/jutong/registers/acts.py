"""What administrators do: register bodies, people, systems and nodes, give posts and credentials, enter standards."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import date

from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import Invalid, NotFound, Overtaken
from jutong.kernel.mark import check_mark
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.text import text
from jutong.terms import Duty, Grade, Org, YearNotice
from jutong.terms.deadline import DeadlineRule, local_rule

from . import shipped, store
from .body import checked_body
from .credential import SECRET_BYTES, new_credential
from .naming import checked_name
from .node import Node
from .post import USUAL_CLEARANCE, Person, Post, checked_clearance, checked_person, checked_post
from .system import System, SystemName, class_of, instance_of

NO_BODY = ""  # owns what belongs to the tier as a whole: its authority answers for that, no single department


def register_body(desk: Desk, org: Org, *, seen: str | None = None) -> Org:
    """Enter a body, or change its entry: as it was ``seen``, where a form says what it showed."""
    body = checked_body(org)
    known = _known_body(desk, body.code)
    if known is None:
        desk.allow("registers.register_body", Label(owner=body.code))
    else:
        desk.allow("registers.change_body", _label(desk, body.code))
    if known == body:
        return body
    check_mark(seen, known)
    store.save_body(desk.db, body)
    desk.record("registers.body_registered", on=body.code, division=body.division, kind=body.kind.value)
    return body


def register_person(desk: Desk, name: str, account: str) -> Person:
    """Enter somebody who may hold posts; an account belongs to one person for ever."""
    desk.allow("registers.register_person", Label(owner=desk.actor.org))
    person = checked_person(Person(id=desk.new_id(), account=account, name=name))
    known = store.person_with(desk.db, person.account)
    if known is not None:
        if known.name != person.name:
            raise Invalid(text("the account belongs to somebody else"), remedy=text("choose another account"))
        return known
    store.save_person(desk.db, person)
    desk.record("registers.person_registered", on=person.id)
    return person


def appoint(
    desk: Desk,
    person_id: str,
    body: str,
    title: str,
    duties: Collection[Duty],
    cleared: Grade = USUAL_CLEARANCE,
) -> Post:
    """Give a person a post; a clearance above the usual is a second decision, the security administrator's."""
    org = store.find_body(desk.db, body)
    label = _label(desk, org.code)
    desk.allow("registers.appoint", label)
    if cleared > USUAL_CLEARANCE:
        desk.allow("registers.clear", label)
    held = store.posts_held_by(desk.db, store.find_person(desk.db, person_id).id)
    post = checked_post(
        Post(
            id=desk.new_id(),
            person=person_id,
            body=body,
            title=title,
            duties=frozenset(duties),
            cleared=cleared,
            since=desk.now,
        ),
        org,
        held=held,
        by=desk.actor,
    )
    for other in held:
        if other.same_as(post):
            return other
    store.save_post(desk.db, post)
    desk.record(
        "registers.appointed",
        on=post.id,
        person=person_id,
        body=body,
        duties=tuple(duty.value for duty in sorted(post.duties)),
        cleared=int(cleared),
    )
    return post


def clear(desk: Desk, post_id: str, grade: Grade, *, seen: str | None = None) -> Post:
    """Set up to which grade a post may see, as it was ``seen``."""
    post = store.find_post(desk.db, post_id)
    desk.allow("registers.clear", _label(desk, post.body))
    cleared = checked_clearance(post, grade, by=desk.actor)
    if cleared == post:
        return post
    check_mark(seen, post)
    store.save_post(desk.db, cleared)
    desk.record("registers.cleared", on=post.id, grade=int(grade))
    return cleared


def dismiss(desk: Desk, post_id: str) -> Post:
    """End a post; its credentials stop counting with it."""
    post = store.find_post(desk.db, post_id)
    desk.allow("registers.dismiss", _label(desk, post.body))
    if not post.held:
        return post
    ended = post.ended(desk.now)
    store.save_post(desk.db, ended)
    desk.record("registers.dismissed", on=post.id, person=post.person, body=post.body)
    return ended


def issue_credential(desk: Desk, post_id: str, *, days: int = 90) -> tuple[str, str]:
    """Make a credential for a post; return its identifier and the token, which is shown this once."""
    post = store.find_post(desk.db, post_id)
    desk.allow("registers.issue_credential", _label(desk, post.body))
    post.actor()  # refuses for a post that has ended
    kept, token = new_credential(desk.new_id(), post.id, secrets.token_bytes(SECRET_BYTES), now=desk.now, days=days)
    store.save_credential(desk.db, kept)
    desk.record("registers.credential_issued", on=kept.id, post=post.id, expires=kept.expires.isoformat())
    return kept.id, token


def revoke_credential(desk: Desk, credential_id: str) -> None:
    """End a credential at once."""
    credential = store.find_credential(desk.db, credential_id)
    desk.allow("registers.revoke_credential", _label(desk, store.find_post(desk.db, credential.post).body))
    if credential.revoked:
        return
    store.save_credential(desk.db, credential.ended(desk.now))
    desk.record("registers.credential_revoked", on=credential.id, post=credential.post)


def register_system(
    desk: Desk, body: str, code: str, name: str, public_key: AnyPublicKey | None = None, *, seen: str | None = None
) -> System:
    """Enter a body's system under its name in the network; to give it a key is the security administrator's act.

    Where a form says which title it showed (``seen``), another title that was entered since is not overwritten.
    """
    org = store.find_body(desk.db, body)
    label = _label(desk, org.code)
    desk.allow("registers.register_system", label)
    title = checked_name(name, field=text("the system's name"))
    full_name = SystemName(instance_of(org.division), class_of(org.kind, org.code), org.code, code)
    known = _known_system(desk, full_name)
    if known is not None and seen is not None and title != known.title != seen:
        raise Overtaken
    if known is None or known.title != title:
        known = System(name=full_name, title=title, keys=known.keys if known else ())
        store.save_system(desk.db, known)
        desk.record("registers.system_registered", on=str(full_name), body=org.code)
    return known if public_key is None else set_key(desk, full_name, public_key)


def set_key(
    desk: Desk, name: SystemName, public_key: AnyPublicKey, *, overlap_days: int = 0, seen: str | None = None
) -> System:
    """Give a system its key, or a new one; what the old one signed stays provable.

    The old one ends at once, as it must when it was stolen; in a rotation by plan it may count for some days more.
    Where a form says which key it showed (``seen``; empty for none), a newer one is not overwritten.
    """
    system = store.find_system(desk.db, name)
    desk.allow("registers.set_key", _label(desk, system.body))
    keyed = system.with_key(public_key, desk.now, overlap_days=overlap_days)
    if keyed == system:
        return system
    if seen is not None and seen != (str(system.key) if system.key else ""):
        raise Overtaken
    store.save_system(desk.db, keyed)
    desk.record("registers.key_set", on=str(name), key=digest(public_key.raw), overlap_days=overlap_days)
    return keyed


def end_overlap(desk: Desk, name: SystemName) -> System:
    """Let a system's newest key count alone, before the overlap of a rotation is over."""
    system = store.find_system(desk.db, name)
    desk.allow("registers.end_overlap", _label(desk, system.body))
    older = system.counting(desk.now)[1:] if system.key else ()
    if not older:
        return system
    alone = system.without_older(desk.now)
    store.save_system(desk.db, alone)
    desk.record("registers.overlap_ended", on=str(name), keys=[digest(each.key.raw) for each in older])
    return alone


def withdraw_key(desk: Desk, name: SystemName) -> System:
    """Take a system's keys from it: they are lost, stolen or no longer needed."""
    system = store.find_system(desk.db, name)
    desk.allow("registers.withdraw_key", _label(desk, system.body))
    if system.key is None:
        return system
    bare = system.without_key(desk.now)
    store.save_system(desk.db, bare)
    desk.record("registers.key_withdrawn", on=str(name), key=digest(system.key.raw))
    return bare


def enrol_node(desk: Desk, node: Node, *, seen: str | None = None) -> Node:
    """Trust another tier's node under its key, or change what is known of it, as it was ``seen``."""
    desk.allow("registers.enrol_node", _label(desk, NO_BODY))
    known = next((one for one in store.nodes(desk.db) if one.name == node.name), None)
    if known == node:
        return node
    check_mark(seen, known)
    store.save_node(desk.db, node)
    sm2 = {"sm2_key": digest(node.sm2_key.raw)} if node.sm2_key else {}
    desk.record("registers.node_enrolled", on=node.name, key=digest(node.key.raw), relation=node.relation.value, **sm2)
    return node


def seed_standards(desk: Desk) -> None:
    """Enter what the product ships where the register has nothing: what an officer entered stays."""
    desk.allow("registers.seed_standards", Label(owner=desk.actor.org))
    entered = {
        "calendar_years": _seed_years(desk),
        "deadlines": _seed_rules(desk),
        "elements": _seed_elements(desk),
        "code_sets": _seed_code_sets(desk),
    }
    if any(entered.values()):
        desk.record("registers.standards_seeded", on="standards", **entered)


def enter_calendar(
    desk: Desk, year: int, days: Mapping[date, bool], notice: str, *, seen: str | None = None
) -> YearNotice:
    """Enter a year's notice: which weekdays rest (False) and which weekend days work (True); the year is firm then.

    One that stands already is replaced as it was ``seen``.
    """
    desk.allow("registers.enter_calendar", _label(desk, NO_BODY))
    entered = YearNotice(year=year, notice=checked_name(notice, field=text("the notice's title")), days=dict(days))
    before = {known.year: known for known in store.years(desk.db)}
    if before.get(year) == entered:
        return entered
    check_mark(seen, before.get(year))
    store.save_year(desk.db, entered)
    facts = {day.isoformat(): working for day, working in entered.days.items()}
    desk.record(
        "registers.calendar_entered",
        on=str(year),
        notice=entered.notice,
        days=len(facts),
        digest=digest(canonical(facts)),
        replaced=year in before,
    )
    return entered


def enter_rule(
    desk: Desk,
    rule_id: str,
    *,
    division: str,
    working_days: int,
    since: date,
    until: date | None = None,
    instrument: str,
    article: str = "",
) -> DeadlineRule:
    """Enter a place's own term for something that has one, beside the country's; the stricter counts."""
    desk.allow("registers.enter_rule", _label(desk, NO_BODY))
    if not shipped.divisions().known(division):
        raise Invalid(
            text("{division} is no division of the register", division=division[:12]),
            basis=text("GB/T 2260"),
            remedy=text("name the place by its six-digit code"),
        )
    known = store.deadline_rules(desk.db)
    rule = local_rule(
        [*known, *shipped.deadline_rules()],
        rule_id,
        division=division,
        working_days=working_days,
        since=since,
        until=until,
        instrument=instrument,
        article=article,
        today=desk.today,
    )
    if rule in known:
        return rule
    store.save_rule(desk.db, rule)
    desk.record(
        "registers.rule_entered",
        on=rule.id,
        division=division,
        working_days=working_days,
        since=since.isoformat(),
        until=until.isoformat() if until else None,
        instrument=rule.instrument,
    )
    return rule


def _label(desk: Desk, body: str) -> Label:
    return store.label_of(desk.db, body, by=desk.actor)


def _known_body(desk: Desk, code: str) -> Org | None:
    try:
        return store.find_body(desk.db, code)
    except NotFound:
        return None


def _known_system(desk: Desk, name: SystemName) -> System | None:
    try:
        return store.find_system(desk.db, name)
    except NotFound:
        return None


def _seed_years(desk: Desk) -> int:
    known = {year.year for year in store.years(desk.db)}
    missing = [year for year in shipped.calendar_years() if year.year not in known]
    for year in missing:
        store.save_year(desk.db, year)
    return len(missing)


def _seed_rules(desk: Desk) -> int:
    known = {(rule.id, rule.jurisdiction, rule.since) for rule in store.deadline_rules(desk.db)}
    missing = [rule for rule in shipped.deadline_rules() if (rule.id, rule.jurisdiction, rule.since) not in known]
    for rule in missing:
        store.save_rule(desk.db, rule)
    return len(missing)


def _seed_elements(desk: Desk) -> int:
    known = {element.id for element in store.elements(desk.db)}
    missing = [element for element in shipped.elements() if element.id not in known]
    for element in missing:
        store.save_element(desk.db, element)
    return len(missing)


def _seed_code_sets(desk: Desk) -> int:
    known = {codes.id for codes in store.code_sets(desk.db)}
    missing = [codes for codes in shipped.code_sets() if codes.id not in known]
    for codes in missing:
        store.save_code_set(desk.db, codes)
    return len(missing)
