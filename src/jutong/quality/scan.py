"""One pass over a batch: every rule is asked of every row in a single statement, whatever the number of rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from jutong.collection.batch import Batch
from jutong.pools import Engine, Lake, Pools, TableRef
from jutong.pools.layout import finding_table

from .reading import BATCH, ROW, literal, quoted, source_sql, staged, tables_of
from .rule import Rule, RuleCount
from .rulebook import Rulebook

# Rules to a number: one bit each says "asked", one "failed".
_BITS = 60
FINDINGS = pa.schema(
    [
        ("batch", pa.string()),
        ("rule", pa.string()),
        ("item", pa.string()),
        ("row", pa.int64()),
        ("severity", pa.string()),
    ]
)


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    failure: BaseException | None = None
    asked: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def add(self, rule: Rule, asked: int, failed: int) -> None:
        self.asked[rule.id] = self.asked.get(rule.id, 0) + asked
        self.failed[rule.id] = self.failed.get(rule.id, 0) + failed


def land_findings(pools: Pools, landed: Batch, book: Rulebook) -> tuple[int, tuple[RuleCount, ...]]:
    """Ask all rules, land one line for each listed failing row (once a batch), and return rows and counts."""
    tally = _Tally()
    reader = pa.RecordBatchReader.from_batches(FINDINGS, _findings(pools.engine, landed, book, tally))
    try:
        _land_whole(pools.lake, finding_table(landed.entry), reader, mark=f"quality.examine/{landed.id}")
    except BaseException as error:
        raise tally.failure or error from None
    counts = tuple(
        RuleCount(
            rule=rule.id,
            item=rule.item,
            dimension=rule.dimension,
            severity=rule.severity,
            asked=tally.asked.get(rule.id, 0),
            failed=tally.failed.get(rule.id, 0),
        )
        for rule in book.all_rules
    )
    return tally.rows, counts


def findings(
    pools: Pools, *, entry: str, batch: str, rule: str | None = None, limit: int = 100, after: int = -1
) -> pa.Table:
    """Return which rows (``row``) of a batch fail ``rule`` (any rule if None), from the one after ``after``."""
    table = finding_table(entry)
    if not pools.lake.exists(table):
        return FINDINGS.empty_table()
    sql = 'SELECT * FROM finding WHERE batch = ? AND (rule = ? OR ?) AND "row" > ? ORDER BY "row", rule LIMIT ?'
    return pools.engine.query(
        sql, {"finding": TableRef(table)}, (batch, rule or "", rule is None, after, limit)
    ).read_all()


def example_rows(pools: Pools, landed: Batch, *, rule: str, limit: int = 100, after: int = -1) -> pa.Table:
    """Return the failing rows themselves as they landed; whoever shows them masks them."""
    found = findings(pools, entry=landed.entry, batch=landed.id, rule=rule, limit=limit, after=after)
    row = quoted(ROW)
    sql = (
        f'SELECT raw.* FROM raw JOIN found ON raw.{row} = found."row" '  # noqa: S608 (a constant)
        f"WHERE raw.{quoted(BATCH)} = ? ORDER BY raw.{row}"
    )
    return pools.engine.query(sql, {"raw": _raw(landed), "found": found}, (landed.id,)).read_all()


def _raw(landed: Batch) -> TableRef:
    return TableRef(landed.snapshot.table, landed.snapshot.version)


def _land_whole(lake: Lake, table: str, reader: pa.RecordBatchReader, *, mark: str) -> None:
    """Append under ``mark``, and read to the end even when the mark had landed: the counts are needed."""
    lake.append(table, reader, mark=mark)
    for _ in reader:
        pass


def _findings(engine: Engine, landed: Batch, book: Rulebook, tally: _Tally) -> Iterator[pa.RecordBatch]:
    try:
        yield from _asked(engine, landed, book, tally)
    except BaseException as error:
        # On its way through Arrow an error may lose its kind; the caller finds it here.
        tally.failure = error
        raise


def _asked(engine: Engine, landed: Batch, book: Rulebook, tally: _Tally) -> Iterator[pa.RecordBatch]:
    tables: dict[str, TableRef | pa.Table] = {"raw": _raw(landed)}
    for batch in engine.query(scan_sql(landed.id, book), {**tables, **tables_of(book.readings)}):
        tally.rows += pc.sum(batch.column("n")).as_py() or 0
        for place, rule in enumerate(book.all_rules):
            failed = _failing(batch, rule, place, tally)
            if rule.listed and len(failed):
                yield _lines(landed.id, rule, failed)
    for rule in book.keys:
        for batch in engine.query(repeats_sql(landed.id, book, rule), tables):
            tally.add(rule, 0, len(batch))
            yield _lines(landed.id, rule, batch.column("row"))


def _failing(batch: pa.RecordBatch, rule: Rule, place: int, tally: _Tally) -> pa.Array:
    word, bit = divmod(place, _BITS)
    failed = pc.not_equal(pc.bit_wise_and(batch.column(f"failed{word}"), pa.scalar(1 << bit, pa.int64())), 0)
    asked = pc.not_equal(pc.bit_wise_and(batch.column(f"asked{word}"), pa.scalar(1 << bit, pa.int64())), 0)
    n = batch.column("n")
    tally.add(rule, pc.sum(n.filter(asked)).as_py() or 0, pc.sum(n.filter(failed)).as_py() or 0)
    return batch.column("row").filter(failed)


def _lines(batch: str, rule: Rule, rows: pa.Array) -> pa.RecordBatch:
    said = [pa.repeat(pa.scalar(word, pa.string()), len(rows)) for word in (batch, rule.id, rule.item)]
    severity = pa.repeat(pa.scalar(rule.severity.value, pa.string()), len(rows))
    return pa.RecordBatch.from_arrays([*said, rows, severity], schema=FINDINGS)


def scan_sql(batch: str, book: Rulebook) -> str:
    """Return the pass: rows that fare alike under all rules are one group, apart from those that must be listed.

    A clean row costs a place in a group; only a row with a listed failure keeps its number.
    """
    asked = [f"{sql} AS asked{n}" for n, sql in enumerate(_masks(book.all_rules, failed=False))]
    failed = [f"{sql} AS failed{n}" for n, sql in enumerate(_masks(book.all_rules, failed=True))]
    names = ", ".join([*(f"asked{n}" for n in range(len(asked))), *(f"failed{n}" for n in range(len(failed)))])
    marked = " OR ".join(f"(failed{n} & {mask}) <> 0" for n, mask in enumerate(_listed(book.all_rules)))
    return (
        f"{staged(source_sql(batch, book.presents), book.readings)}, "  # noqa: S608 (all parts are escaped)
        f"flags AS (SELECT {quoted(ROW)} AS place, {', '.join(asked + failed)} FROM readings), "
        f"marks AS (SELECT CASE WHEN {marked} THEN place END AS place, {names} FROM flags) "
        f'SELECT place AS "row", {names}, count(*) AS n FROM marks GROUP BY place, {names}'
    )


def repeats_sql(batch: str, book: Rulebook, rule: Rule) -> str:
    """Return the rows whose value of a key item stands in an earlier row too."""
    return (
        f"WITH keyed AS (SELECT {quoted(ROW)} AS place, {book.sameness[rule.item]} AS same "  # noqa: S608 (as above)
        f"FROM raw WHERE {quoted(BATCH)} = {literal(batch)}), "
        "repeated AS (SELECT same, min(place) AS earliest FROM keyed WHERE same IS NOT NULL "
        "GROUP BY same HAVING count(*) > 1) "
        'SELECT keyed.place AS "row" FROM keyed JOIN repeated ON keyed.same = repeated.same '
        "WHERE keyed.place > repeated.earliest"
    )


def _masks(rules: tuple[Rule, ...], *, failed: bool) -> list[str]:
    """Return one SQL number for every sixty rules, with the bit of each rule that is asked, or that fails."""
    return [
        " + ".join(
            f"CASE WHEN {f'({rule.asked}) AND ({rule.fails or False})' if failed else rule.asked}"
            f" THEN CAST({1 << bit} AS BIGINT) ELSE CAST(0 AS BIGINT) END"
            for bit, rule in enumerate(rules[start : start + _BITS])
        )
        for start in range(0, len(rules), _BITS)
    ]


def _listed(rules: tuple[Rule, ...]) -> list[int]:
    return [
        sum(1 << bit for bit, rule in enumerate(rules[start : start + _BITS]) if rule.listed)
        for start in range(0, len(rules), _BITS)
    ]
