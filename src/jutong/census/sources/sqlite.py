"""The tables of an SQLite file, opened so that nothing can be written and no statement runs for long."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.terms.division import Divisions

from ..table import Column, Found, data_type_of
from .bounded import Bounds, Clock, profiled

STEPS = 50_000  # of the virtual machine, between two looks at the clock


@dataclass(frozen=True, slots=True)
class SqliteSource:
    """All ordinary tables of a file."""

    path: Path
    bounds: Bounds = field(default_factory=Bounds)
    kind: str = "sqlite"
    complete: bool = True

    def tables(self, divisions: Divisions) -> Iterator[Found]:
        """Yield the tables with counts, or refuse a file that is none."""
        clock = Clock(self.bounds)
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True)) as db:
                db.text_factory = lambda value: value.decode("utf-8", "replace")
                db.execute("PRAGMA query_only=ON")
                db.execute("PRAGMA trusted_schema=OFF")
                until = time.monotonic() + self.bounds.seconds
                db.set_progress_handler(lambda: time.monotonic() > until, STEPS)
                names = db.execute(
                    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite^_%'"
                    " ESCAPE '^' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name LIMIT ?",
                    (self.bounds.tables,),
                ).fetchall()
                for (name,) in names:
                    clock.check()
                    yield self._looked_over(db, name, divisions)
        except sqlite3.Error as error:
            clock.check()
            raise Invalid(
                text("{name} is not an SQLite file that can be read", name=self.path.name),
                remedy=text("deliver the file again"),
            ) from error

    def _looked_over(self, db: sqlite3.Connection, name: str, divisions: Divisions) -> Found:
        told = db.execute('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)', (name,)).fetchall()
        columns = tuple(
            Column(
                name=column,
                type=spelled.lower() or "any",
                data_type=data_type_of(spelled),
                nullable=not notnull,
                key=bool(pk),
            )
            for column, spelled, notnull, pk in told
        )
        table = _quoted(name)
        cells = ", ".join(f"substr(CAST({_quoted(one.name)} AS TEXT), 1, 256)" for one in columns)
        (rows,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 (quoted names)
        sample = db.execute(f"SELECT {cells} FROM {table} LIMIT {self.bounds.sample_rows}")  # noqa: S608
        found = Found(place="main", name=name, columns=columns, rows=rows, rows_exact=True)
        return profiled(found, sample, divisions)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
