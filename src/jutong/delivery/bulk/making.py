"""Makes a view: SQL over the table, streamed into Parquet files of a folder that gets its name when it is whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jutong.catalogue.entry import Entry
from jutong.collection.taken_back import Tables
from jutong.desk import House
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.files import sync_folder
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.files import Writing
from jutong.pools.place import Folder
from jutong.pools.snapshot import normal
from jutong.quality import Doubts
from jutong.sharing.agreement import Agreement

from ..plan import Plan, plan_of_view
from ..service import DISPUTED, GOLDEN, columns_of, standing_table
from .marking import Marking, canary_table
from .view import Part, View, changes_sql, columns_taken, kept_rows, terms_of, view_sql

NEW = ".new"
_TYPES = {
    pa.string(): "string",
    pa.binary(): "binary",
    pa.bool_(): "boolean",
    pa.int8(): "byte",
    pa.int16(): "short",
    pa.int32(): "integer",
    pa.int64(): "long",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.timestamp("us", "UTC"): "timestamp",
    pa.timestamp("us"): "timestamp_ntz",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that a view is made by; when it is the same, the view would be the same."""

    agreement: Agreement
    entry: Entry
    plan: Plan
    table: str
    source: int
    oldest: int
    terms: str
    token_key: bytes
    marking: Marking | None = None
    mark_key: bytes = b""
    known: Tables = field(default_factory=dict)  # which deliveries there were, and what was taken back
    doubts: Doubts | None = None  # which records are in doubt at their source

    @property
    def doubted(self) -> str:
        """What changes whenever a record is doubted or cleared."""
        return self.doubts.mark if self.doubts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The files of a new version, and how many of its rows carry the flag."""

    schema: str
    parts: tuple[Part, ...]
    changes: tuple[Part, ...] | None
    disputed: int
    deleted: int | None = None


def views_folder(house: House) -> Path:
    """Return where the files of all views of a house live."""
    return house.home.serving / "views"


def folder_of(folder: Path, agreement_id: str, version: int) -> Path:
    """Return where the files of one version live."""
    return folder / agreement_id.lower() / f"v{version:08}"


def recipe_of(
    pools: Pools,
    agreement: Agreement,
    entry: Entry,
    plan: Plan,
    *,
    token_key: bytes,
    marking: Marking | None = None,
    mark_key: bytes = b"",
    known: Tables | None = None,
    doubts: Doubts | None = None,
) -> Recipe | None:
    """Return by what a view would be made now; None before the first rows."""
    table = standing_table(entry, golden=pools.lake.exists(GOLDEN))
    if not pools.lake.exists(table):
        return None
    return Recipe(
        agreement=agreement,
        entry=entry,
        plan=plan_of_view(plan),
        table=table,
        source=pools.lake.version(table),
        oldest=pools.lake.history(table).oldest,
        terms=terms_of(agreement, entry, plan, table, marked=marking.digest() if marking else ""),
        token_key=token_key,
        marking=marking,
        mark_key=mark_key,
        known=known or {},
        doubts=doubts,
    )


def materialise(pools: Pools, folder: Path, recipe: Recipe, version: int, before: View | None) -> Made:
    """Write the files of ``version``, and of what changed since ``before``; cut short, the same again begins anew.

    Memory: one row group; the engine spills what it must sort.
    """
    home = folder / recipe.agreement.id.lower()
    staging, target = home / f"v{version:08}{NEW}", folder_of(folder, recipe.agreement.id, version)
    for path in (staging, target):
        shutil.rmtree(path, ignore_errors=True)
    staging.mkdir(parents=True)
    columns = columns_of(recipe.entry, recipe.table, recipe.entry.key_item)
    ref = TableRef(recipe.table, recipe.source)
    schema = pools.lake.files(recipe.table, version=recipe.source)[1]
    held = schema.names
    taken = columns_taken(recipe.plan, columns, held)
    if not taken:
        raise Invalid(
            text("none of the agreed items has a column in the table of {title}", title=recipe.entry.title),
            remedy=text("have the provider deliver rows with these items"),
        )
    given: dict[str, TableRef | pa.RecordBatchReader | pa.Table] = {**recipe.known, "t": ref}
    marked, canaries = _marked(recipe, columns, schema)
    if canaries is not None:
        given["canaries"] = canaries
    if recipe.doubts is not None:
        given["doubts"] = pools.engine.query(recipe.doubts.sql, recipe.doubts.tables)
    sql = view_sql(
        *(recipe.agreement, recipe.entry, taken, held, columns),
        masks=recipe.plan.masks,
        token_key=recipe.token_key,
        marked=marked,
        canaries=canaries is not None,
        doubted=recipe.doubts is not None,
        kept=kept_rows(recipe.plan),
    )
    rows = normal(pools.engine.query(sql, given))
    parts, disputed = _written(home, staging.name, rows, recipe)
    changes, deleted = None, None
    if before is not None:
        both: dict[str, TableRef | pa.RecordBatchReader | pa.Table] = {
            "before": _reader(folder_of(folder, recipe.agreement.id, before.version), before.parts, rows.schema),
            "after": _reader(staging, parts, rows.schema),
        }
        told = normal(pools.engine.query(changes_sql(rows.schema.names), both))
        changes, _ = _written(home, f"{staging.name}/changes", told, recipe)
        deleted = _deleted(staging / "changes", changes)
    staging.rename(target)
    sync_folder(home)
    return Made(schema=schema_of(rows.schema), parts=parts, changes=changes, disputed=disputed, deleted=deleted)


def _marked(recipe: Recipe, columns: Mapping[str, str], schema: pa.Schema) -> tuple[Mapping[str, str], pa.Table | None]:
    """Return the marked columns and the canaries of this recipient; a column of a kind that carries none is left."""
    marking, key_item = recipe.marking, recipe.entry.key_item
    key_column = columns.get(key_item, "")
    if marking is None or key_column not in schema.names:
        return {}, None
    kinds = {item: schema.field(columns[item]).type for item in marking.columns if columns.get(item) in schema.names}
    usable = {item: columns[item] for item, kind in kinds.items() if pa.types.is_string(kind) or kind == pa.int64()}
    told = marking.marked(recipe.agreement.id, key_column, usable, recipe.mark_key)
    marked = {item: f"CAST({sql} AS BIGINT)" if pa.types.is_integer(kinds[item]) else sql for item, sql in told.items()}
    held = marking.held_by(recipe.agreement.id, key_item, recipe.mark_key)
    return marked, canary_table(held, columns, schema) if held else None


def clear(folder: Path, agreement_id: str, kept: Iterable[int]) -> None:
    """Take away the files of all versions but these; nobody may be told of them any more."""
    home, names = folder / agreement_id.lower(), {f"v{version:08}" for version in kept}
    for path in home.iterdir() if home.is_dir() else ():
        if path.name not in names and not path.name.endswith(NEW):
            shutil.rmtree(path, ignore_errors=True)
    if not names:
        with suppress(OSError):
            home.rmdir()


def schema_of(schema: pa.Schema) -> str:
    """Return a schema as Delta's log spells it."""
    fields = [{"name": field.name, "type": _type(field.type), "nullable": True, "metadata": {}} for field in schema]
    return json.dumps({"type": "struct", "fields": fields}, ensure_ascii=False)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return _TYPES[kind]


def _written(home: Path, name: str, rows: pa.RecordBatchReader, recipe: Recipe) -> tuple[tuple[Part, ...], int]:
    """Write rows into files, and count those with the flag; each file says in its metadata for whom it was made."""
    said = {"jutong.agreement": recipe.agreement.id, "jutong.recipient": recipe.agreement.consumer}
    writing, place, disputed = None, Folder(home), 0
    try:
        writing = Writing(place, name, rows.schema, said)
        for batch in rows:
            writing.add(batch)
            disputed += batch.num_rows - batch.column(DISPUTED).null_count
        done = writing.finish()
    except BaseException:
        if writing is not None:
            writing.abandon()
        raise
    if not done:
        return (_empty(home, name, rows.schema.with_metadata(said)),), 0
    return tuple(_part(home / name / one.path, str(one.stats)) for one in done), disputed


def _empty(home: Path, name: str, schema: pa.Schema) -> Part:
    """Write one file without rows: a reader finds the columns all the same."""
    (home / name).mkdir(parents=True, exist_ok=True)
    path = home / name / "part-empty.parquet"
    pq.write_table(schema.empty_table(), path)
    return _part(path, "")


def _part(path: Path, stats: str) -> Part:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    rows = pq.read_metadata(path).num_rows
    return Part(name=path.name, size=path.stat().st_size, rows=rows, digest=digest, stats=stats)


def _deleted(folder: Path, parts: Iterable[Part]) -> int:
    """Return how many of the changes are rows that are no more."""
    files = ds.dataset([str(folder / part.name) for part in parts], format="parquet")
    return int(files.count_rows(filter=ds.field("_change_type") == "delete"))


def _reader(folder: Path, parts: Iterable[Part], schema: pa.Schema) -> pa.RecordBatchReader:
    paths = [str(folder / part.name) for part in parts]
    try:
        return ds.dataset(paths, format="parquet", schema=schema).scanner().to_reader()
    except (OSError, pa.ArrowException) as error:
        raise Unavailable(text("files of a view cannot be read")) from error
