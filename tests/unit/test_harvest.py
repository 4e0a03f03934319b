"""Other portals' lists: read whole or not at all, mapped with a confidence, taken in once, never lost by accident."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import Workbook
from typer.testing import CliRunner

from jutong import catalogue
from jutong.catalogue import harvest
from jutong.catalogue.harvest import Feed, Gather, Idea, Kin, Stage, Standing, State, guessed
from jutong.catalogue.harvest.feed import MAX_LINE
from jutong.catalogue.harvest.kinship import Relative, decided
from jutong.catalogue.harvest.organs import Resolver, home_of
from jutong.catalogue.harvest.tables import decision_table, record_table
from jutong.cli.command import app
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, Refused, TooMuch, WrongMoment
from jutong.terms import Duty, Org
from tests.postgres import postgres_database, postgres_url  # noqa: F401
from tests.real import data
from tests.town import AUTHORITY, MARKET, SOCIAL, Town, a_town, officer

AUDITOR = officer(AUTHORITY, Duty.REGISTER_AUDIT)
MARKET_OFFICER = officer(MARKET, Duty.CATALOGUE)


def entry(number: int, **changes: str) -> dict[str, str]:
    """Return a record as a portal lists it."""
    return {
        "标题": f"企业名录{number}号",
        "提供方": "重庆市市场监督管理局",
        "数据主题": "市场监管",
        "更新周期": "每年",
        "开放条件": "无条件开放",
        "发布时间": "2022-6-16",
        "更新时间": "2023-06-16",
        "数据格式": "['xls', 'xml']",
        "详情页网址": f"https://data.example.test/detail?id={number}",
        **changes,
    }


def lines(path: Path, records: Iterable[Mapping[str, object]]) -> Path:
    """Write JSON lines, packed where the name says so."""
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path


def taken(town: Town, path: Path, **how: object) -> Gather:
    """Import a file as the authority's auditor."""
    how = {"wishes": {}, "accept": True, "progress": lambda _, __: None, "source": "portal", **how}
    return harvest.import_file(partial(town.desk, AUDITOR), Feed(path), **how)  # type: ignore[arg-type]


def kept(town: Town) -> list[tuple[object, ...]]:
    """Return every record, without when and by which gather it was seen."""
    names = [one for one in record_table.c if one.name not in ("gather", "first_seen", "changed")]
    with transaction(town.engine) as db:
        return [tuple(row) for row in db.execute(sa.select(*names).order_by(record_table.c.id))]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A small town."""
    return a_town(tmp_path)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town in which tests that do not disturb one another share a database."""
    return a_town(tmp_path_factory.mktemp("calm"))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town that harvested a portal with kin among its records."""
    folder = tmp_path_factory.mktemp("kin")
    records = [entry(number) for number in range(3)]
    records += [entry(10, 标题="社保网点"), entry(11, 标题="社保网点接口服务", 数据格式="['api']")]
    records += [entry(20, 标题="财政收入_2019"), entry(21, 标题="财政收入_2020"), entry(22, 标题="财政收入_2021")]
    records += [entry(30, 标题="公厕"), entry(31, 标题="公厕")]
    records += [entry(40, 更新周期="牲畜饲养", 提供方="市气候局"), entry(41, 标题="")]
    town = a_town(folder)
    taken(town, lines(folder / "portal.jsonl", records))
    return town


def test_names_and_values_say_what_a_field_means() -> None:
    """Chinese, English and pinyin names are known; a name that every value contradicts is not believed."""
    years = ["每年", "每月", "每日", "不定期", "每季度"] * 2
    days = ["2023-6-16"] * 10
    fields = {
        "gxzq": years,
        "org_name": [],
        "更新时间": days,
        "发布时间": years[:0],
        "resourceFormat": [],
        "目录名称": [],
    }
    told = {one.field: one.idea for one in guessed(fields)}
    assert told == {
        "gxzq": Idea.UPDATE_FREQUENCY,
        "org_name": Idea.DEPARTMENT,
        "更新时间": Idea.UPDATE_TIME,
        "发布时间": Idea.PUBLISH_TIME,
        "resourceFormat": Idea.DATA_FORMATS,
        "目录名称": Idea.TITLE,
    }
    (odd,) = guessed({"发布时间": years})
    assert odd.confidence < harvest.SURE
    (nameless,) = guessed({"f7": ["https://a.example/1", "https://a.example/2"]})
    assert (nameless.idea, nameless.sure) == (Idea.URL, False)


@pytest.mark.parametrize(
    "name", ["anhui_chuzhou", "ningxia_ningxia", "shaanxi_shaanxi", "sichuan_deyang", "xinjiang_wlmq"]
)
def test_real_sources_are_mapped_as_their_collectors_mapped_them(name: str) -> None:
    """At least 95 of 100 fields are right on sources that stayed closed while the rules were written."""
    wanted = json.loads(data(f"catalogue/mapping/{name}.json").read_text("utf-8"))
    survey = Feed(data(f"catalogue/portals/{name}.jsonl.gz")).survey()
    told = {one.field: one.idea.value for one in guessed(survey.samples)}
    wrong = {field: (idea, told.get(field)) for field, idea in wanted.items() if told.get(field) != idea}
    assert len(wrong) <= len(wanted) * 0.05, wrong


def test_the_same_list_again_changes_nothing(town: Town, tmp_path: Path) -> None:
    """Identifiers are the portal's: packed anew it is the same list, and every row is accounted for."""
    records = [entry(number) for number in range(25)] + [entry(99, 标题="无")]
    first = taken(town, lines(tmp_path / "portal.jsonl", records))
    assert (first.counts.new, first.counts.refused, first.counts.read) == (25, 1, 26)
    before, evidence = kept(town), len(town.lines("catalogue."))
    assert taken(town, tmp_path / "portal.jsonl").id == first.id
    assert len(town.lines("catalogue.")) == evidence, "the very same file is not even read twice"
    again = taken(town, lines(tmp_path / "portal.jsonl.gz", records))
    assert (again.counts.new, again.counts.updated, again.counts.unchanged) == (0, 0, 25)
    assert kept(town) == before


def test_what_changed_is_updated_and_nothing_else(town: Town, tmp_path: Path) -> None:
    """One later date is one update."""
    taken(town, lines(tmp_path / "a.jsonl", [entry(number) for number in range(5)]))
    changed = [entry(number, 更新时间="2024-01-01") if number == 3 else entry(number) for number in range(6)]
    second = taken(town, lines(tmp_path / "b.jsonl", changed))
    assert (second.counts.new, second.counts.updated, second.counts.unchanged) == (1, 1, 4)


def test_a_real_list_harvested_twice(calm: Town) -> None:
    """Suzhou's second list gained a field: 524 updates, nothing new, and it is the same source by its name."""
    first = data("catalogue/portals/anhui_suzhou_v1.jsonl.gz")
    second = data("catalogue/portals/anhui_suzhou_v2.jsonl.gz")
    assert taken(calm, first, source="").counts.new == 524
    again = taken(calm, second, source="")
    assert (again.source, again.counts.new, again.counts.updated) == ("anhui_suzhou", 0, 524)


def test_only_a_whole_list_lets_records_vanish(town: Town, tmp_path: Path) -> None:
    """A list cut short deletes nothing; a whole one leaves tombstones, which come back when the portal lists again."""
    everything = [entry(number) for number in range(20)]
    taken(town, lines(tmp_path / "a.jsonl", everything), complete=True)
    partly = taken(town, lines(tmp_path / "b.jsonl", everything[:10]))
    assert (partly.counts.vanished, partly.counts.held_back) == (0, 0)
    halved = taken(town, lines(tmp_path / "b.jsonl", everything[:10]), complete=True)
    assert (halved.counts.vanished, halved.counts.held_back) == (0, 10), "half a portal does not go at once"
    most = taken(town, lines(tmp_path / "c.jsonl", everything[:18]), complete=True)
    assert (most.counts.vanished, most.counts.read) == (2, 18)
    with transaction(town.engine) as db:
        gone = harvest.records_page(db, state=State.VANISHED)
    assert {one.title for one in gone} == {"企业名录18号", "企业名录19号"}
    with town.desk(AUDITOR) as desk:
        harvest.restore(desk, gone[0].id)
    back = taken(town, lines(tmp_path / "d.jsonl", everything), complete=True)
    assert (back.counts.updated, back.counts.new) == (1, 0)
    sure = taken(town, lines(tmp_path / "e.jsonl", everything[:1]), complete=True, many=True)
    assert sure.counts.vanished == 19


BEGIN = b'{"\xe6\xa0\x87\xe9\xa2\x98": "'


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("empty.jsonl", b"", Invalid),
        ("blank.jsonl", b"\n\n", Invalid),
        ("cut.jsonl.gz", gzip.compress(json.dumps(entry(1)).encode() * 99)[:-9], Invalid),
        ("cut.jsonl", json.dumps(entry(1)).encode() + b"\n" + json.dumps(entry(2)).encode()[:40], Invalid),
        ("cut.json", b'[{"title": "a"}, {"ti', Invalid),
        ("nolist.json", b'{"message": "not found"}', Invalid),
        ("other.jsonl", b'{"lat": 3, "lon": 4}\n', Invalid),
        ("words.csv", b"hello\nworld\n", Invalid),
        ("twice.csv", "标题,标题\na,b\n".encode(), Invalid),
        ("open.csv", '标题,部门\n"a,b\n'.encode(), Invalid),
        ("mixed.csv", "标题,部门\n名录,税务局\n".encode() + b"\xff\xfe\xff,\xff\n", Invalid),
        ("rows.xlsx", b"PK\x03\x04 not a workbook", Invalid),
        ("old.xls", b"\xd0\xcf\x11\xe0 old", Invalid),
        ("long.jsonl", BEGIN + b"a" * (MAX_LINE + 10) + b'"}\n', Invalid),
        ("bomb.csv.gz", gzip.compress(b"title,dept\n" + b"a,b\n" * 400_000), TooMuch),
        ("line.csv", b"title,dept\n" + b"a" * (MAX_LINE + 10), TooMuch),
    ],
)
def test_a_file_that_is_no_sound_list_is_refused_whole(
    calm: Town, tmp_path: Path, name: str, content: bytes, kind: type[Refused]
) -> None:
    """Cut off, damaged, packed as an attack, or simply something else: a clear refusal, and nothing was imported."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(kind) as refusal:
        taken(calm, path, source="refused")
    assert refusal.value.reason
    with transaction(calm.engine) as db:
        assert harvest.records_page(db, source="refused") == ()


def test_a_workbook_that_unpacks_to_too_much_is_refused(calm: Town, tmp_path: Path) -> None:
    """A zip bomb is told by its own table of contents, before anything is unpacked."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (130 << 20))
    with pytest.raises(TooMuch):
        taken(calm, path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "cp950"])
def test_a_list_is_read_in_the_encoding_it_is_written_in(calm: Town, tmp_path: Path, encoding: str) -> None:
    """UTF-8, GB 18030 and Big5 are told apart by what reads as everyday text."""
    taiwanese = encoding == "cp950"
    header = "資料名稱,資料集提供機關,更新頻率" if taiwanese else "标题,提供部门,更新周期"
    row = "無障礙設施異常公告{},臺北市市場處,每週" if taiwanese else "公共厕所分布情况{},市城市管理局,每周"
    path = tmp_path / "list.csv"
    path.write_bytes("\n".join([header, *(row.format(one) for one in range(40))]).encode(encoding))
    assert taken(calm, path, source=encoding).counts.new == 40
    with transaction(calm.engine) as db:
        assert {one.update_cycle for one in harvest.records_page(db, source=encoding)} == {catalogue.UpdateCycle.WEEKLY}


def test_rows_of_a_workbook_are_refused_one_by_one(calm: Town, tmp_path: Path) -> None:
    """A formula, an error value or a missing title costs its row, which is named with its line; the others come in."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["标题", "部门"], ["甲", "市财政局"], ["=1+1", "市财政局"], [None, "市财政局"], ["乙", "市财政局"]):
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    gather = taken(calm, tmp_path / "list.xlsx", source="book")
    assert (gather.counts.new, gather.counts.refused) == (2, 2)
    with transaction(calm.engine) as db:
        assert harvest.report(db, gather.id).flaws == ((3, "formula"), (4, "no-title"))


def test_what_nobody_understands_is_listed_and_not_guessed(big: Town) -> None:
    """An unknown cycle and an unknown body stand in the report with how often they occur."""
    with transaction(big.engine) as db:
        gather = harvest.latest_gather(db, "portal")
        assert gather is not None
        told = harvest.report(db, gather.id).document()
    assert {"idea": "update_frequency", "value": "牲畜饲养", "count": 1} in told["unknown"]  # type: ignore[operator]
    assert {"idea": "department", "value": "市气候局", "count": 1} in told["unknown"]  # type: ignore[operator]
    assert told["refused_rows"] == [{"line": 12, "reason": "no-title"}]
    assert (told["collapsed"], told["paired"], told["grouped"]) == (1, 1, 2)


def test_kin_are_decided_shown_and_can_be_overturned(big: Town) -> None:
    """Each decision is a row with its reason; overturned by an officer it stays so through the next harvest."""
    with transaction(big.engine) as db:
        (pair,) = [one for one, _, _ in harvest.decisions_page(db, kin=Kin.TWIN)]
        listed = {one.id: one for one in harvest.harvested(db)}
    assert (listed[pair.member].title, listed[pair.leader].title) == ("社保网点接口服务", "社保网点")
    assert listed[pair.member].leader == pair.leader
    assert sum(one.title == "公厕" for one in listed.values()) == 1, "an exact duplicate takes no place of its own"
    with big.desk(AUDITOR) as desk:
        harvest.overturn(desk, pair.id)
    with transaction(big.engine) as db:
        assert harvest.find_harvested(db, pair.member).kin is None
    with big.desk(AUDITOR) as desk:
        harvest.uphold(desk, pair.id)
    with transaction(big.engine) as db:
        assert harvest.find_harvested(db, pair.member).kin is Kin.TWIN
    words = [line.act for line in big.lines("catalogue.kinship")]
    assert words == ["catalogue.kinship_overturned", "catalogue.kinship_restored"]


def test_an_overturned_decision_is_not_made_again(town: Town, tmp_path: Path) -> None:
    """The next harvest knows what an officer has said."""
    records = [entry(1, 标题="公厕"), entry(2, 标题="公厕")]
    taken(town, lines(tmp_path / "a.jsonl", records))
    with transaction(town.engine) as db:
        ((decision, _, _),) = harvest.decisions_page(db)
    with town.desk(AUDITOR) as desk:
        harvest.overturn(desk, decision.id)
    later = taken(town, lines(tmp_path / "b.jsonl", [*records, entry(3)]))
    assert later.kin["duplicate"] == 0
    with transaction(town.engine) as db:
        assert harvest.find_decision(db, decision.id).standing is Standing.OVERTURNED


def test_a_decision_lapses_with_its_records(town: Town, tmp_path: Path) -> None:
    """What is no duplicate any more is not one, and cannot be overturned either."""
    taken(town, lines(tmp_path / "a.jsonl", [entry(1, 标题="公厕"), entry(2, 标题="公厕")]))
    taken(town, lines(tmp_path / "b.jsonl", [entry(1, 标题="公厕"), entry(2, 标题="加油站")]))
    with transaction(town.engine) as db:
        ((decision, _, _),) = harvest.decisions_page(db)
    assert decision.standing is Standing.LAPSED
    with town.desk(AUDITOR) as desk, pytest.raises(WrongMoment):
        harvest.overturn(desk, decision.id)


def relative(title: str, *formats: str, id: str = "") -> Relative:
    return Relative(
        id=id or title,
        source="s",
        title=title,
        department="市局",
        formats=formats,
        content=title,
        published=None,
        updated=None,
    )


def test_series_are_grouped_by_what_is_left_without_the_period() -> None:
    """Years, halves, quarters and months; another measure is another series, and a lone year is none."""
    titles = [
        "居民水价（2019年）",
        "居民水价（2020年）",
        "居民水价2020年上半年",
        "2020年1月居民水价",
        "2020年2月居民水价",
    ]
    found = decided([relative(one, "xls") for one in [*titles, "居民电价（2020年）", "居民水价"]])
    assert {(one.member, one.leader, one.kin) for one in found} == {
        ("居民水价（2019年）", "居民水价（2020年）", Kin.SERIES),
        ("2020年1月居民水价", "2020年2月居民水价", Kin.SERIES),
    }


def test_names_of_bodies_are_resolved_and_never_invented() -> None:
    """Short and long names mean one body; of two that could be meant it is neither; other places' bodies are not."""

    def body(code: str, name: str, division: str = "510500") -> Org:
        return Org(code=code, name=name, division=division)

    bodies = [
        body("A", "泸州市人力资源和社会保障局"),
        body("B", "泸州市市场监督管理局"),
        body("C", "泸州市纳溪区文化和旅游局", "510503"),
        body("D", "合江县市场监督管理局", "510522"),
    ]
    resolve = Resolver(bodies, {"外部资源": "B"}, "510500")
    told = {
        name: resolve(name)
        for name in ("市人社局", "人力资源社会保障局", "市市场监管局", "纳溪区文旅局", "合江县市场监管局")
    }
    assert told == {
        "市人社局": "A",
        "人力资源社会保障局": "",
        "市市场监管局": "B",
        "纳溪区文旅局": "C",
        "合江县市场监管局": "D",
    }
    assert resolve("外部资源") == "B"
    assert resolve("泸县市场监管局") == ""
    assert Resolver(bodies, {}, "")("市人社局") == "", "in a list of nobody knows where, the city is nobody knows which"
    assert home_of(["泸州市统计局"], bodies, "510500") == "510500"
    assert home_of(["芜湖市统计局", "市统计局"], bodies, "510500") == ""


def test_an_officer_names_a_body_for_all_its_records(town: Town, tmp_path: Path) -> None:
    """The name is kept: records that bear it now, and those that come, are that body's."""
    taken(town, lines(tmp_path / "a.jsonl", [entry(1, 提供方="工商局"), entry(2, 提供方="工商局")]))
    with town.desk(AUDITOR) as desk:
        assert harvest.name_body(desk, "工商局", MARKET) == 2
    again = taken(town, lines(tmp_path / "a.jsonl", [entry(1, 提供方="工商局"), entry(2, 提供方="工商局")]))
    with transaction(town.engine) as db:
        assert {one.body for one in harvest.records_page(db)} == {MARKET}
    assert again.stage is Stage.COMPLETED


def test_a_record_becomes_a_draft_of_its_own_body_only(town: Town, tmp_path: Path) -> None:
    """The draft begins with the portal's words and is not fit to be signed; doing it again gives the same draft."""
    taken(town, lines(tmp_path / "a.jsonl", [entry(1), entry(2, 提供方="市某局")]))
    with transaction(town.engine) as db:
        own, other = sorted(harvest.records_page(db), key=lambda one: one.title)
    with town.desk(officer(SOCIAL, Duty.CATALOGUE)) as desk, pytest.raises(NotAllowed):
        harvest.draft_from(desk, own.id)
    with town.desk(MARKET_OFFICER) as desk, pytest.raises(WrongMoment):
        harvest.draft_from(desk, other.id)
    with town.desk(MARKET_OFFICER) as desk:
        made = harvest.draft_from(desk, own.id)
    with town.desk(MARKET_OFFICER) as desk:
        assert harvest.draft_from(desk, own.id).id == made.id
    assert (made.title, made.provider, made.ready) == ("企业名录1号", MARKET, False)
    assert made.update_cycle is catalogue.UpdateCycle.YEARLY


def test_only_accepted_lists_are_handed_on(town: Town, tmp_path: Path) -> None:
    """Until a person has accepted its mapping, a portal's list is shown to officers and to nobody else."""
    path = lines(tmp_path / "a.jsonl", [entry(1)])
    taken(town, path, accept=False)
    with transaction(town.engine) as db:
        assert list(catalogue.harvested(db)) == []
    taken(town, path, accept=True)
    with transaction(town.engine) as db:
        (one,) = catalogue.harvested(db)
        assert (one.title, one.formats, one.link) == (
            "企业名录1号",
            ("xls", "xml"),
            "https://data.example.test/detail?id=1",
        )


def test_a_person_can_say_otherwise(town: Town, tmp_path: Path) -> None:
    """What was accepted for a source holds for its next list; unknown fields and ideas are refused."""
    path = lines(tmp_path / "a.jsonl", [entry(1)])
    for wrong in ({"没有": "title"}, {"标题": "nonsense"}, {"标题": "aside"}, {"提供方": "title", "标题": "title"}):
        with pytest.raises(Invalid):
            taken(town, path, wishes=wrong)
    taken(town, path, wishes={"数据主题": "industry"})
    later = taken(town, lines(tmp_path / "b.jsonl", [entry(2)]))
    assert later.mapped["数据主题"] is Idea.INDUSTRY


def test_overdue_is_counted_by_department_on_a_stated_day(town: Town, tmp_path: Path) -> None:
    """A yearly record of 2023-06-16 is in time on its last day and late on the next."""
    taken(town, lines(tmp_path / "a.jsonl", [entry(1), entry(2, 更新周期="不定期"), entry(3, 更新时间="2024-05-01")]))
    with transaction(town.engine) as db:
        for day, late in ((date(2024, 6, 16), 0), (date(2024, 6, 17), 1)):
            (one,) = harvest.overdue(db, day)
            assert (one.late, one.dated) == (late, 2), day


def test_what_others_may_not(town: Town, tmp_path: Path) -> None:
    """Another body's officer does not import into a source that is not its own, nor settle its kin."""
    path = lines(tmp_path / "a.jsonl", [entry(1, 标题="公厕"), entry(2, 标题="公厕")])
    taken(town, path)
    stranger = partial(town.desk, MARKET_OFFICER)
    with pytest.raises(NotAllowed):
        harvest.import_file(stranger, Feed(path), source="portal", wishes={}, progress=lambda _, __: None)
    with transaction(town.engine) as db:
        ((decision, _, _),) = harvest.decisions_page(db)
    with stranger() as desk, pytest.raises(NotAllowed):
        harvest.overturn(desk, decision.id)
    with stranger() as desk, pytest.raises(NotAllowed):
        harvest.name_body(desk, "某局", MARKET)


def test_evidence_names_no_value(big: Town) -> None:
    """The ledger holds identifiers, counts and digests: no title and no name of a portal's record."""
    told = json.dumps([line.facts for line in big.lines("catalogue.") if "gather" in line.act or "portion" in line.act])
    assert len(told) > 100
    assert not any(ord(one) > 127 for one in json.loads(json.dumps(told)))


DRIVER = """
import sys
from functools import partial
from pathlib import Path
from datetime import UTC, datetime
from jutong.catalogue import harvest
from jutong.catalogue.harvest import portion
from jutong.kernel.db import connect
from jutong.pools import open_pools
from tests.town import Town
from tests.unit.test_harvest import AUDITOR
portion.portions.__kwdefaults__["size"] = 5
folder = Path(sys.argv[1])
pools = open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving")
town = Town(connect(f"sqlite:///{folder}/control.db"), pools, datetime.now(UTC))
harvest.import_file(partial(town.desk, AUDITOR), harvest.Feed(folder / "a.jsonl"), source="portal", wishes={},
    accept=True, progress=lambda at, of: (print(at, flush=True), sys.stdin.readline()))
"""


def test_a_killed_import_goes_on_where_it_stood(town: Town, tmp_path: Path) -> None:
    """Killed between two portions and begun again, it ends as if nothing had happened, down to the last row."""
    records = [entry(number % 20, 标题=f"名录{number // 2}") for number in range(40)]
    path = lines(tmp_path / "a.jsonl", records)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as driver:
        assert driver.stdout is not None
        assert driver.stdin is not None
        assert driver.stdout.readline().strip() == b"5"
        driver.stdin.write(b"\n")
        driver.stdin.flush()
        assert driver.stdout.readline().strip() == b"10"
        os.kill(driver.pid, signal.SIGKILL)
    with transaction(town.engine) as db:
        standing = harvest.latest_gather(db, "portal")
    assert standing is not None
    assert (standing.stage, standing.position) == (Stage.RUNNING, 10)
    ended = taken(town, path)
    assert (ended.id, ended.counts.new, ended.counts.read) == (standing.id, 40, 40)
    (tmp_path / "other").mkdir()
    untouched = a_town(tmp_path / "other")
    taken(untouched, path)
    assert kept(town) == kept(untouched)
    with transaction(town.engine) as one, transaction(untouched.engine) as two:
        ids = sa.select(decision_table.c.id).order_by(decision_table.c.id)
        assert one.execute(ids).scalars().all() == two.execute(ids).scalars().all()


def test_postgres_and_sqlite_keep_the_same(postgres_database: str, tmp_path: Path) -> None:  # noqa: F811
    """The same list on the other control database."""
    city = a_town(tmp_path, url=postgres_database.replace("postgresql:", "postgresql+psycopg:"))
    records = [entry(number, 标题=f"财政收入_{2010 + number}") for number in range(5)]
    first = taken(city, lines(tmp_path / "a.jsonl", records), complete=True)
    second = taken(city, lines(tmp_path / "b.jsonl", records[1:]), complete=True)
    assert (first.counts.new, first.kin["series"]) == (5, 4)
    assert (second.counts.unchanged, second.counts.vanished) == (4, 1)
    with transaction(city.engine) as db:
        assert len(list(catalogue.harvested(db))) == 4
        assert harvest.overdue(db, date(2030, 1, 1))[0].late == 4


def test_a_list_is_looked_at_where_there_is_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole report comes out, it says that nothing was kept, and nothing is left in the folder."""
    monkeypatch.chdir(tmp_path)
    rows = [{"标题": "桥梁台账", "提供方": "市交通局", "更新周期": "每年", "编号": "1"}, {"标题": "", "编号": "2"}]
    (tmp_path / "list.jsonl").write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in rows), "utf-8")
    told = CliRunner().invoke(app, ["catalogue", "import", "list.jsonl", "--json"])
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout.splitlines()[-1])
    assert {one["field"]: one["idea"] for one in document["mapping"]}["标题"] == "title"
    assert (document["kept"], document["new"], document["refused"]) == (False, 1, 1)
    assert [one.name for one in tmp_path.iterdir()] == ["list.jsonl"]
