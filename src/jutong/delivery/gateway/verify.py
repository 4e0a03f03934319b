"""Verification: whether stated facts are on record, yes or no and nothing else."""

from __future__ import annotations

import msgspec

from jutong.guard.grades import Method
from jutong.kernel.text import text

from ..likeness import Value, matches
from ..wire import BATCH_LIMIT, Asked, invalid
from .case import Case
from .desks import Desks, count, granted, named, rows_of

_rows = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    """What is stated of the record with a key."""

    key: str
    facts: dict[str, Value]


_claims = msgspec.json.Decoder(Claim | list[Claim])


def verify(desks: Desks, asked: Asked, case: Case, path: str) -> tuple[int, bytes]:
    """Answer with one verdict a key; it does not say which fact failed, nor whether there is a record."""
    if asked.query:
        raise invalid(text("a verification has no query"))
    try:
        stated = _claims.decode(asked.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's own words could repeat what the caller sent: only the form is named.
        raise invalid(
            text("the body is not of the form {form}", form='{"key": "...", "facts": {"item": "value"}}')
        ) from error
    claims = stated if isinstance(stated, list) else [stated]
    if not 1 <= len(claims) <= BATCH_LIMIT:
        raise invalid(text("a batch holds 1 to {count} keys", count=BATCH_LIMIT))
    if not all(claim.facts for claim in claims):
        raise invalid(text("each key comes with at least one fact"))
    spelled = named(desks, case, [claim.key for claim in claims])
    items = tuple({item: None for claim in claims for item in claim.facts})
    plan, service = granted(desks, asked, case, path, Method.VERIFY, items, len(spelled))
    count(desks, case, plan, len(claims))
    verdicts = []
    for claim, row in zip(claims, rows_of(desks, plan, service, spelled, items, case.kept), strict=True):
        held = None if row is None else _held(row, claim)
        verdicts.append({"match": matches(claim.facts, held)})
    case.rows = len(claims)
    return 200, msgspec.json.encode(verdicts if isinstance(stated, list) else verdicts[0])


def _held(row: bytes, claim: Claim) -> dict[str, Value]:
    values = _rows.decode(row)
    return {item: _value(values.get(item)) for item in claim.facts}


def _value(raw: msgspec.Raw | None) -> Value:
    value = None if raw is None else msgspec.json.decode(raw)
    return value if isinstance(value, (str, int, float, bool)) else None
