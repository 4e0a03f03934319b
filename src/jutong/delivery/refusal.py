"""A delivery that is refused: by which term or policy, why, and what the caller can do."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel.errors import NO_TEXT, NotAllowed
from jutong.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer is no: by which term, why, and what the caller can do; ``code`` is stable and goes on record."""

    code: str
    reason: Text
    basis: Text = NO_TEXT
    remedy: Text = NO_TEXT

    def error(self) -> NotAllowed:
        """Return it as the house's error, for acts."""
        return NotAllowed(self.reason, basis=self.basis, remedy=self.remedy)
