"""What a word may name: a thing of many words, a place, a department."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .concepts import Concepts
from .kind import Kind
from .places import Places

_ENDINGS = ("委员会", "部门", "中心", "局", "厅", "委", "办")


@dataclass(frozen=True, slots=True)
class Names:
    """All tables of names of one node."""

    concepts: Concepts
    places: Places
    organs: Mapping[str, tuple[str, ...]]

    def match_at(self, run: str, start: int) -> tuple[Kind | None, str]:
        """Return the longest name that stands there, and of what; a department goes before a place before a thing."""
        found: tuple[Kind | None, str] = (None, "")
        for kind, name in (
            (Kind.ORGAN, self._organ_at(run, start)),
            (Kind.PLACE, self.places.match_at(run, start)),
            (Kind.WORD, self._concept_at(run, start)),
        ):
            if len(name) > len(found[1]):
                found = kind, name
        return found

    def organ(self, said: str) -> tuple[str, ...]:
        """Return every way in which a department is named in records."""
        stem = _stem(said)
        known = self.organs.get(said) or self.organs.get(stem, (stem,))
        return tuple(dict.fromkeys((said, *(one for one in known if len(one) > 1))))

    def _organ_at(self, run: str, start: int) -> str:
        for length in range(min(16, len(run) - start), 2, -1):
            said = run[start : start + length]
            if said in self.organs and said.endswith(_ENDINGS):
                return said
            stem = _stem(said)
            if stem != said and stem in self.organs:
                return said
        return ""

    def _concept_at(self, run: str, start: int) -> str:
        for length in range(min(self.concepts.longest, len(run) - start), 1, -1):
            if (word := run[start : start + length]) in self.concepts.by_word:
                return word
        return ""


def _stem(said: str) -> str:
    return next((said[: -len(end)] for end in _ENDINGS if said.endswith(end) and len(said) > len(end) + 1), said)
