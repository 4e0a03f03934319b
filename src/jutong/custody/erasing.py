"""Erasure carried out: every table of the lake, the themes and serving copies made from them, every older version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from jutong import catalogue, delivery, ledger, library, sharing
from jutong.desk import Desk, House
from jutong.kernel.errors import NotFound, Refused, WrongMoment
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.layout import layer_of, library_table, theme_table
from jutong.pools.removal import Removed, mentions_sql, purge, remove, text_columns
from jutong.pools.upkeep import tables
from jutong.terms import Actor

from .acts import check_confirmed, confirm_erasure, erasure_done
from .erasure import Erasure, Outcome
from .tending import alone

SOURCES, MATCHES = library.LEGAL_PERSON.sources, library_table("match")
_KEYS = {MATCHES: ("code", "ref")} | {
    table: (kind.key,) for kind in library.KINDS.values() for table in (kind.golden, kind.sources)
}
_WHOLE = frozenset({"quarantine"})  # layers in which a row that mentions the subject goes, whosever it is
PURPOSE = "erasure"  # for which the node's key makes the keyed digest
Progress = Callable[[int, int], None]


def confirm_and_erase(
    house: House, actor: Actor, erasure_id: str, value: str, *, progress: Progress | None = None
) -> Erasure:
    """Confirm an erasure as a second person and carry it out, while nobody else tends the lake."""
    with alone(house):
        with house.desk(actor) as desk:
            confirm_erasure(desk, erasure_id, value, key=house.key.secret_for(PURPOSE))
        return erase(house, actor, erasure_id, value, progress=progress)


def erase(house: House, actor: Actor, erasure_id: str, value: str, *, progress: Progress | None = None) -> Erasure:
    """Erase a confirmed request's subject; ``value`` is typed again, for the node does not keep it.

    Cut short at any moment, the same again completes it. It is done only when no table shows the value any more.
    """
    with house.desk(actor) as desk:
        subject = check_confirmed(desk, erasure_id, value, house.key.secret_for(PURPOSE))
    pools = house.pools
    names = list(tables(pools.lake))
    steps, done = 2 * len(names) + 2, Counter[str]()

    def step() -> None:
        done["steps"] += 1
        if progress is not None:
            progress(done["steps"], steps)

    with house.desk(house.itself) as desk:
        batches, places = _batches_of(pools, names, subject), _places_of(pools, subject)
        left = _left(desk, batches, subject)
    removed: dict[str, Removed] = {}
    for name in names:
        removed[name] = _erase_from(house, name, subject, places)
        step()
    _make_again(house, {name for name, what in removed.items() if what.rows or what.cells})
    step()
    for name in names:
        purge(pools.lake, name)
        step()
    delivery.remake_views(house, {name for name, what in removed.items() if what.rows or what.cells})
    delivery.remake_listings(house)
    if standing := sum(_count(pools, name, subject) for name in tables(pools.lake)):
        raise WrongMoment(
            text("meanwhile a delivery brought the subject again; rows that still hold it: {rows}", rows=standing),
            remedy=text("have the source erase it too, then repeat the erasure"),
        )
    outcome = Outcome(
        rows={name: what.rows for name, what in removed.items() if what.rows},
        cells={name: what.cells for name, what in removed.items() if what.cells},
        neighbours=left.neighbours,
        consumers=left.consumers,
        decisions=left.decisions,
    )
    with house.desk(actor) as desk:
        return erasure_done(desk, erasure_id, outcome)


def _erase_from(house: House, table: str, subject: str, places: Collection[tuple[str, int]]) -> Removed:
    """Remove the subject from one table, and the rows that were found to tell of it without its identifier."""
    also = ""
    columns = house.pools.lake.files(table)[1].names
    if places and {"_batch", "_row"} <= set(columns):
        also = " OR ".join(f"(_batch = '{batch}' AND _row = {row})" for batch, row in sorted(places))
    elif not _count(house.pools, table, subject):
        return Removed()
    return remove(house.pools.lake, table, subject, keys=_keys_of(house, table), also=also)


def _keys_of(house: House, table: str) -> tuple[str, ...]:
    """Return by which columns a row is the subject's own; none where every row that mentions it goes."""
    layer = layer_of(table)
    if table in _KEYS or layer in _WHOLE or layer == "theme":
        return _KEYS.get(table, ())
    try:
        with house.reading() as db:
            entry = catalogue.find(db, table.partition("/")[2])
    except NotFound:
        return ()
    return (entry.key_item,) if entry.key_item else ()


def _places_of(pools: Pools, subject: str) -> set[tuple[str, int]]:
    """Return the rows without the identifier that were matched to the subject, by batch and place."""
    if not (pools.lake.exists(SOURCES) and pools.lake.exists(MATCHES)):
        return set()
    sql = (
        "SELECT DISTINCT source._batch AS batch, source._row AS place FROM source "
        "JOIN matches ON matches.ref = source.uscc WHERE matches.code = ? AND matches.band <> 'unsure'"
    )
    found = pools.engine.query(sql, {"source": TableRef(SOURCES), "matches": TableRef(MATCHES)}, (subject,))
    return {(row["batch"], row["place"]) for row in found.read_all().to_pylist()}


def _batches_of(pools: Pools, names: Collection[str], subject: str) -> dict[str, set[str]]:
    """Return, for each entry, the batches whose raw rows mention the subject."""
    found = {}
    for name in names:
        if layer_of(name) == "raw":
            where = mentions_sql(text_columns(pools.lake, name), subject)
            sql = f"SELECT DISTINCT _batch AS batch FROM t WHERE {where}"  # noqa: S608 (digits and letters)
            batches = pools.engine.query(sql, {"t": TableRef(name)}).read_all()["batch"].to_pylist()
            if batches:
                found[name.partition("/")[2]] = set(batches)
    return found


def _left(desk: Desk, batches: dict[str, set[str]], subject: str) -> Outcome:
    """Return whom copies were handed to, and which decisions name the subject: what this node cannot take back."""
    nodes = {
        str(kept.line.facts["node"])
        for batch in sorted(set().union(*batches.values()))
        for kept in ledger.read_about(desk.db, on=batch, act="cascade.handed_over")
    }
    consumers = {one.consumer for one in sharing.agreements_in_force(desk.db) if one.entry in batches}
    return Outcome(
        neighbours=tuple(sorted(nodes)),
        consumers=tuple(sorted(consumers)),
        decisions=library.count_decisions_on(desk.db, subject),
    )


def _make_again(house: House, changed: Collection[str]) -> None:
    """Make themes and serving copies anew from what is left."""
    with house.reading() as db:
        declared = [one for one in library.themes(db) if _reads(house, one, changed)]
        served = [one for one in delivery.services(db) if one.table in changed]
    for theme in declared:
        with house.desk(house.itself) as desk:
            library.make_theme(desk, theme.name)
    for service in served:
        try:
            with house.desk(house.itself) as desk:
                delivery.serve_entry(desk, service.entry)
        except Refused:
            # What cannot be served any more does not go on being answered from an old copy.
            house.pools.lookup.remove(service.copy)


def _reads(house: House, theme: library.Theme, changed: Collection[str]) -> bool:
    """Say whether a theme that was made reads a table that changed: its rows may tell of the subject behind masks."""
    made = house.pools.lake.exists(theme_table(theme.name))
    return made and any(kind.golden in changed for kind in theme.kinds)


def _count(pools: Pools, table: str, subject: str) -> int:
    where = mentions_sql(text_columns(pools.lake, table), subject)
    sql = f"SELECT count(*) AS n FROM t WHERE {where}"  # noqa: S608 (digits and letters)
    return int(pools.engine.query(sql, {"t": TableRef(table)}).read_all()["n"][0].as_py())
