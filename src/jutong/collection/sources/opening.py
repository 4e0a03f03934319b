"""A source by how it is reached: what opens it, pulls its rows into a file, or looks at the first few."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from jutong.kernel.errors import Invalid, Refused
from jutong.kernel.foreign import Connection
from jutong.kernel.outward import Outward, Resolver, resolve
from jutong.kernel.sources import Sources

from ..contract import Contract, Limits
from ..layout import Layout
from ..reach import Reach, ReachKind, Reading
from .api import Api, pull_api
from .database import Look, Opened, Progress, Snapshot, pull
from .json import columns_of
from .kinds import source_at
from .mysql import mysql_table
from .mysql_stream import BinaryLog
from .postgres import postgres_table
from .pulled import Pulled
from .sftp import SftpFile, fetch, first_rows
from .stream import Stream

LOOK_SECONDS = 15
TABLES: Mapping[ReachKind, Callable[..., AbstractContextManager[Snapshot]]] = {
    ReachKind.POSTGRESQL: postgres_table,
    ReachKind.MYSQL: mysql_table,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What the first look at a source shows: its columns, how they fit the entry, and a few rows."""

    columns: Mapping[str, str]  # column -> type, as the source spells it
    matched: Mapping[str, str]  # item -> column
    left_aside: tuple[str, ...]
    misfit: Refused | None  # why its columns do not fit
    rows: Sequence[Mapping[str, str | None]]  # by item, in clear


@dataclass(frozen=True, slots=True)
class Door:
    """A source, and the word by which it lets us in."""

    reach: Reach
    secret: str
    outward: Outward
    sources: Sources | None = None  # where a source may be; None: whoever runs this reads what is its own

    def pull(
        self,
        contract: Contract,
        path: Path,
        *,
        layout: Layout,
        reading: Reading,
        limits: Limits,
        since: str = "",
        seen: Collection[str] = (),
        look: Look | None = None,
        progress: Progress | None = None,
    ) -> Pulled:
        """Read the rows into a file at ``path``, or refuse and keep nothing."""
        if self.reach.kind is ReachKind.API:
            api = Api(self.reach, self.secret, self._outward)
            return pull_api(api, contract, path, layout=layout, limits=limits, look=look, progress=progress)
        if self.reach.kind is ReachKind.SFTP:
            declared = self.declared(layout)
            return fetch(
                SftpFile(self.reach, self.secret, self._resolver), contract, path,
                layout=declared, limits=limits, since=since, opened=source_at,
            )  # fmt: skip
        return pull(
            self._table(),
            self.reach.place,
            contract,
            path,
            layout=layout,
            reading=reading,
            limits=limits,
            since=since,
            seen=seen,
            look=look,
            progress=progress,
        )

    def declared(self, layout: Layout) -> Layout:
        """Return how a file at this source is written."""
        return layout_of(self.reach, layout)

    def follow(
        self,
        contract: Contract,
        path: Path,
        *,
        slot: str,
        layout: Layout,
        reading: Reading,
        limits: Limits,
        since: str = "",
        look: Look | None = None,
        progress: Progress | None = None,
    ) -> Pulled:
        """Read what changed into a file at ``path``, from the source's log; or refuse and keep nothing."""
        stream = self.stream(slot, reading.publication)
        return stream.pull(contract, path, layout=layout, limits=limits, since=since, look=look, progress=progress)

    def stream(self, slot: str, publication: str) -> Stream | BinaryLog:
        """Return the source's log: PostgreSQL's is read at a slot."""
        if self.reach.kind is ReachKind.MYSQL:
            return BinaryLog(self._connection, self.reach.table, self.reach.place)
        return Stream(self._connection, self.reach.table, publication, slot, self.reach.place)

    def glance(self, contract: Contract, layout: Layout, most: int) -> Glance:
        """Look at the columns and a few rows."""
        if self.reach.kind is ReachKind.API:
            with _first_page(Api(self.reach, self.secret, self._outward)) as rows:
                columns = dict.fromkeys((name for row in rows for name in row), "json")
                return _glance(contract, layout, columns, lambda names: _of_records(rows[:most], names))
        if self.reach.kind is ReachKind.SFTP:
            return self._glance_at_file(contract, layout, most)
        with self._table(seconds=LOOK_SECONDS)() as snapshot:
            columns = {one.name: one.spelled for one in snapshot.columns()}
            return _glance(contract, layout, columns, lambda names: snapshot.head(names, most))

    def _glance_at_file(self, contract: Contract, layout: Layout, most: int) -> Glance:
        self._resolver(self.reach.host, self.reach.real_port)  # a place that is not called is no misfit
        try:
            rows, aside = first_rows(
                SftpFile(self.reach, self.secret, self._resolver),
                contract,
                layout=self.declared(layout),
                most=most,
                opened=source_at,
            )
        except Invalid as misfit:
            return Glance(columns={}, matched={}, left_aside=(), misfit=misfit, rows=())
        named = {name: name for name in contract.names}
        return Glance(columns=dict.fromkeys(named, "file"), matched=named, left_aside=aside, misfit=None, rows=rows)

    def _table(self, **more: int) -> Opened:
        return partial(TABLES[self.reach.kind], self._connection, self.reach.table, **more)

    @property
    def _connection(self) -> Connection:
        told = Connection(
            host=self.reach.host,
            port=self.reach.real_port,
            database=self.reach.database,
            user=self.reach.user,
            password=self.secret,
            schema=self.reach.schema,
        )
        return told if self.sources is None else self.sources.of(told)

    @property
    def _outward(self) -> Outward:
        return self.outward if self.sources is None else self.outward.within(self.sources.resolved)

    @property
    def _resolver(self) -> Resolver:
        return resolve if self.sources is None else self.sources.resolved


def layout_of(reach: Reach, layout: Layout) -> Layout:
    """Return how the file of a reach is written."""
    return layout.declaring(
        encoding=reach.encoding, delimiter=reach.delimiter, table=reach.table, rows_at=reach.rows_at
    )


def _glance(
    contract: Contract,
    layout: Layout,
    columns: Mapping[str, str],
    head: Callable[[Sequence[str]], Sequence[Sequence[str | None]]],
) -> Glance:
    try:
        matched, aside = contract.columns_in(columns, layout.headers)
    except Refused as misfit:
        return Glance(columns=columns, matched={}, left_aside=(), misfit=misfit, rows=())
    rows = [dict(zip(matched, row, strict=True)) for row in head(list(matched.values()))]
    return Glance(columns=columns, matched=matched, left_aside=aside, misfit=None, rows=rows)


@contextmanager
def _first_page(api: Api) -> Iterator[list[dict[str, object]]]:
    yield next(islice(api.pages(), 1))[0]


def _of_records(rows: list[dict[str, object]], names: Sequence[str]) -> list[tuple[str | None, ...]]:
    return list(zip(*columns_of(rows, [(name,) for name in names]), strict=True))
