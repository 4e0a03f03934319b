"""Code sets: the few values that an item may take, each with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSet:
    """A named list of code -> title; ``standard`` says who set it."""

    id: str
    title: str
    title_en: str
    standard: str
    codes: Mapping[str, str]

    def __contains__(self, code: str) -> bool:
        return code in self.codes

    def title_of(self, code: str) -> str:
        """Return the meaning of ``code``, or "" for a code that is not in the set."""
        return self.codes.get(code, "")
