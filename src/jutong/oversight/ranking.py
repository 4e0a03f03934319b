"""A body with its scorecard, as it stands in a list of bodies."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.terms.org import Org

from .scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class Ranked:
    """A body with its scorecard."""

    body: Org
    card: Scorecard

    @property
    def worth(self) -> str:
        """Its score as a text that sorts as the number does; a body without a score stands below all others."""
        return f"{0 if self.card.score is None else self.card.score + 1:04}"
