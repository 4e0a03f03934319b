"""A firm for the caseworker to ask about: one whose credit code stands in the register that was handed in."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from jutong.kernel.errors import NotFound
from jutong.terms.identifier import is_credit_code

_CODE_COLUMN = "统一社会信用代码"


def some_code(register: Path) -> str:
    """Return the first valid credit code of a register, which is the code of no conflict that we know of."""
    for code in _codes(register):
        if is_credit_code(code):
            return code
    raise NotFound("valid credit code", register.name)


def _codes(register: Path) -> Iterator[str]:
    if register.read_bytes()[:4] == b"PAR1":
        for batch in pq.ParquetFile(register).iter_batches(columns=["uscc"]):
            yield from (value for value in batch.column(0).to_pylist() if value)
        return
    data = register.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = data.decode("gb18030", "replace")
    for row in csv.DictReader(io.StringIO(words)):
        yield row.get(_CODE_COLUMN) or row.get("uscc") or ""
