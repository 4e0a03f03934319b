"""What every kind of source must do; each kind proves it on the same rows."""

from __future__ import annotations

import csv
import gzip
import io
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.collection import (
    Contract,
    CsvSource,
    Layout,
    Limits,
    Manifest,
    ParquetSource,
    PeerSource,
    Source,
    SqliteSource,
    XlsxSource,
    source_at,
    write_export,
)
from jutong.collection.contract import Column
from jutong.collection.sift import landed_schema
from jutong.kernel.errors import NotFound, Refused
from jutong.pools.snapshot import digest_of

CONTRACT = Contract(
    columns=(Column(name="code", title="代码"), Column(name="name", title="名称"), Column(name="day", title="日期"))
)
ROWS = [
    ("001234567890123456", '甲, "乙" 公司', "2004-01-02"),
    ("915001137562299212", '=HYPERLINK("http://x")', "2004-1-2"),
    ("007", "'; DROP TABLE firm; --", ""),
    ("1e5", "<script>alert(1)</script>", "N/A"),
    ("-0", "第一行\n第二行", "0"),
]
MANY = [(f"{number:018d}", f"企业{number}", "2004-01-02") for number in range(20_000)]
Rows = Sequence[tuple[str, str, str]]


class SourceContract:
    """What every source must do; each kind subclasses this and gives ``make``."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        raise NotImplementedError

    def rows_of(self, source: Source) -> list[tuple[str, str, str]]:
        assert source.survey(CONTRACT)
        tables = [portion.rows for portion in source.portions(CONTRACT)]
        table = pa.Table.from_batches(tables).select(list(CONTRACT.names))
        assert all(pa.types.is_string(each.type) for each in table.schema)
        return [tuple(row.values()) for row in table.to_pylist()]

    def test_text_survives_verbatim(self, tmp_path: Path) -> None:
        """Leading zeros, 18 digits, formulas, SQL and HTML in a field arrive as the characters that they are."""
        assert self.rows_of(self.make(tmp_path, ROWS)) == ROWS

    def test_rows_come_in_order_and_numbered(self, tmp_path: Path) -> None:
        """Every row has the position that it had in the source, from 1, however large the portions are."""
        source = self.make(tmp_path, MANY)
        assert source.survey(CONTRACT).rows == len(MANY)
        places = [place for portion in source.portions(CONTRACT) for place in portion.rows.column("_row").to_pylist()]
        assert places == list(range(1, len(MANY) + 1))
        assert self.rows_of(source) == MANY

    def test_reading_again_gives_the_same(self, tmp_path: Path) -> None:
        """A landing that was cut short can be done again from the beginning."""
        source = self.make(tmp_path, ROWS)
        assert source.survey(CONTRACT) == source.survey(CONTRACT)
        assert self.rows_of(source) == self.rows_of(source)

    def test_another_content_has_another_digest(self, tmp_path: Path) -> None:
        """The digest tells deliveries apart."""
        one, two = self.make(tmp_path, ROWS), self.make(tmp_path / "b", ROWS[:4])
        assert one.survey(CONTRACT).content != two.survey(CONTRACT).content

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        """A delivery without a declared column is refused, and the column is named."""
        source = self.make(tmp_path, ROWS, ("代码", "名称", "其他"))
        with pytest.raises(Refused, match="日期"):
            source.survey(CONTRACT)

    def test_an_empty_file_is_refused(self, tmp_path: Path) -> None:
        """A file of no bytes is not a delivery."""
        source = self.make(tmp_path, ROWS)
        source.path.write_bytes(b"")  # type: ignore[attr-defined]
        with pytest.raises(Refused):
            source.survey(CONTRACT)

    @pytest.mark.parametrize("part", [0.3, 0.6, 0.97])
    def test_a_cut_file_is_refused(self, tmp_path: Path, part: float) -> None:
        """A file that ends too early is refused before a row is read."""
        source = self.make(tmp_path, MANY)
        path: Path = source.path  # type: ignore[attr-defined]
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        with pytest.raises(Refused):
            source.survey(CONTRACT)

    def test_no_rows_is_refused(self, tmp_path: Path) -> None:
        """A header alone is a broken export, not a delivery."""
        with pytest.raises(Refused, match="no rows"):
            self.make(tmp_path, []).survey(CONTRACT)


def _csv(rows: Rows, titles: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([titles, *rows])
    return out.getvalue()


class TestGzippedCsv(SourceContract):
    """Delimited text, packed."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.csv.gz").write_bytes(gzip.compress(_csv(rows, titles).encode("gb18030")))
        return CsvSource(folder / "rows.csv.gz", Layout(encoding="gb18030"))


class TestCsv(SourceContract):
    """Delimited text; a plain file that is cut at a line's end cannot be told from a shorter one."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.csv").write_text("\ufeff" + _csv(rows, titles), "utf-8", newline="")
        return CsvSource(folder / "rows.csv")

    @pytest.mark.parametrize("part", [1])
    def test_a_cut_file_is_refused(self, tmp_path: Path, part: float) -> None:
        """Nothing in a plain text file tells its length; the record that was cut is kept apart."""
        source = self.make(tmp_path, MANY)
        path: Path = source.path  # type: ignore[attr-defined]
        whole = path.read_bytes()
        path.write_bytes(whole[: whole.index(MANY[5][1].encode()) + 3])
        broken = [row for portion in source.portions(CONTRACT) for row in portion.broken]
        assert [row.reason for row in broken] == ["too-few-fields"]


class TestParquet(SourceContract):
    """Parquet."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
        pq.write_table(pa.table(columns, names=list(titles)), folder / "rows.parquet", row_group_size=7_000)
        return ParquetSource(folder / "rows.parquet")


class TestSqlite(SourceContract):
    """One table of an SQLite file."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        (folder / "rows.db").unlink(missing_ok=True)
        with sqlite3.connect(folder / "rows.db") as db:
            db.execute("CREATE TABLE firm ({})".format(", ".join(f'"{title}" TEXT' for title in titles)))
            db.executemany("INSERT INTO firm VALUES (?, ?, ?)", rows)
        db.close()
        return SqliteSource(folder / "rows.db", Layout(table="firm"))


class TestXlsx(SourceContract):
    """A workbook of one sheet."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("企业")
        sheet.append(list(titles))
        for row in rows:
            cells = [openpyxl.cell.WriteOnlyCell(sheet, value) for value in row]
            for cell in cells:
                cell.data_type = "s" if cell.value else "n"
            sheet.append(cells)
        book.save(folder / "rows.xlsx")
        return XlsxSource(folder / "rows.xlsx")


class TestPeer(SourceContract):
    """Another tier's batch; the manifest knows the rows, so any change is seen."""

    def make(self, folder: Path, rows: Rows, titles: Sequence[str] = ("代码", "名称", "日期")) -> Source:
        folder.mkdir(exist_ok=True)
        names = [{"代码": "code", "名称": "name", "日期": "day"}.get(title, title) for title in titles]
        schema = landed_schema(names)
        columns = [pa.array(range(1, len(rows) + 1), pa.int64())]
        columns += [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
        table = pa.Table.from_arrays(columns, schema=schema)
        manifest = Manifest(entry="e", batch="b", rows=len(rows), rows_digest=digest_of(table), columns=tuple(names))
        write_export(folder / "rows.arrows", table.to_reader(4_000), manifest)
        return PeerSource(folder / "rows.arrows", manifest)

    def test_no_rows_is_refused(self, tmp_path: Path) -> None:
        """A batch of which every row was quarantined is handed over as the batch of no rows that it is."""
        assert self.make(tmp_path, []).survey(CONTRACT).rows == 0

    def test_a_changed_row_is_seen(self, tmp_path: Path) -> None:
        """Rows that are not those of the manifest are refused, though their number is right."""
        source = self.make(tmp_path, ROWS)
        assert isinstance(source, PeerSource)
        other = self.make(tmp_path / "b", [*ROWS[:4], ("-1", *ROWS[4][1:])])
        assert isinstance(other, PeerSource)
        with pytest.raises(Refused, match="not those of the manifest"):
            PeerSource(other.path, source.manifest).survey(CONTRACT)
        with pytest.raises(Refused, match="not those of the manifest"):
            PeerSource(source.path, replace(source.manifest, rows=4)).survey(CONTRACT)


def test_a_source_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    """A file's name proves nothing about what is in it."""
    for kind in (TestCsv, TestGzippedCsv, TestParquet, TestSqlite, TestXlsx):
        made = kind().make(tmp_path / kind.__name__, ROWS)
        renamed = made.path.rename(tmp_path / "rows.txt")  # type: ignore[attr-defined]
        assert source_at(renamed, Layout(table="firm"), Limits()).kind == made.kind
    with pytest.raises(NotFound):
        source_at(tmp_path / "none", Layout(), Limits())
