"""The page on which the security administrator finds out whose copy rows come from that turned up elsewhere."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec

from jutong import catalogue
from jutong.delivery import bulk
from jutong.delivery.bulk import Trace
from jutong.kernel.text import text

from ..wiring import UlidField
from .form import Misfilled
from .frame import Answer, TheVisit, acted, page, shown
from .known_names import names_of_bodies
from .visit import Visit

SHOWN_MOST = 20
FILE_MOST = 64 << 20


class Found(msgspec.Struct, kw_only=True):
    """Of which entry the rows that were found are."""

    entry: UlidField


@shown("/traces", guard="pages.traces")
def show_traces(visit: TheVisit) -> Answer:
    """Show the form for a file that was found."""
    return _traces(visit)


@acted("/traces", guard="pages.traces", again=show_traces, request_max_body_size=FILE_MOST)
def trace(visit: TheVisit) -> Answer:
    """Say whose copy a file comes from; that it was looked at is on record, the file is not kept."""
    given = visit.form.read(Found)
    file = visit.form.files.get("file")
    if file is None or not file.filename:
        raise Misfilled({"file": text("choose the file that was found")})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found"
        file.file.seek(0)
        with path.open("wb") as stream:
            shutil.copyfileobj(file.file, stream)
        leak = bulk.read_leak(path, file.filename)
        with visit.desk() as desk:
            found = bulk.trace(desk, given.entry, leak, key=visit.house.key, body=visit.house.home.settings.body)
    return _traces(visit, found)


def _traces(visit: Visit, found: Trace | None = None) -> Answer:
    with visit.house.reading() as db:
        entries = [(one, catalogue.find(db, one).title) for one in bulk.marked_entries(db)]
        names = names_of_bodies(db, found.consumers.values()) if found else {}
    return page(
        visit,
        "delivery/traces.html",
        title=text("Whose copy is this?"),
        entries=entries,
        found=found,
        accused={one.recipient for one in found.named} if found else set(),
        suspicions=found.suspicions[:SHOWN_MOST] if found else (),
        names={who: names[body] for who, body in found.consumers.items()} if found else {},
        bounds={one.recipient: f"{one.bound:.1e}" for one in found.suspicions} if found else {},
    )


PAGES = [show_traces, trace]
