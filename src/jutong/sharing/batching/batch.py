"""An application for several entries: one purpose and one basis, a request of its own for each entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jutong.kernel.errors import Invalid, Refused
from jutong.kernel.text import text

from ..wish import Wish

BATCH_LIMIT = 20  # entries


class Faulty(Invalid):
    """An application of which nothing was filed; ``faults`` says for which entries, and why."""

    def __init__(self, faults: Mapping[str, Refused]) -> None:
        super().__init__(
            text("nothing was filed: {count} of the entries cannot be asked for so", count=len(faults)),
            remedy=text("put right what stands at each entry, or leave the entry out"),
        )
        self.faults = faults


def check_batch(wishes: Sequence[Wish]) -> None:
    """Refuse what is no application for several entries with one purpose and one legal basis."""
    if not 2 <= len(wishes) <= BATCH_LIMIT:
        raise Invalid(
            text("an application names from 2 to {most} entries", most=BATCH_LIMIT),
            remedy=text("ask for one entry by a request of its own; file more entries in further applications"),
        )
    if len({wish.entry for wish in wishes}) != len(wishes):
        raise Invalid(text("an entry stands twice in the application"))
    if len({(tuple(sorted(wish.purposes)), wish.legal_basis) for wish in wishes}) != 1:
        raise Invalid(
            text("an application for several entries has one purpose and one legal basis"),
            basis=text("Order 809, art. 20"),
            remedy=text("file another application for another purpose"),
        )
