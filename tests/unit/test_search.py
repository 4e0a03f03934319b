"""Search: what a question means, what is found and in which order, and an index that survives anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from jutong import catalogue, registers, search
from jutong.catalogue import harvest
from jutong.kernel.errors import Invalid, NotAllowed
from jutong.ledger import sequence
from jutong.registers import actor_of
from jutong.search.concepts import Concepts, shipped_groups, shipped_organs
from jutong.search.feed import FOLDER
from jutong.search.finder import Finder
from jutong.search.index import Index
from jutong.search.places import Places, around
from jutong.search.record import Record, core_of
from jutong.search.words import fold, pairs, runs, tokens, years
from jutong.terms import Actor
from tests.city import MARKET, City, a_full_city, done
from tests.console import CSRF, Console, a_console

TO_TRADITIONAL = OpenCC("s2t")
TITLES = (
    ("泸州市医疗机构名录", "泸州市卫生健康委员会"),
    ("泸州市零售药店信息", "泸州市市场监督管理局"),
    ("合江县幼儿园基本信息", "合江县教育和体育局"),
    ("叙永县幼儿园名单", "叙永县教育和体育局"),
    ("残疾人证办理情况", "泸州市残疾人联合会"),
    ("职业技能培训补贴发放", "泸州市人力资源和社会保障局"),
    ("职业技能培训机构", "泸州市教育和体育局"),
    ("公共厕所分布", "泸州市城市管理行政执法局"),
    ("2020年粮食产量", "泸州市统计局"),
    ("2021年粮食产量", "泸州市统计局"),
    ("2021年粮食产量接口服务", "泸州市统计局"),
    ("梁平区停车场", "梁平区城市管理局"),
    ("空气质量监测日报", "泸州市生态环境局"),
)


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finder]:
    """A small catalogue's index with the shipped tables."""
    places = Places.of(registers.divisions())
    index = Index(tmp_path_factory.mktemp("search") / "index.sqlite", writing=True)
    index.prepare()
    index.fill(
        (
            Record(
                entry=title,
                title=title,
                publisher=body,
                places=around({code for found in places.named_in(title + " " + body).values() for code in found}),
                seen_by=("public",),
            )
            for title, body in TITLES
        ),
        place=0,
    )
    yield Finder(index, Concepts.of(shipped_groups()), places, shipped_organs())
    index.close()


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x9FFF), max_size=60))
@settings(max_examples=60, deadline=None)
def test_folding_twice_changes_nothing(given_text: str) -> None:
    """A record and a question that hold the same text are the same text to the search."""
    assert fold(fold(given_text)) == fold(given_text)


@given(st.text(alphabet="图书馆医疗机构养老保险检测厂业处罚环境污染许可证统计数据", max_size=20))
@settings(max_examples=60, deadline=None)
def test_traditional_characters_are_the_same_words(simplified: str) -> None:
    """Whoever types traditional characters finds what is written in simplified ones."""
    traditional = TO_TRADITIONAL.convert(simplified)
    assert tokens(fold(traditional), ()) == tokens(fold(simplified), ())


@given(st.text(alphabet="甲乙丙丁 a1,", max_size=30))
@settings(max_examples=60, deadline=None)
def test_pairs_never_reach_across_a_break(text: str) -> None:
    """A phrase is found only where its characters stand side by side."""
    assert all(pair in run for run in runs(text) for pair in pairs(run))


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("医院", "泸州市医疗机构名录"),
        ("药房", "泸州市零售药店信息"),
        ("醫療機構", "泸州市医疗机构名录"),
        ("youeryuan", "叙永县幼儿园名单"),
        ("gong gong ce suo", "公共厕所分布"),
        ("合江 幼稚园", "合江县幼儿园基本信息"),
        ("叙永县 kindergarten", "叙永县幼儿园名单"),
        ("残急人证办理", "残疾人证办理情况"),
        ("人社局 职业技能培训", "职业技能培训补贴发放"),
        ("我想找全市的公厕在哪里", "公共厕所分布"),
        ("2021年粮食产量", "2021年粮食产量"),
        ("粮食 二〇二〇年", "2020年粮食产量"),
        ("梁平县停车场", "梁平区停车场"),
        ("air quality", "空气质量监测日报"),
        ("kindergarden xuyong", "叙永县幼儿园名单"),
    ],
)
def test_the_best_answer_stands_first(finder: Finder, asked: str, first: str) -> None:
    """Synonyms, short names, places of today and before, years, typing mistakes, pinyin and English are understood."""
    found = finder.find(asked, seen_by=("public",))
    assert found.hits
    assert found.hits[0].row.entry == first
    assert found.hits[0].reasons, "it is said why"


def test_a_series_and_its_twin_take_one_place(finder: Finder) -> None:
    """Three entries of one series do not push others off the page."""
    found = finder.find("粮食产量")
    assert [len(one.more) for one in found.places] == [2]
    assert core_of("2021年粮食产量接口服务") == core_of("2020年粮食产量")


def test_nobody_finds_what_another_kind_of_reader_sees(finder: Finder) -> None:
    """The index narrows by reader before it ranks."""
    assert not finder.find("幼儿园", seen_by=("authority",)).hits


@pytest.mark.parametrize("asked", ["", " ", "的", '"', "a OR b", "NEAR(", "*", "title:x", "\x00", "，。", "')--"])
def test_no_question_breaks_the_engine(finder: Finder, asked: str) -> None:
    """What looks like the engine's own language is words like all others."""
    assert finder.find(asked).plan.asked == asked


def test_years_are_not_numbers() -> None:
    """A telephone number names no year."""
    assert years("83202020211") == ()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A city with its index, and its pages."""
    city = a_full_city(tmp_path_factory.mktemp("city") / "home")
    search.keep_up(city.house)
    yield a_console(city)
    city.house.engine.dispose()


def the_actor(city: City, account: str) -> Actor:
    """Return somebody of the city as the guard sees them."""
    with city.house.reading() as db:
        return actor_of(db, next(iter(city.bearer(account).values())).split()[1], city.house.clock())


def titles(city: City, asked: str, actor: Actor | None = None) -> list[str]:
    """Return what somebody finds."""
    return [hit.row.entry for hit in search.search(city.house, actor, asked).hits]


def test_everybody_finds_what_is_published_and_only_that(console: Console) -> None:
    """A draft is found by its own body alone, and what was typed wrongly still finds."""
    city = console.city
    entry = city.found["entry"]
    assert entry in titles(city, "企业登记")
    assert entry in titles(city, "qiyedengji")
    shown = console.client().get("/catalogue?q=企业登记").text
    assert f'href="/catalogue/{entry}"' in shown
    assert "Found by" in shown
    answer = city.client().get("/api/catalogue/search?q=企业登记", headers=city.bearer("asker")).json()
    assert answer["results"][0]["entry"] == entry
    assert answer["results"][0]["why"]


def test_the_catalogue_has_the_last_word(console: Console) -> None:
    """What an old index still proposes is not shown to whom the catalogue does not show it."""
    city = console.city
    finder = search.finder_of(city.house)
    hits = finder.find("企业登记", seen_by=("public",)).hits
    ghost = replace(hits[0].row, entry="01JZ0000000000000000000000")
    with city.house.reading() as db:
        assert not catalogue.shown_among(db, None, {ghost.entry})


def test_a_killed_rebuild_leaves_the_old_index_and_a_broken_file_is_made_anew(console: Console) -> None:
    """A process killed while it makes an index loses nothing; a file cut off by a full disk is thrown away."""
    city = console.city
    folder = city.house.home.folder / FOLDER
    (folder / "01JZ0000000000000000000000.sqlite").write_bytes(b"half")  # what a killed rebuild leaves
    assert titles(city, "企业登记")
    standing = folder / (folder / "current").read_text()
    standing.write_bytes(b"SQLite format 3\x00" + b"\x00" * 50)
    search.keep_up(city.house)
    assert titles(city, "企业登记")
    assert search.rebuild(city.house) >= 1
    assert len(list(Path(folder).glob("*.sqlite"))) == 1


def test_synonyms_are_previewed_kept_and_let_go(console: Console) -> None:
    """An officer sees what a group would change before it is kept; then every search uses it."""
    city = console.city
    entry = city.found["entry"]
    officer = console.client("officer")
    shown = officer.get("/synonyms", params={"line": "甲乙库 企业登记", "q": "甲乙库"}).text
    assert f'href="/catalogue/{entry}"' in shown
    assert entry not in titles(city, "甲乙库")
    assert officer.post("/synonyms", data={"_csrf": CSRF, "line": "甲乙库 企业登记"}).status_code == 200
    assert entry in titles(city, "甲乙库")
    with city.house.reading() as db:
        (group,) = search.groups_listed(db)
    officer.post(f"/synonyms/{group.id}/removal", data={"_csrf": CSRF})
    assert entry not in titles(city, "甲乙库")
    with pytest.raises(Invalid):
        search.group_of("单")


def test_a_question_without_an_answer_becomes_a_demand(console: Console) -> None:
    """What is looked for and missing is counted without who asked, and an officer puts it forward once."""
    city = console.city
    for _ in range(2):
        assert not titles(city, "冷链物流温控")
    titles(city, "张三 500101199001011234")
    with city.house.reading() as db:
        missed = {one.words: one.count for one in search.missed_most(db)}
    assert missed["冷链物流温控"] == 2
    assert not any("张三" in words for words in missed)
    asker = console.client("asker")
    sent = asker.post("/missed/demands", data={"_csrf": CSRF, "words": "冷链物流温控", "reason": "食品安全监测"})
    assert sent.status_code == 200
    assert "冷链物流温控" in sent.text
    with city.house.reading() as db:
        (candidate,) = search.candidates_listed(db)
    assert (candidate.words, candidate.count) == ("冷链物流温控", 2)
    with pytest.raises(NotAllowed), city.house.desk(the_actor(city, "officer")) as desk:
        search.put_forward(desk, "冷链物流温控", "x")


def test_a_kept_question_is_told_of_a_new_entry_once(console: Console) -> None:
    """The body that keeps a search hears of an entry that answers it, when it is published."""
    city = console.city
    with city.house.desk(the_actor(city, "asker")) as desk:
        kept = search.keep_question(desk, "企业登记", {})
        assert search.keep_question(desk, "企业登记", {}) == kept
    for _ in range(2):
        with city.house.desk(city.house.itself) as desk:
            search.tell_match(desk, kept, city.found["entry"], MARKET)
    sequence(city.house.engine, city.house.log)
    assert len(city.lines("search.matched")) == 1
    asker = console.client("asker")
    assert "企业登记" in asker.get("/searches").text
    assert asker.post(f"/searches/{kept.id}/removal", data={"_csrf": CSRF}).status_code == 200


def test_results_are_narrowed_by_the_theme_that_a_portal_named(console: Console) -> None:
    """A known theme has its name, an unknown one stays as the portal says it, and none is said to be none."""
    city = console.city
    with city.house.reading() as db:
        name = registers.find_body(db, MARKET).name
    entries = []
    with city.client() as client:

        def gather(themes: dict[str, str]) -> None:
            rows = [{"标题": f"桥梁台账{n}", "提供方": name, "主题": said, "编号": n} for n, said in themes.items()]
            path = "/api/harvest/sources/bridges/gathers?accept=true"
            content = "\n".join(msgspec.json.encode(one).decode() for one in rows).encode()
            done(client.post(path, content=content, headers=city.bearer("officer")))

        gather({"1": "交通运输", "2": "牛"})
        listed = done(client.get("/api/harvest/records?source=bridges", headers=city.bearer("officer")))
        for record in sorted(listed, key=lambda one: str(one["title"])):
            with city.house.desk(the_actor(city, "officer")) as desk:
                entries.append(harvest.draft_from(desk, record["id"]).id)

        def found(theme: str) -> set[str]:
            ask = {"q": "桥梁台账", "theme": theme}
            answer = done(client.get("/api/catalogue/search", params=ask, headers=city.bearer("officer")))
            return {each for one in answer["results"] for each in (one["entry"], *one["more"])}

        city.settle()
        search.keep_up(city.house)
        assert found("") == set(entries)
        assert (found("transport"), found("said:牛")) == ({entries[0]}, {entries[1]})
        assert found(search.NO_THEME) == set()
        shown = console.client("officer").get("/catalogue?q=桥梁台账").text
        assert "Transport" in shown
        assert "牛 (not a known theme)" in shown
        # What the portal says anew holds as soon as its list is imported again.
        gather({"1": "交通运输", "2": "信用服务"})
        city.settle()
        search.keep_up(city.house)
        assert found("credit") == {entries[1]}
        # What its own body declares comes before what a portal named.
        about = {"title": "桥梁台账2", "format": "spreadsheet", "theme": "safety", "_csrf": CSRF}
        assert console.client("officer").post(f"/entries/{entries[1]}/edit/about", data=about).is_success
        city.settle()
        search.keep_up(city.house)
        assert (found("credit"), found("safety")) == (set(), {entries[1]})
    assert "no theme is given" in console.client("officer").get("/catalogue?q=企业登记&theme=none").text
