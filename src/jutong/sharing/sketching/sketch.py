"""A request form that is not filled in yet: kept as it was typed, judged by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import Overtaken, TooMuch
from jutong.kernel.text import text

CHARACTERS_LIMIT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What a body has typed so far of its wish for one entry."""

    consumer: str
    entry: str
    changed: datetime
    fields: Mapping[str, tuple[str, ...]]

    def check(self) -> None:
        """Refuse what no form of ours could hold."""
        typed = sum(len(name) + sum(map(len, values)) for name, values in self.fields.items())
        if typed > CHARACTERS_LIMIT:
            raise TooMuch(text("a form of {count} characters is too long to be kept", count=typed))

    def check_seen(self, known: Sketch | None, seen: str) -> None:
        """Refuse to stand in the place of what a colleague typed and whoever types now has not ``seen``."""
        if known is not None and known.fields != self.fields and known.digest() != seen:
            raise Overtaken

    def digest(self) -> str:
        """Return the digest of what was typed."""
        return digest(canonical({name: list(values) for name, values in self.fields.items()}))
