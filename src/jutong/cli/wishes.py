"""Files of several wishes: JSON or CSV, read field by field, so that every fault is told with its line at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import Text, text
from jutong.sharing import Wish

learn(Wish)
LISTS = frozenset({"items", "purposes", "methods", "systems", "divisions"})
LEFT_OUT = frozenset({"divisions", "papers"})
BETWEEN = ";"  # members of a list in one cell
BYTES_MOST = 4 << 20


def read_wishes(path: Path) -> tuple[tuple[Wish, ...], tuple[Text, ...]]:
    """Return the wishes of a file, and everything that is wrong with it; with any fault there are no wishes.

    JSON is a list of wishes. In CSV (UTF-8) each line is a wish and each column one of its fields; members of a list
    stand between semicolons.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Invalid(text("the file {path} cannot be read", path=path)) from error
    if len(raw) > BYTES_MOST:
        raise Invalid(text("the file {path} is too large: at most {most} bytes", path=path, most=BYTES_MOST))
    rows = _of_csv(path, raw) if path.suffix.lower() == ".csv" else _of_json(path, raw)
    faults: list[Text] = []
    wishes = [_wish(line, row, faults) for line, row in rows]
    return ((), tuple(faults)) if faults else (tuple(one for one in wishes if one is not None), ())


def _of_json(path: Path, raw: bytes) -> Sequence[tuple[int, Mapping[str, Any]]]:
    try:
        found = msgspec.json.decode(raw, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(text("the file {path} is no list of wishes: {why}", path=path, why=str(error))) from error
    return list(enumerate(found, start=1))


def _of_csv(path: Path, raw: bytes) -> Sequence[tuple[int, Mapping[str, Any]]]:
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        return [(reader.line_num, dict(_cells(row))) for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise Invalid(text("the file {path} is no list of wishes: {why}", path=path, why=str(error))) from error


def _cells(row: Mapping[str | None, Any]) -> Iterator[tuple[str, Any]]:
    for name, cell in row.items():
        if name is None:
            yield "…", cell  # more cells than columns
        elif name in LISTS:
            yield name, [part.strip() for part in (cell or "").split(BETWEEN) if part.strip()]
        elif cell is not None:
            yield name, cell


def _wish(line: int, row: Mapping[str, Any], faults: list[Text]) -> Wish | None:
    known, values = _fields(), dict[str, Any]()
    before = len(faults)
    faults += [
        text("line {line}: there is no field {name}", line=str(line), name=name) for name in row if name not in known
    ]
    for name, kind in known.items():
        if name not in row:
            if name not in LEFT_OUT:
                faults.append(text("line {line}: {name} is missing", line=str(line), name=name))
            continue
        try:
            values[name] = msgspec.convert(row[name], kind, strict=False)
        except msgspec.MsgspecError as error:
            faults.append(text("line {line}, {name}: {why}", line=str(line), name=name, why=str(error)))
    return None if len(faults) > before else Wish(**values)


@cache
def _fields() -> Mapping[str, Any]:
    return get_type_hints(Wish)
