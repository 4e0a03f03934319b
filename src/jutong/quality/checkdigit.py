"""Check digits in SQL alone, for engines that know none of our functions: joins on tables of partial sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product

import pyarrow as pa

from jutong.terms.element import Scheme
from jutong.terms.identifier import (
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    LICENCE_PARTS,
    ORGANISATION_ALPHABET,
    ORGANISATION_WEIGHTS,
    RESIDENT_WEIGHTS,
)

from .reading import Join, Reading, Step, literal, quoted

CHUNK = 3
# What a character adds at a place (counted from 0), or None where it must not stand.
Adds = Callable[[int, str], int | None]


def _credit(place: int, character: str) -> int | None:
    return CREDIT_ALPHABET.index(character) * (*CREDIT_WEIGHTS, 1)[place]


def _embedded(place: int, character: str) -> int | None:
    return _organisation(place - 8, character) if 8 <= place <= 16 else 0


def _organisation(place: int, character: str) -> int | None:
    if place < 8:
        return ORGANISATION_ALPHABET.index(character) * ORGANISATION_WEIGHTS[place]
    return _digit_or_x(character)


def _resident(place: int, character: str) -> int | None:
    if place < 17:
        return int(character) * RESIDENT_WEIGHTS[place] if character.isdigit() else None
    return _digit_or_x(character)


def _bank_card(place: int, character: str) -> int | None:
    doubled = int(character) * (1 + (_CARD_PLACES - 1 - place) % 2)
    return doubled - 9 if doubled > 9 else doubled


def _digit_or_x(character: str) -> int | None:
    return 10 if character == "X" else int(character) if character.isdigit() else None


_CARD_PLACES = 21  # cards have up to 19 digits; zeros in front change no sum
_X_DIGITS = "0123456789X"
# Table -> places, the alphabet at each, and the sums that it holds.
_TABLES: Mapping[str, tuple[int, str, Mapping[str, Adds]]] = {
    "credit_code_sums": (18, CREDIT_ALPHABET, {"c": _credit, "o": _embedded}),
    "organisation_code_sums": (9, ORGANISATION_ALPHABET, {"s": _organisation}),
    "resident_id_sums": (18, _X_DIGITS, {"s": _resident}),
    "bank_card_sums": (_CARD_PLACES, "0123456789", {"s": _bank_card}),
}
# Scheme -> table, its sum, modulus, remainder of a sound number.
_ADDITIVE: Mapping[Scheme, tuple[str, str, int, int]] = {
    Scheme.CREDIT_CODE: ("credit_code_sums", "c", 31, 0),
    Scheme.EMBEDDED_ORGANISATION_CODE: ("credit_code_sums", "o", 11, 0),
    Scheme.ORGANISATION_CODE: ("organisation_code_sums", "s", 11, 0),
    Scheme.RESIDENT_ID: ("resident_id_sums", "s", 11, 1),
    Scheme.BANK_CARD: ("bank_card_sums", "s", 10, 0),
}
CASELESS = frozenset(
    {
        Scheme.CREDIT_CODE,
        Scheme.EMBEDDED_ORGANISATION_CODE,
        Scheme.ORGANISATION_CODE,
        Scheme.RESIDENT_ID,
        Scheme.LICENCE_ID,
    }
)


def check_reading(value: str, name: str, schemes: frozenset[Scheme]) -> tuple[Reading, Mapping[Scheme, str]]:
    """Return how to read the check digits of ``value`` (SQL) and, for each scheme, the SQL that says "sound".

    ``name`` begins the names of all columns and aliases that are needed. A value of another length or alphabet is not
    sound; the answer is never NULL.
    """
    steps: list[Step] = []
    tables: dict[str, pa.Table] = {}
    sound: dict[str, str] = {}
    joins: list[Join] = []
    sums: list[tuple[str, str]] = []
    for table in sorted({_ADDITIVE[scheme][0] for scheme in schemes & set(_ADDITIVE)}):
        places = _TABLES[table][0]
        tables[table] = _sums_table(table)
        padded = f"lpad({value}, {places}, '0')" if table == "bank_card_sums" else value
        for chunk in range(1, places // CHUNK + 1):
            joins.append(_join(table, name, chunk, padded))
        for scheme in sorted(schemes):
            if scheme in _ADDITIVE and _ADDITIVE[scheme][0] == table:
                _, prefix, modulus, remainder = _ADDITIVE[scheme]
                total = " + ".join(f"{_alias(table, name, n)}.{prefix}{n}" for n in range(1, places // CHUNK + 1))
                length = (
                    f"length({value}) BETWEEN 13 AND 19" if table == "bank_card_sums" else f"length({value}) = {places}"
                )
                sums.append((f"{name} {scheme}", f"coalesce({length} AND ({total}) % {modulus} = {remainder}, false)"))
                sound[scheme] = quoted(f"{name} {scheme}")
    if joins:
        steps.append(Step(columns=tuple(sums), joins=tuple(joins)))
    if Scheme.REGISTRATION_NUMBER in schemes:
        steps.extend(_registration_steps(value, name))
        tables["mod_11_10"] = _mod_11_10_table()
        sound[Scheme.REGISTRATION_NUMBER] = quoted(f"{name} {Scheme.REGISTRATION_NUMBER}")
    if Scheme.LICENCE_ID in schemes:
        steps.extend(_licence_steps(value, name))
        sound[Scheme.LICENCE_ID] = quoted(f"{name} {Scheme.LICENCE_ID}")
    if Scheme.RESIDENT_ID in sound:
        born = (
            f"try_cast(substr({value}, 7, 4) || '-' || substr({value}, 11, 2) || '-' || substr({value}, 13, 2) AS DATE)"
        )
        sound[Scheme.RESIDENT_ID] = (
            f"({sound[Scheme.RESIDENT_ID]} AND {born} IS NOT NULL AND substr({value}, 7, 4) <> '0000')"
        )
    return Reading(steps=tuple(steps), tables=tables), {Scheme(scheme): sql for scheme, sql in sound.items()}


def _alias(table: str, name: str, chunk: int) -> str:
    return quoted(f"{name} {table} {chunk}")


def _join(table: str, name: str, chunk: int, value: str) -> Join:
    alias = _alias(table, name, chunk)
    return Join(table=table, alias=alias, on=f"{alias}.chunk = substr({value}, {CHUNK * (chunk - 1) + 1}, {CHUNK})")


def _registration_steps(value: str, name: str) -> Iterator[Step]:
    # ISO 7064 MOD 11,10 carries a state from digit to digit, so each look-up needs the state that the last one left.
    state = literal("10")
    digits = f"CASE WHEN regexp_matches({value}, '^[0-9]{{15}}$') THEN {value} END"
    yield Step(columns=((f"{name} digits", digits),))
    for chunk in range(1, 6):
        alias = quoted(f"{name} state {chunk}")
        part = f"substr({quoted(f'{name} digits')}, {CHUNK * (chunk - 1) + 1}, {CHUNK})"
        join = Join(table="mod_11_10", alias=alias, on=f"{alias}.before = {state} || ':' || {part}")
        last = chunk == 5
        yield Step(
            columns=((f"{name} {Scheme.REGISTRATION_NUMBER}", f"coalesce({alias}.sound, false)"),)
            if last
            else ((f"{name} after {chunk}", f"{alias}.after"),),
            joins=(join,),
        )
        state = quoted(f"{name} after {chunk}")


def _licence_steps(value: str, name: str) -> Iterator[Step]:
    # ISO 7064 MOD 37,36 over a body of any length: a fold over its characters.
    form = "^1[.]2[.]156[.]3005[.]2[.]" + "[.]".join(f"({part})" for _, part in LICENCE_PARTS) + "$"
    parts = " || ".join(f"regexp_extract({value}, {literal(form)}, {n})" for n in range(1, len(LICENCE_PARTS) + 1))
    yield Step(columns=((f"{name} body", f"CASE WHEN regexp_matches({value}, {literal(form)}) THEN {parts} END"),))
    body = quoted(f"{name} body")
    yield Step(
        columns=(
            (
                f"{name} after",
                f"reduce(list_transform(generate_series(1, length({body}) - 1), lambda place: "
                f"CAST(strpos('{ORGANISATION_ALPHABET}', substr({body}, place, 1)) - 1 AS BIGINT)), "
                "lambda state, added: CAST((CASE WHEN (state + added) % 36 = 0 THEN 36 "
                "ELSE (state + added) % 36 END) * 2 % 37 AS BIGINT), "
                "CAST(36 AS BIGINT))",
            ),
        )
    )
    last = f"strpos('{ORGANISATION_ALPHABET}', substr({body}, length({body}), 1)) - 1"
    sound = f"coalesce(({quoted(f'{name} after')} + {last}) % 36 = 1, false)"
    yield Step(columns=((f"{name} {Scheme.LICENCE_ID}", sound),))


@cache
def _sums_table(table: str) -> pa.Table:
    """Return every chunk with what it adds at each place; NULL where it holds a character that must not stand there."""
    places, alphabet, sums = _TABLES[table]
    columns: dict[str, pa.Array] = {"chunk": pa.array(["".join(chunk) for chunk in product(alphabet, repeat=CHUNK)])}
    for prefix, adds in sums.items():
        for chunk in range(places // CHUNK):
            first, second, third = ([adds(CHUNK * chunk + n, c) for c in alphabet] for n in range(CHUNK))
            columns[f"{prefix}{chunk + 1}"] = pa.array(
                [
                    None if a is None or b is None or c is None else a + b + c
                    for a in first
                    for b in second
                    for c in third
                ],
                pa.int32(),
            )
    return pa.table(columns)


@cache
def _mod_11_10_table() -> pa.Table:
    """Return state and three digits -> next state, and whether they are the sound end of a number."""
    before, after, sound = [], [], []
    for state in range(1, 11):
        for digits in product("0123456789", repeat=CHUNK):
            one = ((state + int(digits[0])) % 10 or 10) * 2 % 11
            two = ((one + int(digits[1])) % 10 or 10) * 2 % 11
            three = ((two + int(digits[2])) % 10 or 10) * 2 % 11
            before.append(f"{state}:{''.join(digits)}")
            after.append(str(three))
            sound.append((two + int(digits[2])) % 10 == 1)
    return pa.table({"before": before, "after": after, "sound": sound})
