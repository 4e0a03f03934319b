"""Masks as SQL (DuckDB's dialect): what they leave of a whole column, the very same as of one value."""

from __future__ import annotations

from hmac import trans_5C, trans_36
from itertools import pairwise

from .found import hide_found_sql
from .mask import (
    HIDDEN,
    KEY_BYTES,
    NUMBER_LIMIT,
    TOKEN_BYTES,
    Bands,
    Clear,
    Drop,
    Found,
    Keep,
    Mask,
    Region,
    Token,
    Truncated,
)

_BLOCK = 64  # bytes, of SHA-256
_MARKS = r"[\p{M}\x{200d}]"
_ISO = r"(?s)[0-9]{4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.)[0-9]{1,2}(?:[T ].*)?"
_COMPACT = r"(?s)[0-9]{8}(?:[T ].*)?"
_DIVISION = r"[0-9]{6}(?:[0-9]{3}){0,2}"
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"


def mask_sql(mask: Mask, value: str, *, key: bytes = b"") -> str:
    """Return the expression that applies ``mask`` to the text expression ``value``; null stays null.

    ``key`` (bytes) is what tokens are made under, as in ``Token.compile``; it stands in the SQL, which is never shown.

    >>> mask_sql(Drop(), "x")
    'CAST(NULL AS VARCHAR)'
    """
    match mask:
        case Clear():
            return value
        case Drop():
            return "CAST(NULL AS VARCHAR)"
        case Keep(head, tail):
            return _kept(value, head, tail)
        case Token():
            return _token(value, key)
        case Truncated(month):
            return _truncated(value, month=month)
        case Region(digits):
            cut = f"left({value}, {digits})"
            code = cut if digits >= 6 else f"rpad({cut}, 6, '0')"
            return f"CASE WHEN {_is(value, _DIVISION)} THEN {code} WHEN {value} IS NOT NULL THEN '{HIDDEN}' END"
        case Bands(bounds):
            return _band(value, bounds)
        case Found(kinds):
            return hide_found_sql(value, kinds, HIDDEN)


def _is(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, '{pattern}')"


def _kept(value: str, head: int, tail: int) -> str:
    first = f"left({value}, {head})"
    # A character that the cut would part from its marks goes with them; marks of a hidden character are no tail.
    if head:
        parted = f"regexp_full_match(substr({value}, {head + 1}, 1), '{_MARKS}')"
        first = f"CASE WHEN {parted} THEN regexp_replace({first}, '(?s).?{_MARKS}*$', '') ELSE {first} END"
    else:
        first = "''"
    last = f"regexp_replace(right({value}, {tail}), '^{_MARKS}+', '')" if tail else "''"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL WHEN length({value}) <= {head + tail} THEN '{HIDDEN}' "
        f"ELSE ({first}) || '{HIDDEN}' || {last} END"
    )


def _token(value: str, key: bytes) -> str:
    """Return HMAC-SHA256 (RFC 2104) in SQL."""
    if not KEY_BYTES <= len(key) <= _BLOCK:
        raise ValueError(f"a token needs a secret key of {KEY_BYTES} to {_BLOCK} bytes")
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = (f"unhex('{block.translate(pad).hex()}')" for pad in (trans_36, trans_5C))
    hashed = f"unhex(sha256({inner} || encode({value})))"
    return f"left(sha256({outer} || {hashed}), {TOKEN_BYTES * 2})"


def _truncated(value: str, *, month: bool) -> str:
    number = (
        f"CASE WHEN {_is(value, _COMPACT)} THEN substr({value}, 5, 2) "
        f"ELSE lpad(regexp_extract(substr({value}, 6), '^[0-9]{{1,2}}'), 2, '0') END"
    )
    seen = f"left({value}, 4) || '-' || ({number})" if month else f"left({value}, 4)"
    dated = f"({_is(value, _ISO)} OR {_is(value, _COMPACT)}) AND ({number}) BETWEEN '01' AND '12'"
    return f"CASE WHEN {value} IS NULL THEN NULL WHEN {dated} THEN {seen} ELSE '{HIDDEN}' END"


def _band(value: str, bounds: tuple[int, ...]) -> str:
    whole = f"regexp_replace(split_part({value}, '.', 1), '^\\+', '')"
    # Below zero the next whole number down; what no integer holds is beyond all bounds, which have 18 digits.
    down = f"CASE WHEN {value} LIKE '-%' AND regexp_matches(split_part({value}, '.', 2), '[1-9]') THEN 1 ELSE 0 END"
    beyond = f"CASE WHEN {value} LIKE '-%' THEN -1 ELSE 1 END * CAST('1{'0' * 30}' AS HUGEINT)"
    number = f"coalesce(TRY_CAST({whole} AS HUGEINT) - ({down}), {beyond})"
    steps = [f"WHEN {number} < {bounds[0]} THEN '<{bounds[0]}'"]
    steps += [f"WHEN {number} < {high} THEN '{low}..{high}'" for low, high in pairwise(bounds)]
    return (
        f"CASE WHEN {value} IS NULL THEN NULL "
        f"WHEN length({value}) > {NUMBER_LIMIT} OR NOT {_is(value, _NUMBER)} THEN '{HIDDEN}' "
        f"{' '.join(steps)} ELSE '>={bounds[-1]}' END"
    )
