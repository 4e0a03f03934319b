"""One pass over a batch: every rule is asked of every row in a single statement, whatever the number of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from jutong.collection.batch import Batch
from jutong.pools import Engine, FileRef, Lake, Pools, TableRef
from jutong.pools.layout import finding_table

from .reading import BATCH, ROW, literal, quoted, read_sql, staged, tables_of
from .rule import NONE_FAILS, Rule, RuleCount
from .rulebook import Rulebook
from .vectors import functions

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


@dataclass(frozen=True, slots=True)
class Sought:
    """Where the rows of a pass are: the tables by their SQL names, and which rows of ``raw`` are meant."""

    tables: Mapping[str, TableRef | FileRef | pa.Table]
    where: str = ""


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    failure: BaseException | None = None
    asked: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def add(self, rule: Rule, asked: int, failed: int) -> None:
        self.asked[rule.id] = self.asked.get(rule.id, 0) + asked
        self.failed[rule.id] = self.failed.get(rule.id, 0) + failed

    def counts(self, book: Rulebook) -> tuple[RuleCount, ...]:
        told = {rule.id: (self.asked.get(rule.id, 0), self.failed.get(rule.id, 0)) for rule in book.all_rules}
        for rule in book.sizes:
            # A statement about the table is asked once; the counts say whether it holds.
            told[rule.id] = (1, 0 if rule.target.met(self.rows, self.rows) else 1)
        return tuple(
            RuleCount(
                rule=rule.id,
                item=rule.item,
                dimension=rule.dimension,
                severity=rule.severity,
                asked=told[rule.id][0],
                failed=told[rule.id][1],
                target=NONE_FAILS if rule in book.sizes else rule.target,
            )
            for rule in book.all_rules
        )


def lends(engine: Engine) -> bool:
    """Say whether the engine computes check digits by our functions; another is asked in SQL alone."""
    return engine.learn(functions())


def land_findings(pools: Pools, landed: Batch, sought: Sought, book: Rulebook) -> tuple[int, tuple[RuleCount, ...]]:
    """Ask all rules, land one line for each listed failing row (once a batch), and return rows and counts."""
    tally = _Tally()
    lines = (
        _lines(landed.id, rule, rows)
        for rule, rows in _watched(pools.engine, sought, book, tally)
        if rule.listed and len(rows)
    )
    reader = pa.RecordBatchReader.from_batches(FINDINGS, lines)
    try:
        _land_whole(pools.lake, finding_table(landed.entry), reader, mark=f"quality.examine/{landed.id}")
    except BaseException as error:
        raise tally.failure or error from None
    return tally.rows, tally.counts(book)


def count_failures(engine: Engine, sought: Sought, book: Rulebook) -> tuple[int, tuple[RuleCount, ...]]:
    """Ask all rules and only count: for rows that are no batch, such as a sample or a file."""
    tally = _Tally()
    for _ in _asked(engine, sought, book, tally, listing=False):
        pass
    return tally.rows, tally.counts(book)


def failing_rows(
    engine: Engine, sought: Sought, book: Rulebook, *, most: int
) -> tuple[int, tuple[RuleCount, ...], dict[str, list[int]]]:
    """Ask all rules and return, beside the counts, the places of the first failing rows of each rule."""
    tally, places = _Tally(), dict[str, list[int]]()
    for rule, rows in _asked(engine, sought, book, tally):
        kept = places.setdefault(rule.id, [])
        kept += [place for place in rows.slice(0, most - len(kept)).to_pylist() if place is not None]
    return tally.rows, tally.counts(book), places


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
    return pools.engine.query(sql, {"raw": raw_of(landed), "found": found}, (landed.id,)).read_all()


def rows_at(engine: Engine, landed: Batch, places: Sequence[int]) -> list[dict[str, object]]:
    """Return the rows of a batch at these places as they landed; whoever shows them masks them."""
    if not places:
        return []
    row = quoted(ROW)
    sql = (
        f"SELECT * FROM raw WHERE {batch_where(landed)} "  # noqa: S608 (numbers of ours)
        f"AND {row} IN ({', '.join(str(int(place)) for place in places)}) ORDER BY {row}"
    )
    rows: list[dict[str, object]] = engine.query(sql, {"raw": raw_of(landed)}).read_all().to_pylist()
    return rows


def row_of_key(engine: Engine, landed: Batch, key_item: str, key: str) -> int:
    """Return the place of the last row of a batch with a key, or 0."""
    sql = (
        f"SELECT max({quoted(ROW)}) AS place FROM raw WHERE {batch_where(landed)} "  # noqa: S608 (escaped)
        f"AND upper(trim({quoted(key_item)})) = ?"
    )
    found = engine.query(sql, {"raw": raw_of(landed)}, (key.strip().upper(),)).read_all()["place"][0].as_py()
    return int(found or 0)


def raw_of(landed: Batch) -> TableRef:
    """Return the raw table of a batch, as it stood when the batch had landed."""
    return TableRef(landed.snapshot.table, landed.snapshot.version, lasting=True)


def batch_where(landed: Batch) -> str:
    """Return the condition that keeps a batch's rows."""
    return f"{quoted(BATCH)} = {literal(landed.id)}"


def _land_whole(lake: Lake, table: str, reader: pa.RecordBatchReader, *, mark: str) -> None:
    """Append under ``mark``, and read to the end even when the mark had landed: the counts are needed."""
    lake.append(table, reader, mark=mark)
    for _ in reader:
        pass


def _watched(engine: Engine, sought: Sought, book: Rulebook, tally: _Tally) -> Iterator[tuple[Rule, pa.Array]]:
    try:
        yield from _asked(engine, sought, book, tally)
    except BaseException as error:
        # On its way through Arrow an error may lose its kind; the caller finds it here.
        tally.failure = error
        raise


def _asked(
    engine: Engine, sought: Sought, book: Rulebook, tally: _Tally, *, listing: bool = True
) -> Iterator[tuple[Rule, pa.Array]]:
    """Yield the rows that fail each rule, as they are found; the tally grows along."""
    tables = {**sought.tables, **tables_of(book.readings)}
    for batch in engine.query(scan_sql(sought.where, book, listing=listing), tables):
        tally.rows += pc.sum(batch.column("n")).as_py() or 0
        for place, rule in enumerate(book.rules):
            yield rule, _failing(batch, rule, place, tally)
    for rule in book.keys:
        for batch in _repeats(engine, sought, book, rule):
            tally.add(rule, 0, len(batch))
            yield rule, batch.column("row")


def _repeats(engine: Engine, sought: Sought, book: Rulebook, rule: Rule) -> Iterator[pa.RecordBatch]:
    if not book.lent:
        yield from engine.query(repeats_sql(sought.where, book, rule), sought.tables)
        return
    twins = engine.query(twins_sql(sought.where, book, rule), sought.tables).read_all()
    if len(twins):
        sql = repeats_among_sql(sought.where, book, rule)
        yield from engine.query(sql, {**sought.tables, "twins": twins})


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


def scan_sql(where: str, book: Rulebook, *, listing: bool = True) -> str:
    """Return the pass: rows that fare alike under all rules are one group, apart from those that must be listed (none
    where nobody lists them).

    A clean row costs a place in a group; only a row with a listed failure keeps its number. Rules that are asked of
    the same rows share the asking, and the failures of a row are only told apart where it has any.
    """
    asks = {sql: f"ask{n}" for n, sql in enumerate(dict.fromkeys(rule.asked for rule in book.rules))}
    faults = [
        f"CASE WHEN {rule.asked} THEN {rule.fails} ELSE false END AS fault{n}" for n, rule in enumerate(book.rules)
    ]
    told = "".join(f", {each}" for each in (*(f"{sql} AS {name}" for sql, name in asks.items()), *faults))
    words = range(0, len(book.rules), _BITS)
    place = "place" if listing else "CAST(NULL AS BIGINT)"
    asked = [f"{_asked_word(book.rules[at : at + _BITS], asks)} AS asked{n}" for n, at in enumerate(words)]
    failed = [f"{_failed_word(range(at, min(at + _BITS, len(book.rules))))} AS failed{n}" for n, at in enumerate(words)]
    names = "".join(f", {name}{n}" for name in ("asked", "failed") for n in range(len(words)))
    marked = " OR ".join(f"(failed{n} & {mask}) <> 0" for n, mask in enumerate(_listed(book.rules))) or "false"
    return (
        f"{staged(read_sql(where, book.absents), book.readings)}, "  # noqa: S608 (all parts are escaped)
        f"faults AS (SELECT {quoted(ROW)} AS place{told} FROM readings), "
        f"flags AS (SELECT {', '.join(['place', *asked, *failed])} FROM faults), "
        f"marks AS (SELECT CASE WHEN {marked} THEN {place} END AS place{names} FROM flags) "
        f'SELECT place AS "row"{names}, count(*) AS n FROM marks GROUP BY place{names}'
    )


def repeats_sql(where: str, book: Rulebook, rule: Rule) -> str:
    """Return the rows whose value of a key stands in an earlier row too."""
    return (
        f"WITH keyed AS ({_keyed(where, book, rule)}), "  # noqa: S608 (as above)
        "repeated AS (SELECT same, min(place) AS earliest FROM keyed WHERE same IS NOT NULL "
        "GROUP BY same HAVING count(*) > 1) "
        'SELECT keyed.place AS "row" FROM keyed JOIN repeated ON keyed.same = repeated.same '
        "WHERE keyed.place > repeated.earliest"
    )


def twins_sql(where: str, book: Rulebook, rule: Rule) -> str:
    """Return the digests of a key that more than one row has: numbers are far cheaper to group than texts."""
    return (
        f"SELECT same FROM (SELECT hash(same) AS same FROM ({_keyed(where, book, rule)}) AS keyed "  # noqa: S608
        "WHERE same IS NOT NULL) AS digests GROUP BY same HAVING count(*) > 1"
    )


def repeats_among_sql(where: str, book: Rulebook, rule: Rule) -> str:
    """Return the rows of ``repeats_sql``, looked for among rows with a digest in ``twins`` alone."""
    return (
        f"WITH few AS (SELECT place, same FROM ({_keyed(where, book, rule)}) AS keyed "  # noqa: S608 (as above)
        "WHERE hash(same) IN (SELECT same FROM twins)), "
        "repeated AS (SELECT same, min(place) AS earliest FROM few GROUP BY same HAVING count(*) > 1) "
        'SELECT few.place AS "row" FROM few JOIN repeated ON few.same = repeated.same '
        "WHERE few.place > repeated.earliest"
    )


def _keyed(where: str, book: Rulebook, rule: Rule) -> str:
    items = [item for item in book.absents if quoted(item) in rule.same]
    source = read_sql(where, {item: book.absents[item] for item in items})
    return f"SELECT {quoted(ROW)} AS place, {rule.same} AS same FROM ({source}) AS present"  # noqa: S608 (as above)


def _asked_word(rules: Sequence[Rule], asks: Mapping[str, str]) -> str:
    """Return the bits of the rules that are asked of a row, as one number."""
    bits = {asks[rule.asked]: 0 for rule in rules}
    for bit, rule in enumerate(rules):
        bits[asks[rule.asked]] |= 1 << bit
    return " + ".join(f"CASE WHEN {name} THEN {_big(mask)} ELSE {_big(0)} END" for name, mask in bits.items())


def _failed_word(places: range) -> str:
    """Return the bits of the rules that a row fails, as one number."""
    bits = " + ".join(f"CASE WHEN fault{n} THEN {_big(1 << bit)} ELSE {_big(0)} END" for bit, n in enumerate(places))
    return f"CASE WHEN {' OR '.join(f'fault{n}' for n in places)} THEN {bits} ELSE {_big(0)} END"


def _big(number: int) -> str:
    return f"CAST({number} AS BIGINT)"


def _listed(rules: tuple[Rule, ...]) -> list[int]:
    return [
        sum(1 << bit for bit, rule in enumerate(rules[start : start + _BITS]) if rule.listed)
        for start in range(0, len(rules), _BITS)
    ]
