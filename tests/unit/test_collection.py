"""Bringing rows in: once, reconciled, with the broken rows kept apart and the rest refused in clear words."""

from __future__ import annotations

import errno
import gzip
import io
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong import collection
from jutong.catalogue.stage import Stage
from jutong.collection import (
    LAYOUTS,
    Contract,
    CsvSource,
    Layout,
    Limits,
    ParquetSource,
    PeerSource,
    Reason,
    SqliteSource,
    XlsxSource,
    contract_of,
    export_batch,
    write_export,
)
from jutong.collection.source import Portion, Survey
from jutong.kernel.errors import Invalid, NotAllowed, Refused, TooMuch, Unavailable, WrongMoment
from jutong.terms import Actor, Duty, Grade
from tests.collecting import ENTRY, HOUSE, Node, node_at, register_entry
from tests.postgres import postgres_database, postgres_url  # noqa: F401

CSV = LAYOUTS["enterprise-register"]
HEADER = ",".join(CSV.headers)
GOOD = "甲公司,91500227MA5U579E19,2003-01-06,N/A,N/A,普通货运,重庆,璧山,广普镇西大街"
OTHER = "乙公司,91500108745335729D,2003-01-06,N/A,80(万),零售,重庆,南岸,白鹤路139号"
CONTRACT = contract_of(register_entry())
NAMES = CONTRACT.names


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A department's node."""
    return node_at(tmp_path / "home")


def text_file(folder: Path, *lines: str, encoding: str = "utf-8", ends: str = "\n") -> Path:
    path = folder / "rows.csv"
    path.write_bytes((ends.join([HEADER, *lines]) + ends).encode(encoding))
    return path


def test_counts_reconcile_and_reasons_are_told(node: Node, tmp_path: Path) -> None:
    """Every row read is landed or quarantined for one reason, with its line in the source."""
    lost = "甲公司,第二厂名:乙,91320508137835500N,1987-09-24,N/A,N/A,低压电器,江苏,苏州"
    path = text_file(tmp_path, GOOD, "丙公司,1,2", '"一\n二",' + GOOD[4:], GOOD + ",多", "\ufffd" + GOOD, lost, OTHER)
    batch = node.collect(CsvSource(path, CSV))
    assert (batch.rows_read, batch.rows_landed, batch.rows_quarantined) == (7, 3, 4)
    kept = [(row["_row"], row["_line"], row["_reason"]) for row in node.quarantined(batch)]
    assert kept == [
        (2, 3, "too-few-fields"),
        (4, 6, "too-many-fields"),
        (5, 7, "replacement-character"),
        (6, 8, "column-order-lost"),
    ]
    assert node.raw(batch).select(["_row", "name"]).to_pylist() == [
        {"_row": 1, "name": "甲公司"},
        {"_row": 3, "name": "一\n二"},
        {"_row": 7, "name": "乙公司"},
    ]


def test_the_same_delivery_twice_is_one_batch(node: Node, tmp_path: Path) -> None:
    """Delivered again, under another name or packed, the rows stay as they are and no second line is left."""
    path = text_file(tmp_path, GOOD, OTHER, "丙公司,1,2")
    first = node.collect(CsvSource(path, CSV))
    packed = tmp_path / "again.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert node.collect(CsvSource(path, CSV)) == first
    assert node.collect(CsvSource(packed, CSV)) == first
    assert node.evidence() == ["collection.landed"]
    assert node.pools.lake.version(first.snapshot.table) == first.snapshot.version
    with node.desk() as desk:
        assert collection.batches(desk.db, ENTRY) == (first,)


def test_evidence_holds_counts_and_no_values(node: Node, tmp_path: Path) -> None:
    """What is in the rows, and what the file is called, is not in the ledger."""
    path = text_file(tmp_path, GOOD, "丙公司,1,2").rename(tmp_path / "张三的表.csv")
    facts = str(node.collect(CsvSource(path, CSV)).facts())
    assert "'rows_quarantined': 1" in facts
    assert not [word for word in ("甲", "丙", "张三", "91500227") if word in facts]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_line_ends_and_encodings(node: Node, tmp_path: Path, ends: str, encoding: str) -> None:
    """Files of every system land alike; empty lines are no rows."""
    path = text_file(tmp_path, GOOD, "", OTHER, "", "", encoding=encoding, ends=ends)
    layout = replace(CSV, encoding=encoding.removesuffix("-sig"))
    batch = node.collect(CsvSource(path, layout))
    assert node.raw(batch)["name"].to_pylist() == ["甲公司", "乙公司"]


def test_big5_lands(node: Node, tmp_path: Path) -> None:
    """Traditional text in Big5 is read as declared."""
    titles = dict(zip(["名稱", "代碼", "日期", "類型", "資本", "範圍", "省份", "地區", "地址"], NAMES, strict=True))
    path = tmp_path / "rows.csv"
    path.write_bytes(f"{','.join(titles)}\r\n臺北市電腦公會,1,2,3,4,5,6,7,8\r\n".encode("cp950"))
    batch = node.collect(CsvSource(path, Layout(encoding="big5", headers=titles)))
    assert node.raw(batch)["name"].to_pylist() == ["臺北市電腦公會"]


def test_a_wrong_encoding_is_told_with_its_place(node: Node, tmp_path: Path) -> None:
    """A file that is not in its declared encoding is refused, with the byte and the line."""
    path = text_file(tmp_path, GOOD)
    path.write_bytes(path.read_bytes() + OTHER.encode("gb18030") + b"\n")
    where = len((HEADER + "\n" + GOOD + "\n").encode())
    with pytest.raises(Invalid, match=f"not utf-8: byte {where}, in line 3"):
        node.collect(CsvSource(path, CSV))
    assert node.empty()


def test_unreadable_bytes_may_be_quarantined(node: Node, tmp_path: Path) -> None:
    """Where the deliverer declared it, only the rows with unreadable bytes are kept apart."""
    path = text_file(tmp_path, GOOD)
    path.write_bytes(path.read_bytes() + OTHER.encode().replace("南".encode(), b"\xff\xfe") + b"\n" + GOOD.encode())
    batch = node.collect(CsvSource(path, replace(CSV, on_bad_bytes="quarantine")))
    assert batch.quarantined == {Reason.BAD_ENCODING: 1}
    assert batch.rows_landed == 2


def test_a_wrong_schema_lists_both_sides(node: Node, tmp_path: Path) -> None:
    """Missing, unknown and repeated columns are all named."""
    path = tmp_path / "rows.csv"
    path.write_text("企业名称,企业名称,电话\n1,2,3\n", "utf-8")
    with pytest.raises(Invalid, match=r"missing 统一社会信用代码.*; unknown 电话; repeated name"):
        node.collect(CsvSource(path, CSV))
    assert node.empty()


def test_a_quote_that_never_closes_is_refused(node: Node, tmp_path: Path) -> None:
    """One open quote would swallow all the rest as one field."""
    with pytest.raises(Invalid, match="line 3 is never closed"):
        node.collect(CsvSource(text_file(tmp_path, GOOD, '"' + OTHER, GOOD), CSV))
    assert node.empty()


def test_a_quote_inside_a_field_is_a_character(node: Node, tmp_path: Path) -> None:
    """5" pipes are sold; the quote shifts nothing."""
    path = text_file(tmp_path, GOOD.replace("货运", '5" 管'), OTHER, GOOD.replace("甲", "丁"))
    batch = node.collect(CsvSource(path, CSV))
    assert node.raw(batch)["scope"].to_pylist() == ['普通5" 管', "零售", "普通货运"]


def test_a_field_that_is_too_long_is_quarantined(node: Node, tmp_path: Path) -> None:
    """One monstrous field does not stop the other rows."""
    path = text_file(tmp_path, GOOD.replace("普通货运", "长" * 400_000), OTHER)
    batch = node.collect(CsvSource(path, CSV))
    assert batch.quarantined == {Reason.FIELD_TOO_LONG: 1}


def test_a_record_larger_than_memory_bears_is_refused(node: Node, tmp_path: Path) -> None:
    """A field of many megabytes is not delimited text, and its words do not come out in the error."""
    path = text_file(tmp_path, GOOD, GOOD.replace("普通货运", "长" * 4_000_000), OTHER)
    with pytest.raises(Refused) as told:
        node.collect(CsvSource(path, CSV))
    assert "长长" not in str(told.value)
    assert node.empty()


def test_a_gzip_bomb_is_refused(node: Node, tmp_path: Path) -> None:
    """A small file that unpacks without end is stopped early, by its ratio or by its size."""
    bomb = tmp_path / "rows.csv.gz"
    with gzip.open(bomb, "wb") as stream:
        stream.write(f"{HEADER}\n{GOOD}\n".encode())
        for _ in range(80):
            stream.write(b"0" * 1024**2)
    with pytest.raises(TooMuch, match="attack"):
        node.collect(CsvSource(bomb, CSV))
    with pytest.raises(TooMuch, match="larger than 8 MiB"):
        node.collect(CsvSource(bomb, CSV, Limits(max_bytes=8 * 1024**2)))
    assert node.empty()


def test_a_file_above_the_limit_is_refused_unread(node: Node, tmp_path: Path) -> None:
    """A file larger than the node's limit is refused by its size alone."""
    path = tmp_path / "rows.csv"
    with path.open("wb") as stream:
        stream.truncate(5 * 1024**3)
    with pytest.raises(TooMuch, match="larger than 4096 MiB"):
        node.collect(CsvSource(path, CSV))


def test_a_folder_or_a_pipe_is_no_delivery(node: Node, tmp_path: Path) -> None:
    """Only an ordinary file can be read twice."""
    with pytest.raises(Invalid, match="not an ordinary file"):
        node.collect(CsvSource(tmp_path, CSV))
    with pytest.raises(Invalid, match="not an ordinary file"):
        node.collect(CsvSource(Path("/dev/zero"), CSV))


def workbook(folder: Path, **cells: object) -> tuple[Path, openpyxl.Workbook]:
    book = openpyxl.Workbook()
    book.active.append(list(CSV.headers))
    book.active.append(GOOD.split(","))
    for place, value in cells.items():
        book.active[place] = value
    book.save(folder / "rows.xlsx")
    return folder / "rows.xlsx", book


def test_a_sheet_lands_as_text(node: Node, tmp_path: Path) -> None:
    """Dates become ISO days, numbers their shortest spelling, formatted zeros stay."""
    path, book = workbook(tmp_path, C2=date(2003, 1, 6), E2=0.1 + 0.2, D2=7)
    book.active["D2"].number_format = "0000"
    book.save(path)
    row = node.raw(node.collect(XlsxSource(path, CSV))).to_pylist()[0]
    assert (row["reg_date"], row["capital"], row["ent_type"]) == ("2003-01-06", "0.3", "0007")


def test_formulas_are_refused_with_their_cells(node: Node, tmp_path: Path) -> None:
    """What a formula shows depends on the program that opens the file."""
    path, _ = workbook(tmp_path, E2="=1+1", F2="=A2")
    with pytest.raises(Invalid, match=r"formulas \(2\): E2, F2") as told:
        node.collect(XlsxSource(path, CSV))
    assert str(told.value.remedy) == "paste formulas as values"


def test_merged_cells_are_refused_with_their_cells(node: Node, tmp_path: Path) -> None:
    """A merged cell leaves rows without their value."""
    path, book = workbook(tmp_path)
    book.active.append(OTHER.split(","))
    book.active.merge_cells("G2:G3")
    book.save(path)
    with pytest.raises(Invalid, match=r"merged cells \(1\): G2:G3"):
        node.collect(XlsxSource(path, CSV))


def test_a_code_stored_as_a_number_is_refused_not_rounded(node: Node, tmp_path: Path) -> None:
    """A spreadsheet keeps fifteen digits; the last three of a code would be made up."""
    path, _ = workbook(tmp_path, B2=915001137562299212, B3=9.15001137562299e17)
    with pytest.raises(Invalid, match=r"more than 15 digits \(2\): B2, B3"):
        node.collect(XlsxSource(path, CSV))
    assert node.empty()


def test_one_of_several_sheets_must_be_named(node: Node, tmp_path: Path) -> None:
    """Which sheet is delivered is not guessed."""
    path, book = workbook(tmp_path)
    book.create_sheet("说明")
    book.save(path)
    with pytest.raises(Invalid, match="Sheet, 说明"):
        node.collect(XlsxSource(path, CSV))
    assert node.collect(XlsxSource(path, replace(CSV, table="Sheet"))).rows_landed == 1


def test_a_sheet_that_lies_about_its_size_loses_no_row(node: Node, tmp_path: Path) -> None:
    """The size that a sheet claims is not believed."""
    path, book = workbook(tmp_path)
    book.active.append(OTHER.split(","))
    book.save(path)
    rewrite(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<dimension ref="A1:I3"', b'<dimension ref="A1:B1"')
    )
    assert node.collect(XlsxSource(path, CSV)).rows_landed == 2


def rewrite(path: Path, member: str, change: object) -> None:
    source = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            data = old.read(each)
            new.writestr(each.filename, change(data) if each.filename == member else data)  # type: ignore[operator]


def test_a_zip_bomb_is_refused_before_it_is_opened(node: Node, tmp_path: Path) -> None:
    """A workbook that claims to unpack to hundreds of megabytes is not unpacked."""
    path, _ = workbook(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.bin", b"0" * 100 * 1024**2)
    with pytest.raises(TooMuch, match="attack"):
        node.collect(XlsxSource(path, CSV))
    with pytest.raises(TooMuch, match="larger than 1 MiB"):
        node.collect(XlsxSource(path, CSV, Limits(max_workbook=1024**2)))


def test_xml_entities_are_refused(node: Node, tmp_path: Path) -> None:
    """An entity that unfolds a thousandfold inside the sheet is a bomb too."""
    path, _ = workbook(tmp_path)
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: bomb + xml)
    with pytest.raises(Invalid, match="damaged"):
        node.collect(XlsxSource(path, CSV))


def test_old_locked_and_macro_workbooks_are_refused(node: Node, tmp_path: Path) -> None:
    """Only plain .xlsx is read."""
    path, _ = workbook(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(Invalid, match="macros"):
        node.collect(XlsxSource(path, CSV))
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 512)
    with pytest.raises(Invalid, match="old or a locked"):
        node.collect(XlsxSource(path, CSV))


def parquet(folder: Path, **columns: pa.Array) -> Path:
    rows = [GOOD.split(","), OTHER.split(",")]
    plain = {name: pa.array([row[place] for row in rows]) for place, name in enumerate(NAMES)}
    pq.write_table(pa.table({**plain, **columns}), folder / "rows.parquet")
    return folder / "rows.parquet"


def test_numbers_in_a_parquet_file_need_a_declaration(node: Node, tmp_path: Path) -> None:
    """Whole numbers and days become text only where declared; floating numbers never."""
    path = parquet(tmp_path, capital=pa.array([1, 2]), reg_date=pa.array([date(2003, 1, 6)] * 2))
    with pytest.raises(Invalid, match="reg_date, capital do not hold text"):
        node.collect(ParquetSource(path, CSV))
    batch = node.collect(ParquetSource(path, replace(CSV, castable=frozenset({"capital", "reg_date"}))))
    assert node.raw(batch)["reg_date"].to_pylist() == ["2003-01-06"] * 2
    path = parquet(tmp_path, capital=pa.array([1.5, 2]))
    with pytest.raises(Invalid, match="capital do not hold text"):
        node.collect(ParquetSource(path, replace(CSV, castable=frozenset({"capital"}))))


def test_a_parquet_file_that_unfolds_without_end_is_bounded(node: Node, tmp_path: Path) -> None:
    """One long value repeated a million times costs a dictionary nothing; unfolded it is stopped at the limit."""
    rows = 3_000
    word = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["长" * 20_000]))
    plain = {name: pa.array(["x"] * rows) for name in NAMES if name != "scope"}
    pq.write_table(pa.table({**plain, "scope": word}).select(NAMES), tmp_path / "rows.parquet")
    assert (tmp_path / "rows.parquet").stat().st_size < 1024**2
    with pytest.raises(TooMuch, match="attack"):
        node.collect(ParquetSource(tmp_path / "rows.parquet", CSV, Limits(max_bytes=100 * 1024**2)))
    assert node.empty()


def database(folder: Path, *more: str) -> Path:
    path = folder / "rows.db"
    db = sqlite3.connect(path)
    db.execute(f"CREATE TABLE firm ({', '.join(NAMES)}, inner_note)")
    db.executemany(f"INSERT INTO firm VALUES ({', '.join('?' * 10)})", [[*GOOD.split(","), 1], [*OTHER.split(","), 2]])
    for sql in more:
        db.execute(sql)
    db.commit()
    db.close()
    return path


def test_a_database_table_lands(node: Node, tmp_path: Path) -> None:
    """The declared columns land; that others were left aside is noted; whole numbers become text."""
    path = database(tmp_path, "UPDATE firm SET capital = 80")
    batch = node.collect(SqliteSource(path, Layout(table="firm")))
    assert batch.left_aside == ("inner_note",)
    assert node.raw(batch)["capital"].to_pylist() == ["80", "80"]


@pytest.mark.parametrize("table", ["nothing", "sqlite_master", 'firm"; DROP TABLE firm; --', "look"])
def test_only_a_table_of_the_file_can_be_named(node: Node, tmp_path: Path, table: str) -> None:
    """A name that is no table of the file is refused, whatever is written in it; a view is no table."""
    path = database(tmp_path, "CREATE VIEW look AS SELECT * FROM firm")
    with pytest.raises(Refused):
        node.collect(SqliteSource(path, Layout(table=table)))


def test_floating_numbers_in_a_database_are_refused(node: Node, tmp_path: Path) -> None:
    """A code that went through a floating number is no longer the code."""
    path = database(tmp_path, "UPDATE firm SET uscc = 9.15001137562299e17 WHERE rowid = 2")
    with pytest.raises(Invalid, match="uscc"):
        node.collect(SqliteSource(path, Layout(table="firm")))


def test_bytes_that_are_no_text_in_a_database_are_quarantined(node: Node, tmp_path: Path) -> None:
    """A text that is not UTF-8 is kept apart, not repaired."""
    path = database(tmp_path, "UPDATE firm SET name = CAST(x'FFFE41' AS TEXT) WHERE rowid = 2")
    assert node.collect(SqliteSource(path, Layout(table="firm"))).quarantined == {Reason.BAD_ENCODING: 1}


class Miscounting:
    """A source whose own count is not what can be read."""

    kind, name, limits = "csv", "rows.csv", Limits()

    def __init__(self, source: CsvSource) -> None:
        self._source = source

    def survey(self, contract: Contract) -> Survey:
        told = self._source.survey(contract)
        return replace(told, rows=told.rows + 1)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        return self._source.portions(contract)


def test_counts_that_do_not_reconcile_keep_nothing(node: Node, tmp_path: Path) -> None:
    """A row that the source counts and nobody read is a lost row: the delivery is refused whole."""
    with pytest.raises(Invalid, match="counts 3 rows, but 2 were read"):
        node.collect(Miscounting(CsvSource(text_file(tmp_path, GOOD, OTHER), CSV)))
    assert not node.evidence()
    assert node.pools.lake.snapshot_of(f"raw/{ENTRY}", "x") is None
    assert node.collect(CsvSource(text_file(tmp_path, GOOD, OTHER), CSV)).rows_landed == 2


def test_a_full_disk_keeps_what_was_accepted(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk the delivery is refused, earlier ones stand, and later it lands."""
    first = node.collect(CsvSource(text_file(tmp_path, GOOD), CSV))
    path = text_file(tmp_path, GOOD, OTHER)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(type(node.pools.lake), "append", full)
        with pytest.raises(Unavailable, match="full"):
            node.collect(CsvSource(path, CSV))
    assert node.raw(first).num_rows == 1
    assert node.collect(CsvSource(path, CSV)).rows_landed == 2
    assert node.evidence() == ["collection.landed"] * 2


def test_only_a_published_entry_is_collected(tmp_path: Path) -> None:
    """Rows follow the catalogue, not the other way round."""
    node = node_at(tmp_path / "home", Stage.REGISTERED)
    with pytest.raises(WrongMoment, match="not published"):
        node.collect(CsvSource(text_file(tmp_path, GOOD), CSV))


@pytest.mark.parametrize("duty", [Duty.COLLECTION, Duty.GOVERNANCE])
def test_only_the_providers_own_collection_post_collects(node: Node, tmp_path: Path, duty: Duty) -> None:
    """Another body's officer, or another duty, may not bring rows in."""
    org = "11500000MB16000001" if duty is Duty.GOVERNANCE else "11500000000000000X"
    stranger = Actor(id="x", org=org, duties=frozenset({duty}), cleared=Grade.L4)
    with pytest.raises(NotAllowed), node.desk(stranger) as desk:
        collection.collect(desk, ENTRY, CsvSource(text_file(tmp_path, GOOD), CSV))
    assert node.empty()


def test_a_batch_travels_to_another_tier_unchanged(node: Node, tmp_path: Path) -> None:
    """The city holds the very rows of the department, under their positions, once, and knows their origin."""
    batch = node.collect(CsvSource(text_file(tmp_path, GOOD, "坏", OTHER), CSV))
    handed = export_batch(node.pools, batch, NAMES)
    write_export(tmp_path / "batch.arrows", handed)
    manifest = handed.manifest
    city = node_at(tmp_path / "city")
    for _ in range(2):
        with city.desk(HOUSE) as desk:
            taken = collection.aggregate(desk, ENTRY, PeerSource(tmp_path / "batch.arrows", manifest), tier="city")
    assert city.evidence() == ["collection.landed"]
    assert (taken.origin, taken.tier, taken.rows_digest) == (batch.id, "city", batch.rows_digest)
    assert city.raw(taken)["_row"].to_pylist() == [1, 3]
    again = export_batch(city.pools, taken, NAMES)
    assert again.manifest.rows_digest == manifest.rows_digest
    assert again.rows.read_all().num_rows == 2


def test_a_batch_of_another_entry_is_not_aggregated(node: Node, tmp_path: Path) -> None:
    """A manifest cannot put rows under an entry that they were not collected for."""
    batch = node.collect(CsvSource(text_file(tmp_path, GOOD), CSV))
    handed = export_batch(node.pools, batch, NAMES)
    write_export(tmp_path / "batch.arrows", handed)
    manifest = handed.manifest
    with pytest.raises(Invalid, match="another entry"), node.desk(HOUSE) as desk:
        collection.aggregate(desk, ENTRY, PeerSource(tmp_path / "batch.arrows", replace(manifest, entry="x")))


def test_two_officers_at_once_leave_one_batch(
    postgres_database: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    """On PostgreSQL too the same delivery, collected twice at the same time, is recorded once."""
    node = node_at(tmp_path / "home", postgres=postgres_database)
    path = text_file(tmp_path, GOOD, "丙公司,1,2", OTHER)
    with ThreadPoolExecutor(4) as officers:
        told = list(officers.map(node.collect, [CsvSource(path, CSV)] * 4))
    assert len(set(map(str, told))) == 1
    assert node.evidence() == ["collection.landed"]
    assert node.raw(told[0]).num_rows == 2
    node.engine.dispose()


def test_progress_is_told(node: Node, tmp_path: Path) -> None:
    """Whoever waits sees how many rows were read so far."""
    told: list[tuple[int, int]] = []

    def tell(rows: int, of: int) -> None:
        told.append((rows, of))

    with node.desk() as desk:
        collection.collect(desk, ENTRY, CsvSource(text_file(tmp_path, GOOD, OTHER), CSV), progress=tell)
    assert told == [(0, 2), (2, 2)]


BIG = """
import gzip, resource, sys
from pathlib import Path
from jutong.collection import LAYOUTS, CsvSource, Limits, contract_of
from jutong.collection.sift import sift
from tests.collecting import register_entry
source = CsvSource(Path(sys.argv[1]), LAYOUTS["enterprise-register"], Limits(max_ratio=2000))
contract = contract_of(register_entry())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = source.survey(contract).rows
read = sum(len(sift(portion, contract, Limits()).intact) for portion in source.portions(contract))
print(rows, read, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_large_file_streams_within_bounded_memory(tmp_path: Path) -> None:
    """Two hundred megabytes of rows pass through less than three hundred of memory."""
    block = (GOOD + "\n" + OTHER + "\n").encode() * 5_000
    with gzip.open(tmp_path / "rows.csv.gz", "wb", compresslevel=1) as stream:
        stream.write((HEADER + "\n").encode())
        for _ in range(200 * 1024**2 // len(block)):
            stream.write(block)
    told = subprocess.run(
        [sys.executable, "-c", BIG, str(tmp_path / "rows.csv.gz")], capture_output=True, text=True, check=True
    )
    rows, read, grown = (int(number) for number in told.stdout.split())
    assert rows == read > 800_000
    assert grown < 300
