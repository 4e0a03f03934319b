"""Finding the legal persons of rows without a valid key: by a code inside another first, then by likeness (Splink)."""

from __future__ import annotations

import importlib
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jutong.catalogue.entry import Entry
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.layout import standard_table
from jutong.quality.reading import literal, quoted

from .bond import Bonds
from .decision import Standing
from .golden import Suspect, current_sql
from .kind import LEGAL_PERSON
from .likeness import LEAD, REF, SURE, UNSURE, Band, compared_sql, settings_of
from .settling import GOLDEN, MATCHES, SOURCES, roots
from .standard import KEY_COLUMN
from .subject import REF_MARK, items_of, key_item_of, names_legal_persons

KEY = LEGAL_PERSON.key
_MEMORY = "4GB"  # of the linker; beyond it spills
_FIELDS = ("name", "address", "city")


def ref_sql(entry: Entry) -> str:
    """Return the SQL by which a row without a key is known: the same again for the same row of the same source.

    The department's own key tells rows apart; without one, all that is said of a legal person does. It is a digest, so
    that it names nobody.
    """
    items = items_of(entry)
    own = (entry.key_item,) if entry.key_item and entry.key_item != key_item_of(entry) else tuple(items.values())
    said = " || chr(31) || ".join(f"coalesce({quoted(name)}, '')" for name in own)
    return f"'{REF_MARK}' || substr(sha256({literal(entry.id)} || chr(31) || {said}), 1, 31)"


def match(pools: Pools, entry: Entry, asker: str, batch: str, standing: Standing, places: Sequence[str]) -> bool:
    """Land the matches of rows that have no valid key, once, and say whether there are any.

    Of one batch, or of all that the entry's source ever said (``batch`` empty): the library may have grown since.
    What is bound already is left alone.
    """
    table, mark = standard_table(entry.id), f"library.match/{asker}"
    if pools.lake.snapshot_of(MATCHES, mark) is not None:
        return True
    if not (names_legal_persons(entry) and "name" in items_of(entry)):
        return False
    if not (pools.lake.exists(GOLDEN) and pools.lake.exists(table)):
        return False
    asked = pools.engine.query(
        f"SELECT unkeyed.* FROM ({_unkeyed(entry, batch)}) AS unkeyed "  # noqa: S608 (escaped parts)
        f"LEFT JOIN roots ON roots.{KEY} = unkeyed.{REF} WHERE roots.{KEY} IS NULL",
        {"rows": TableRef(table, pools.lake.version(table)), "roots": roots(pools, standing.bonds)},
    ).read_all()
    if not asked.num_rows:
        return False
    golden = pools.engine.query(
        f"SELECT {KEY}, name, address, city FROM ({current_sql()}) AS standing",  # noqa: S608 (constants)
        {"golden": TableRef(GOLDEN, pools.lake.version(GOLDEN))},
    ).read_all()
    found = candidates(asked, golden, standing.bonds, places)
    for name, value in (("entry", entry.id), ("asker", asker)):
        found = found.append_column(name, pa.array([value] * found.num_rows, pa.string()))
    pools.lake.append(MATCHES, found, mark=mark)
    return True


def count_matched(pools: Pools, asker: str) -> tuple[int, int]:
    """Return of how many rows a search found the legal persons, and how many wait for somebody to say."""
    sql = (
        f"SELECT count(CASE WHEN band <> '{Band.UNSURE}' THEN 1 END) AS matched, "  # noqa: S608 (escaped parts)
        f"count(CASE WHEN band = '{Band.UNSURE}' THEN 1 END) AS in_review FROM matches WHERE asker = {literal(asker)}"
    )
    (row,) = pools.engine.query(sql, {"matches": TableRef(MATCHES)}).read_all().to_pylist()
    return row["matched"], row["in_review"]


def check_suspected(pools: Pools, ref: str, code: str) -> None:
    """Refuse to decide on a pair that no search for matches brought up."""
    if pools.lake.exists(MATCHES):
        sql = "SELECT count(*) AS n FROM matches WHERE ref = ? AND code = ?"
        if pools.engine.query(sql, {"matches": TableRef(MATCHES)}, (ref, code)).read_all()["n"][0].as_py():
            return
    raise NotFound("match", ref[:12])


def suspects(
    pools: Pools,
    bonds: Bonds,
    *,
    sure: bool | None = False,
    entry: str = "",
    ref: str = "",
    by_weight: bool = False,
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 20,
) -> tuple[Suspect, ...]:
    """Return rows beside their likeliest legal persons: those to decide, the ``sure`` ones, or (None) both.

    They come by their mark, or by the weight of their likeness and then the mark; ``after`` holds these of the last row
    before, and ``ref`` narrows to one row.
    """
    if not pools.lake.exists(MATCHES):
        return ()
    more, order, place = _place(after, by_weight=by_weight, descending=descending)
    narrowed = [
        (condition, value) for condition, value in (("matches.entry = ?", entry), ("matches.ref = ?", ref)) if value
    ]
    only = "".join(f" AND {condition}" for condition, _ in narrowed)
    row, held = (", ".join(f"{table}.{name} AS {table}_{name}" for name in _FIELDS) for table in ("said", "held"))
    waiting = f"matches.band = '{Band.UNSURE}' AND roots.{KEY} IS NULL"
    bound = f"matches.band <> '{Band.UNSURE}' AND roots.{KEY} IS NOT NULL"
    standing = f"({waiting} OR {bound})" if sure is None else bound if sure else waiting
    page = (
        f"SELECT matches.ref, max_by(matches.code, matches.asker) AS code, "  # noqa: S608 (constants)
        f"max_by(matches.weight, matches.asker) AS weight, max_by(matches.lead, matches.asker) AS lead, "
        f"count(roots.{KEY}) > 0 AS sure FROM matches "
        f"LEFT JOIN roots ON roots.{KEY} = matches.ref "
        f"LEFT JOIN apart ON apart.kept = matches.code AND apart.other = matches.ref "
        f"WHERE {standing} AND apart.kept IS NULL{only} GROUP BY matches.ref"
    )
    page = f"SELECT * FROM ({page}) AS likely{more} ORDER BY {order} LIMIT {int(limit)}"  # noqa: S608 (constants)
    newest = ", ".join(f"max_by(source.{name}, source._at) AS {name}" for name in (*_FIELDS, "_entry", "_batch"))
    said = f"SELECT source.{KEY}, {newest} FROM source JOIN page ON page.ref = source.{KEY} GROUP BY source.{KEY}"  # noqa: S608
    sql = (
        f"WITH page AS ({page}), said AS ({said}), held AS ({current_sql()}) "  # noqa: S608 (constants)
        f"SELECT page.ref, page.code, page.weight, page.lead, page.sure, said._entry AS entry, said._batch AS batch, "
        f"{row}, {held} FROM page JOIN said ON said.{KEY} = page.ref "
        f"JOIN held ON held.{KEY} = page.code ORDER BY {order}"
    )
    inputs = {
        "matches": TableRef(MATCHES),
        "source": TableRef(SOURCES),
        "golden": TableRef(GOLDEN),
        "roots": roots(pools, bonds),
        "apart": bonds.apart_table(),
    }
    return tuple(
        Suspect(
            **{name: one[name] for name in ("ref", "code", "weight", "lead", "entry", "batch", "sure")},
            row={name: one[f"said_{name}"] for name in _FIELDS},
            golden={name: one[f"held_{name}"] for name in _FIELDS},
        )
        for one in pools.engine.query(sql, inputs, (*(value for _, value in narrowed), *place)).read_all().to_pylist()
    )


def _place(after: tuple[str, ...], *, by_weight: bool, descending: bool) -> tuple[str, str, tuple[str | float, ...]]:
    """Return the condition, the order and the values by which a list goes on after a row."""
    way, beyond = ("DESC", "<") if descending else ("ASC", ">")
    order = f"weight {way}, ref {way}" if by_weight else f"ref {way}"
    if not after:
        return "", order, ()
    try:
        weight, ref = (float(after[0]), after[1]) if by_weight else (0.0, after[0])
    except (ValueError, IndexError) as error:
        raise Invalid(text("the list has no such place"), remedy=text("begin at the first page of the list")) from error
    if by_weight:
        return f" WHERE weight {beyond} ? OR weight = ? AND ref {beyond} ?", order, (weight, weight, ref)
    return f" WHERE ref {beyond} ?", order, (ref,)


def candidates(asked: pa.Table, golden: pa.Table, bonds: Bonds, places: Sequence[str]) -> pa.Table:
    """Return the best candidate of each row that has one: its match weight, its lead over the next, and its band.

    Memory is bounded by the linker's limit; beyond it spills beside the system's temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="jutong-match-") as folder, duckdb.connect(":memory:") as duck:
        duck.execute(f"SET memory_limit = '{_MEMORY}'")
        duck.execute(f"SET temp_directory = {literal(str(Path(folder)))}")
        duck.register("asked", asked)
        duck.register("golden", golden)
        duck.register("apart", bonds.apart_table())
        for table, sql in (
            ("rows_a", compared_sql("asked", ref=REF, places=places)),
            ("rows_b", compared_sql("golden", ref=KEY, code=KEY, places=places)),
        ):
            duck.execute(f"CREATE TABLE {table} AS {sql}")
        duck.execute(f"CREATE TABLE keyed AS {_KEYED}")
        linked = _linked(duck, golden.num_rows)
        answer = duck.sql(_best(linked)).to_arrow_table()
    return answer.cast(_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("ref", pa.string()),
        ("code", pa.string()),
        ("weight", pa.float64()),
        ("lead", pa.float64()),
        ("band", pa.string()),
    ]
)
# A sound organisation code (GB 11714) that stands inside exactly one credit code is a key.
_KEYED = (
    f"SELECT asked.{REF} AS ref, min(golden.{KEY}) AS code FROM asked "  # noqa: S608 (constants)
    f"JOIN golden ON substr(golden.{KEY}, 9, 9) = upper(replace(asked.code, '-', '')) "
    f"GROUP BY asked.{REF} HAVING count(DISTINCT golden.{KEY}) = 1"
)


def _linked(duck: duckdb.DuckDBPyConnection, golden: int) -> str:
    """Let the linker weigh all pairs that a block brings together, and return the table of its answer."""
    logging.getLogger("splink").setLevel(logging.ERROR)  # it would name columns and levels on every run
    splink: Any = importlib.import_module("splink")  # half a second, and only rows without a key need it
    backend: Any = importlib.import_module("splink.internals.duckdb.database_api")
    api = backend.DuckDBAPI(duck)
    frames = [api.register(f"rows_{side}", dataset_display_name=side) for side in ("a", "b")]
    linker = splink.Linker(frames, settings_of(golden), log_level=logging.ERROR)
    return str(linker.inference.predict(threshold_match_weight=UNSURE).physical_name)


def _best(linked: str) -> str:
    return (
        f"WITH pairs AS (SELECT CASE WHEN source_dataset_l = 'a' THEN {REF}_l ELSE {REF}_r END AS ref, "  # noqa: S608
        f"CASE WHEN source_dataset_l = 'a' THEN {REF}_r ELSE {REF}_l END AS code, match_weight AS weight "
        f"FROM {linked} UNION ALL SELECT ref, code, 99.0 FROM keyed), "
        f"allowed AS (SELECT pairs.ref, pairs.code, max(weight) AS weight FROM pairs "
        f"LEFT JOIN apart ON apart.kept = pairs.code AND apart.other = pairs.ref WHERE apart.kept IS NULL "
        f"GROUP BY pairs.ref, pairs.code), "
        f"ranked AS (SELECT *, row_number() OVER (PARTITION BY ref ORDER BY weight DESC, code) AS n, "
        f"coalesce(lead(weight) OVER (PARTITION BY ref ORDER BY weight DESC, code), {UNSURE} - {LEAD}) AS next "
        f"FROM allowed) "
        f"SELECT ref, code, weight, weight - next AS lead, CASE WHEN weight >= 99 THEN '{Band.KEY}' "
        f"WHEN weight >= {SURE} AND weight - next >= {LEAD} THEN '{Band.SURE}' ELSE '{Band.UNSURE}' END AS band "
        f"FROM ranked WHERE n = 1 ORDER BY ref"
    )


def _unkeyed(entry: Entry, batch: str) -> str:
    """Return the query for rows without a key that name somebody, one of each, as they are compared."""
    items, key = items_of(entry), key_item_of(entry)
    said = {field: quoted(items[field]) if field in items else "CAST(NULL AS VARCHAR)" for field in _FIELDS}
    code = quoted(key) if key else "CAST(NULL AS VARCHAR)"
    columns = ", ".join(f"{sql} AS {field}" for field, sql in said.items())
    only = f" AND _batch = {literal(batch)}" if batch else ""
    return (
        f"SELECT * FROM (SELECT {ref_sql(entry)} AS {REF}, {columns}, {code} AS code, "  # noqa: S608 (escaped parts)
        f"row_number() OVER (PARTITION BY {ref_sql(entry)} ORDER BY _batch DESC, _row) AS n FROM rows "
        f"WHERE {KEY_COLUMN} IS NULL AND {said['name']} IS NOT NULL{only}) AS numbered WHERE n = 1"
    )
