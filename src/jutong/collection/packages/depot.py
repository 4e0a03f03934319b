"""The edge's side of packages: a spool of numbered packages that survives its process, and the receipts that came back.

A number is taken when its package stands under its name, and not before: the paper beside it (number, digests, how far
the source was read) is written first, the package is renamed last. So whoever starts again after a kill finds either
the package and its paper, or neither, and reads the source from the same place. A package goes only when its receipt
is here and holds.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from jutong import ledger
from jutong.kernel.errors import Invalid, NotFound, Unavailable, WrongMoment
from jutong.kernel.files import refusing_full_disk, sync_folder, write_whole
from jutong.kernel.httpsig import Signs
from jutong.kernel.ids import is_ulid
from jutong.kernel.shape import learn
from jutong.kernel.text import text
from jutong.ledger import Receipt, VerifierKey

from ..pushes import digest_of
from .package import LANDED_WORD, SKIPPED_WORD, SUFFIX, Bill, Destination, Head, file_name, package_id
from .sealing import BLOCK, seal

RECEIPT = ".receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the edge knows of a package of its own."""

    number: int
    digest: str
    previous: str
    content: str  # of the file in it
    node: str
    system: str
    entry: str
    until: str = ""  # the newest watermark in it
    landed: bool = False  # its receipt is here and holds
    skipped: bool = False  # the node went on without its rows

    @property
    def id(self) -> str:
        """The package's identifier."""
        return package_id(self.system, self.entry, self.number)

    @property
    def name(self) -> str:
        """What its file is called on a medium."""
        return file_name(self.system, self.entry, self.number)


_PAPER = msgspec.json.Decoder(Paper)


@dataclass(frozen=True, slots=True)
class Depot:
    """The spool of one system's packages for one entry, bound for one node."""

    folder: Path
    system: str
    entry: str
    to: Destination

    @classmethod
    def of(cls, spool: Path, system: str, entry: str, to: Destination) -> Depot:
        """Return the spool of an entry; its folder is made by whoever holds it."""
        if not is_ulid(entry):
            raise NotFound("catalogue entry", entry[:26])
        return cls(spool / entry, system, entry, to)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let one process at a time pack; the machine lets go when its holder dies."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WrongMoment(
                    text("another process works on this spool"), remedy=text("ask again in a moment")
                ) from error
            yield
        finally:
            os.close(handle)

    @property
    def pulled(self) -> Path:
        """Where a source is read into before it is packed."""
        return self.folder / "pulled.arrow"

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The papers of all packages, the oldest first; of one that was not finished nothing is there."""
        found = []
        for path in sorted(self.folder.glob("[0-9]*.json")):
            number = int(path.stem)
            if self.package(number).exists() or self.receipt(number).exists():
                found.append(self._checked(_PAPER.decode(path.read_bytes())))
        return tuple(found)

    def package(self, number: int) -> Path:
        """Return where a package is until its receipt is here."""
        return self.folder / f"{number:08d}{SUFFIX}"

    def receipt(self, number: int) -> Path:
        """Return where a package's receipt is kept."""
        return self.folder / f"{number:08d}{RECEIPT}"

    def seen(self, number: int) -> frozenset[str]:
        """Return the digests of the rows that are read again after a package's watermark."""
        try:
            return frozenset(self._seen(number).read_text("ascii").split())
        except OSError:
            return frozenset()

    def pack(
        self, path: Path, bill: Bill, key: Signs, *, until: str = "", seen: frozenset[str] = frozenset()
    ) -> tuple[Paper, bool]:
        """Make the next package of a file, unless its bytes are in one already; return its paper, and if it is new."""
        papers = self.papers
        for paper in papers:
            if paper.content == bill.content:
                return paper, False
        last = papers[-1] if papers else None
        number, previous = (last.number + 1, last.digest) if last else (1, "")
        if last and not until:  # a file between two pulls does not move the source's place
            until, seen = last.until, self.seen(last.number)
        node, own = self.to.node, self.to.key.id
        head = Head(node=node, key=own, system=self.system, entry=self.entry, number=number, previous=previous)
        beside = self.package(number).with_suffix(".part")
        digest = seal(path, bill, head, to=self.to, key=key, at=beside)
        paper = Paper(
            number=number,
            digest=digest,
            previous=previous,
            content=bill.content,
            node=node,
            system=self.system,
            entry=self.entry,
            until=until,
        )
        write_whole(self._seen(number), "\n".join(sorted(seen)).encode())
        write_whole(self._paper(number), msgspec.json.encode(paper))
        beside.replace(self.package(number))
        sync_folder(self.folder)
        if last:
            self._seen(last.number).unlink(missing_ok=True)
        return paper, True

    def unanswered(self) -> tuple[Paper, ...]:
        """Return the packages whose receipt is not here yet."""
        return tuple(paper for paper in self.papers if self.package(paper.number).exists())

    def copy_to(self, medium: Path) -> tuple[Paper, ...]:
        """Put every package without a receipt on a medium, whole or not at all; return those that were not there."""
        if not medium.is_dir():
            raise NotFound("folder", medium.name)
        copied = []
        for paper in self.unanswered():
            at = medium / paper.name
            if at.exists() and digest_of(at) == paper.digest:
                continue
            beside = at.with_suffix(".part")
            with refusing_full_disk(), self.package(paper.number).open("rb") as stream, beside.open("wb") as out:
                shutil.copyfileobj(stream, out, BLOCK)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(at)
            sync_folder(medium)
            copied.append(paper)
        return tuple(copied)

    def receipts_from(self, medium: Path, log: Sequence[VerifierKey]) -> tuple[Paper, ...]:
        """Take in the receipts that lie on a medium, and return the packages that they answer."""
        if not medium.is_dir():
            raise NotFound("folder", medium.name)
        found = []
        for paper in self.unanswered():
            at = medium / f"{paper.name}{RECEIPT}"
            try:
                told = at.read_text("utf-8") if at.exists() else ""
            except (OSError, UnicodeDecodeError) as error:
                raise Unavailable(text("{name} cannot be read", name=at.name)) from error
            if told:
                found.append(self.answered(paper, told, log))
        return tuple(found)

    def answered(self, paper: Paper, receipt: str, log: Sequence[VerifierKey]) -> Paper:
        """Keep a receipt that holds under the keys of the node's log and is of this very package; then let it go."""
        verdict = ledger.verify_receipt(receipt, log)
        if not verdict.holds:
            raise Invalid(
                text("the receipt does not hold: {why}", why=verdict.reason or verdict.check),
                remedy=text("ask the node's administrators which key its log has; do not delete the file"),
            )
        line = ledger.Evidence.of_leaf(Receipt.read(receipt).leaf)
        told = (line.on, line.facts.get("content"), line.facts.get("number"))
        if line.act not in (LANDED_WORD, SKIPPED_WORD) or told != (paper.id, paper.digest, paper.number):
            raise Invalid(
                text("the receipt is of another package"),
                remedy=text("ask the node's administrators which key its log has; do not delete the file"),
            )
        write_whole(self.receipt(paper.number), receipt.encode())
        landed = line.act == LANDED_WORD
        after = replace(paper, landed=landed, skipped=not landed)
        write_whole(self._paper(paper.number), msgspec.json.encode(after))
        self.package(paper.number).unlink(missing_ok=True)
        return after

    def _paper(self, number: int) -> Path:
        return self.folder / f"{number:08d}.json"

    def _seen(self, number: int) -> Path:
        return self.folder / f"{number:08d}.seen"

    def _checked(self, paper: Paper) -> Paper:
        if (paper.node, paper.system, paper.entry) != (self.to.node, self.system, self.entry):
            raise Invalid(
                text("this spool is of {system} for {node}", system=paper.system, node=paper.node),
                remedy=text("give each system and node a spool of its own"),
            )
        return paper


learn(Paper)
