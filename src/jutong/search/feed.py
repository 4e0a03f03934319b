"""The index kept up with the catalogue: made anew beside the old one and swapped, or followed line by line."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

from jutong import catalogue, ledger, registers
from jutong.catalogue import Showing, harvest
from jutong.desk import House
from jutong.kernel.db import Db
from jutong.kernel.errors import Unavailable
from jutong.kernel.files import write_whole
from jutong.kernel.ids import ulid
from jutong.kernel.lock import exclusive
from jutong.kernel.text import text

from . import acts, store
from .concepts import Concepts, shipped_groups, shipped_organs
from .finder import Finder
from .index import FORM, Index
from .places import Places, around
from .rank import answers
from .record import Record
from .row import row_of
from .wish import group_of

FOLDER, CURRENT = "search", "current"
OF_ENTRY = tuple(
    f"catalogue.{word}"
    for word in ("drafted", "signed", "submitted", "registered", "published", "returned", "withdrawn", "adopted")
)
# A draft tells of the record that it was made of, and a gather of what the portal says of that record now.
OF_RECORD, OF_GATHER = "catalogue.record_drafted", "catalogue.gather_completed"
OF_BODY, OF_USE = "registers.body_registered", "sharing.approved"
FOLLOWED = (*OF_ENTRY, OF_RECORD, OF_GATHER, OF_BODY, OF_USE)
NO_THEME = "none"  # of an entry of which nobody said one
STEP = 500
MATCHING = "search>tell_match"


def rebuild(house: House) -> int:
    """Make the index anew from the catalogue and put it in the old one's place; return how many records it holds.

    Readers keep the old file until they ask again; a process killed on the way leaves the old index standing.
    """
    with _alone(house) as free:
        if not free:
            raise Unavailable(
                text("the search index is being made by another process"), remedy=text("wait until it is done")
            )
        return _rebuild(house)


def keep_up(house: House) -> int:
    """Let the index follow the catalogue, and make it where there is none; return how many lines were followed."""
    with _alone(house) as free:
        if not free:
            return 0
        path = _current(house)
        if path is None or not _of_this_form(path):
            _rebuild(house)
            path = _current(house)
        followed = _follow(house, path) if path is not None else 0
    _match(house)
    return followed


def _of_this_form(path: Path) -> bool:
    try:
        with closing(Index(path)) as index:
            return index.form == FORM
    except sqlite3.DatabaseError:  # cut off or scribbled over: it is thrown away
        return False


def _rebuild(house: House) -> int:
    folder = house.home.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ulid(house.clock())}.sqlite"
    index = Index(path, writing=True)
    try:
        index.prepare()
        with house.reading() as db:
            place = ledger.newest_place(db)
            count = index.fill(
                records(db, catalogue.showings(db), harvest.themes_of(db)), popular=_popular(db, -1), place=place
            )
    finally:
        index.close()
    write_whole(folder / CURRENT, path.name.encode())
    for old in folder.glob("*.sqlite*"):
        if not old.name.startswith(path.name):
            with suppress(FileNotFoundError):
                old.unlink()
    return count


def _follow(house: House, path: Path) -> int:
    index = Index(path, writing=True)
    try:
        with house.reading() as db:
            lines = list(ledger.read(db, after=index.place, acts=FOLLOWED, limit=STEP))
            if not lines:
                return 0
            entries = {line.on for _, line in lines if line.act in (*OF_ENTRY, OF_RECORD)}
            for gather in (line.on for _, line in lines if line.act == OF_GATHER):
                entries |= set(harvest.drafted_from(db, harvest.find_gather(db, gather).source))
            renamed = [line.on for _, line in lines if line.act == OF_BODY]
            shown = [one for body in renamed for one in catalogue.showings(db, provider=body)]
            entries |= {one.entry.id for one in shown}
            renewed = list(records(db, catalogue.showings(db, ids=entries), harvest.themes_of(db, entries)))
        used = Counter(str(line.facts.get("entry", "")) for _, line in lines if line.act == OF_USE)
        index.replace(entries, renewed, used, lines[-1][0])
        return len(lines)
    finally:
        index.close()


def _popular(db: Db, after: int) -> Mapping[str, int]:
    used: Counter[str] = Counter()
    while lines := list(ledger.read(db, after=after, acts=(OF_USE,))):
        used.update(str(line.facts.get("entry", "")) for _, line in lines)
        after = lines[-1][0]
    return used


def records(db: Db, showings: Iterable[Showing], themes: Mapping[str, str]) -> Iterator[Record]:
    """Yield entries as they are searched; ``themes`` are those that portals named, for entries that declare none."""
    bodies = {one.code: one for one in registers.bodies(db)}
    names = _places()
    for one in showings:
        body = bodies.get(one.entry.provider)
        theme = one.entry.theme.value if one.entry.theme else themes.get(one.entry.id, NO_THEME)
        yield record_of(one, body.name if body else "", body.division if body else "", names, theme=theme)


def record_of(showing: Showing, publisher: str, division: str, places: Places, *, theme: str = NO_THEME) -> Record:
    """Return an entry as it is searched, for those who see it in this version."""
    entry = showing.entry
    named = places.named_in(f"{entry.title} {publisher}")
    codes = {code for found in named.values() for code in found} | ({division} if division else set())
    kinds = (
        (f"own{entry.provider.lower()}", showing.by_owner),
        ("authority", showing.by_authority),
        ("all", showing.by_all),
        ("public", showing.by_everybody),
    )
    return Record(
        entry=entry.id,
        version=entry.version,
        provider=entry.provider,
        title=entry.title,
        description=entry.abstract,
        publisher=publisher,
        items=" ".join(f"{item.title} {item.name}" for item in entry.items),
        places=around(codes),
        changed=entry.moves[-1].at.date().isoformat() if entry.moves else "",
        facets={
            "provider": entry.provider,
            "share": entry.share_type.value,
            "open": entry.open_type.value,
            "cycle": entry.update_cycle.value,
            "grade": entry.grade.name,
            "format": entry.format.value,
            "division": division,
            "theme": theme,
        },
        seen_by=tuple(kind for kind, sees in kinds if sees),
    )


def _match(house: House) -> None:
    """Tell the bodies whose kept questions are answered by what was published since; once, whoever does it."""
    with house.reading() as db:
        after = ledger.position(db, MATCHING)
        lines = list(ledger.read(db, after=after, acts=("catalogue.published",), limit=STEP))
    for place, line in lines:
        with house.reading() as db:
            kept = store.questions(db)
            themes = harvest.themes_of(db, [line.on]) if kept else {}
            shown = list(records(db, catalogue.showings(db, ids=[line.on]), themes)) if kept else []
        public = [one for one in shown if "all" in one.seen_by]
        finder = finder_of(house) if public and kept else None
        with house.desk(house.itself) as desk:
            for one in kept if finder else ():
                fits = all(record.facets.get(name) == value for record in public for name, value in one.facets.items())
                if fits and finder and any(answers(row_of(record), finder.planned(one.asked)) for record in public):
                    acts.tell_match(desk, one, line.on, public[0].provider)
            ledger.advance(desk.db, MATCHING, after=after, to=place)
        after = place


# One finder for a home in a process: opening the file, the divisions and the tables takes a third of a second.
_FINDERS: dict[Path, tuple[tuple[object, ...], Finder]] = {}
_GUARDED = threading.Lock()


def finder_of(house: House) -> Finder:
    """Return the finder over the index that stands, with the synonyms of this moment; or refuse if there is none."""
    path = _current(house)
    if path is None:
        raise Unavailable(
            text("the search index of this node is not made yet"),
            remedy=text("wait a moment, or make it: jutong search rebuild"),
        )
    with house.reading() as db, _GUARDED:
        state = (path, *store.state_of_groups(db))
        standing = _FINDERS.get(house.home.folder)
        if standing is not None and standing[0] == state:
            return standing[1]
        index = standing[1].index if standing and standing[0][0] == path else Index(path)
        groups = (*shipped_groups(), *(one.group for one in store.groups(db)))
        finder = Finder(index, Concepts.of(groups), _places(), shipped_organs())
        _FINDERS[house.home.folder] = state, finder
        return finder


def finder_with(house: House, line: str) -> Finder:
    """Return a finder as if a group of synonyms stood already: what its officer looks at before keeping it."""
    standing = finder_of(house)
    concepts = Concepts.of([*standing.names.concepts.groups, group_of(line)])
    return Finder(standing.index, concepts, standing.names.places, standing.names.organs)


@cache
def _places() -> Places:
    return Places.of(registers.divisions())


def _current(house: House) -> Path | None:
    folder = house.home.folder / FOLDER
    try:
        path = folder / (folder / CURRENT).read_text("utf-8")
    except FileNotFoundError:
        return None
    return path if path.is_file() else None


@contextmanager
def _alone(house: House) -> Iterator[bool]:
    # The index is each machine's own, so the lock is this folder's.
    name = "search-" + hashlib.sha256(str(house.home.folder.resolve()).encode()).hexdigest()[:16]
    with exclusive(house.engine, house.home.locks, name) as free:
        yield free
