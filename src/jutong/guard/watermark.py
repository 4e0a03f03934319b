"""Marks that say whose copy rows are of: in low digits and seconds, by a keyed code that survives collusion."""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import trans_5C, trans_36

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

# Tardos' code (J. ACM 55(2), 2008) with symmetric scores (Škorić et al., 2008): each marked cell is a position with a
# bias of its own, drawn from the arcsine law; a recipient's bit there is one with that probability. Sixteen biases,
# cut off at both ends: for coalitions of two or three.
CUT = 0.05
BIASES = tuple(
    math.sin((edge := math.asin(math.sqrt(CUT))) + (math.pi / 2 - 2 * edge) * (place + 0.5) / 16) ** 2
    for place in range(16)
)
LARGEST = math.sqrt((1 - CUT) / CUT)  # no position weighs more
EPSILON = 1e-6  # the chance that anybody innocent is named by one trace
_HEX = "0123456789abcdef"
_DIGITS = re.compile("digits:([1-4])")


@dataclass(frozen=True, slots=True)
class Digits:
    """Of a whole number one of the last ``last`` digits carries the bit in its parity: it changes by one at most."""

    last: int

    def __str__(self) -> str:
        return f"digits:{self.last}"

    def fits(self, value: str) -> str:
        """Return the SQL that says whether a text can carry a mark: a number of enough digits."""
        return f"regexp_full_match({value}, '[1-9][0-9]{{{self.last + 1},17}}')"

    def bit(self, value: str, place: str) -> str:
        """Return the SQL of the bit that a text carries at ``place``."""
        return f"((TRY_CAST({value} AS BIGINT) // CAST(10 ** ({place}) AS BIGINT)) % 2)"

    def turned(self, value: str, place: str) -> str:
        """Return the SQL of the text with the other bit: the digit's neighbour of the same pair, 4 for 5, 8 for 9."""
        step = f"CAST(10 ** ({place}) AS BIGINT) * (1 - 2 * {self.bit(value, place)})"
        return f"CAST(TRY_CAST({value} AS BIGINT) + {step} AS VARCHAR)"

    def places(self, hashed: str) -> str:
        """Return the SQL of the place among the digits that a hash chooses."""
        return f"((instr('{_HEX}', substr({hashed}, 2, 1)) - 1) % {self.last})"


@dataclass(frozen=True, slots=True)
class Seconds:
    """Of a time the second carries the bit in its parity: it changes by one, within its minute."""

    def __str__(self) -> str:
        return "seconds"

    def fits(self, value: str) -> str:
        """Return the SQL that says whether a text can carry a mark: a time with seconds, with or without a zone."""
        return (
            f"regexp_full_match({value}, "
            r"'[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:[.][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?')"
        )

    def bit(self, value: str, place: str) -> str:  # noqa: ARG002 - one signature for every mark
        """Return the SQL of the bit that a text carries."""
        return f"(TRY_CAST(substr({value}, 19, 1) AS BIGINT) % 2)"

    def turned(self, value: str, place: str) -> str:
        """Return the SQL of the text with the other bit."""
        other = f"TRY_CAST(substr({value}, 19, 1) AS BIGINT) + 1 - 2 * {self.bit(value, place)}"
        return f"left({value}, 18) || CAST({other} AS VARCHAR) || substr({value}, 20)"

    def places(self, hashed: str) -> str:  # noqa: ARG002
        """Return the SQL of the one place."""
        return "0"


Mark = Digits | Seconds


def parse_mark(spec: str) -> Mark:
    """Read a mark's spelling, or refuse.

    >>> str(parse_mark("digits:2"))
    'digits:2'
    """
    if spec == "seconds":
        return Seconds()
    if found := _DIGITS.fullmatch(spec):
        return Digits(int(found[1]))
    raise Invalid(
        text("there is no mark {spec}", spec=spec[:100]), remedy=text("write digits:1 to digits:4, or seconds")
    )


def marked_sql(mark: Mark, value: str, *, handle: str, column: str, key: bytes, recipient: str) -> str:
    """Return the SQL of a column as this recipient gets it; what cannot carry a mark stays as it is.

    ``value`` and ``handle`` are SQL of the text and of what tells rows apart; ``key`` is secret.
    """
    position = hash_sql(key, f"'position' || chr(31) || '{column}' || chr(31) || {handle}")
    place = mark.places(position)
    wanted = bit_sql(position, recipient_sql(key, f"'{recipient}'", f"'{column}'", handle))
    turned = mark.turned(value, place)
    told = f"CASE WHEN {mark.bit(value, place)} = {wanted} THEN {value} ELSE {turned} END"
    return f"CASE WHEN {handle} IS NOT NULL AND {mark.fits(value)} THEN {told} ELSE {value} END"


def bit_sql(position: str, own: str) -> str:
    """Return the SQL of a recipient's bit: one with the position's bias, by a hash of the recipient's own."""
    thresholds = ", ".join(f"'{int(bias * 2**32):08x}'" for bias in BIASES)
    return f"CASE WHEN left({own}, 8) < list_extract([{thresholds}], {bias_sql(position)} + 1) THEN 1 ELSE 0 END"


def bias_sql(position: str) -> str:
    """Return the SQL of which bias a position has, 0 to 15."""
    return f"(instr('{_HEX}', left({position}, 1)) - 1)"


def recipient_sql(key: bytes, recipient: str, column: str, handle: str) -> str:
    """Return the SQL of the hash that decides a recipient's bit."""
    return hash_sql(key, f"'bit' || chr(31) || {recipient} || chr(31) || {column} || chr(31) || {handle}")


def hash_sql(key: bytes, words: str) -> str:
    """Return the SQL of HMAC-SHA256 (RFC 2104, hex) of a text expression."""
    block = key.ljust(64, b"\0")
    inner, outer = (f"unhex('{block.translate(pad).hex()}')" for pad in (trans_36, trans_5C))
    return f"sha256({outer} || unhex(sha256({inner} || encode({words}))))"


def weight_sql(bias: str, seen: str, own: str) -> str:
    """Return the SQL of what one position says for a recipient: of mean 0 and variance 1 where it is innocent."""
    ratios = ", ".join(f"{math.sqrt((1 - bias) / bias):.12f}" for bias in BIASES)
    up = f"list_extract([{ratios}], {bias} + 1)"
    one = f"CASE WHEN {own} = 1 THEN {up} ELSE -1 / {up} END"
    return f"CASE WHEN {seen} = 1 THEN {one} ELSE -({one}) END"


def holds_canary(key: bytes, recipient: str, canary: str) -> bool:
    """Say whether a recipient's copy holds a canary row: every other one does, by the key."""
    return hmac.digest(key, f"canary\x1f{recipient}\x1f{canary}".encode(), sha256)[0] < 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What the marks say of one recipient.

    ``bound`` is above the chance that the copy of an innocent recipient agrees so well with the leak (Bernstein).
    """

    recipient: str
    score: float
    positions: int
    bound: float

    def named(self, candidates: int, *, epsilon: float = EPSILON) -> bool:
        """Say whether the recipient is named: among all candidates an innocent one so with a chance below epsilon."""
        return self.score > 0 and self.bound * max(candidates, 1) <= epsilon


def suspicion(recipient: str, score: float, positions: int) -> Suspicion:
    """Return what a score over so many positions means; positions are independent, for the key is secret.

    >>> suspicion("a", 0.0, 100).bound, suspicion("a", 90.0, 100).bound < 1e-7
    (1.0, True)
    """
    bound = 1.0
    if score > 0 and positions:
        bound = math.exp(-(score**2) / 2 / (positions + LARGEST * score / 3))
    return Suspicion(recipient=recipient, score=score, positions=positions, bound=bound)


def named(suspicions: Iterable[Suspicion], *, epsilon: float = EPSILON) -> tuple[Suspicion, ...]:
    """Return those who are named, the surest first."""
    found = tuple(suspicions)
    sure = [one for one in found if one.named(len(found), epsilon=epsilon)]
    return tuple(sorted(sure, key=lambda one: one.bound))


def canary_scores(held: Mapping[str, frozenset[str]], seen: Iterable[str]) -> dict[str, tuple[float, int]]:
    """Return what the canaries that were seen say of each recipient: one for, or one against (a bias of one half)."""
    found = tuple(seen)
    return {who: (float(sum(1 if one in own else -1 for one in found)), len(found)) for who, own in held.items()}
