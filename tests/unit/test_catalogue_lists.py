"""Lists of entries: who sees which version, in which order, narrowed by what; nothing twice, nothing left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong import catalogue, registers
from jutong.catalogue import Entry, Order, Part, Search, ShareType, Stage, Summary, UpdateCycle, template
from jutong.catalogue.summary import by_sound, marks
from jutong.desk import Desk, open_desk
from jutong.kernel.db import Db, connection
from jutong.kernel.errors import Invalid, NotFound
from jutong.pools import Pools
from jutong.terms import Actor, Duty, house_of

PROVIDER = "11500000MB16000001"
OTHER_BODY = "11500000009275000A"
AUTHORITY = "11500000MB1R000005"
NOW = datetime(2026, 2, 10, 1, tzinfo=UTC)
NOWHERE = Pools(lake=None, engine=None, lookup=None, ranges=None, vault=None)  # type: ignore[arg-type]
OFFICER = Actor(id="officer", org=PROVIDER, duties=frozenset({Duty.CATALOGUE}))
HEAD = Actor(id="head", org=PROVIDER, duties=frozenset({Duty.DEPARTMENT_HEAD}))
STRANGER = Actor(id="stranger", org=OTHER_BODY, duties=frozenset({Duty.CATALOGUE, Duty.DEPARTMENT_HEAD}))
FIRST = Actor(id="first", org=AUTHORITY, duties=frozenset({Duty.REGISTER_AUDIT}))
SECOND = Actor(id="second", org=AUTHORITY, duties=frozenset({Duty.PUBLISH_AUDIT}))
TITLES = ("重庆市企业登记", "安徽省教育机构", "Beijing 地名", "北京市道路", "重庆市社会保险", "婚姻登记", "水质监测")
Desks = Callable[..., AbstractContextManager[Desk]]


@pytest.fixture
def by(engine: sa.Engine) -> Desks:
    """Give the desks of whoever is named, on a node that knows the calendar and the terms of the law."""
    with open_desk(engine, house_of(AUTHORITY), NOW, NOWHERE) as desk:
        registers.seed_standards(desk)
    return lambda actor, now=NOW: open_desk(engine, actor, now, NOWHERE)


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Db]:
    """Give a connection for looking things up."""
    with connection(engine) as db:
        yield db


def a_form(**changes: object) -> Entry:
    """Return the form that an officer fills in."""
    return replace(template("enterprise_register", PROVIDER), secrecy_assessed=True, impact_assessed=True, **changes)


def walk(by: Desks, form: Entry, now: datetime, *, to: Stage = Stage.PUBLISHED) -> Entry:
    """Take an entry as far as a stage."""
    officer = replace(OFFICER, org=form.provider, id=f"officer-{form.provider}")
    head = replace(HEAD, org=form.provider, id=f"head-{form.provider}")
    with by(officer, now) as desk:
        entry = catalogue.draft(desk, form)
    for stage, actor, act in (
        (Stage.SIGNED, head, catalogue.sign),
        (Stage.SUBMITTED, officer, catalogue.submit),
        (Stage.REGISTERED, FIRST, catalogue.audit_registration),
        (Stage.PUBLISHED, SECOND, catalogue.audit_publication),
    ):
        if entry.stage is to:
            return entry
        with by(actor, now) as desk:
            entry = act(desk, entry.id)
        assert entry.stage is stage
    return entry


def a_shelf(by: Desks) -> list[Entry]:
    """Publish one entry a title, of two bodies in turn."""
    cycles = list(UpdateCycle)
    return [
        walk(
            by,
            a_form(
                title=title,
                service=f"s-{place}",
                provider=(PROVIDER, OTHER_BODY)[place % 2],
                update_cycle=cycles[place % 3],
            ),
            NOW + timedelta(hours=place),
        )
        for place, title in enumerate(TITLES)
    ]


def pages(db: Db, actor: Actor | None, search: Search) -> list[Summary]:
    """Read a list to its end, three entries a page."""
    seen: list[Summary] = []
    while True:
        after = seen[-1].place(search.order) if seen else ()
        page = catalogue.summaries(db, actor, replace(search, after=after, limit=3))
        seen += page
        if len(page) < 3:
            return seen


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", [Order.CHANGED, Order.TITLE])
def test_a_list_read_page_by_page_is_the_whole_list_in_order(by, db, order: Order, descending: bool) -> None:
    """In every order, both ways, nothing comes twice and nothing is left out."""
    shelf = a_shelf(by)
    found = pages(db, STRANGER, Search(order=order, descending=descending))
    assert {one.id for one in found} == {entry.id for entry in shelf}
    assert len(found) == len(shelf)
    places = [one.place(order) for one in found]
    assert places == sorted(places, reverse=descending)


def test_titles_stand_in_the_order_of_their_sound(by, db) -> None:
    """An officer finds 安 before 北 before 重, as in a dictionary."""
    a_shelf(by)
    titles = [one.title for one in pages(db, None, Search(order=Order.TITLE))]
    assert titles == sorted(TITLES, key=by_sound)
    assert titles.index("安徽省教育机构") < titles.index("北京市道路") < titles.index("重庆市社会保险")


def test_each_filter_narrows_and_all_of_them_together(by, db) -> None:
    """What is asked of a list holds for every entry in it, and for none outside it."""
    shelf = a_shelf(by)
    assert {one.provider for one in pages(db, None, Search(providers=(OTHER_BODY,)))} == {OTHER_BODY}
    assert pages(db, None, Search(providers=())) == []
    daily = pages(db, None, Search(update_cycle=UpdateCycle.DAILY))
    assert {one.id for one in daily} == {entry.id for entry in shelf if entry.update_cycle is UpdateCycle.DAILY}
    assert pages(db, None, Search(share_type=ShareType.NOT_SHARED)) == []
    assert len(pages(db, None, Search(share_type=ShareType.CONDITIONAL))) == len(shelf)
    both = pages(db, None, Search(update_cycle=UpdateCycle.DAILY, providers=(PROVIDER,), words="重庆"))
    assert all(one.update_cycle is UpdateCycle.DAILY and "重庆" in one.title for one in both)
    assert pages(db, STRANGER, Search(stages=(Stage.WITHDRAWN,))) == []


def test_words_are_found_wherever_they_stand_and_are_never_a_pattern(by, db) -> None:
    """Title, abstract, items: every word must stand somewhere; signs of a pattern are signs."""
    a_shelf(by)
    walk(by, a_form(title="100%_合格\\率", service="percent", abstract="Quality OF Water"), NOW + timedelta(days=1))

    def found(words: str, **more: object) -> list[str]:
        return [one.title for one in pages(db, None, Search(words=words, **more))]

    assert found("企业登记") == ["重庆市企业登记"]
    assert found("道路 北京") == ["北京市道路"]
    assert found("quality WATER") == ["100%_合格\\率"]
    assert found("%_") == found("\\率") == ["100%_合格\\率"]
    assert found("%%") == found("__") == []
    assert len(found("统一社会信用代码")) == len(TITLES) + 1
    assert found("' or 1=1 --") == found("不存在的词") == []
    assert len(found("不存在的词", or_providers=(OTHER_BODY,))) == 3
    assert len(found("  ")) == len(TITLES) + 1
    assert found("道路 a") == ["北京市道路"]
    with pytest.raises(Invalid, match="at least 2 characters"):
        found("路")


def test_each_reader_sees_its_version_in_lists_as_on_the_page(by, db) -> None:
    """While a second version is drafted and audited, others go on seeing the first; nobody sees two."""
    first = walk(by, a_form(title="第一版"), NOW)
    with by(OFFICER) as desk:
        catalogue.draft(desk, replace(first, title="第二版"))

    def titles(actor: Actor | None, **more: object) -> list[str]:
        return [one.title for one in pages(db, actor, Search(**more))]

    assert titles(OFFICER, own=True) == ["第二版"]
    assert titles(OFFICER) == titles(FIRST) == titles(STRANGER) == titles(None) == ["第一版"]
    assert catalogue.titles(db, [first.id]) == {first.id: "第一版"}
    with by(HEAD) as desk:
        catalogue.sign(desk, first.id)
    with by(OFFICER) as desk:
        catalogue.submit(desk, first.id)
    assert titles(FIRST) == ["第二版"]
    assert titles(STRANGER) == titles(None) == ["第一版"]
    with by(HEAD) as desk:
        catalogue.withdraw(desk, first.id, "误建")
    assert titles(None) == []
    assert catalogue.titles(db, [first.id]) == {first.id: "第一版"}
    assert catalogue.published_counts(db) == (0, 0)


def test_another_bodys_draft_is_in_no_list(by, db) -> None:
    """A draft is its body's alone; even the authority sees it only once it is submitted."""
    walk(by, a_form(), NOW, to=Stage.DRAFT)
    assert pages(db, STRANGER, Search()) == pages(db, FIRST, Search()) == pages(db, None, Search()) == []
    assert pages(db, STRANGER, Search(own=True)) == []
    assert len(pages(db, OFFICER, Search(own=True))) == 1


def test_what_waits_for_an_audit_stands_by_its_due_day(by, db) -> None:
    """The clock of two working days orders the auditor's list; what is audited leaves it."""
    late = walk(by, a_form(service="a"), NOW, to=Stage.REGISTERED)
    soon = walk(by, a_form(service="b"), NOW + timedelta(days=1), to=Stage.SUBMITTED)
    walk(by, a_form(service="c"), NOW)
    waiting = Search(order=Order.DUE, stages=(Stage.SUBMITTED, Stage.REGISTERED))
    assert [one.id for one in pages(db, FIRST, waiting)] == [late.id, soon.id]
    assert [one.id for one in pages(db, FIRST, replace(waiting, descending=True))] == [soon.id, late.id]
    assert pages(db, STRANGER, waiting) == []
    with by(FIRST) as desk:
        catalogue.return_entry(desk, soon.id, ("字段含义不清",))
    assert [one.id for one in pages(db, FIRST, Search(order=Order.DUE))] == [late.id]


@pytest.mark.parametrize("after", [("x",), ("not a day", "x"), ("2026-13-01", "x"), ("a", "b", "c")])
def test_a_place_that_no_list_gave_out_is_refused(db, after: tuple[str, ...]) -> None:
    """A forged address is answered with what to do, not with a failure."""
    with pytest.raises(Invalid, match="cannot be continued"):
        catalogue.summaries(db, None, Search(after=after))


def test_versions_are_seen_as_entries_are(by, db) -> None:
    """The differences of a version in work are its body's until the authority has it."""
    first = walk(by, a_form(title="第一版"), NOW)
    with by(OFFICER) as desk:
        items = first.items[1:]
        catalogue.draft(desk, replace(first, title="第二版", items=(replace(items[0], title="代码"), *items[1:])))
    assert [one.version for one in catalogue.versions_visible_to(db, first.id, OFFICER)] == [1, 2]
    assert [one.version for one in catalogue.versions_visible_to(db, first.id, FIRST)] == [1]
    before, after = catalogue.versions(db, first.id)
    found = {(one.item, one.field): (one.before, one.after) for one in catalogue.differences(before, after)}
    assert found == {
        ("", "title"): ("第一版", "第二版"),
        ("name", "item"): ("企业名称", None),
        ("uscc", "title"): ("统一社会信用代码", "代码"),
    }
    assert catalogue.differences(after, after) == ()
    with pytest.raises(NotFound):
        catalogue.find_published(db, "01KB0000000000000000000000")


def test_every_fault_has_the_part_of_the_sheet_where_it_is_put_right() -> None:
    """The wizard can say at each screen what is still missing in it."""
    bare = replace(
        a_form(),
        items=(),
        region_item="",
        methods=(),
        secrecy_assessed=False,
        terms=replace(a_form().terms, share_type=ShareType.NOT_SHARED, legal_basis=()),
    )
    assert {part for part, _ in bare.missing()} == {Part.ITEMS, Part.SHARING, Part.BASIS, Part.ASSESSMENT}
    assert a_form().missing() == ()


@settings(deadline=None)
@given(words=st.text(max_size=60), start=st.integers(0, 60), length=st.integers(0, 10))
def test_marks_never_hide_what_stands_there(words: str, start: int, length: int) -> None:
    """Whatever part of a text is sought, its marks are within the text's: no entry is passed over wrongly."""
    part = words[start : start + length]
    assert all(whole & sought == sought for whole, sought in zip(marks([words]), marks([part]), strict=True))
