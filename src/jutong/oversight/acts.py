"""What the authority does with scorecards: freeze them when their period is over."""

from __future__ import annotations

from datetime import date

from jutong import registers
from jutong.desk import Desk
from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text

from . import store
from .snapshot import Snapshot
from .tally import score_of


def freeze(desk: Desk, provider: str, since: date, until: date) -> Snapshot:
    """Freeze a department's scorecard of a period that is over; the numbers of that period do not change any more."""
    body = registers.find_body(desk.db, provider)
    desk.allow("oversight.freeze", store.label_of(desk.db, store.NO_BODY, by=desk.actor))
    if until >= desk.today:
        raise WrongMoment(
            text("the period is not over before {day} has passed", day=until), remedy=text("freeze it the day after")
        )
    if store.known(desk.db, body.code, since, until):
        return store.find_frozen(desk.db, body.code, since, until)
    card = score_of(store.lines(desk.db), provider=body.code, since=since, until=until)
    if store.save_new(desk.db, desk.new_id(), card):
        frozen = store.find_frozen(desk.db, body.code, since, until)
        desk.record(
            "oversight.scored",
            on=frozen.id,
            provider=body.code,
            since=since.isoformat(),
            until=until.isoformat(),
            score=card.score,
            missing=card.missing,
            size=card.size,
            digest=frozen.digest,
        )
    return store.find_frozen(desk.db, body.code, since, until)
