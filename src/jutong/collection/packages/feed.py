"""A feed of an edge agent: what a department packs for one entry, and from where; it needs no catalogue of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.httpsig import Signs
from jutong.kernel.outward import Outward
from jutong.kernel.text import text

from ..contract import Column, Contract, Limits
from ..flow import Progress
from ..layout import Layout
from ..pushes import digest_of
from ..reach import Reach, ReachKind, Reading
from ..sources.opening import Door, layout_of
from .depot import Depot, Paper
from .package import Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A live source of an edge, its columns and the items that they stand for, and how it is read."""

    reach: Reach
    headers: dict[str, str]  # column -> item
    castable: frozenset[str] = frozenset()
    reading: Reading = field(default_factory=Reading)

    @property
    def contract(self) -> Contract:
        """The items that are read: those that the headers name; whether they are the entry's, the node decides."""
        if not self.headers:
            raise Invalid(
                text("an edge has no catalogue: its feed names each column and the item that it stands for"),
                remedy=text("give `headers` in the feed: column to item"),
            )
        return Contract(columns=tuple(Column(name=item, title=item) for item in dict.fromkeys(self.headers.values())))


def pack_feed(
    depot: Depot, feed: Feed, secret: str, key: Signs, outward: Outward, *, progress: Progress | None = None
) -> tuple[Paper, bool] | None:
    """Read what is new in a live source and pack it; nothing where there is nothing new."""
    contract, layout = feed.contract, Layout(headers=feed.headers, castable=feed.castable)
    with depot.held():
        last = depot.papers[-1] if depot.papers else None
        path = depot.pulled
        try:
            pulled = Door(feed.reach, secret, outward).pull(
                contract,
                path,
                layout=layout,
                reading=feed.reading,
                limits=Limits(),
                since=last.until if last else "",
                seen=depot.seen(last.number) if last else (),
                progress=progress,
            )
            if not pulled.rows:
                return None
            rows, name = path, Path(feed.reach.path).name
            if feed.reach.kind is not ReachKind.SFTP:
                rows, name, layout = _parquet(path), f"{feed.reach.kind.value}.parquet", Layout()
            else:
                layout = layout_of(feed.reach, layout)
            bill = Bill(name=name, size=rows.stat().st_size, content=digest_of(rows), layout=layout)
            return depot.pack(rows, bill, key, until=pulled.until, seen=pulled.seen)
        finally:
            path.unlink(missing_ok=True)
            path.with_suffix(".parquet").unlink(missing_ok=True)


def pack_file(depot: Depot, path: Path, layout: Layout, key: Signs) -> tuple[Paper, bool]:
    """Pack a file as it is; the same bytes again are the same package."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotFound("file", path.name) from error
    with depot.held():
        return depot.pack(path, Bill(name=path.name, size=size, content=digest_of(path), layout=layout), key)


def _parquet(path: Path) -> Path:
    """Write what was pulled as a Parquet file beside it: the form that any node reads; a few portions in memory."""
    at = path.with_suffix(".parquet")
    with (
        refusing_full_disk(),
        pa.OSFile(str(path)) as stream,
        pa.ipc.open_file(stream) as reader,
        pq.ParquetWriter(at, reader.schema, compression="zstd") as writer,
    ):
        for place in range(reader.num_record_batches):
            writer.write_batch(reader.get_batch(place))
    return at
