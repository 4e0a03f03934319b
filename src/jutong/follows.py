"""What follows what: the whole nervous system on one page, and the worker that keeps it going."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from jutong import access, atlas, catalogue, census, delivery, ledger, library, notices, quality, sharing
from jutong.desk import Desk, House
from jutong.guard import Label
from jutong.kernel.db import connection
from jutong.kernel.errors import Refused, Unavailable
from jutong.ledger import Evidence

Reaction = Callable[[Desk, Evidence], object]
log = logging.getLogger(__name__)


def examine_batch(desk: Desk, line: Evidence) -> None:
    """Rows that landed are examined."""
    quality.examine(desk, line.on)


def profile_batch(desk: Desk, line: Evidence) -> None:
    """Examined rows are measured: what drifted since the batch before is seen without anybody looking."""
    quality.profile(desk, line.on)


def open_objections(desk: Desk, line: Evidence) -> None:
    """What an examination found goes back to the source department (Order 809 art. 26)."""
    quality.open_objections(desk, line.on)


def close_objections(desk: Desk, line: Evidence) -> None:
    """An objection closes by itself when a corrected batch passes its rule."""
    quality.close_resolved(desk, line.on)


def merge_batch(desk: Desk, line: Evidence) -> None:
    """Examined rows are laid into the base library."""
    library.merge(desk, line.on)


def refresh_serving_copy(desk: Desk, line: Evidence) -> None:
    """What the library holds anew is what the gateway answers from."""
    delivery.refresh(desk, str(line.facts["entry"]))


def read_addresses(desk: Desk, line: Evidence) -> None:
    """Addresses are read into their parts, once the rows stand in their standard form."""
    library.read_addresses(desk, line.on)


def match_rows(desk: Desk, line: Evidence) -> None:
    """Rows without a valid key look for their legal persons, once the batch is merged."""
    library.match_batch(desk, line.on)


def make_theme(desk: Desk, line: Evidence) -> None:
    """A declared theme is made at once; later on demand, because it reads the whole library."""
    library.make_theme(desk, line.on)


def draw_theme(desk: Desk, line: Evidence) -> None:
    """From which fields of the base library the columns of a theme come stands on the map."""
    atlas.draw_theme(desk, line.on)


def settle_decision(desk: Desk, line: Evidence) -> None:
    """Golden records follow what was decided: whose word stands, who is one and the same."""
    library.settle_decision(desk, str(line.facts["decision"]))


def refresh_settled(desk: Desk, line: Evidence) -> None:
    """Where a decision changed golden records, the gateway answers from the new ones."""
    if line.facts["subjects"]:
        delivery.refresh(desk, str(line.facts["entry"]))


def open_service(desk: Desk, line: Evidence) -> None:
    """An agreement that stands gets its service: that is the delivery (Order 809 art. 22)."""
    agreement = sharing.find_agreement(desk.db, str(line.facts["agreement"]))
    delivery.open_service(desk, agreement.id)


def recompute_deadlines(desk: Desk, line: Evidence) -> None:
    """A year's notice moves the due days that were provisional."""
    sharing.recompute_deadlines(desk, int(str(line.facts["year"])))


def suspend_agreements(desk: Desk, line: Evidence) -> None:
    """What is no longer in the catalogue is no longer delivered."""
    entry = catalogue.find(desk.db, line.on)
    sharing.suspend_all(desk, entry.id)


def recompute_revisions(desk: Desk, line: Evidence) -> None:
    """A year's notice moves the days by which catalogues are updated, too."""
    catalogue.recompute_revisions(desk, int(str(line.facts["year"])))


def tell_users_of_change(desk: Desk, line: Evidence) -> None:
    """Whoever uses an entry learns of its new version, or of its end."""
    sharing.tell_change(desk, line.on, int(str(line.facts["version"])))


def mark_doubted(desk: Desk, line: Evidence) -> None:
    """Records in doubt carry the flag with every answer, and lose it when the doubt is answered."""
    delivery.refresh(desk, str(line.facts["entry"]))


def tell_doubt(desk: Desk, line: Evidence) -> None:
    """Whoever uses a doubted item is told, once when the doubt begins and once when it ends."""
    lifted = line.act in ("quality.objection_resolved", "quality.objection_answered")
    if line.facts.get("outcome") == "corrected":
        return  # by word alone; a batch that passes will lift it
    entry, rule = str(line.facts["entry"]), str(line.facts["rule"])
    sharing.tell_doubt(desk, entry, rule.partition(".")[0], line.on, lifted=lifted)


def end_sessions(desk: Desk, line: Evidence) -> None:
    """Whoever is dismissed from a post gets up from every desk."""
    access.end_sessions(desk, str(line.facts["person"]))


def find_contradictions(desk: Desk, line: Evidence) -> None:
    """The grading assistant reads what is published; what cannot both stand goes to its provider."""
    census.look_at_grades(desk, line.on)


def draw_entry(desk: Desk, line: Evidence) -> None:
    """What is in force stands on the data map, and nothing else."""
    atlas.draw_entry(desk, line.on)


def draw_table(desk: Desk, line: Evidence) -> None:
    """A table that hangs on an entry stands beneath it on the map."""
    atlas.draw_table(desk, line.on)


def draw_service_item(desk: Desk, line: Evidence) -> None:
    """A service item stands on the map with what it asks for."""
    atlas.draw_service_item(desk, str(line.facts["body"]), line.on)


def draw_agreement(desk: Desk, line: Evidence) -> None:
    """Who is served stands on the map; who is no longer served does not."""
    atlas.draw_agreement(desk, line.on)


def end_subscriptions(desk: Desk, line: Evidence) -> None:
    """Whoever has no right any more is told of no new version."""
    delivery.end_subscriptions(desk, line.on)


def drop_amendments(desk: Desk, line: Evidence) -> None:
    """Of what has ended, nothing more is asked."""
    sharing.drop_amendments(desk, line.on)


def end_outflows(desk: Desk, line: Evidence) -> None:
    """Into the target of whoever has no right any more, nothing more goes out."""
    delivery.end_outflows(desk, line.on)


def draw_merge(desk: Desk, line: Evidence) -> None:
    """The columns of a merge stand on the map."""
    atlas.draw_merge(desk, line.on, str(line.facts["entry"]))


def tell_those_concerned(desk: Desk, line: Evidence) -> None:
    """What others did is told to the bodies that it concerns."""
    notices.tell(desk.db, line)


FOLLOWS: Mapping[str, tuple[Reaction, ...]] = {
    "collection.landed": (examine_batch,),
    "quality.examined": (open_objections, close_objections, merge_batch, profile_batch),
    "quality.objection_opened": (mark_doubted, tell_doubt),
    "quality.objection_reopened": (mark_doubted, tell_doubt),
    "quality.objection_repeated": (mark_doubted,),
    "quality.objection_resolved": (mark_doubted, tell_doubt),
    "quality.objection_answered": (mark_doubted, tell_doubt),
    "quality.objection_closed": (mark_doubted,),
    "library.merged": (refresh_serving_copy, draw_merge, match_rows, read_addresses),
    "library.matched": (refresh_serving_copy,),
    "library.theme_declared": (make_theme, draw_theme),
    "library.match_accepted": (settle_decision,),
    "library.match_rejected": (settle_decision,),
    "library.authority_set": (settle_decision,),
    "library.joined": (settle_decision,),
    "library.parted": (settle_decision,),
    "library.settled": (refresh_settled,),
    "sharing.approved": (open_service,),
    "registers.dismissed": (end_sessions,),
    "registers.calendar_entered": (recompute_deadlines, recompute_revisions),
    "catalogue.published": (tell_users_of_change, find_contradictions, draw_entry),
    "catalogue.withdrawn": (suspend_agreements, tell_users_of_change, draw_entry),
    "census.hung": (draw_table,),
    "census.entry_proposed": (draw_table,),
    "registers.service_item_listed": (draw_service_item,),
    "delivery.opened": (draw_agreement,),
    "sharing.terminated": (draw_agreement, end_subscriptions, end_outflows, drop_amendments),
    "sharing.concluded": (draw_agreement, end_subscriptions, end_outflows, drop_amendments),
    "sharing.expired": (draw_agreement, end_subscriptions, end_outflows, drop_amendments),
}


# One reaction to many words walks through the log once, under one position.
FOLLOWS_ALL: Mapping[Reaction, tuple[str, ...]] = {
    tell_those_concerned: tuple(sorted(notices.TOLD)),
}


def follow(house: House, *, limit: int = 100) -> int:
    """Let every reaction see the lines that are new to it, and return how many were handled.

    At least once: a reaction's position is saved in the same transaction as its effect, on the condition that nobody
    else moved it, so several processes may do this at the same time and an act may be asked for twice, never lost.
    """
    single = [((word,), one) for word, reactions in FOLLOWS.items() for one in reactions]
    many = [(words, one) for one, words in FOLLOWS_ALL.items()]
    return sum(_follow(house, words, reaction, limit) for words, reaction in (*single, *many))


class Following:
    """Follows again and again, and asks nothing of a log that has not grown since there was nothing left to do."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._through = -1

    def __call__(self) -> int:
        """Follow what is new, and return how much was handled."""
        with self._house.reading() as db:
            newest = ledger.newest_place(db)
        if newest == self._through:
            return 0
        handled = follow(self._house)
        if not handled:
            self._through = newest  # taken before the looking: what came meanwhile is newer
        return handled


def _follow(house: House, words: tuple[str, ...], reaction: Reaction, limit: int) -> int:
    name = f"{words[0] if len(words) == 1 else '*'}>{reaction.__name__}"
    with connection(house.engine) as db:
        after = ledger.position(db, name)
        lines = list(ledger.read(db, after=after, acts=words, limit=limit))
    for place, line in lines:
        _react(house, name, reaction, after, place, line)
        after = place
    return len(lines)


def _react(house: House, name: str, reaction: Reaction, after: int, place: int, line: Evidence) -> None:
    try:
        with house.desk(house.itself) as desk:
            reaction(desk, line)
            ledger.advance(desk.db, name, after=after, to=place)
    except Unavailable:
        raise
    except Refused as refusal:
        # A line that cannot be followed must not hold up those behind it; that it was not followed is evidence too.
        log.warning("reaction %s to line %s was refused: %s", name, place, refusal.code)
        with house.desk(house.itself) as desk:
            decline(desk, name, after, place, line, refusal)


def decline(desk: Desk, name: str, after: int, place: int, line: Evidence, refusal: Refused) -> None:
    """Leave evidence that a reaction was refused, and go on."""
    desk.allow("follows.decline", Label(owner=desk.actor.org))
    ledger.advance(desk.db, name, after=after, to=place)
    desk.record("follows.declined", on=line.on, reaction=name, code=refusal.code, place=place)
