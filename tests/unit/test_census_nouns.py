"""What a column is taken for, what drifts, what the assistant proposes, and what is said to a project."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from jutong import catalogue, registers
from jutong.catalogue import Entry, OpenType, ShareType
from jutong.census import (
    Advice,
    Aspect,
    Column,
    DataSet,
    Found,
    Opinion,
    Profile,
    Project,
    Seen,
    Stage,
    Table,
    contradictions,
    data_type_of,
    drift_of,
    grade_of,
    profile_of,
    recognise,
    reconciled,
    wishes,
)
from jutong.census.names import element_named
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.registers import Cloud
from jutong.terms import Grade
from jutong.terms.identifier import credit_code_of, is_resident_id, resident_id_of
from tests.city import MARKET, SOCIAL
from tests.fitness import register_entry
from tests.real import data

NOW = datetime(2026, 1, 5, 4, tzinfo=UTC)
IDS = [resident_id_of(f"50010319{50 + n % 50}0{1 + n % 9}{10 + n % 18}{100 + n}") for n in range(200)]
CODES = [credit_code_of(f"91500103{n:08d}"[:16].ljust(17, "1")) for n in range(200)]


def seen(values: list[str | None], name: str = "f1", comment: str = "") -> tuple[Profile, str, bool]:
    """Return what a column of these values is taken for."""
    profile = profile_of(values, registers.divisions())
    guess = recognise(name, comment, profile)
    return profile, guess.element, guess.stray_ids


@pytest.mark.parametrize(
    ("values", "name", "wanted"),
    [
        (IDS, "f1", "resident-id"),
        ([f"1380013{n:04d}" for n in range(100)], "f2", "phone"),
        ([f"023-6{n:07d}" for n in range(100)], "lxdh", "phone"),
        (["重庆市渝中区民权路1号", "重庆市江北区建新路2号三单元"], "f3", "address"),
        (["重庆长江有限公司", "渝中百货商店"], "f4", "enterprise-name"),
        (["王小明", "李雷", "张三丰"], "xm", "person-name"),
        (["王小明", "李雷", "张三丰"], "f5", ""),  # four Han letters may be anything
        (["2001-03-05", "1999-12-31"], "f6", "date"),
        (["a.b@c.cn", "d@e.gov.cn"], "f7", "email"),
        (["500103", "500105", "110101"], "xzqhdm", "division"),
        (["500103", "500105", "110101"], "f8", ""),  # six digits are many things
        (["6222021234567890128"] * 5, "bank_card", "bank-card"),
        (["6222021234567890128"] * 5, "serial", ""),  # one in ten numbers passes Luhn
        (["500万元", "30.5"], "capital", "amount"),
        (["一", "二"], "note", ""),
        ([], "sfzh", "resident-id"),  # nothing is there, so nothing speaks against the name
        (["甲", "乙", "丙"], "sfzh", ""),  # the values speak against it
    ],
)
def test_a_column_is_told_by_name_and_values_together(values: list[str | None], name: str, wanted: str) -> None:
    """Check digits suffice; shapes need a name; a name alone counts only where no value contradicts it."""
    assert seen(values, name)[1] == wanted


def test_a_profile_keeps_counts_and_no_value() -> None:
    """Whoever reads the census learns how many values are what, and not one of them."""
    profile, _, _ = seen([*IDS[:3], None, "", "N/A"])
    assert (profile.sampled, profile.absent, profile.filled, profile.valid["resident-id"]) == (6, 3, 3, 3)
    assert not any(value in repr(profile) for value in IDS[:3])


def test_resident_numbers_inside_a_remark_are_seen() -> None:
    """A free text that holds ID numbers is no ID column, and still no harmless text."""
    remarks = [f"经办人{number}已核" for number in IDS[:20]] + ["无异议"] * 80
    _, element, stray = seen(remarks, "bz")
    assert (element, stray) == ("", True)


def test_credit_codes_that_look_like_resident_numbers_stay_credit_codes() -> None:
    """Of real credit codes some have the shape of a resident number: a detector of shapes alone would be wrong."""
    folder = data("enterprise")
    codes: list[str] = []
    for name in ("zhejiang", "jiangsu", "guangdong", "hubei", "sichuan", "guizhou", "chongqing"):
        told = pq.read_table(folder / f"{name}.parquet", columns=["uscc"]).column(0).to_pylist()
        codes += [one for one in told if one and len(one) == 18 and one[:17].isdigit()]
    shaped = [one for one in codes if one[6:8] in ("19", "20") and one[10:12] < "13" and one[12:14] < "32"]
    assert shaped, "the real registers hold some that look like one"
    profile, element, stray = seen([*shaped, *codes[:2000]])
    assert (element, stray) == ("credit-code", False)
    assert profile.valid.get("resident-id", 0) <= len([one for one in shaped if is_resident_id(one)])


@pytest.mark.parametrize(
    ("spelled", "wanted"),
    [("id_card_no", "resident-id"), ("userPhone", "phone"), ("reg_date", "date"), ("身份证件类型", ""), ("data", "")],
)
def test_names_are_read_in_three_spellings(spelled: str, wanted: str) -> None:
    """Columns are named in Chinese, in pinyin and in English, in one word or in several."""
    assert element_named(spelled) == wanted


def a_table(entry: Entry, *, without: str = "", extra: str = "", **changes: object) -> Table:
    """Return a table that fits an entry, but for what is left out or put in."""
    columns = [
        Column(name=item.name, type="text", data_type=data_type_of("varchar"))
        for item in entry.items
        if item.name != without
    ]
    if extra:
        columns.append(Column(name=extra, type="text", data_type=data_type_of("text")))
    found = Found(place="public", name="qyxx", columns=tuple(columns), rows=10, rows_exact=True)
    table = Table(id="01JZ0000000000000000000009", body=entry.provider, system="s", found=found, seen=NOW)
    return replace(table.hung_on(entry), **changes)  # type: ignore[arg-type]


def test_a_table_that_lost_a_column_has_drifted() -> None:
    """An item without a column and a column without an item are both found; a changed schema must be checked anew."""
    entry = register_entry()
    drift = drift_of(a_table(entry, without="capital", extra="phone"), entry)
    assert (drift.missing, drift.surplus, drift.unchecked) == (("capital",), ("phone",), False)
    checked = a_table(entry).checked()
    again = checked.seen_again(a_table(entry, extra="phone").found, NOW)
    assert (again.stage, again.drifted, again.entry) == (Stage.REPORTED, True, entry.id)
    assert drift_of(again, entry).unchecked
    assert checked.seen_again(checked.found, NOW).stage is Stage.CHECKED


def test_what_hangs_nowhere_is_found_from_both_sides() -> None:
    """An entry without a live table, a table without an entry, a table that is gone: each is counted once."""
    hung, unhung = register_entry(), register_entry("01JZ0000000000000000000001")
    loose = replace(a_table(hung), id="x", entry="")
    gone = replace(a_table(unhung), id="y", gone=True)
    found = reconciled(hung.provider, [hung, unhung], [a_table(hung), loose, gone])
    assert ([one.id for one in found.unhung], [one.id for one in found.uncatalogued]) == ([unhung.id], ["x"])
    assert (found.tables, found.rows, len(found.gone), found.hook_up_rate, found.completeness) == (2, 20, 1, 500, 500)


def test_a_table_of_another_body_cannot_be_hung() -> None:
    """A body's entry rests on its own tables."""
    table = replace(a_table(register_entry()), body=SOCIAL)
    with pytest.raises(Invalid):
        table.hung_on(register_entry())


def opened(entry: Entry, **changes: object) -> Entry:
    """Return an entry that is openly published."""
    return replace(entry, open_type=OpenType.OPEN, **changes)  # type: ignore[arg-type]


def test_an_open_entry_with_resident_numbers_is_a_contradiction() -> None:
    """What cannot both stand is found in titles, in values and in the entry's own words, each with its rule."""
    entry = register_entry()
    harmless = replace(entry.items[0], title="名称", grade=Grade.L1, share_type=ShareType.UNCONDITIONAL, element=None)
    secret = replace(harmless, name="sfzh", title="身份证号")
    told = wishes(opened(entry, items=(harmless, secret)), {})
    assert [(one.item, one.aspect, one.proposed) for one in told] == [
        ("sfzh", Aspect.GRADE, "L4"),
        ("sfzh", Aspect.SHARE_TYPE, "conditional"),
        ("", Aspect.OPEN_TYPE, "closed"),
    ]
    assert all(reason.rule for one in told for reason in one.reasons)
    by_values = wishes(
        opened(entry, items=(harmless,)), {harmless.name: Seen(element="phone", share=980, stray_ids=False)}
    )
    assert [(one.aspect, one.proposed) for one in by_values][-1] == (Aspect.OPEN_TYPE, "conditional")
    assert wishes(opened(entry, items=(harmless,), abstract="本市景区咨询电话一览"), {}) == ()


def test_the_real_portals_hold_contradictions() -> None:
    """Records that are marked as openly published and whose tags name ID numbers are found; enquiry lines are not."""
    found: list[str] = []
    for path in sorted(data("catalogue/portals").glob("*.jsonl.gz")):
        for record in map(json.loads, gzip.decompress(path.read_bytes()).splitlines()):
            state = record.get("开放类型") or record.get("开放条件") or record.get("开放状态") or ""
            words = [str(record.get(name) or "") for name in ("标题", "标签", "描述", "关键词", "数据简介", "资源摘要")]
            if state == "无条件开放" and any(one.what in ("resident-id", "phone") for one in contradictions(words)):
                found.append(record["标题"])
    assert "招标自然人信息" in found
    assert len(found) >= 5
    assert not any("咨询电话" in one for one in found)


def test_office_telephones_and_addresses_of_firms_stay_open() -> None:
    """A public body's line and a shop's address are published on purpose."""
    for title in ("服务热线电话", "咨询电话", "企业地址", "注册地址", "机构联系电话"):
        assert grade_of(title)[0] is Grade.L1, title
    for title, grade in (("家庭住址", Grade.L3), ("联系电话", Grade.L3), ("残疾类别", Grade.L4), ("指纹", Grade.L4)):
        assert grade_of(title)[0] is grade, title


def a_project(**changes: object) -> Project:
    """Return an application that asks people again for what is shared."""
    return replace(
        Project(
            id="p",
            body=SOCIAL,
            title="就业服务平台",
            systems=("就业服务系统",),
            makes=(DataSet(title="就业登记", fields=("姓名",)),),
            collects=("统一社会信用代码", "求职意向"),
            needs=("企业名称", "养老金"),
            cloud=Cloud.OWN_ROOM,
            applied=NOW,
        ),
        **changes,  # type: ignore[arg-type]
    )


def test_a_project_is_told_what_is_shared_already() -> None:
    """What it would collect again is named with entry and item; so is what it can ask for, and what nobody has."""
    entry = catalogue.template("enterprise_register", MARKET)
    advised = a_project().advised([replace(entry, id="e")])
    told = {(one.advice, one.about): (one.entry, one.item) for one in advised.advice}
    assert told[Advice.RECOLLECTED, "统一社会信用代码"] == ("e", "uscc")
    assert (Advice.RECOLLECTED, "求职意向") not in told
    assert told[Advice.AVAILABLE, "企业名称"] == ("e", "name")
    assert (Advice.NOT_AVAILABLE, "养老金") in told
    assert (Advice.UNCATALOGUED, "就业登记") in told
    assert (Advice.NOT_ON_CLOUD, Cloud.OWN_ROOM) in told


def test_an_opinion_against_the_advice_needs_its_reason_and_is_given_once() -> None:
    """The authority may agree although something speaks against a project, but says why; and it says it once."""
    advised = a_project().advised([])
    with pytest.raises(Invalid):
        advised.judged(Opinion.AGREED, "", "x", NOW)
    judged = advised.judged(Opinion.CONDITIONAL, "上云后再批", "x", NOW)
    with pytest.raises(WrongMoment):
        judged.judged(Opinion.AGREED, "好", "x", NOW)


@pytest.mark.parametrize("bad", [{"title": " "}, {"collects": ("x" * 201,)}, {"needs": ("a",) * 501}])
def test_an_application_that_says_nothing_or_too_much_is_refused(bad: dict[str, object]) -> None:
    """Sizes are bounded before anything is looked up."""
    with pytest.raises(Invalid):
        a_project(**bad).checked()


def test_a_table_without_columns_is_refused() -> None:
    """A report says at least one column of each table."""
    with pytest.raises(Invalid):
        Found(place="", name="t", columns=())
