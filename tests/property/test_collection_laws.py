"""Laws of reading and sifting, tried on many made-up deliveries."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.collection import Contract, CsvSource, Layout, Limits
from jutong.collection.contract import Column
from jutong.collection.sift import sift
from jutong.collection.sources import csv as csv_source
from jutong.collection.sources import packed
from jutong.collection.sources.records import RecordScanner

CONTRACT = Contract(columns=(Column(name="a", title="甲"), Column(name="b", title="乙")))
WORDS = st.text(st.sampled_from('x重,"\n\r \t;1\ufffd'), max_size=8)
ROWS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, ends=st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_what_is_read(rows: list[tuple[str, str]], ends: str) -> None:
    """Quotes, commas and line ends inside fields come back as they were written, each row under its line."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerow(["甲", "乙"])
    lines = []
    for row in rows:
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(out.getvalue().encode())
        source = CsvSource(path)
        assert source.survey(CONTRACT).rows == len(rows)
        read = pa.Table.from_batches([portion.rows for portion in source.portions(CONTRACT)])
    assert [(row["a"], row["b"]) for row in read.to_pylist()] == rows
    assert read["_line"].to_pylist() == lines


@settings(max_examples=300, deadline=None)
@given(noise=st.text(st.sampled_from('x重,"\n\r'), max_size=60), size=st.integers(1, 7))
def test_counting_agrees_with_cutting(noise: str, size: int) -> None:
    """However strange the text, the parser that cuts fields finds the records that the scanner counted."""
    body = ("甲,乙\n" + noise).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(body)
        source = CsvSource(path)
        scanner = RecordScanner(",")
        for start in range(0, len(body), size):
            scanner.scan(body[start : start + size])
        if scanner.open or scanner.records < 2:
            with pytest.raises(Exception, match=r"never closed|no rows"):
                source.survey(CONTRACT)
            return
        counted = source.survey(CONTRACT).rows
        assert counted == scanner.records - 1
        portions = list(source.portions(CONTRACT))
    places = [row.row for portion in portions for row in portion.broken]
    places += [place for portion in portions for place in portion.rows.column("_row").to_pylist()]
    assert sorted(places) == list(range(1, counted + 1))


@settings(max_examples=100, deadline=None)
@given(rows=ROWS)
def test_sifting_loses_nothing(rows: list[tuple[str, str]]) -> None:
    """Every row is either intact or broken, never both, and intact rows hold no sign of loss."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("甲", "乙"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv.gz"
        path.write_bytes(gzip.compress(out.getvalue().encode()))
        source = CsvSource(path)
        source.survey(CONTRACT)
        told = [sift(portion, CONTRACT, Limits()) for portion in source.portions(CONTRACT)]
    intact = [row for each in told for row in each.intact.to_pylist()]
    broken = [row for each in told for row in each.broken.to_pylist()]
    assert sorted([row["_row"] for row in (*intact, *broken)]) == list(range(1, len(rows) + 1))
    assert not [row for row in intact if "\ufffd" in f"{row['a']}{row['b']}"]


def test_small_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a block of the file ends has no part in what is read: quotes, lines and characters may be cut anywhere."""
    rows = [(f'重"{number}\n', "庆," * (number % 5)) for number in range(300)]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("甲", "乙"), *rows[:150], ("只有一个",), *rows[150:]])
    path = tmp_path / "rows.csv"
    path.write_bytes(out.getvalue().encode("gb18030"))
    source = CsvSource(path, Layout(encoding="gb18030"))
    whole = list(source.portions(CONTRACT))
    for size in (64, 97, 256):
        monkeypatch.setattr(packed, "BLOCK", size)
        monkeypatch.setattr(csv_source, "BLOCK", size)
        portions = list(source.portions(CONTRACT))
        assert len(portions) > len(whole)
        table = pa.Table.from_batches([portion.rows for portion in portions])
        assert table.equals(pa.Table.from_batches([portion.rows for portion in whole]))
        broken = [row for portion in portions for row in portion.broken]
        assert broken == [row for portion in whole for row in portion.broken]
        assert [(row.row, row.raw) for row in broken] == [(151, "只有一个")]
