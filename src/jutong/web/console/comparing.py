"""What an application for a change wants, beside how the agreement stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jutong import sharing
from jutong.catalogue import Entry
from jutong.kernel.text import Text, text
from jutong.sharing import Request, Wish

from .catalogue import value_words
from .known_names import division_words
from .overtaken import WISHED
from .visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One term: how it stood, how it is wanted, and whether that is another."""

    words: Text
    before: str
    after: str
    changed: bool


def compared(visit: Visit, entry: Entry, request: Request) -> tuple[Compared, ...]:
    """Return the terms of an application for a change side by side; nothing for a request of its own."""
    before, wish = request.before, request.wish
    if before is None:
        return ()
    changed = sharing.changed_terms(wish, before)
    titles = {item.name: item.title for item in entry.items}
    return tuple(
        Compared(
            words=WISHED[name],
            before=_words(visit, name, before, titles),
            after=_words(visit, name, wish, titles),
            changed=name in changed,
        )
        for name in sharing.TERMS
    )


def _words(visit: Visit, name: str, wish: Wish, titles: Mapping[str, str]) -> str:
    value = getattr(wish, name)
    if name == "items":
        return "、".join(titles.get(one, one) for one in value)
    if name == "divisions":
        return division_words(value) or visit.say(text("the whole area of the entry"))
    if isinstance(value, tuple | frozenset):
        return "、".join(sorted(value_words(visit, one) for one in value))
    return value_words(visit, value)
