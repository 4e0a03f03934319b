"""Check digits over whole columns: two characters at a time, looked up in tables by their bytes; NULL is not sound."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jutong.pools.vector import VectorFunction
from jutong.terms.element import Scheme
from jutong.terms.identifier import (
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    LICENCE_FORM,
    ORGANISATION_ALPHABET,
    ORGANISATION_WEIGHTS,
    RESIDENT_WEIGHTS,
)

Bytes: TypeAlias = npt.NDArray[np.uint8]
Numbers: TypeAlias = npt.NDArray[np.int64]
Bits: TypeAlias = npt.NDArray[np.int8]
# What one character (in capitals) adds at a place, or None where it must not stand.
Adds = Callable[[int, str], int | None]

SOUND, INNER_SOUND, CAPITALS = 1, 2, 4  # bits of an answer; CAPITALS: sound, and no letter is small
_BAD = 1 << 27  # of one pair; nine of them still fit an int32
_INNER = 14  # a credit code's sum lies below 2**14, that of its inner code above it
_INNER_BAD = 1 << 25
_CARD = range(13, 20)


def functions() -> tuple[VectorFunction, ...]:
    """Return all functions, by the names that ``name_of`` gives them."""
    return tuple(VectorFunction(name_of(scheme), of) for scheme, of in _OF.items())


def name_of(scheme: Scheme) -> str:
    """Return the SQL name of the function that checks a scheme.

    >>> name_of(Scheme.CREDIT_CODE)
    'jutong_credit_code'
    """
    return "jutong_" + scheme.value.replace("-", "_")


def credit_code(values: pa.Array) -> pa.Array:
    """Check credit codes and the organisation codes inside them."""
    return _answered(values, 18, _judge_credit)


def organisation_code(values: pa.Array) -> pa.Array:
    """Check organisation codes of nine characters."""
    return _answered(values, 9, _judge_organisation)


def resident_id(values: pa.Array) -> pa.Array:
    """Check resident numbers, the day of birth included."""
    return _answered(values, 18, _judge_resident)


def registration_number(values: pa.Array) -> pa.Array:
    """Check registration numbers of 15 digits (ISO 7064 MOD 11,10)."""
    return _answered(values, 15, _judge_registration)


def bank_card(values: pa.Array) -> pa.Array:
    """Check card numbers of 13 to 19 digits by Luhn."""
    answer = np.zeros(len(values), np.int8)
    places = _Places(values)
    for width in _CARD:
        rows = places.of(width)
        if rows.any():
            answer[rows] = _judge_card(places.matrix(rows, width))
    return pa.array(answer)


def licence_id(values: pa.Array) -> pa.Array:
    """Check electronic licence identifiers (ISO 7064 MOD 37,36 over all parts without their dots)."""
    parts = pc.extract_regex(values, f"(?i)^{LICENCE_FORM}$")
    joined = pc.binary_join_element_wise(
        *(parts.field(parts.type.get_field_index(name)) for name in ("type", "issuer", "serial", "version", "check")),
        "",
    )
    # A struct's own nulls do not show in its fields.
    joined = pc.if_else(pc.is_valid(parts), joined, pa.scalar(None, joined.type))
    answer = np.zeros(len(values), np.int8)
    places = _Places(joined)
    for width in np.unique(places.widths[places.there]):
        rows = places.of(int(width))
        answer[rows] = _judge_licence(places.matrix(rows, int(width)))
    return pa.array(answer)


class _Places:
    """Where the bytes of each value of a text column lie."""

    def __init__(self, values: pa.Array) -> None:
        wide = pa.types.is_large_string(values.type)
        _, offsets, data = values.buffers()
        count = len(values)
        at = (
            np.frombuffer(offsets, np.int64 if wide else np.int32, count + 1 + values.offset)
            if offsets and count
            else None
        )
        self.starts: npt.NDArray[Any] = np.zeros(count + 1, np.int64) if at is None else at[values.offset :]
        self.data: Bytes = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
        self.widths: npt.NDArray[Any] = np.diff(self.starts)
        self.there = np.asarray(pc.is_valid(values)) if values.null_count else np.ones(count, np.bool_)

    def of(self, width: int) -> npt.NDArray[np.bool_]:
        """Say which values have that many bytes."""
        return np.asarray((self.widths == width) & self.there, np.bool_)

    def matrix(self, rows: npt.NDArray[np.bool_], width: int) -> Bytes:
        """Return the bytes of these rows, one row a value."""
        if rows.all():
            return self.data[self.starts[0] : self.starts[-1]].reshape(-1, width)
        places: Numbers = self.starts[:-1][rows].astype(np.int64)[:, None] + np.arange(width)
        return np.asarray(self.data[places], np.uint8)


def _answered(values: pa.Array, width: int, judge: Callable[[Bytes], Bits]) -> pa.Array:
    places = _Places(values)
    rows = places.of(width)
    if rows.all() and len(values):
        return pa.array(judge(places.matrix(rows, width)))
    answer = np.zeros(len(values), np.int8)
    if rows.any():
        answer[rows] = judge(places.matrix(rows, width))
    return pa.array(answer)


def _pairs(matrix: Bytes) -> Numbers:
    """Return each pair of characters as one number, place by place; an odd last character is left out."""
    even = matrix.shape[1] & ~1
    return np.asarray(matrix[:, :even].view(np.uint16).T, np.int64)


def _total(matrix: Bytes, pairs: Numbers, tables: tuple[Numbers, ...]) -> Numbers:
    """Add up what each pair of characters adds; an odd last one has a small table of its own."""
    total: Numbers = tables[0].take(pairs[0], mode="clip")
    for place in range(1, len(pairs)):
        total += tables[place].take(pairs[place], mode="clip")
    if matrix.shape[1] & 1:
        total += tables[-1].take(matrix[:, -1], mode="clip")
    return total


@cache
def _divisible(modulus: int, remainder: int, below: int) -> npt.NDArray[np.bool_]:
    """Return for each sum below a bound whether it has that remainder: looking is cheaper than dividing."""
    return np.asarray(np.arange(below) % modulus == remainder, np.bool_)


def _tables(places: int, adds: Adds) -> tuple[Numbers, ...]:
    single = [np.array([_added(adds, place, chr(byte)) for byte in range(256)], np.int64) for place in range(places)]
    # The first character is the low byte of the pair.
    pairs = [
        np.minimum(single[at][None, :] + single[at + 1][:, None], _BAD).ravel().astype(np.int64)
        for at in range(0, places - 1, 2)
    ]
    return (*pairs, single[-1]) if places & 1 else tuple(pairs)


def _added(adds: Adds, place: int, character: str) -> int:
    if not (character.isascii() and character.isalnum()):
        return _BAD
    added = adds(place, character.upper())
    return _BAD if added is None else added


def _bits(sound: npt.NDArray[np.bool_], small: npt.NDArray[np.bool_] | None = None) -> Bits:
    capital = sound if small is None else sound & ~small
    return sound.view(np.int8) | (capital.view(np.int8) << 2)


@cache
def _credit_tables() -> tuple[Numbers, ...]:
    def adds(place: int, character: str) -> int | None:
        if character not in CREDIT_ALPHABET:
            return None
        own = CREDIT_ALPHABET.index(character) * (*CREDIT_WEIGHTS, 1)[place]
        if 8 <= place < 16:
            return own + (ORGANISATION_ALPHABET.index(character) * ORGANISATION_WEIGHTS[place - 8] << _INNER)
        if place == 16:
            inner = _digit_or_x(character)
            return own + (_INNER_BAD if inner is None else inner << _INNER)
        return own

    return _tables(18, adds)


def _judge_credit(matrix: Bytes) -> Bits:
    total = _total(matrix, _pairs(matrix), _credit_tables())
    legal = total < _BAD
    own = total & ((1 << _INNER) - 1)
    sound = legal & _divisible(31, 0, 1 << _INNER).take(own, mode="clip")
    # A bad end of the inner code lies beyond the table, where nothing is divisible.
    inner = legal & _divisible_inner().take(total >> _INNER, mode="clip")
    answer = _bits(sound, _small_in(matrix))
    answer |= inner.view(np.int8) << 1
    return answer


@cache
def _divisible_inner() -> npt.NDArray[np.bool_]:
    table = _divisible(11, 0, _INNER_BAD >> _INNER).copy()
    return np.append(table, False)


@cache
def _organisation_tables() -> tuple[Numbers, ...]:
    def adds(place: int, character: str) -> int | None:
        if place == 8:
            return _digit_or_x(character)
        return ORGANISATION_ALPHABET.index(character) * ORGANISATION_WEIGHTS[place]

    return _tables(9, adds)


def _judge_organisation(matrix: Bytes) -> Bits:
    total = _total(matrix, _pairs(matrix), _organisation_tables())
    return _bits((total < _BAD) & (total % 11 == 0), _small_in(matrix))


@cache
def _resident_tables() -> tuple[Numbers, ...]:
    def adds(place: int, character: str) -> int | None:
        if place == 17:
            return _digit_or_x(character)
        return int(character) * RESIDENT_WEIGHTS[place] if character.isdigit() else None

    return _tables(18, adds)


@cache
def _two_digits() -> Numbers:
    table = np.zeros(1 << 16, np.int64)
    for tens in range(10):
        for ones in range(10):
            table[48 + tens | (48 + ones) << 8] = 10 * tens + ones
    return table


@cache
def _days() -> npt.NDArray[np.int8]:
    """Return month * 100 + day -> 0 no day, 1 a day of every year, 2 the 29th of February."""
    table = np.zeros(10_000, np.int8)
    for month, length in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1):
        table[month * 100 + 1 : month * 100 + length + 1] = 1
    table[229] = 2
    return table


@cache
def _years() -> npt.NDArray[np.int8]:
    """Return year -> 0 no year, 1 a common year, 3 a leap year: what it shares with a day says whether it exists."""
    year = np.arange(10_000)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return np.where(year == 0, 0, np.where(leap, 3, 1)).astype(np.int8)


def _judge_resident(matrix: Bytes) -> Bits:
    pairs = _pairs(matrix)
    total = _total(matrix, pairs, _resident_tables())
    century, year, month, day = (_two_digits().take(pairs[place], mode="clip") for place in (3, 4, 5, 6))
    born = _years().take(century * 100 + year, mode="clip") & _days().take(month * 100 + day, mode="clip")
    # Whatever is not spelled as a number lies beyond the table.
    sound = np.append(_divisible(11, 1, 2048), False).take(total, mode="clip") & (born != 0)
    return _bits(sound, _small_in(matrix[:, 17:]))


@cache
def _mod_11_10() -> Numbers:
    """Return state * 10 + digit -> next state."""
    return np.array(
        [((state + digit) % 10 or 10) * 2 % 11 for state in range(11) for digit in range(10)], dtype=np.int64
    )


def _judge_registration(matrix: Bytes) -> Bits:
    digits = matrix.astype(np.int64) - 48
    legal = np.asarray(((digits >= 0) & (digits <= 9)).all(axis=1), np.bool_)
    digits = np.where(legal[:, None], digits, 0)
    state = np.full(len(matrix), 10, np.int64)
    for place in range(14):
        state = _mod_11_10()[state * 10 + digits[:, place]]
    return _bits(legal & ((state + digits[:, 14]) % 10 == 1))


def _judge_card(matrix: Bytes) -> Bits:
    digits = matrix.astype(np.int64) - 48
    legal = np.asarray(((digits >= 0) & (digits <= 9)).all(axis=1), np.bool_)
    doubled = digits[:, -2::-2] * 2
    total = digits[:, ::-2].sum(axis=1) + np.where(doubled > 9, doubled - 9, doubled).sum(axis=1)
    return _bits(legal & (total % 10 == 0))


@cache
def _mod_37_36() -> tuple[Numbers, Numbers]:
    values = np.zeros(256, np.int64)
    for value, character in enumerate(ORGANISATION_ALPHABET):
        values[ord(character)] = values[ord(character.lower())] = value
    states = [((state + value) % 36 or 36) * 2 % 37 for state in range(37) for value in range(36)]
    return values, np.array(states, dtype=np.int64)


def _judge_licence(matrix: Bytes) -> Bits:
    values, states = _mod_37_36()
    state = np.full(len(matrix), 36, np.int64)
    for place in range(matrix.shape[1] - 1):
        state = states[state * 36 + values[matrix[:, place]]]
    return _bits((state + values[matrix[:, -1]]) % 36 == 1, _small_in(matrix))


def _small_in(matrix: Bytes) -> npt.NDArray[np.bool_] | None:
    """Say which rows hold a small letter; nothing where none does, as is the rule."""
    if not matrix.size or matrix.max() < 97:
        return None
    return np.asarray((matrix >= 97).any(axis=1), np.bool_)


def _digit_or_x(character: str) -> int | None:
    return 10 if character == "X" else int(character) if character.isdigit() else None


_OF: dict[Scheme, Callable[[pa.Array], pa.Array]] = {
    Scheme.CREDIT_CODE: credit_code,
    Scheme.ORGANISATION_CODE: organisation_code,
    Scheme.RESIDENT_ID: resident_id,
    Scheme.REGISTRATION_NUMBER: registration_number,
    Scheme.BANK_CARD: bank_card,
    Scheme.LICENCE_ID: licence_id,
}
