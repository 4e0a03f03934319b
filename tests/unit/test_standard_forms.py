"""Telephone numbers and names in their standard form: one reading in Python and in SQL, and how far it gets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.pools import Engine, SparkEngine, open_pools
from jutong.quality.addressing import ADDRESS_COLUMNS, address_reading
from jutong.quality.capital import Confidence, capital_of
from jutong.quality.naming import NAME_COLUMNS, Name, name_of, name_reading
from jutong.quality.phone import PHONE_COLUMNS, Phones, phone_reading, phones_of
from jutong.quality.reading import Reading, quoted, staged, tables_of
from jutong.registers import shipped
from jutong.terms.address import PARTS, Gazetteer
from jutong.terms.address import Reading as Understood
from tests.contracts.test_engine import sail
from tests.real import data

PHONES = {
    "13800138000": "13800138000",
    "+86 138-0013-8000": "13800138000",
    "0086 13800138000": "13800138000",
    "8613800138000": "13800138000",
    "１３８００１３８０００": "13800138000",
    "手机：138 0013 8000": "13800138000",
    "023-63811111": "023-63811111",
    "02363811111": "023-63811111",
    "（023）6381 1111": "023-63811111",
    "+86-23-63811111": "023-63811111",
    "0571-8706-8706": "0571-87068706",
    "0852 282 3456": "0852-2823456",
    "023-63811111转802": "023-63811111-802",
    "023-63811111-802": "023-63811111-802",
    "023-63811111 分机802": "023-63811111-802",
    "023-63811111、63822222": "023-63811111;023-63822222",
    "电话:023-63811111 手机:13800138000": "023-63811111;13800138000",
    "13800138000 13900139000": "13800138000;13900139000",
    "13800138000/023-63811111;63822222": "13800138000;023-63811111;63822222",
    "63811111": "63811111",
    "63811111或63822222": "63811111;63822222",
    "400-820-8820": "400-820-8820",
    "12345": "12345",
    "95588": "95588",
    "110": "110",
    "138****8000": None,
    "张三 13800138000": None,
    "12800138000": None,
    "1380013800": None,
    "0": None,
    "无": None,
    "13800138000;13900139000;13700137000;13600136000;13500135000": None,
    "023-63811111/22": None,
    "": None,
    "  ": None,
}
ORGANISATIONS = {
    "重庆长江(集团)有限责任公司": ("重庆长江（集团）有限责任公司", "重庆长江（集团）", None, None),
    "重庆 长江　有限公司": ("重庆长江有限公司", "重庆长江", None, None),
    "ＡＢＢ工程有限公司": ("ABB工程有限公司", "ABB工程", None, None),
    "重慶長江廠": ("重慶長江廠", "重慶長江廠", "重庆长江厂", None),
    "重庆长江厂(原渝江厂)": ("重庆长江厂", "重庆长江厂", None, "原渝江厂"),
    "重庆长江有限公司（已注销）": ("重庆长江有限公司", "重庆长江", None, "已注销"),
    "Siemens  Ltd": ("Siemens Ltd", "Siemens Ltd", None, None),
    "重庆\ufffd有限公司": None,
    "***公司": None,
    "1": None,
    "12345": None,
    "": None,
}
PERSONS = {
    "张三": ("张三", None, None, None),
    "张　三": ("张三", None, None, None),
    "張國榮": ("張國榮", None, "张国荣", None),
    "买买提•艾力": ("买买提·艾力", None, None, None),
    "李四(曾用名：李思)": ("李四", None, None, "曾用名：李思"),
    "John  Smith": ("John Smith", None, None, None),
    "𠮷田丰": ("𠮷田丰", None, None, None),
    "张*": None,
    "张三13800138000": None,
    "张": None,
    "": None,
}


@pytest.fixture(scope="module", params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Both engines, one after the other."""
    folder = tmp_path_factory.mktemp("forms")
    pools = open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving")
    if request.param == "duckdb":
        yield pools.engine
        return
    with sail("local") as url:
        yield replace(pools, engine=SparkEngine(pools.lake, url)).engine


def read_by(
    engine: Engine, reading: Reading, spelled: Sequence[str], columns: Sequence[str]
) -> list[tuple[object, ...]]:
    """Return what the SQL makes of spellings, in their order."""
    told = ", ".join(quoted(f"v_{name}") for name in columns)
    source = "SELECT n, nullif(trim(v), '') AS v FROM raw"
    rows = pa.table({"n": pa.array(range(len(spelled)), pa.int64()), "v": pa.array(spelled, pa.string())})
    sql = f"{staged(source, [reading])} SELECT n, {told} FROM readings ORDER BY n"
    answer = engine.query(sql, {"raw": rows, **tables_of([reading])}).read_all()
    return [tuple(row.values())[1:] for row in answer.to_pylist()]


def plain(one: Phones | Name) -> tuple[object, ...]:
    doubt = one.doubt.value if one.doubt else None
    if isinstance(one, Phones):
        return (";".join(one.numbers) or None, one.confidence.value, doubt)
    return (one.form, one.core, one.variant, one.note, one.confidence.value, doubt)


@pytest.mark.parametrize(("spelled", "numbers"), PHONES.items())
def test_a_cell_of_telephone_numbers_is_read(spelled: str, numbers: str | None) -> None:
    """Mobiles, landlines with their area, extensions, several in one cell; what is unsure stays unread, in doubt."""
    found = phones_of(spelled)
    assert (";".join(found.numbers) or None) == numbers
    assert (found.doubt is not None) == (numbers is None and bool(spelled.strip()))


@pytest.mark.parametrize(("spelled", "read"), ORGANISATIONS.items())
def test_a_name_of_an_organisation_has_one_form(spelled: str, read: tuple[str | None, ...] | None) -> None:
    """Width, blanks and brackets are one; the legal form, the state and the simplified name stand beside."""
    found = name_of(spelled)
    assert (found.form, found.core, found.variant, found.note) == (read or (None,) * 4)


@pytest.mark.parametrize(("spelled", "read"), PERSONS.items())
def test_a_name_of_a_person_has_one_form(spelled: str, read: tuple[str | None, ...] | None) -> None:
    """Traditional characters are somebody's name and stay; the simplified name is a variant to search by."""
    found = name_of(spelled, person=True)
    assert (found.form, found.core, found.variant, found.note) == (read or (None,) * 4)


def test_both_engines_read_as_python_does(engine: Engine) -> None:
    """One text of SQL, two engines, one oracle."""
    phones, organisations, people = list(PHONES), list(ORGANISATIONS), list(PERSONS)
    assert read_by(engine, phone_reading("v"), phones, PHONE_COLUMNS) == [plain(phones_of(one)) for one in phones]
    assert read_by(engine, name_reading("v"), organisations, NAME_COLUMNS) == [
        plain(name_of(one)) for one in organisations
    ]
    assert read_by(engine, name_reading("v", person=True), people, NAME_COLUMNS) == [
        plain(name_of(one, person=True)) for one in people
    ]


ADDRESSES = (
    *("重庆市沙坪坝区天星桥正街40号2幢3楼301室", "浙江省杭州市杭州市西湖区三墩镇１２号"),
    "重庆市云阳县龙洞乡新场村五社",
    *("重庆 渝北区，龙溪街道红锦大道 88 号附5号", "吉林市船营区解放大路1号", "江津区几江街道", "不详", "号" * 300, ""),
    *("重庆市两江新区高新技术产业开发区金开大道1号", "重庆市渝中区大坪正街96号3单元4-1", "O'Brien路1号"),
)


def test_both_engines_read_addresses_as_python_does(engine: Engine) -> None:
    """Twelve parts and how far the reading got, in one pass, as the record's page reads one address."""
    gazetteer = shipped.gazetteer()
    told = read_by(engine, address_reading("v", gazetteer), ADDRESSES, ADDRESS_COLUMNS)
    read = [gazetteer.read(one) for one in ADDRESSES]
    assert told == [
        (*(one.parts.get(part) for part in PARTS), one.reading.value if one.written else None) for one in read
    ]


def column_of(path: Path, name: str) -> list[str]:
    """Return a column of a real register's whole rows, as it is spelled."""
    table = pq.read_table(path, columns=[name, "width"])
    return [
        value
        for value, width in zip(table[name].to_pylist(), table["width"].to_pylist(), strict=True)
        if width == 10 and value
    ]


def test_names_of_real_registers_are_read(tmp_path: Path) -> None:
    """Of Guangdong's 78,691 firms all but 42, whose characters were lost, have a form; SQL says what Python says."""
    spelled = column_of(data("enterprise/guangdong.parquet"), "name")
    pools = open_pools(str(tmp_path / "lake"), {}, "duckdb", "lmdb", tmp_path / "serving")
    told = read_by(pools.engine, name_reading("v"), spelled, NAME_COLUMNS)
    some = range(0, len(spelled), 37)
    assert [told[n] for n in some] == [plain(name_of(spelled[n].strip())) for n in some]
    counted = Counter((row[4], row[5]) for row in told)
    assert counted == {("stated", None): 78_649, ("doubtful", "broken"): 42}
    assert sum("（" in str(row[0]) for row in told) > sum("（" in name for name in spelled)


def test_what_real_registers_say_is_read_as_far_as_stated(tmp_path: Path) -> None:
    """Chongqing's 22,248 firms: capital 99.8 %, days but where columns moved, addresses 97.9 % below the district."""
    path = data("enterprise/chongqing.parquet")
    capital = Counter(capital_of(one).confidence for one in column_of(path, "capital") if one != "N/A")
    assert capital[Confidence.DOUBTFUL] / capital.total() < 0.002
    days = column_of(path, "reg_date")
    strange = [one for one in days if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", one)]
    assert len(strange) == 25  # rows whose columns moved: a credit code stands there
    assert all(len(one) == 18 for one in strange)
    divisions = shipped.divisions()
    codes = [(code, day) for code, day in zip(column_of(path, "uscc"), days, strict=True) if day not in strange]
    unknown = [code for code, day in codes if not divisions.known_from(code[2:8], int(day[:4]))]
    assert len([code for code in unknown if not divisions.is_registry_code(code[2:8])]) / 22_248 < 0.001
    gazetteer = Gazetteer.of(divisions.spans)
    spelled = [one for one in column_of(path, "address")[::4] if one.strip() and one != "N/A"]
    read = [gazetteer.read(one.strip()) for one in spelled]
    pools = open_pools(str(tmp_path / "lake"), {}, "duckdb", "lmdb", tmp_path / "serving")
    told = read_by(pools.engine, address_reading("v", gazetteer), spelled, ADDRESS_COLUMNS)
    assert told == [(*(one.parts.get(part) for part in PARTS), one.reading.value) for one in read]
    below = [one for one in read if one.parts.keys() - {"province", "city", "district"}]
    whole = [one for one in read if one.reading is Understood.WHOLE]
    assert len(below) / len(read) > 0.975
    assert len(whole) / len(read) > 0.6
