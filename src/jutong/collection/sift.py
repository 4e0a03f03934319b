"""Telling intact rows from broken ones, whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .contract import REPLACEMENT, UNREADABLE, Contract, Limits, Reason
from .source import LINE, ROW, Portion

FEW = 1_000
_NOTHING = np.zeros(0, np.uint8)
_BEYOND_ASCII = 128
REASON, RAW = "_reason", "_raw"


@dataclass(frozen=True, slots=True)
class Sifted:
    """The intact rows (``_row`` and the items) and the others, each with its line, its reason and what it held."""

    intact: pa.RecordBatch
    broken: pa.RecordBatch


def landed_schema(names: Sequence[str]) -> pa.Schema:
    """Return the schema of intact rows, over which two tiers compare their digests."""
    return pa.schema([pa.field(ROW, pa.int64()), *(pa.field(name, pa.string()) for name in names)])


def broken_schema(contract: Contract) -> pa.Schema:
    """Return the schema of broken rows; items are null where a row could not be cut into fields."""
    items = [pa.field(name, pa.string()) for name in contract.names]
    row, line = pa.field(ROW, pa.int64()), pa.field(LINE, pa.int64())
    return pa.schema([row, line, pa.field(REASON, pa.string()), pa.field(RAW, pa.string()), *items])


def sift(portion: Portion, contract: Contract, limits: Limits) -> Sifted:
    """Part a portion in two; no value is changed, moved or guessed."""
    rows = portion.rows
    reasons = _reasons(portion, contract, limits)
    intact = rows if reasons is None else rows.filter(pc.is_null(reasons))
    broken = [_uncut(portion, contract)]
    if reasons is not None:
        held = pc.is_valid(reasons)
        bad, why = rows.filter(held), reasons.filter(held)
        items = [bad.column(name) for name in contract.names]
        columns = [bad.column(ROW), bad.column(LINE), why, pa.nulls(len(bad), pa.string()), *items]
        broken.append(pa.RecordBatch.from_arrays(columns, schema=broken_schema(contract)))
    return Sifted(intact.drop_columns([LINE]), pa.concat_batches(broken))


def _reasons(portion: Portion, contract: Contract, limits: Limits) -> pa.Array | None:
    rows = portion.rows
    columns = [rows.column(name) for name in contract.names]
    held = [_bytes(column) for column in columns]
    long = [column for column, words in zip(columns, held, strict=True) if len(words) > limits.max_field]
    # Both marks are beyond ASCII: of most columns their bytes tell at once that neither is there.
    wide = [column for column, words in zip(columns, held, strict=True) if words.max(initial=0) >= _BEYOND_ASCII]
    masks = [
        (Reason.BAD_ENCODING, _any([_holds(column, UNREADABLE) for column in wide])),
        (Reason.FIELD_TOO_LONG, _any([_longer(column, limits.max_field) for column in long])),
        (Reason.COLUMN_ORDER_LOST, portion.disordered),
        (Reason.REPLACEMENT_CHARACTER, _any([_holds(column, REPLACEMENT) for column in wide])),
        (Reason.COLUMN_ORDER_LOST, _displaced(rows, contract)),
    ]
    told = [(reason, mask) for reason, mask in masks if mask is not None and mask.true_count]
    if not told:
        return None
    cases = pc.make_struct(*(mask for _, mask in told))
    return pc.case_when(cases, *(pa.scalar(reason.value, pa.string()) for reason, _ in told))


def _any(masks: list[pa.Array | None]) -> pa.Array | None:
    found = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else pc.or_(found, mask)
    return found


def _holds(column: pa.Array, character: str) -> pa.Array | None:
    mask = pc.fill_null(pc.match_substring(column, character), fill_value=False)
    return mask if mask.true_count else None


def _longer(column: pa.Array, limit: int) -> pa.Array | None:
    mask = pc.fill_null(pc.greater(pc.binary_length(column), limit), fill_value=False)
    return mask if mask.true_count else None


def _bytes(column: pa.Array) -> npt.NDArray[np.uint8]:
    """Return the bytes of a column's values, end to end, where they stand."""
    if not len(column):
        return _NOTHING
    _, ends, data = column.buffers()
    offsets = memoryview(ends).cast("i")
    first, last = offsets[column.offset], offsets[column.offset + len(column)]
    return np.frombuffer(data, np.uint8)[first:last] if data is not None and last > first else _NOTHING


def _displaced(rows: pa.RecordBatch, contract: Contract) -> pa.Array | None:
    # A value that is not what its column holds, while a column of another shape holds just such a value: the columns
    # moved. One of the two signs alone is a fault of one field, which is for the quality rules to find.
    found = None
    for column in contract.columns:
        if not column.shape:
            continue
        pattern = f"^(?:{column.shape})$"
        own = rows.column(column.name)
        strange = pc.and_(pc.invert(_matches(own, pattern)), pc.fill_null(pc.not_equal(own, ""), fill_value=False))
        if not strange.true_count:
            continue
        others = [other.name for other in contract.columns if other.shape != column.shape]
        elsewhere = _any([_matches(rows.column(name), pattern) for name in others])
        if elsewhere is not None:
            found = _any([found, pc.and_(strange, elsewhere)])
    return found


def _matches(column: pa.Array, pattern: str) -> pa.Array:
    # Days and the like come again and again: the pattern is asked once of each.
    if len(column) > FEW and len(column.slice(0, FEW).unique()) < FEW // 2:
        told = column.dictionary_encode()
        if len(told.dictionary) < len(column) // 2:
            return pc.fill_null(pc.take(_matches(told.dictionary, pattern), told.indices), fill_value=False)
    return pc.fill_null(pc.match_substring_regex(column, pattern), fill_value=False)


def _uncut(portion: Portion, contract: Contract) -> pa.RecordBatch:
    schema, broken = broken_schema(contract), portion.broken
    columns = [
        pa.array([row.row for row in broken], pa.int64()),
        pa.array([row.line for row in broken], pa.int64()),
        pa.array([row.reason.value for row in broken], pa.string()),
        pa.array([row.raw for row in broken], pa.string()),
    ]
    items = [pa.nulls(len(broken), pa.string()) for _ in contract.names]
    return pa.RecordBatch.from_arrays([*columns, *items], schema=schema)
