"""What the pages of a request and of an agreement show of disputes about it."""

from __future__ import annotations

from collections.abc import Mapping

from jutong import guard
from jutong.desk import Reading
from jutong.sharing import Agreement, Request, Stage, dispute
from jutong.sharing.dispute import Ruling, State

from .visit import Visit

DISPUTABLE = frozenset(
    {Stage.SUBMITTED, Stage.SUPPLEMENT_REQUIRED, Stage.EXTENSION_ASKED, Stage.EXTENDED, Stage.REFUSED}
)


def disputes_about(db: Reading, visit: Visit, thing: Request | Agreement) -> Mapping[str, object]:
    """Return the disputes about a thing that the visitor may see, and whether one may be opened."""
    known = dispute.dispute_on(db, thing.id)
    on_agreement = isinstance(thing, Agreement)
    open_to = on_agreement or thing.stage in DISPUTABLE
    barred = any(one.state in {State.OPEN, State.DECIDED} for one in known)
    label = guard.Label(owner=thing.provider, parties=frozenset({thing.consumer}))
    return {
        "about": thing.id,
        "disputes": [one for one in known if one.visible_to(visit.acting)] if visit.sees("pages.disputes") else [],
        "may_dispute": open_to and not barred and visit.may("sharing.open_dispute", label),
        "rulings": (Ruling.RESUME, Ruling.END, Ruling.STAND) if on_agreement else (Ruling.SHARE, Ruling.STAND),
    }
