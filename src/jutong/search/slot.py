"""One thing that a question looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One thing that is looked for, and every term that would answer it, each with what it counts."""

    kind: Kind
    said: str
    terms: Mapping[str, float]
    weight: float = 1.0
    general: bool = False
    codes: frozenset[str] = frozenset()  # of a place
    pairs: Mapping[str, float] = field(default_factory=dict)  # its pairs of characters and what each counts
    glossed: str = ""  # the English that was typed for it
