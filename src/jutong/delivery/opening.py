"""What a provider declares beside its rows, is opened to single agreements: when it may be, and when it may end.

Holds for rows found by parameters (``listing``) and for departments' own services (``proxy``) alike.
"""

from __future__ import annotations

from enum import StrEnum

from jutong.guard.grades import Method
from jutong.kernel.errors import NotAllowed, WrongMoment
from jutong.kernel.text import text
from jutong.sharing.agreement import Agreement


class State(StrEnum):
    """How a declared service stands; what was declared never changes: another declaration is another service."""

    LIVE = "live"
    ENDED = "ended"

    def must_be_live(self) -> None:
        """Refuse what is asked of a service that is over."""
        if self is State.ENDED:
            raise WrongMoment(text("this service has ended"), remedy=text("declare a new one"))


def must_grant_queries(agreement: Agreement, entry: str) -> None:
    """Refuse to open a service over an entry to an agreement that lets nobody ask for records of it."""
    if agreement.entry != entry or agreement.over or Method.QUERY not in agreement.methods:
        raise NotAllowed(
            text("the agreement grants no queries of this entry"),
            basis=text("sharing agreement, methods"),
            remedy=text("have the using body ask for queries of it"),
        )


def must_rest_on_none(count: int) -> None:
    """Refuse to end a service on which agreements rest: its provider alone does not (Order 809, art. 27)."""
    if count:
        raise WrongMoment(
            text("{count} agreements rest on this service", count=count),
            basis=text("Order 809, art. 27: without good reason the provider neither ends nor changes a service"),
            remedy=text("ask the using bodies to give it up; answer misuse by suspending the agreement"),
        )
