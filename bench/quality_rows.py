"""Made rows for ``bench quality``: a register of firms with their legal representatives, one fault in a hundred."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong.terms.identifier import (
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    ORGANISATION_WEIGHTS,
    RESIDENT_CHECKS,
    RESIDENT_WEIGHTS,
)

CHUNK = 250_000
STATUSES = ("1", "2", "3", "9")
_PLACES = (500101, 500103, 500104, 500105, 500106, 500107, 500108, 500112, 500113, 510104, 330106, 320505)


def make_rows(path: Path, *, rows: int, seed: int) -> None:
    """Write that many rows, chunk by chunk; memory does not grow with them."""
    random = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, CHUNK):
        table = _chunk(random, start, min(CHUNK, rows - start))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _chunk(random: np.random.Generator, start: int, count: int) -> pa.Table:
    number = np.arange(start, start + count)
    place = np.array(_PLACES)[random.integers(0, len(_PLACES), count)]
    inner = _digits((number * 7919) % 10**8, 8)
    organ = _organisation(inner)
    head = np.concatenate([np.tile([57, 49], (count, 1)), _digits(place, 6) + 48, inner + 48, organ[:, 8:]], axis=1)
    credit = _credit(head.astype(np.uint8))
    year, month, day = random.integers(1940, 2004, count), random.integers(1, 13, count), random.integers(1, 29, count)
    person = _digits(place * 10**11 + (year * 10_000 + month * 100 + day) * 1000 + random.integers(0, 1000, count), 17)
    days = random.integers(3650, 19_000, count)
    paid, owed = random.integers(0, 10**7, count), random.integers(0, 10**7, count)
    card = _luhn(np.concatenate([np.tile([6, 2], (count, 1)), random.integers(0, 10, (count, 16))], axis=1))
    told = pa.array(number).cast(pa.string())
    columns = {
        "uscc": _texts(credit),
        "id": _texts(_resident(person)),
        "org": _texts(organ),
        "name": pc.binary_join_element_wise("重庆第", told, "百货有限公司", ""),
        "phone": _texts(np.concatenate([np.tile([49, 51], (count, 1)), random.integers(48, 58, (count, 9))], axis=1)),
        "founded": pa.array(days.astype("datetime64[D]")).cast(pa.string()),
        "closed": pa.array((days + random.integers(-3, 300, count)).astype("datetime64[D]")).cast(pa.string()),
        "division": pa.array(place).cast(pa.string()),
        "card": _texts(card + 48),
        "status": pa.array(STATUSES).take(pa.array(random.integers(0, 4, count))),
        "capital": pa.array(paid + owed).cast(pa.string()),
        "paid": pa.array(paid).cast(pa.string()),
        "owed": pa.array(owed).cast(pa.string()),
        "email": pc.binary_join_element_wise("firm", told, "@example.cn", ""),
        "postal": pa.array(400_000 + place % 1000).cast(pa.string()),
    }
    return pa.table({name: _with_faults(random, values) for name, values in columns.items()})


def _with_faults(random: np.random.Generator, values: pa.Array) -> pa.Array:
    """Lose one value in 400, write N/A for another, and cut the last character off a third."""
    at = random.integers(0, 400, len(values))
    short = pc.utf8_slice_codeunits(values.filter(pa.array(at == 2)), 0, -1)
    spoilt = pc.replace_with_mask(values, pa.array(at == 2), short)
    spoilt = pc.if_else(pa.array(at == 1), "N/A", spoilt)
    return pc.if_else(pa.array(at == 0), pa.scalar(None, pa.string()), spoilt)


def _digits(numbers: np.ndarray, width: int) -> np.ndarray:
    return (numbers[:, None] // 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)) % 10


def _organisation(inner: np.ndarray) -> np.ndarray:
    check = -(inner * np.array(ORGANISATION_WEIGHTS)).sum(axis=1) % 11
    return np.concatenate([inner + 48, np.where(check == 10, 88, check + 48)[:, None]], axis=1).astype(np.uint8)


def _credit(head: np.ndarray) -> np.ndarray:
    value = np.zeros(256, np.int64)
    for at, character in enumerate(CREDIT_ALPHABET):
        value[ord(character)] = at
    check = -(value[head] * np.array(CREDIT_WEIGHTS)).sum(axis=1) % 31
    return np.concatenate([head, np.frombuffer(CREDIT_ALPHABET.encode(), np.uint8)[check][:, None]], axis=1)


def _resident(person: np.ndarray) -> np.ndarray:
    check = (person * np.array(RESIDENT_WEIGHTS)).sum(axis=1) % 11
    last = np.frombuffer(RESIDENT_CHECKS.encode(), np.uint8)[check]
    return np.concatenate([person + 48, last[:, None]], axis=1)


def _luhn(head: np.ndarray) -> np.ndarray:
    doubled = head * np.where(np.arange(head.shape[1]) % 2 == head.shape[1] % 2, 1, 2)
    total = np.where(doubled > 9, doubled - 9, doubled).sum(axis=1)
    return np.concatenate([head, (-total % 10)[:, None]], axis=1)


def _texts(codes: np.ndarray) -> pa.Array:
    rows, width = codes.shape
    offsets = np.arange(0, width * (rows + 1), width, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(codes.astype(np.uint8).tobytes())]
    )
