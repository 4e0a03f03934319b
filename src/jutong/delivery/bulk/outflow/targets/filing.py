"""Files of a version laid down in a depot: each under its whole name only when it is whole, the signed manifest last.

``<agreement>/v00000003/`` holds the files of a version: all rows, or (``changes``) what changed since the version that
stands there. A delivery is there exactly when its manifest is. What arrived before a break stays and is not sent again;
where the right is gone, what is not complete is taken away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq

from jutong.kernel.canon import Fact
from jutong.kernel.errors import Refused
from jutong.kernel.files import sm3_of_file
from jutong.kernel.suite import Sm3
from jutong.kernel.text import Text

from ...manifest import read, sign
from ...view import Part
from ...writing import csv_blocks
from ..loading import ROWS_A_BATCH, Done, Found, Load, Order, Standing
from ..outflow import Altered, text_altered
from ..target import FileForm, Target
from ..ways import Ways

BLOCK = 4 << 20
MANIFEST_MOST = 4 << 20  # bytes
Blocks = Iterator[bytes]


class Depot(Protocol):
    """A place of files that is open; names are relative, made of our own words alone."""

    def size(self, name: str) -> int | None:
        """Return the bytes of a whole file, or None where there is none."""
        ...

    def put(self, name: str, blocks: Callable[[], Blocks], size: int | None) -> None:
        """Lay a file down; under its name only when it is whole and durable. Of ``size`` bytes, where that is known."""
        ...

    def read(self, name: str, most: int) -> bytes | None:
        """Return a small file, or None where there is none."""
        ...

    def remove(self, name: str) -> None:
        """Take a file and its beginnings away; one that is not there is no fault."""
        ...


Opened = Callable[[], AbstractContextManager[Depot]]


@dataclass(frozen=True, slots=True)
class Filing:
    """What all depots have in common."""

    target: Target
    ways: Ways
    opened: Opened

    def look(self, order: Order) -> tuple[Text, ...]:
        """Reach the depot, and lay down and take away an empty file: what cannot be written is found before a run."""
        name = f"{order.agreement.lower()}/.test"
        with self.opened() as depot:
            depot.put(name, lambda: iter((b"",)), 0)
            depot.remove(name)
        return ()

    def deliver(self, order: Order) -> Done:
        """Bring the files that the depot lacks."""
        with self.opened() as depot:
            load = order.load(self._standing(depot, order), keyed=False)
            if load is None:
                return Done(load=None)
            names: list[str] = []
            try:
                files = [self._laid(depot, load, one, names) for one in _pieces(load)]
                order.still()
            except Refused:
                for name in names:
                    depot.remove(name)
                raise
            manifest = sign(self._manifest(load, files), self.ways.key, self.ways.node, self.ways.sm2)
            depot.put(_manifest_name(load.agreement, load.version), lambda: iter((manifest.encode(),)), len(manifest))
        return Done(load=load, changed=load.total)

    def compare(self, order: Order) -> Found:
        """Count the rows that the manifests in the depot tell of, and see that each of their files is there."""
        with self.opened() as depot:
            standing = self._standing(depot, order)
            if standing is None:
                return Found(rows=0)
            told = self._told(depot, order, standing.version)
            for one in (told or {}).get("files", ()):
                if depot.size(f"{_home(order.agreement, standing.version)}/{one['id']}") != one["size"]:
                    return Found(rows=0)
        return Found(rows=standing.rows)

    def _standing(self, depot: Depot, order: Order) -> Standing | None:
        """A run that died after the manifest, and before this node noted it, left the newest version whole there."""
        for version in dict.fromkeys((order.newest, order.last)):
            told = self._told(depot, order, version) if version >= 0 else None
            if told is not None:
                return Standing(version=version, rows=int(told["rows"]), digest=str(told["view"]))
        return None

    def _told(self, depot: Depot, order: Order, version: int) -> dict[str, Any] | None:
        spelled = depot.read(_manifest_name(order.agreement, version), MANIFEST_MOST)
        if spelled is None:
            return None
        try:
            return dict(read(spelled.decode("ascii", "replace"), self.ways.key.public))
        except Refused as error:
            raise Altered(text_altered(self.target.place), remedy=error.remedy) from error

    def _laid(self, depot: Depot, load: Load, piece: _Piece, names: list[str]) -> dict[str, Fact]:
        name = f"{_home(load.agreement, load.version)}/{piece.name(self.target.form)}"
        names.append(name)
        if self.target.form is FileForm.PARQUET:
            if depot.size(name) != piece.part.size:
                depot.put(name, lambda: _watched(load, _blocks(piece.path)), piece.part.size)
            load.watch(piece.part.rows)
            size, digest = piece.part.size, piece.part.digest
            sm3 = (piece.part.sm3 or sm3_of_file(piece.path)) if self.ways.sm2 else ""
        else:
            there, measured = depot.size(name), _Measured(by_sm3=self.ways.sm2 is not None)
            if there is None:
                depot.put(name, lambda: measured.passed(_watched(load, _lines(piece.path))), None)
            else:
                for _ in measured.passed(_watched(load, _lines(piece.path))):
                    pass
                if measured.size != there:
                    measured = _Measured(by_sm3=self.ways.sm2 is not None)
                    depot.put(name, lambda: measured.passed(_watched(load, _lines(piece.path))), None)
            load.watch(piece.part.rows)
            size, digest, sm3 = measured.size, measured.digest, measured.sm3
        told: dict[str, Fact] = {"id": name.rpartition(f"v{load.version:08}/")[2], "size": size}
        told |= {"rows": piece.part.rows, "sha256": digest, "step": piece.step}
        return {**told, "sm3": sm3} if sm3 else told

    def _manifest(self, load: Load, files: list[dict[str, Fact]]) -> dict[str, Fact]:
        return {
            "agreement": load.agreement,
            "outflow": load.outflow,
            "version": load.version,
            "base": load.base,
            "rows": load.rows,
            "view": load.digest,
            "form": self.target.form.value,
            "files": [dict(one) for one in files],
        }


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file that is to be laid down; ``step`` is the version to which its changes lead, None for rows of the whole."""

    path: Path
    part: Part
    place: int
    step: int | None

    def name(self, form: FileForm) -> str:
        folder = "" if self.step is None else f"changes-{self.step:08}-"
        return f"{folder}part-{self.place:05}-{self.part.digest[:16]}.{form.value}"


@dataclass(slots=True)
class _Measured:
    """Counts and digests what passes."""

    by_sm3: bool
    size: int = 0
    digest: str = ""
    sm3: str = ""

    def passed(self, blocks: Blocks) -> Blocks:
        self.size, hashed, second = 0, hashlib.sha256(), Sm3()
        for block in blocks:
            self.size += len(block)
            hashed.update(block)
            if self.by_sm3:
                second.update(block)
            yield block
        self.digest = hashed.hexdigest()
        self.sm3 = second.hexdigest() if self.by_sm3 else ""


def _pieces(load: Load) -> Iterator[_Piece]:
    if load.base is None:
        for place, part in enumerate(load.parts):
            yield _Piece(load.folder / part.name, part, place, None)
        return
    for step in load.steps:
        for place, part in enumerate(step.parts):
            yield _Piece(step.folder / part.name, part, place, step.version)


def _home(agreement: str, version: int) -> str:
    return f"{agreement.lower()}/v{version:08}"


def _manifest_name(agreement: str, version: int) -> str:
    return f"{_home(agreement, version)}.manifest"


def _watched(load: Load, blocks: Blocks) -> Blocks:
    for block in blocks:
        load.watch(0)
        yield block


def _blocks(path: Path) -> Blocks:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _lines(path: Path) -> Blocks:
    with pq.ParquetFile(path, memory_map=True) as file:
        yield from csv_blocks(file.schema_arrow.remove_metadata(), file.iter_batches(ROWS_A_BATCH))


@contextmanager
def lent(depot: Depot) -> Iterator[Depot]:
    """Lend a depot that needs no closing."""
    yield depot
