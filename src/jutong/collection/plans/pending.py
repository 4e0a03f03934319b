"""What a run has read but not yet landed, in the home: a process that dies loses none of it, and doubles none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from jutong.kernel.files import write_whole
from jutong.kernel.ids import is_ulid
from jutong.kernel.shape import learn

from ..sources.keys import gone_beside
from ..sources.pulled import Pulled

FOLDER = "collecting"
_NAME = "pending.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The paper beside a file that was read to its end."""

    run: str
    since: str
    rows: int
    again: int
    left_aside: tuple[str, ...]
    until: str
    columns: Mapping[str, str]
    behind: int = 0
    gone: int = 0
    whole: bool = False


_PAPER = msgspec.json.Decoder(Pending)


@dataclass(slots=True)
class Shelf:
    """The folder of one plan."""

    folder: Path

    @classmethod
    def of(cls, home: Path, plan_id: str) -> Shelf:
        """Return the folder of a plan."""
        assert is_ulid(plan_id)
        return cls(home / FOLDER / plan_id)

    def spool(self, run_id: str) -> Path:
        """Return where a run keeps what it reads."""
        return self.folder / f"{run_id}.arrow"

    def keep(self, run_id: str, since: str, pulled: Pulled, columns: Mapping[str, str]) -> None:
        """Make what was read last: the rows first, then the digests of the overlap, then the paper that names both."""
        if pulled.says:
            with pulled.path.open("rb") as stream:
                os.fsync(stream.fileno())
        if pulled.gone:
            with gone_beside(pulled.path).open("rb") as stream:
                os.fsync(stream.fileno())
        write_whole(self.folder / f"{run_id}.seen", "\n".join(sorted(pulled.seen)).encode())
        paper = Pending(
            run=run_id,
            since=since,
            rows=pulled.rows,
            again=pulled.again,
            left_aside=pulled.left_aside,
            until=pulled.until,
            columns=columns,
            behind=pulled.behind,
            gone=pulled.gone,
            whole=pulled.whole,
        )
        write_whole(self.folder / _NAME, msgspec.json.encode(paper))

    def pending(self, since: str) -> tuple[Pending, Pulled] | None:
        """Return what an earlier run read from the same place on and did not land; None if there is none."""
        try:
            paper = _PAPER.decode((self.folder / _NAME).read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None
        path = self.spool(paper.run)
        if (
            paper.since != since
            or (paper.rows and not path.exists())
            or (paper.gone and not gone_beside(path).exists())
        ):
            return None
        pulled = Pulled(
            path=path,
            rows=paper.rows,
            again=paper.again,
            left_aside=paper.left_aside,
            until=paper.until,
            seen=self.seen(paper.run),
            behind=paper.behind,
            gone=paper.gone,
            whole=paper.whole,
        )
        return paper, pulled

    def seen(self, run_id: str) -> frozenset[str]:
        """Return the digests of the rows that a run's successor reads again."""
        path = self.folder / f"{run_id}.seen"
        try:
            return frozenset(path.read_text("ascii").split()) if run_id else frozenset()
        except OSError:
            return frozenset()

    def tidy(self, seen: str) -> None:
        """Remove all that has landed, but for the digests on which the plan rests."""
        (self.folder / _NAME).unlink(missing_ok=True)
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.name != f"{seen}.seen":
                path.unlink(missing_ok=True)


learn(Pending)
