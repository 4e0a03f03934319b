"""What a target is asked to take: the newest version of a view, by what leads to it from whatever stands there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from jutong import sharing
from jutong.desk import House
from jutong.kernel.canon import Fact
from jutong.kernel.errors import TooMuch
from jutong.kernel.text import text
from jutong.pools import Pools

from ...quota import Counters
from .. import store as views
from ..making import folder_of, views_folder
from ..manifest import sign
from ..rights import day_of
from ..view import View
from .loading import Load, Standing, Step, Watch, schema_at, steps_from
from .outflow import Outflow
from .right import key_of

Checksum = int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The order for one run, or (``watch`` and ``ask`` refuse nothing) for a look at a target."""

    kept: Outflow
    view: View
    known: tuple[View, ...]  # every version that is kept
    folder: Path
    schema: pa.Schema
    key: str
    pools: Pools
    seal: Callable[[dict[str, Fact]], str]
    take: Callable[[], None]  # counts one delivery against the day's quota
    watch: Watch
    ask: Callable[[], None]
    announce: Callable[[int], None]  # how many rows will be handed on

    @property
    def outflow(self) -> str:
        """Identifier of the outflow."""
        return self.kept.id

    @property
    def agreement(self) -> str:
        """Identifier of the agreement."""
        return self.kept.agreement

    @property
    def anew(self) -> bool:
        """Whether the consumer asked for the whole over whatever stands there."""
        return self.kept.anew

    @property
    def last(self) -> int:
        """The version that this node believes to stand there."""
        return self.kept.version

    @property
    def newest(self) -> int:
        """The version that is to stand there."""
        return self.view.version

    def still(self) -> None:
        """Refuse where the delivery may not be completed any more."""
        self.ask()

    def load(self, standing: Standing | None, *, keyed: bool) -> Load | None:
        """Return what leads from what stands to the newest version: nothing, changes, or the whole."""
        there = None if self.kept.anew else standing
        if there is not None and (there.version, there.digest) == (self.view.version, self.view.digest()):
            return None
        self.ask()
        self.take()
        # Where a key stands twice, what went cannot be told by it: then the whole is brought each time.
        steps = None if there is None or (keyed and not (self.key and there.keyed)) else self._steps(there)
        base = there.version if there is not None and steps is not None else None
        told: dict[str, Fact] = {
            "agreement": self.agreement,
            "outflow": self.outflow,
            "version": self.view.version,
            "base": base,
            "rows": self.view.rows,
            "disputed": self.view.disputed,
            "view": self.view.digest(),
        }
        load = Load(
            agreement=self.agreement,
            outflow=self.outflow,
            version=self.view.version,
            digest=self.view.digest(),
            manifest=self.seal(told),
            rows=self.view.rows,
            folder=folder_of(self.folder, self.agreement, self.view.version),
            parts=self.view.parts,
            schema=self.schema,
            key=self.key,
            keyed=base is not None
            or (keyed and bool(self.key) and _unique(self.pools, self.folder, self.view, self.key)),
            base=base,
            steps=steps or (),
            watch=self.watch,
        )
        self.announce(load.total)
        return load

    def _steps(self, there: Standing) -> tuple[Step, ...] | None:
        base = next((one for one in self.known if one.version == there.version), None)
        if base is None or base.digest() != there.digest:
            return None
        steps = steps_from(self.folder, self.known, there.version, self.view)
        # More changes than rows: the whole is the shorter way.
        return None if steps is None or sum(one.rows for one in steps) > self.view.rows else steps


@dataclass(slots=True)
class Counting:
    """One reading of the whole, counted against the agreement's day; what did not leave is counted no more."""

    house: House
    agreement: str
    _day: date | None = None  # on which it was counted

    def take(self) -> None:
        """Count it, or refuse where the day's readings are used up."""
        with self.house.reading() as db:
            quota = sharing.find_agreement(db, self.agreement).quota_per_day
        day = day_of(self.house.clock())
        with closing(self._counters()) as counters:
            fine = counters.take(self._name, day, 1, quota)
        if not fine:
            raise TooMuch(
                text("the {quota} readings a day of the agreement are used up", quota=quota),
                basis=text("sharing agreement, quota per legal day (UTC+8)"),
                remedy=text("read again tomorrow, or ask the provider for a larger quota"),
            )
        self._day = day

    def give_back(self) -> None:
        """Count it no more."""
        if self._day is not None:
            with closing(self._counters()) as counters:
                counters.give_back(self._name, self._day, 1)
            self._day = None

    @property
    def _name(self) -> str:
        return f"whole {self.agreement}"

    def _counters(self) -> Counters:
        return Counters(self.house.home.folder / "gateway" / "quota")


def ordered(
    house: House,
    kept: Outflow,
    newest: View,
    *,
    take: Callable[[], None],
    watch: Watch,
    ask: Callable[[], None],
    announce: Callable[[int], None],
) -> Ordered:
    """Return the order to bring the newest version."""
    folder = views_folder(house)
    with house.reading() as db:
        known, key = views.views_of(db, kept.agreement), key_of(db, house, kept)
    return Ordered(
        kept=kept,
        view=newest,
        known=known,
        folder=folder,
        schema=schema_at(folder, newest),
        key=key,
        pools=house.pools,
        seal=lambda told: sign(told, house.key, house.home.settings.name, house.sm2),
        take=take,
        watch=watch,
        ask=ask,
        announce=announce,
    )


def checksum_of(pools: Pools, folder: Path, view: View, names: Collection[str]) -> Checksum:
    """Return the checksum of a version's rows over these columns, as databases at the other end reckon it."""
    cells = ", ".join(f"coalesce(CAST({_quoted(name)} AS VARCHAR), chr(30))" for name in names)
    summed = f"sum(('0x' || substr(md5(concat_ws(chr(31), {cells})), 1, 15))::BIGINT)"
    sql = f"SELECT coalesce({summed}, 0)::VARCHAR AS n FROM t"  # noqa: S608 (quoted names)
    return int(pools.engine.query(sql, {"t": _rows(folder, view, names)}).read_all()["n"][0].as_py())


def _unique(pools: Pools, folder: Path, view: View, key: str) -> bool:
    """Say whether every row of a version has a key of its own."""
    sql = f"SELECT count(*) = count(DISTINCT {_quoted(key)}) AS fine FROM t"  # noqa: S608 (quoted names)
    return bool(pools.engine.query(sql, {"t": _rows(folder, view, [key])}).read_all()["fine"][0].as_py())


def _rows(folder: Path, view: View, names: Collection[str]) -> pa.RecordBatchReader:
    home = folder_of(folder, view.agreement, view.version)
    paths = [str(home / part.name) for part in view.parts]
    return ds.dataset(paths, format="parquet").scanner(columns=list(names), fragment_readahead=1).to_reader()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
