"""The view of one agreement: the rows that it gives as a whole, already cut, masked and marked; in versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jutong.catalogue.entry import Entry
from jutong.guard.grades import Method
from jutong.guard.mask import Clear, Mask
from jutong.guard.mask_sql import mask_sql
from jutong.kernel.canon import Fact, canonical, digest
from jutong.quality.reading import DOUBT_ITEMS, DOUBT_KEY, ROW, literal
from jutong.sharing.agreement import Agreement

from ..plan import Plan, beginning, plan_of_view
from ..ruling import RowRule
from ..service import BATCH, DELIVERED, DISPUTED, standing_rows

BATCHES = frozenset({Method.TABLE, Method.FILE})
KEPT = 8  # versions of a view
AGE = timedelta(hours=1)  # so long a version stays at least: whoever reads has begun with it
EVERY = timedelta(minutes=15)  # a view follows its table at most so often
LEFT = "_left"
_NO_FLAG = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One Parquet file of a view: its digest (SHA-256, hex), rows, bytes, and bounds of its columns (Delta's JSON)."""

    name: str
    size: int
    rows: int
    digest: str
    stats: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One version of the view of one agreement.

    ``changes`` leads from the version before to this one; None where there is no way: the first, or other terms.
    """

    agreement: str
    version: int
    terms: str  # digest of what may leave and how
    table: str
    source: int  # version of the table from which it was made
    made: datetime
    schema: str  # Delta's schema, JSON
    parts: tuple[Part, ...]
    changes: tuple[Part, ...] | None
    manifest: str  # signed (JWS)
    deleted: int | None = None  # rows of the version before that are no more; None where there is no way from it
    doubts: str = ""  # mark of the records in doubt at the source by which it was made
    disputed: int = 0  # rows that carry the flag

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(part.rows for part in self.parts)

    @property
    def size(self) -> int:
        """How many bytes its files have."""
        return sum(part.size for part in self.parts)

    def digest(self) -> str:
        """Return the digest of the manifest: one word for all that was handed over."""
        return digest(self.manifest.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Under which names a view stands in a share; no part holds a point, by which clients part them."""

    share: str
    schema: str
    table: str


def share_of(agreement: Agreement, entry: Entry) -> Share:
    """Return the names of an agreement's view: the agreement, its provider, its service or ``rows``."""
    return Share(
        share=agreement.id.lower(),
        schema=agreement.provider.lower(),
        table=entry.service.replace("-", "_") if entry.service else "rows",
    )


def columns_taken(plan: Plan, columns: Mapping[str, str], held: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return what leaves, in the agreement's order: item and the table's column for it."""
    return tuple((item, columns[item]) for item in plan.columns if columns.get(item) in held)


def terms_of(agreement: Agreement, entry: Entry, plan: Plan, table: str, *, marked: str = "") -> str:
    """Return the digest of what may leave and how: views of other terms are not handed over, nor led on from."""
    cut = plan_of_view(plan)
    shared = set(cut.columns)
    told: list[Fact] = [
        [[one.name, one.mask] for one in agreement.items if one.name in shared],
        list(plan.regions),
        entry.region_item if plan.regions else "",
        entry.key_item,
        agreement.consumer,
        table,
        marked,
        DISPUTED,
    ]
    if (kept := kept_rows(plan)) is not None:
        told.append(kept.sql(_quoted))
    if cut.withheld:
        told.append([[name, str(mask)] for name, mask in cut.masks.items()])
    return digest(canonical(told))


def kept_rows(plan: Plan) -> RowRule | None:
    """Return which rows the node's policies let stand in a view; None: all."""
    return plan.rules.rows_of_view() if plan.rules else None


def view_sql(
    agreement: Agreement,
    entry: Entry,
    taken: Collection[tuple[str, str]],
    held: Collection[str],
    columns: Mapping[str, str],
    *,
    masks: Mapping[str, Mask],
    token_key: bytes,
    marked: Mapping[str, str] | None = None,
    canaries: bool = False,
    doubted: bool = False,
    kept: RowRule | None = None,
) -> str:
    """Return the query over ``t`` whose rows are the view; ``marked`` has expressions for columns that carry marks.

    ``masks`` are those of the items as the plan of the view has them, ``kept`` the rows that policies let leave.

    With ``canaries`` there is a second table of that name, whose rows stand among the others. The last column is the
    flag: which of the items that leave another source contradicts, or is in doubt (table ``doubts``, if ``doubted``).

    Of rows with one key the latest stands, as in the serving copy. The order is one of what leaves, never of what
    stays: it would tell of hidden values.
    """
    told = []
    for item, column in taken:
        name, mask = _quoted(column), masks[item]
        if isinstance(mask, Clear):
            told.append(f"{(marked or {}).get(item, name)} AS {_quoted(item)}")
        else:
            told.append(f"{mask_sql(mask, f'CAST({name} AS VARCHAR)', key=token_key)} AS {_quoted(item)}")
    key = columns.get(entry.key_item, "")
    inside = [*_inside(agreement, entry, columns, held), *_kept(kept, columns, held)]
    rows, where = standing_rows(held, key), inside
    if key in held and BATCH in held:
        newest = ", ".join(f"{_quoted(name)} DESC" for name in (DELIVERED, ROW) if name != ROW or name in held)
        plain = f"upper(trim(CAST({_quoted(key)} AS VARCHAR)))"
        turn = f"row_number() OVER (PARTITION BY {plain} ORDER BY {newest})"
        rows = f"(SELECT *, {turn} AS {LEFT} FROM {rows}) AS latest"  # noqa: S608
        where = [*where, f"({_quoted(key)} IS NULL OR {LEFT} = 1)"]
    joined = doubted and key in held
    if joined:
        rows += f" LEFT JOIN doubts ON doubts.{DOUBT_KEY} = upper(trim(CAST({_quoted(key)} AS VARCHAR)))"
    flag = flag_sql(taken, own=DISPUTED in held, doubted=joined)
    filtered = f" WHERE {' AND '.join(where)}" if where else ""
    if canaries:
        needed = ", ".join(_quoted(one) for one in sorted({*(column for _, column in taken), *({key} & set(held))}))
        only = f" WHERE {' AND '.join(inside)}" if inside else ""
        among = f"SELECT {needed}, {_NO_FLAG} FROM canaries{only}"  # noqa: S608
        real = f"SELECT {needed}, {flag} AS {DISPUTED} FROM {rows}{filtered}"  # noqa: S608
        rows, filtered, flag = f"({real} UNION ALL {among}) AS told", "", DISPUTED
    items = [item for item, _ in taken]
    # By all of it: rows that are alike to whoever gets them must not stand in the order of what was hidden.
    order = ", ".join([*map(_quoted, sorted(items, key=lambda one: one != entry.key_item)), DISPUTED])
    told.append(f"{flag} AS {DISPUTED}")
    return f"SELECT * FROM (SELECT {', '.join(told)} FROM {rows}{filtered}) ORDER BY {order}"  # noqa: S608


def flag_sql(taken: Collection[tuple[str, str]], *, own: bool, doubted: bool) -> str:
    r"""Return the SQL of the flag: a JSON list of the items that leave and are in dispute, or NULL.

    The table's ``own`` list names its columns, that of doubts the items; what does not leave is not named either.

    >>> flag_sql([("code", "uscc")], own=False, doubted=False)
    'CAST(NULL AS VARCHAR)'
    >>> told = flag_sql([("code", "uscc")], own=True, doubted=False)
    >>> told.partition("CASE")[2].partition("END")[0]
    ' WHEN contains("_disputed", \'"uscc"\') THEN \'"code"\' '
    """
    told = []
    for item, column in taken:
        lists = [(_quoted(DISPUTED), column)] if own else []
        lists += [(DOUBT_ITEMS, item)] if doubted else []
        either = " OR ".join(f"contains({words}, {literal(_quoted(name))})" for words, name in lists)
        told.append(f"CASE WHEN {either} THEN {literal(_quoted(item))} END")
    return f"nullif(concat('[', concat_ws(',', {', '.join(told)}), ']'), '[]')" if own or doubted else _NO_FLAG


def changes_sql(names: Collection[str]) -> str:
    """Return the query for what changed between the rows ``before`` and ``after``: each inserted or deleted row."""
    told = ", ".join(map(_quoted, names))
    both = (
        f"SELECT {told}, count(*) FILTER (new) - count(*) FILTER (NOT new) AS n FROM ("  # noqa: S608
        f"SELECT {told}, true AS new FROM after UNION ALL SELECT {told}, false AS new FROM before) GROUP BY {told}"
    )
    kind = "CASE WHEN n > 0 THEN 'insert' ELSE 'delete' END AS _change_type"
    return f"SELECT {told}, {kind} FROM (SELECT *, unnest(range(abs(n))) AS again FROM ({both}) WHERE n <> 0)"  # noqa: S608


def outlived(views: Collection[View], *, now: datetime, terms: str, oldest: int) -> tuple[View, ...]:
    """Return the versions that go: of other terms, from a state that the lake no longer keeps, or more than are kept.

    ``oldest`` is the oldest version of the table that can still be read: what was erased there is erased here.
    """
    newest = max((one.version for one in views), default=0)
    gone = []
    for one in sorted(views, key=lambda one: one.version):
        many = one.version <= newest - KEPT and one.made < now - AGE
        if one.terms != terms or one.source < oldest or many:
            gone.append(one)
    return tuple(gone)


def _inside(agreement: Agreement, entry: Entry, columns: Mapping[str, str], held: Collection[str]) -> list[str]:
    """Return the condition that keeps to the agreed divisions; without a column to tell by, no row is inside."""
    if not agreement.divisions:
        return []
    column = columns.get(entry.region_item, "")
    if column not in held:
        return ["false"]
    region = f"CAST({_quoted(column)} AS VARCHAR)"
    heads = sorted({beginning(division) for division in agreement.divisions})
    return ["(" + " OR ".join(f"starts_with({region}, '{head}')" for head in heads) + ")"]


def _kept(kept: RowRule | None, columns: Mapping[str, str], held: Collection[str]) -> list[str]:
    """Return the condition of the node's policies on rows."""
    if kept is None:
        return []
    return [f"({kept.sql(lambda name: _quoted(columns[name]) if columns.get(name) in held else '')})"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
