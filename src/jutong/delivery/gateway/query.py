"""Queries: the agreed items of one record, or of up to a thousand in one call."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

import msgspec

from jutong.guard.grades import Method
from jutong.kernel.text import text

from ..plan import Plan
from ..shape import Shape
from ..wire import NO_RECORD, QUERY_BATCH_LIMIT, Asked, invalid, problem
from .case import Case
from .desks import Desks, count, granted, named, row_of, rows_of

_ITEMS_LIMIT = 500


def query(desks: Desks, asked: Asked, case: Case, path: str, key: str) -> tuple[int, bytes]:
    """Answer with the record of one key."""
    if asked.body:
        raise invalid(text("a query has no body"))
    wanted = _wanted(asked.query) if asked.query else ()
    (spelled,) = named(desks, case, (key,))
    plan, service = granted(desks, asked, case, path, Method.QUERY, wanted, 1)
    count(desks, case, plan, 1)
    row = row_of(desks, plan, service, spelled, opened_for(plan, wanted), case.kept)
    if row is None:
        return 404, problem(NO_RECORD, asked.language, case.id)
    case.rows = 1
    return 200, shape_of(plan, wanted).record(row)


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """Which records are asked for, and which items of them; no items means all that were agreed."""

    keys: list[str]
    items: list[str] = []


_wishes = msgspec.json.Decoder(Wish)


def query_all(desks: Desks, asked: Asked, case: Case, path: str) -> tuple[int, bytes]:
    """Answer with what is found for each key, in order; every key counts against the quota, or none of them."""
    if asked.query:
        raise invalid(text("a batch has no query"))
    try:
        wish = _wishes.decode(asked.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's own words could repeat what the caller sent: only the form is named.
        raise invalid(
            text("the body is not of the form {form}", form='{"keys": ["..."], "items": ["item"]}')
        ) from error
    if not 1 <= len(wish.keys) <= QUERY_BATCH_LIMIT:
        raise invalid(text("a batch holds 1 to {count} keys", count=QUERY_BATCH_LIMIT))
    if len(wish.items) > _ITEMS_LIMIT:
        raise invalid(text("a call names at most {count} items", count=_ITEMS_LIMIT))
    wanted = tuple(dict.fromkeys(wish.items))
    spelled = named(desks, case, wish.keys)
    plan, service = granted(desks, asked, case, path, Method.QUERY, wanted, len(spelled))
    count(desks, case, plan, len(spelled))
    shape = shape_of(plan, wanted)
    rows = rows_of(desks, plan, service, spelled, opened_for(plan, wanted), case.kept)
    case.rows = len(rows) - rows.count(None)
    found = [b'{"found":false}' if row is None else b'{"found":true,"record":%b}' % shape.record(row) for row in rows]
    return 200, b"[%b]" % b",".join(found)


def shape_of(plan: Plan, wanted: tuple[str, ...]) -> Shape:
    """Return the shape of the wanted items, or of all that were agreed."""
    return Shape(wanted, [plan.columns[name].mask for name in wanted]) if wanted else plan.shape


def opened_for(plan: Plan, wanted: tuple[str, ...]) -> Collection[str]:
    """Return which items of a row must be read: what is wanted, but for what is dropped whatever it is."""
    return [name for name in wanted if name in plan.read] if wanted else plan.read


def _wanted(query: str) -> tuple[str, ...]:
    try:
        stated = parse_qsl(
            query, keep_blank_values=True, strict_parsing=True, encoding="utf-8", errors="strict", max_num_fields=4
        )
    except ValueError as error:
        raise invalid(text("the query is not of the form ?items=a,b")) from error
    if len(stated) != 1 or stated[0][0] != "items" or not stated[0][1]:
        raise invalid(text("the query is not of the form ?items=a,b"))
    wanted = tuple(dict.fromkeys(stated[0][1].split(",")))
    if len(wanted) > _ITEMS_LIMIT:
        raise invalid(text("the query is not of the form ?items=a,b"))
    return wanted
