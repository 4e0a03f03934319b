"""What one tier says of the rows that it hands to another, so that the other can check every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from jutong.kernel.canon import Fact
from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Which batch of which entry is handed over, how many rows it has, and their digest in order.

    ``feed`` tells batches of one source from those of another, without its name; ``taken_back`` keys, which travel
    behind the rows, are no longer given by it.
    """

    entry: str
    batch: str
    rows: int
    rows_digest: str
    columns: tuple[str, ...]
    feed: str = ""
    taken_back: int = 0
    keys_digest: str = ""

    def wire(self) -> dict[str, Fact]:
        """Return the manifest as plain values.

        >>> one = Manifest(entry="e", batch="b", rows=1, rows_digest="d", columns=("name",))
        >>> Manifest.of_wire(one.wire()) == one
        True
        """
        return {
            "batch": self.batch,
            "columns": list(self.columns),
            "entry": self.entry,
            "feed": self.feed,
            "keys_digest": self.keys_digest,
            "rows": self.rows,
            "rows_digest": self.rows_digest,
            "taken_back": self.taken_back,
        }

    @classmethod
    def of_wire(cls, raw: Any) -> Manifest:
        """Read a manifest that a peer sent, or refuse it."""
        try:
            return msgspec.convert(raw, cls)
        except msgspec.ValidationError as error:
            raise Invalid(
                text("the manifest of the handed-over rows has a wrong form"),
                remedy=text("ask the giving tier to hand the batch over again"),
            ) from error


learn(Manifest)
