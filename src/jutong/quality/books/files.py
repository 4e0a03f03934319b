"""Rows of any Parquet file asked by a rulebook: no node, no catalogue, nothing kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jutong import registers
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text
from jutong.pools import DuckEngine, FileRef, Lake
from jutong.terms.element import Dimension

from ..asking import elements_known
from ..declared import Book
from ..examination import Band, band_of, dimensions_of, score_of
from ..rule import RuleCount
from ..rulebook import Rulebook, Standards, Subject, compile_rules
from ..scan import Sought, count_failures, lends


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """What a rulebook found in a file; ratios in thousandths."""

    rows: int
    counts: tuple[RuleCount, ...]
    dimensions: Mapping[Dimension, int]
    unasked: tuple[str, ...]

    @property
    def score(self) -> int:
        """The weighted mean of the dimensions that were measured."""
        return score_of(self.dimensions)

    @property
    def band(self) -> Band:
        """The band of the score."""
        return band_of(self.score)


def check_file(path: Path, book: Book, *, today: date, memory_bytes: int = 0) -> FileCheck:
    """Ask a book's rules, and those of the elements that it names, of every row of a Parquet file."""
    with engine_over(path, memory_bytes=memory_bytes) as engine:
        rules = rules_of_file(path, book, today=today, lent=lends(engine))
        rows, counts = count_failures(engine, Sought({"raw": FileRef(path)}), rules)
    return FileCheck(
        rows=rows,
        counts=counts,
        dimensions=dimensions_of(counts, rows_read=0, rows_landed=0),
        unasked=rules.unasked,
    )


@contextmanager
def engine_over(path: Path, *, memory_bytes: int = 0, threads: int = 0) -> Iterator[DuckEngine]:
    """Open an engine that may read this one file and spill into a folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        yield DuckEngine(
            Lake(str(scratch / "lake"), {}, scratch),
            scratch,
            memory_bytes=memory_bytes,
            threads=threads,
            readable=(path,),
        )


def rules_of_file(path: Path, book: Book, *, today: date, lent: bool) -> Rulebook:
    """Return a book's rules over the columns of a file, or refuse what does not fit together."""
    standards = Standards(
        elements={one.id: one for one in registers.shipped_elements()},
        divisions=registers.divisions(),
        code_sets={one.id: one for one in registers.shipped_code_sets()},
    )
    elements_known(book, standards.elements)
    try:
        columns = pq.read_schema(path).names
    except FileNotFoundError as error:
        raise NotFound("file", path.name) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise Invalid(text("{name} is no Parquet file", name=path.name)) from error
    if len(set(columns)) != len(columns) or "_row" in columns:
        raise Invalid(text("two columns of the file have one name, or one is called _row"))
    strangers = set(book.elements) - set(columns)
    if strangers:
        raise Invalid(text("the file has no column {column}", column=min(strangers)[:63]))
    items = [Subject(name=name, element=book.elements.get(name)) for name in columns]
    return compile_rules(items, book, standards, today=today, lent=lent)
