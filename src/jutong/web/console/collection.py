"""Pages of collection: batches, where rows come from, and how far a batch has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jutong import catalogue, collection, ledger, library, oversight, quality, registers
from jutong.collection import Batch, Feed, Underway
from jutong.kernel.text import Text, plain, text
from jutong.ledger import Evidence
from jutong.library import Merge
from jutong.quality import Band, Examination

from ..collection import visible_batch
from ..wiring import Ulid
from .delivering import crumbs_of
from .frame import Answer, TheVisit, page, shown
from .progress import events
from .said import DONE
from .table import Asked, Column, Table, table_page
from .visit import Visit

KINDS: Mapping[str, Text] = {
    "csv": text("CSV file"),
    "parquet": text("Parquet file"),
    "xlsx": text("XLSX workbook"),
    "sqlite": text("SQLite file"),
    "json": text("JSON file"),
    "dbf": text("dBase file"),
    "postgresql": text("PostgreSQL"),
    "mysql": text("MySQL or MariaDB"),
    "api": text("HTTP API"),
    "peer": text("another tier"),
}
FIRST = ("/", text("First page"))
LINES = 100
TONES: Mapping[Band, str] = {Band.A: "green", Band.B: "green", Band.C: "amber", Band.D: "red", Band.E: "dark-red"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A batch with what other rooms say of it."""

    batch: Batch
    title: str
    provider: str
    score: int | None

    @property
    def band(self) -> Band | None:
        """The band of its score."""
        return None if self.score is None else quality.band_of(self.score)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows of an entry come from, with names."""

    feed: Feed
    title: str
    provider: str


def kind_of(kind: str) -> Text:
    """Return the word for a kind of source."""
    return KINDS.get(kind) or plain(kind)


def _band_tone(row: Listed) -> str:
    return TONES[row.band] if row.band else ""


_ENTRY: Column[Listed] = Column(
    key="entry", title=text("Entry"), value=lambda row: row.title, href=lambda row: f"/batches/{row.batch.id}"
)
_PROVIDER: Column[Listed] = Column(key="provider", title=text("Provider"), value=lambda row: row.provider)
_DELIVERED: tuple[Column[Listed], ...] = (
    Column(key="kind", title=text("Came as"), value=lambda row: kind_of(row.batch.kind), options=tuple(KINDS.items())),
    Column(
        key="collected_at",
        title=text("Came at"),
        value=lambda row: row.batch.collected_at,
        kind="instant",
        sort=True,
        href=lambda row: f"/batches/{row.batch.id}",
    ),
    Column(key="rows_read", title=text("Rows read"), value=lambda row: row.batch.rows_read, kind="number", sort=True),
    Column(key="rows_landed", title=text("Landed"), value=lambda row: row.batch.rows_landed, kind="number"),
    Column(
        key="rows_quarantined",
        title=text("Quarantined"),
        value=lambda row: row.batch.rows_quarantined,
        kind="number",
        sort=True,
        options=(("some", text("some")), ("none", text("none"))),
    ),
    Column(
        key="score",
        title=text("Score"),
        value=lambda row: None if row.score is None else row.score / 1000,
        kind="percent",
        href=lambda row: f"/batches/{row.batch.id}/quality",
    ),
    Column(key="band", title=text("Band"), value=lambda row: row.band, tone=_band_tone),
)


_KEYS = ("collected_at", "rows_read", "rows_quarantined")


def _key(row: Listed) -> tuple[str, ...]:
    batch = row.batch
    return batch.collected_at.isoformat(), str(batch.rows_read), str(batch.rows_quarantined), batch.id


def _after(ask: Asked) -> tuple[str, ...]:
    """Return the place in the order that was asked for."""
    if len(ask.after) != len(_KEYS) + 1:
        return ask.after
    return ask.after[_KEYS.index(ask.sort)], ask.after[-1]


def _table(columns: Iterable[Column[Listed]], empty: Text) -> Table[Listed]:
    return Table(
        name="batches", title=text("Batches"), columns=tuple(columns), key=_key, sort="-collected_at", empty=empty
    )


@shown("/batches", guard="pages.batches")
def list_batches(visit: TheVisit) -> Answer:
    """List the batches of all entries."""
    names = names_of_bodies(visit)
    mine = visit.acting.org
    provider = replace(_PROVIDER, options=bodies_first(names, mine))
    table = _table((_ENTRY, provider, *_DELIVERED), text("No rows have been delivered yet."))
    return table_page(
        visit,
        table,
        lambda ask: _fetched(visit, names, ask, provider=ask.filter("provider")),
        "collection/batches.html",
        title=table.title,
        crumbs=(FIRST,),
        under_way=_under_way(visit),
        mine=mine if mine in names else "",
        entry=None,
        may_deliver=False,
    )


@shown("/entries/{entry_id:str}/batches", guard="pages.batches")
def list_entry_batches(visit: TheVisit, entry_id: Ulid) -> Answer:
    """List the batches of one entry, and what is under way."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
    names = {entry.provider: ""}
    table = _table(_DELIVERED, text("No rows of this entry have been delivered yet."))
    return table_page(
        visit,
        table,
        lambda ask: _fetched(visit, names, ask, entry=entry.id),
        "collection/batches.html",
        title=text("Batches of {title}", title=entry.title),
        crumbs=crumbs_of(entry)[:2],
        under_way=_under_way(visit, entry.id),
        mine="",
        entry=entry,
        may_deliver=visit.may("collection.collect", entry.label) and entry.stage is catalogue.Stage.PUBLISHED,
    )


@shown("/batches/{batch_id:str}", guard="pages.batches")
def show_batch(visit: TheVisit, batch_id: Ulid) -> Answer:
    """Show what one delivery brought, and what followed from it."""
    with visit.house.reading() as db:
        batch = visible_batch(visit.house, visit.acting, batch_id, db)
        entry = catalogue.visible_to(db, batch.entry, visit.acting)
        examination = quality.known_examination(db, batch.id)
        merge = library.known_merge(db, batch.id)
        sight = oversight.sight_of(db, visit.acting)
        lines = [kept.line for kept in ledger.read_about(db, on=batch.id, limit=LINES)]
        objections = quality.objections(db, batch=batch.id, limit=LINES)
        provider = registers.find_body(db, batch.provider).name if batch.provider else ""
    course = Course(examination, merge, lines)
    return page(
        visit,
        "collection/batch.html",
        title=text("Batch of {title}", title=entry.title),
        crumbs=crumbs_of(entry),
        entry=entry,
        batch=batch,
        kind=kind_of(batch.kind),
        provider=provider,
        own=visit.acting.org == batch.provider,
        course=course,
        again=bool(visit.asked("again")),
        objections=len(objections),
        lines=[(line, DONE.get(line.act) or plain(line.act)) for line in lines if sight.shows(line)],
    )


@shown("/batches/{batch_id:str}/events", guard="pages.batches")
def batch_events(visit: TheVisit, batch_id: Ulid) -> Answer:
    """Tell the browser whenever something has followed from a batch."""
    house = visit.house
    with house.reading() as db:
        visible_batch(house, visit.acting, batch_id, db)

    def look() -> tuple[str, bool]:
        with house.reading() as db:
            examination, merge = quality.known_examination(db, batch_id), library.known_merge(db, batch_id)
            lines = [kept.line for kept in ledger.read_about(db, on=batch_id, act=DECLINED, limit=LINES)]
        course = Course(examination, merge, lines)
        return f"{course.examined}{course.merged}{len(lines)}", course.ended

    return events(look)


@shown("/sources", guard="pages.sources")
def list_sources(visit: TheVisit) -> Answer:
    """List where rows come from, as the batches show it."""
    names = names_of_bodies(visit)
    mine = visit.acting.org
    provider: Column[Source] = Column(
        key="provider", title=text("Provider"), value=lambda row: row.provider, options=bodies_first(names, mine)
    )

    def fetch(ask: Asked) -> list[Source]:
        with visit.house.reading() as db:
            found = collection.feeds(
                db,
                provider=ask.filter("provider"),
                kind=ask.filter("kind"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )
            titles = catalogue.titles(db, [feed.entry for feed in found])
        return [
            Source(feed, titles.get(feed.entry, feed.entry), names.get(feed.provider, feed.provider)) for feed in found
        ]

    return table_page(
        visit,
        replace(_SOURCES, columns=(*_SOURCES.columns[:1], provider, *_SOURCES.columns[1:])),
        fetch,
        "collection/sources.html",
        title=_SOURCES.title,
        crumbs=(FIRST,),
        mine=mine if mine in names else "",
    )


def _counted(key: str, title: Text, count: Callable[[Feed], int]) -> Column[Source]:
    return Column(
        key=key,
        title=title,
        value=lambda row: count(row.feed),
        kind="number",
        sort=True,
        place=lambda row: str(count(row.feed)),
    )


_SOURCES: Table[Source] = Table(
    name="sources",
    title=text("Sources of rows"),
    columns=(
        Column(
            key="entry",
            title=text("Entry"),
            value=lambda row: row.title,
            href=lambda row: f"/entries/{row.feed.entry}/batches",
            sort=True,
        ),
        Column(
            key="kind",
            title=text("Comes as"),
            value=lambda row: kind_of(row.feed.kind),
            options=tuple(KINDS.items()),
        ),
        Column(key="tier", title=text("From the tier"), value=lambda row: row.feed.tier, kind="code"),
        _counted("batches", text("Batches"), lambda feed: feed.batches),
        _counted("rows", text("Landed"), lambda feed: feed.rows),
        _counted("quarantined", text("Quarantined"), lambda feed: feed.quarantined),
        Column(
            key="last_at",
            title=text("Last batch"),
            value=lambda row: row.feed.last_at,
            kind="instant",
            sort=True,
            place=lambda row: row.feed.last_at.isoformat(),
        ),
    ),
    key=lambda row: (row.feed.entry, row.feed.kind, row.feed.tier),
    sort="entry",
    empty=text("No rows have been delivered yet."),
)
DECLINED = "follows.declined"


@dataclass(frozen=True, slots=True)
class Course:
    """What followed from a batch so far."""

    examination: Examination | None
    merge: Merge | None
    lines: Sequence[Evidence]

    @property
    def examined(self) -> bool:
        """Whether the rules were asked."""
        return self.examination is not None

    @property
    def merged(self) -> bool:
        """Whether its rows lie in the library."""
        return self.merge is not None

    @property
    def declined(self) -> tuple[Evidence, ...]:
        """The lines that say that something did not follow."""
        return tuple(line for line in self.lines if line.act == DECLINED)

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be waited for."""
        return bool(self.declined) or (self.examined and self.merged)

    @property
    def steps(self) -> tuple[tuple[Text, str, str, str], ...]:
        """The stages as the page shows them."""
        stopped = "late" if self.declined else "now"
        second = "done" if self.examined else stopped
        third = "done" if self.merged else stopped if self.examined else "next"
        return (
            (text("Landed in the pool"), "done", "", ""),
            (text("Examined by the rules"), second, "", ""),
            (text("Laid into the base library"), third, "", ""),
        )


def names_of_bodies(visit: Visit) -> Mapping[str, str]:
    """Return the bodies' names by their codes."""
    with visit.house.reading() as db:
        return {body.code: body.name for body in registers.bodies(db)}


def bodies_first(names: Mapping[str, str], mine: str) -> tuple[tuple[str, str], ...]:
    """Return the bodies to choose from, one's own first."""
    return tuple(sorted(names.items(), key=lambda one: (one[0] != mine, one[1])))


def _fetched(
    visit: Visit, names: Mapping[str, str], ask: Asked, *, provider: str = "", entry: str = ""
) -> list[Listed]:
    quarantined = ask.filter("rows_quarantined")
    with visit.house.reading() as db:
        found = collection.batches_listed(
            db,
            provider=provider,
            entry=entry,
            kind=ask.filter("kind"),
            broken=quarantined == "some" if quarantined else None,
            sort=ask.sort,
            descending=ask.descending,
            after=_after(ask),
            limit=ask.limit,
        )
        scores = quality.scores(db, [one.id for one in found])
        titles = catalogue.titles(db, [one.entry for one in found])
    return [
        Listed(one, titles.get(one.entry, ""), names.get(one.provider, one.provider), scores.get(one.id))
        for one in found
    ]


def _under_way(visit: Visit, entry: str = "") -> list[tuple[Underway, str]]:
    """Return the deliveries that have not ended, with the titles of their entries."""
    now = visit.house.clock()
    all_now = [at for at in collection.all_under_way(visit.house.home.folder, entry) if not at.broken_off(now)]
    with visit.house.reading() as db:
        titles = catalogue.titles(db, [at.entry for at in all_now])
    return [(at, titles[at.entry]) for at in all_now if at.entry in titles]


PAGES = [list_batches, list_entry_batches, show_batch, batch_events, list_sources]
