"""What officers may type: stored as it is, but nothing that hides, reorders or breaks what others read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

FAULTS_SHOWN = 100
REASONS_LIMIT = 50
REASON_LIMIT = 2000

# Letters that turn the direction of what follows: a title could be made to read as another one.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


class Part(StrEnum):
    """A part of an entry's sheet, in the order in which it is filled in."""

    ABOUT = "about"
    ITEMS = "items"
    SHARING = "sharing"
    CONDITIONS = "conditions"
    BASIS = "basis"
    DELIVERY = "delivery"
    OPENING = "opening"
    ASSESSMENT = "assessment"


class FaultyEntry(Invalid):
    """All that is wrong with an entry, said at once."""

    def __init__(self, faults: tuple[Text, ...]) -> None:
        super().__init__(
            text("{count} faults: {faults}", count=len(faults), faults=joined(faults)),
            basis=text("Order 809, arts 13-15; catalogue rules"),
            remedy=text("put all of them right, then do the act again"),
        )
        self.faults = faults


def refuse_faulty(faults: tuple[Text, ...]) -> None:
    """Refuse if there is any fault."""
    if faults:
        raise FaultyEntry(faults)


def reason_faults(reasons: tuple[str, ...]) -> Iterator[Text]:
    """Yield what is wrong with the reasons that an official gives."""
    if not 1 <= len(reasons) <= REASONS_LIMIT:
        yield text("give 1 to {count} reasons", count=REASONS_LIMIT)
    for reason in reasons[:REASONS_LIMIT]:
        yield from text_faults(text("reason"), reason, limit=REASON_LIMIT, needed=True, lines=True)


def text_faults(field: Text, words: str, *, limit: int, needed: bool = False, lines: bool = False) -> Iterator[Text]:
    """Yield what is wrong with ``words`` typed into ``field``; with ``lines`` a line may end and a tab may stand."""
    if needed and not words.strip():
        yield text("{field}: it is empty", field=field)
    if len(words) > limit:
        yield text("{field}: at most {limit} characters", field=field, limit=limit)
    if any(_refused(character, lines=lines) for character in words[: limit + 1]):
        yield text("{field}: control or direction characters are not accepted", field=field)


def joined(faults: tuple[Text, ...]) -> Text:
    """Return all faults as one sentence; what is beyond a hundred is counted only."""
    shown = faults[:FAULTS_SHOWN]
    if len(faults) > len(shown):
        shown = (*shown, text("and {count} more", count=len(faults) - len(shown)))
    if not shown:
        return text("none")
    return Text("; ".join(f"{{f{place}}}" for place in range(len(shown))), {f"f{n}": f for n, f in enumerate(shown)})


def _refused(character: str, *, lines: bool) -> bool:
    if lines and character in "\n\r\t":
        return False
    return character in _TURNING or unicodedata.category(character) in _REFUSED_CATEGORIES
