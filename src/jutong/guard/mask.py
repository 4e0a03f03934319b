"""Masks: what of a value may still be seen; spelled as short strings, compiled to fast functions."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .found import Kind, hide_found

Masked = Callable[[str | None], str | None]

# One constant for everything hidden: stars that follow the value would tell its length.
HIDDEN = "***"
TOKEN_BYTES = 16
KEY_BYTES = 16
KEPT_LIMIT = 64
BOUNDS_LIMIT = 64
NUMBER_LIMIT = 40  # characters; longer "numbers" are attacks on the parser

_DATE = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2[0-9]{1,2}|([0-9]{2})[0-9]{2})(?:[T ].*)?", re.DOTALL)
_DIVISION = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_BOUND = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_COUNT = re.compile(r"0|[1-9][0-9]?")
_REGION_DIGITS = (2, 4, 6, 9)


@dataclass(frozen=True, slots=True)
class Clear:
    """Nothing is hidden."""

    def __str__(self) -> str:
        return "none"

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002 - one signature for every mask
        """Return the function that applies this mask."""
        return lambda value: value


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing is seen, not even whether there was a value."""

    def __str__(self) -> str:
        return "drop"

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002
        """Return the function that applies this mask."""
        return lambda _value: None


@dataclass(frozen=True, slots=True)
class Keep:
    """The first ``head`` and the last ``tail`` characters are seen; a value that is not longer is hidden whole.

    >>> Keep(3, 4).compile()("13812345678")
    '138***5678'
    """

    head: int
    tail: int

    def __str__(self) -> str:
        return f"keep:{self.head}:{self.tail}"

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002
        """Return the function that applies this mask."""
        head, tail = self.head, self.tail
        shortest = head + tail + 1

        def kept(value: str | None) -> str | None:
            if value is None:
                return None
            if len(value) < shortest:
                return HIDDEN
            first, last = value[:head], value[len(value) - tail :]
            if not value.isascii():
                first, last = _whole(first, value[head]), _without_marks(last)
            return first + HIDDEN + last

        return kept


@dataclass(frozen=True, slots=True)
class Token:
    """A token stands for the value: equal values under one key give equal tokens, under two keys they do not.

    The key belongs to one consumer and one data set, so that two consumers cannot join what they were given.
    """

    def __str__(self) -> str:
        return "hash"

    def compile(self, key: bytes = b"") -> Masked:
        """Return the function that applies this mask under ``key``; without a key tokens could be guessed."""
        if len(key) < KEY_BYTES:
            raise ValueError(f"a token needs a secret key of at least {KEY_BYTES} bytes")

        def token(value: str | None) -> str | None:
            if value is None:
                return None
            return hmac.digest(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)[:TOKEN_BYTES].hex()

        return token


@dataclass(frozen=True, slots=True)
class Truncated:
    """Of a date only the year, or the year and the month, is seen.

    >>> Truncated(month=True).compile()("2019/3/5")
    '2019-03'
    """

    month: bool

    def __str__(self) -> str:
        return "month" if self.month else "year"

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002
        """Return the function that applies this mask."""
        month = self.month

        def truncated(value: str | None) -> str | None:
            if value is None:
                return None
            read = _DATE.fullmatch(value)
            if read is None:
                return HIDDEN
            number = (read[3] or read[4]).zfill(2)
            if not "01" <= number <= "12":
                return HIDDEN
            return f"{read[1]}-{number}" if month else read[1]

        return truncated


@dataclass(frozen=True, slots=True)
class Region:
    """Of a division code only the first ``digits`` are seen; zeros fill it up, so that it still reads as a code.

    >>> Region(4).compile()("500103")
    '500100'
    """

    digits: int

    def __str__(self) -> str:
        return f"region:{self.digits}"

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002
        """Return the function that applies this mask."""
        digits = self.digits

        def region(value: str | None) -> str | None:
            if value is None:
                return None
            if _DIVISION.fullmatch(value) is None:
                return HIDDEN
            return value[:digits].ljust(6, "0")

        return region


@dataclass(frozen=True, slots=True)
class Bands:
    """Of a number only the band is seen in which it lies.

    >>> Bands((100, 500)).compile()("250.5")
    '100..500'
    """

    bounds: tuple[int, ...]

    def __str__(self) -> str:
        return "range:" + ":".join(map(str, self.bounds))

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002
        """Return the function that applies this mask."""
        bounds = tuple(map(Decimal, self.bounds))
        names = (
            f"<{self.bounds[0]}",
            *(f"{low}..{high}" for low, high in zip(self.bounds, self.bounds[1:], strict=False)),
            f">={self.bounds[-1]}",
        )

        def band(value: str | None) -> str | None:
            if value is None:
                return None
            if len(value) > NUMBER_LIMIT or _NUMBER.fullmatch(value) is None:
                return HIDDEN
            return names[bisect_right(bounds, Decimal(value))]

        return band


@dataclass(frozen=True, slots=True)
class Found:
    """Of free text all is seen but the numbers of persons in it; it does not make graver items less grave.

    >>> Found(tuple(Kind)).compile()("电话13812345678")
    '电话***'
    """

    kinds: tuple[Kind, ...]

    def __str__(self) -> str:
        return "found" if self.kinds == tuple(Kind) else ":".join(("found", *self.kinds))

    def compile(self, key: bytes = b"") -> Masked:  # noqa: ARG002
        """Return the function that applies this mask."""
        kinds = self.kinds
        return lambda value: None if value is None else hide_found(value, kinds, HIDDEN)


Mask = Clear | Drop | Keep | Token | Truncated | Region | Bands | Found


def parse_mask(spec: str) -> Mask:
    """Read a mask's spelling, or refuse; ``str`` of the result gives the spelling back.

    >>> str(parse_mask("keep:3:4"))
    'keep:3:4'
    """
    kind, *arguments = spec.split(":")
    match kind, arguments:
        case "none", []:
            return Clear()
        case "drop", []:
            return Drop()
        case "hash", []:
            return Token()
        case "year" | "month", []:
            return Truncated(month=kind == "month")
        case "keep", [head, tail] if _COUNT.fullmatch(head) and _COUNT.fullmatch(tail):
            if int(head) + int(tail) <= KEPT_LIMIT:
                return Keep(int(head), int(tail))
        case "region", [digits] if digits in map(str, _REGION_DIGITS):
            return Region(int(digits))
        case "range", [_, *_] if len(arguments) <= BOUNDS_LIMIT and all(map(_BOUND.fullmatch, arguments)):
            bounds = tuple(map(int, arguments))
            if bounds == tuple(sorted(set(bounds))) and "-0" not in arguments:
                return Bands(bounds)
        case "found", []:
            return Found(tuple(Kind))
        case "found", kinds:
            looked_for = tuple(kind for kind in Kind if kind in kinds)
            if list(looked_for) == kinds and looked_for != tuple(Kind):
                return Found(looked_for)
        case _:
            pass
    raise Invalid(
        text("there is no mask {spec}", spec=spec[:100]),
        remedy=text(
            "write none, drop, hash, year, month, keep:3:4, region:2|4|6|9, range:100:500:1000, found or some of "
            "found:card:person:phone:passport:plate:mail in this order"
        ),
    )


def _whole(first: str, following: str) -> str:
    """Return what is kept without a last character that the cut would part from its marks."""
    if not first or not _is_mark(following):
        return first
    end = len(first)
    while end and _is_mark(first[end - 1]):
        end -= 1
    return first[: max(end - 1, 0)]


def _without_marks(last: str) -> str:
    """Return what is kept without leading marks: they belong to a character that is hidden."""
    start = 0
    while start < len(last) and _is_mark(last[start]):
        start += 1
    return last[start:]


def _is_mark(character: str) -> bool:
    # Variation selectors (rare forms of characters in names) are marks too; the joiner ties neighbours into one.
    return character > "\x7f" and (unicodedata.category(character)[0] == "M" or character == "\u200d")
