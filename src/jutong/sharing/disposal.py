"""The end of received data: what the consumer did with its copies when the right to them was over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .wish import check_words

_DIGEST = re.compile("[0-9a-f]{64}")


class Manner(StrEnum):
    """How copies came to their end."""

    NOTHING_KEPT = "nothing-kept"  # answers were used at once, no copy was stored
    ERASED = "erased"
    OVERWRITTEN = "overwritten"
    MEDIUM_DESTROYED = "medium-destroyed"
    RETURNED = "returned"
    KEPT_BY_LAW = "kept-by-law"  # archives and case files; the basis says by which law


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """The consumer's certificate (Order 809, art. 27): which copies, where, how, when, and who answers for it."""

    manner: Manner
    copies: str
    done: date
    basis: str = ""  # compulsory where copies are kept
    paper: str = ""  # SHA-256 (hex) of a signed record or a contractor's certificate that is kept elsewhere
    certified: date
    by: str  # the person
    late: bool = False

    def check(self, ended: date) -> None:
        """Refuse a certificate that says too little, or of a day that is not yet."""
        check_words(text("copies"), self.copies)
        if self.done > self.certified:
            raise Invalid(text("a certificate tells of what was done: its day is not in the future"))
        if self.manner is not Manner.NOTHING_KEPT and self.done < ended:
            raise Invalid(
                text("copies were still in lawful use before {day}, on which the rights ended", day=ended),
                remedy=text("give the day on which the last copy went"),
            )
        if self.manner is Manner.KEPT_BY_LAW:
            check_words(text("basis"), self.basis)
        if self.paper and not _DIGEST.fullmatch(self.paper):
            raise Invalid(text("a paper is known by its SHA-256 in 64 hex digits"))

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of the certificate."""
        said = {"copies": self.copies, "basis": self.basis, "paper": self.paper}
        return {"manner": self.manner.value, "done": self.done.isoformat(), "told": digest(canonical(said))}
