"""A service of the gateway: one catalogue entry, answered from a serving copy of one table of the lake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jutong.catalogue.entry import Entry
from jutong.collection import standing
from jutong.collection.standing import standing_sql
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.suite import Suite, VaultKey
from jutong.kernel.text import text
from jutong.library.golden import TURN, current_sql
from jutong.library.kind import LEGAL_PERSON
from jutong.library.subject import items_of
from jutong.pools.layout import raw_table, table_name
from jutong.quality.reading import DOUBT_ITEMS, DOUBT_KEY, ROW

from .likeness import KEY_BYTES, KEY_LIMIT, key_bytes
from .sealed import key_of_version, sealed_items, sealed_version

CREDIT_CODE = "credit-code"
GOLDEN = LEGAL_PERSON.golden
BATCH, DELIVERED = "_batch", standing.TURN
DISPUTED = "_disputed"  # names of items whose value another source contradicts, or that is in doubt
PROVIDING_SYSTEM = "pool"  # the part of every provider's name that says: its pool in this node


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the gateway answers under ``path``, and from which version of which table."""

    entry: str
    entry_version: int
    path: str  # instance/class/member/system/service
    copy: str  # name of the serving copy
    table: str
    key_item: str
    version: str
    rows: int

    @property
    def provider_system(self) -> str:
        """The providing system: all of the path but the service's own name."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The service's own name (X-Road: service code)."""
        return self.path.rpartition("/")[2]

    @property
    def sealed_by(self) -> str:
        """The name of the key under which the copy is sealed; empty where it lies open."""
        return key_of_version(self.version)


def copy_name(entry_id: str) -> str:
    """Return the name of an entry's serving copy."""
    return f"delivery-{entry_id.lower()}"


def standing_table(entry: Entry, *, golden: bool) -> str:
    """Return the table that answers for ``entry``: golden records where they hold all its items, else its own rows."""
    by_code = entry.key_item and entry.item(entry.key_item).element == CREDIT_CODE
    whole = len(items_of(entry)) + 1 == len(entry.items)
    return GOLDEN if golden and by_code and whole else raw_table(entry.id)


def columns_of(entry: Entry, table: str, key_item: str) -> Mapping[str, str]:
    """Return item -> column of ``table``: golden records have names of their own, by the items' elements."""
    if table != GOLDEN:
        return {item.name: item.name for item in entry.items}
    return {key_item: LEGAL_PERSON.key} | {item: column for column, item in items_of(entry).items()}


def service_of(
    entry: Entry,
    *,
    instance: str,
    member_class: str,
    table: str,
    key_item: str,
    version: int,
    rows: int,
    doubts: str = "",
    key: VaultKey | None = None,
    suite: Suite = Suite.INTERNATIONAL,
) -> Service:
    """Return the service of a published entry, or refuse."""
    if not entry.service or not key_item:
        raise Invalid(
            text("{entry} has no service name or no key item, so nothing can be looked up in it", entry=entry.title),
            remedy=text("complete the entry and publish it again"),
        )
    return Service(
        entry=entry.id,
        entry_version=entry.version,
        path=f"{instance}/{member_class}/{entry.provider}/{PROVIDING_SYSTEM}/{entry.service}",
        copy=copy_name(entry.id),
        table=table_name(table),
        key_item=key_item,
        version=copy_version(entry, table, key_item, version, doubts, key=key, suite=suite),
        rows=rows,
    )


def bare_service(entry: Entry, *, instance: str, member_class: str) -> Service:
    """Return the service of an entry that has no rows here, so that nothing is looked up in a copy of them."""
    return Service(
        entry=entry.id,
        entry_version=entry.version,
        path=f"{instance}/{member_class}/{entry.provider}/{PROVIDING_SYSTEM}/{entry.service}",
        copy="",
        table="",
        key_item="",
        version="",
        rows=0,
    )


def copy_version(
    entry: Entry,
    table: str,
    key_item: str,
    version: int,
    doubts: str = "",
    *,
    key: VaultKey | None = None,
    suite: Suite = Suite.INTERNATIONAL,
) -> str:
    """Return what names the content of a copy: a digest of the table's version, of what was taken, and of doubts.

    With ``key`` the copy is sealed, and its name says so.
    """
    taken: list[Fact] = [item.name for item in entry.items]
    told: list[Fact] = [table, version, key_item, taken, *([doubts] if doubts else [])]
    if key is None:
        return digest(canonical(told))[:40]
    sealed: list[Fact] = [suite.value, *sealed_items(entry)]
    return sealed_version(key, digest(canonical([*told, sealed]))[:40])


def plain_sql(held: Collection[str], key_column: str) -> str:
    """Return the query that says whether all keys are spelled plainly, so that SQL sorts them as copies hold them."""
    key = f"trim(CAST({_quoted(key_column)} AS VARCHAR))"
    return f"SELECT coalesce(bool_and(regexp_full_match({key}, '[!-~]*')), true) AS plain FROM {standing_rows(held)}"  # noqa: S608


def rows_sql(
    held: Collection[str],
    columns: Mapping[str, str],
    *,
    key_item: str,
    doubted: bool = False,
    plain: bool = False,
    apart: Sequence[str] = (),
) -> str:
    """Return the query whose rows are key and record: a JSON object of the items for which the table holds a column.

    Plainly spelled keys come in their order: a copy is then written from its first page to its last. Items that are
    kept ``apart`` follow the record, each as an object of its own.

    >>> print(rows_sql(["uscc", "name"], {"code": "uscc", "name": "name", "fax": "fax"}, key_item="code"))
    SELECT "uscc" AS k, to_json(struct_pack("code" := "uscc", "name" := "name")) AS v FROM t WHERE "uscc" IS NOT NULL
    """
    packed = _packed(held, columns, [item for item in columns if item not in apart], doubted=doubted)
    alone = [_object([f"{_quoted(item)} := {_quoted(columns[item])}"] * (columns[item] in held)) for item in apart]
    key = _quoted(columns[key_item])
    join = doubts_sql(columns[key_item]) if doubted else ""
    # Of two rows with one key the later stands: the one of the later batch.
    stands = [_quoted(name) for name in (DELIVERED, ROW) if name != ROW or name in held] if BATCH in held else []
    if plain:
        stands = [f"upper(trim(CAST({key} AS VARCHAR)))", *stands]
    source = f"{standing_rows(held, columns[key_item])}{join}"
    where = f"WHERE {key} IS NOT NULL"
    if stands:  # sorted before they are packed: what spills to the disk is a third of what leaves
        source, where = f"(SELECT * FROM {source} {where} ORDER BY {', '.join(stands)}) AS sorted", ""  # noqa: S608
    taken = ", ".join([f"{_object(packed)} AS v", *(f"{one} AS s{nth}" for nth, one in enumerate(alone))])
    return f"SELECT {key} AS k, {taken} FROM {source} {where}".rstrip()  # noqa: S608


def packed_sql(held: Collection[str], columns: Mapping[str, str], items: Iterable[str], *, doubted: bool) -> str:
    """Return the SQL of a record: a JSON object of those ``items`` that the table holds, and which are in dispute."""
    return _object(_packed(held, columns, items, doubted=doubted))


def _packed(held: Collection[str], columns: Mapping[str, str], items: Iterable[str], *, doubted: bool) -> list[str]:
    packed = [f"{_quoted(item)} := {_quoted(columns[item])}" for item in items if columns.get(item) in held]
    own = _disputed(columns) if DISPUTED in held else "CAST(NULL AS VARCHAR)"
    if DISPUTED in held or doubted:
        packed.append(f"{_quoted(DISPUTED)} := {_joined(own, DOUBT_ITEMS) if doubted else own}")
    return packed


def doubts_sql(key_column: str) -> str:
    """Return the join to the records in doubt (table ``doubts``)."""
    return f" LEFT JOIN doubts ON doubts.{DOUBT_KEY} = upper(trim(CAST({_quoted(key_column)} AS VARCHAR)))"


def count_sql(held: Collection[str], key_column: str) -> str:
    """Return the query for the number of different keys."""
    return f"SELECT count(DISTINCT {_quoted(key_column)}) AS n FROM {standing_rows(held, key_column)}"  # noqa: S608


def standing_rows(held: Collection[str], key_column: str = "") -> str:
    """Return the SQL of the rows that stand: of golden records the newest versions, of raw rows what none took back.

    Without a key column all raw rows are told, whatever was taken back since.

    >>> standing_rows(["code", "name"])
    't'
    """
    if TURN in held:
        return f"({current_sql('t')}) AS standing"
    return standing_sql(key_column) if key_column and BATCH in held and key_column in held else "t"


def pairs(rows: Iterable[tuple[object, object]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and record as the serving copy holds them; a key that nobody could ask for is left out."""
    for key, record in rows:
        spelled = str(key)
        if len(spelled) <= KEY_LIMIT and 0 < len(held := key_bytes(spelled)) <= KEY_BYTES:
            yield held, str(record).encode()


def _object(packed: Sequence[str]) -> str:
    return f"to_json(struct_pack({', '.join(packed)}))" if packed else "'{}'"


def _joined(own: str, more: str) -> str:
    """Return the SQL of two JSON lists as one; either may be missing."""
    both = f"left({own}, length({own}) - 1) || ',' || substr({more}, 2)"
    return f"CASE WHEN {more} IS NULL THEN {own} WHEN {own} IS NULL THEN {more} ELSE {both} END"


def _disputed(columns: Mapping[str, str]) -> str:
    """Return the SQL of the list of disputed items, which the table names by its own columns."""
    words = _quoted(DISPUTED)
    for item, column in columns.items():
        if item != column:
            # Marked, so that a new name is not taken for another column's old one.
            words = f"replace({words}, '\"{column}\"', '\"={item}\"')"
    return f"replace({words}, '\"=', '\"')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
