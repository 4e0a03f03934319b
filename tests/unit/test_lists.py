"""The lists beside the catalogue: demands, responsibilities, codes, updates that are due, and spreadsheets."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import Workbook

from jutong import catalogue, oversight, sharing
from jutong.catalogue import (
    DEMAND_COLUMNS,
    ITEM_COLUMNS,
    Cause,
    DemandStage,
    FaultyEntry,
    FaultySheet,
    Item,
    Need,
    OpenType,
    Progress,
    Purpose,
    ShareCondition,
    ShareType,
    Standing,
    Step,
    Task,
    TermsOfUse,
    UpdateCycle,
    entry_of_document,
    entry_to_document,
    read_sheet,
)
from jutong.guard.grades import Method
from jutong.kernel.db import connection
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, WrongMoment
from jutong.oversight.owed import debts
from jutong.terms import Duty, Grade
from jutong.web.console.words import word_of
from tests.town import (
    ASKING,
    AUTHORITY,
    HOUSE,
    MARKET,
    OVERSEER,
    SOCIAL,
    Town,
    a_town,
    officer,
    submitted,
)

AUDITOR = officer(AUTHORITY, Duty.REGISTER_AUDIT)
OWNER = officer(MARKET, Duty.CATALOGUE)
HEAD = officer(MARKET, Duty.DEPARTMENT_HEAD)
NEED = Need(
    title="企业登记与注册资本",
    purpose=Purpose.SOCIAL_SECURITY,
    words="核验申领人员的原单位",
    legal_basis="失业保险条例第十七条",
    items=("企业名称", "注册资本"),
    by=date(2025, 12, 1),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Build one town for all; no test needs what another one did in it."""
    return a_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def town(built: Town) -> Town:
    """Set the clock back to one September morning; what was done stays."""
    return built.on(max(date(2025, 9, 1), built.now.date()))


def an_item(**changes: object) -> Item:
    """Return an item shared under conditions."""
    item = Item(name="note", title="备注", share_type=ShareType.CONDITIONAL, grade=Grade.L2)
    return replace(item, **changes)  # type: ignore[arg-type]


def filed(town: Town, **changes: object) -> str:
    """File a demand, and return its identifier."""
    with town.desk(ASKING) as desk:
        demand = catalogue.draft_demand(desk, replace(NEED, **changes))  # type: ignore[arg-type]
        return catalogue.file_demand(desk, demand.id).id


def accepted(town: Town, **changes: object) -> str:
    """File a demand and put it on the list."""
    demand = filed(town, **changes)
    with town.desk(AUDITOR) as desk:
        catalogue.accept_demand(desk, demand)
    return demand


# Terms of items ----------------------------------------------------------------------------------------------------


def test_an_item_without_terms_of_its_own_is_spelled_as_before() -> None:
    """Neighbours that know no terms of items still read such an entry, under the digest that they know."""
    entry = replace(catalogue.template("enterprise_register", MARKET), items=(an_item(),))
    spelled = entry_to_document(entry)["items"][0]  # type: ignore[index,call-overload]
    assert not {"conditions", "open_type", "update_cycle", "source", "classified"} & set(spelled)
    own = replace(entry, items=(an_item(update_cycle=UpdateCycle.DAILY, conditions=(ShareCondition.CASE_BOUND,)),))
    assert entry_of_document(entry_to_document(own)) == own


def test_an_items_own_conditions_suffice_and_free_words_go_to_the_audit() -> None:
    """Conditions may stand with the item alone; what is not on the list is counted for the authority's look."""
    terms = TermsOfUse(share_type=ShareType.CONDITIONAL, scope=("本市",), purposes=(Purpose.CREDIT,))
    entry = catalogue.template("enterprise_register", MARKET)
    bare = replace(entry, terms=terms, items=(an_item(),), region_item="")
    faults = [str(fault) for _, fault in bare.missing()]
    assert any("needs its conditions" in fault for fault in faults)
    own = replace(bare, items=(an_item(other_conditions=("逐笔登记",)),))
    assert not any("needs its conditions" in str(fault) for _, fault in own.missing())
    assert own.free_conditions == ("逐笔登记",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"share_type": ShareType.UNCONDITIONAL, "conditions": (ShareCondition.MASKED,)}, "lists conditions"),
        ({"open_type": OpenType.CONDITIONAL}, "opened under conditions"),
        ({"open_type": OpenType.OPEN, "grade": Grade.L3}, "may not be opened"),
        ({"classified": True}, "neither shared nor opened"),
        ({"share_type": ShareType.NOT_SHARED}, "needs the title and article"),
    ],
)
def test_terms_that_do_not_hold_together_are_named(changes: dict[str, object], said: str) -> None:
    """Each item is looked at by itself: opening, conditions, secrecy, and the law that refuses sharing."""
    terms = TermsOfUse(share_type=ShareType.CONDITIONAL)
    assert any(said in str(fault) for fault in an_item(**changes).content_faults(terms))


# Codes -------------------------------------------------------------------------------------------------------------


def test_codes_are_issued_in_order_and_belong_to_one_entry(town: Town) -> None:
    """The next number of a stem is given; asking again gives the same; another entry cannot take it."""
    wanted = catalogue.template("enterprise_register", MARKET)
    with town.desk(OWNER) as desk:
        first = catalogue.draft(desk, replace(wanted, service="coded-1"))
        second = catalogue.draft(desk, replace(wanted, service="coded-2"))
        first = catalogue.issue_code(desk, first.id, "national-2017", "101001001")
        again = catalogue.issue_code(desk, first.id, "national-2017", "101001001")
        second = catalogue.issue_code(desk, second.id, "national-2017", "101001001")
        second = catalogue.issue_code(desk, second.id, "sichuan-2021", "101001")
    assert first.resource_codes == again.resource_codes == ("101001001/000001",)
    assert second.resource_codes == ("101001001/000002", f"51-{MARKET}-101001/000001")
    with pytest.raises(Invalid, match="another entry's"), town.desk(OWNER) as desk:
        catalogue.draft(desk, replace(second, resource_codes=("101001001/000001",)))
    with pytest.raises(Invalid, match="no classification"), town.desk(OWNER) as desk:
        catalogue.issue_code(desk, second.id, "national-2017", "9")


# Updates that are due ----------------------------------------------------------------------------------------------


def test_an_update_has_its_clock_and_its_users_are_told(town: Town) -> None:
    """Counted from the day of the change; more time needs the authority; late stays late until the next version.

    The submission stops the clock and settles what is owed; whoever holds an agreement learns what has changed, with
    how many of its own items, and since when.
    """
    town.on(date(2025, 9, 24))
    with town.desk(OVERSEER) as desk:
        (one,) = catalogue.open_revisions(
            desk, MARKET, cause=Cause.LAW, words="某法修订", changed_on=date(2025, 9, 24), entry_ids=[town.entry]
        )
    assert one.due == date(2025, 10, 14)
    with pytest.raises(NotAllowed), town.desk(OWNER) as desk:
        catalogue.decide_revision_extension(desk, one.id, agreed=True)
    with town.desk(OWNER) as desk:
        catalogue.ask_revision_extension(desk, one.id, "系统改造")
    with town.desk(OVERSEER) as desk:
        assert catalogue.decide_revision_extension(desk, one.id, agreed=True).due == date(2025, 10, 21)
    own, _ = _desk_of(town, OWNER)
    assert oversight.Work.UPDATE_ENTRY in own.sizes

    town.on(date(2025, 10, 22))
    for _ in range(2):
        with town.desk(HOUSE) as desk:
            catalogue.escalate_overdue(desk)
    assert len(town.lines("catalogue.revision_escalated")) == 1
    with connection(town.engine) as db:
        entry = catalogue.find(db, town.entry)
        (running,) = catalogue.revisions(db, provider=MARKET, steps=catalogue.OPEN_STEPS)
    with town.desk(OWNER) as desk:
        catalogue.draft(desk, replace(entry, abstract="按新法更新"))
    with town.desk(HEAD) as desk:
        catalogue.sign(desk, entry.id)
        catalogue.submit(desk, entry.id)
    with connection(town.engine) as db:
        assert catalogue.find_revision(db, running.id).step is Step.DONE
    owed = {one.kind: one for one in debts(town.placed()) if one.kind is oversight.Kind.UPDATE}
    assert owed[oversight.Kind.UPDATE].late
    audits = [one for one in debts(town.placed()) if one.kind is oversight.Kind.AUDIT]
    assert [one.done is None for one in audits] == [False, True]
    assert audits[-1].provider == AUTHORITY

    request = submitted(town, date(2025, 10, 23))
    with town.desk(officer(MARKET, Duty.OFFICE_HEAD)) as desk:
        sharing.approve(desk, request)
    with town.desk(AUDITOR) as desk:
        catalogue.audit_registration(desk, town.entry)
    with town.desk(officer(AUTHORITY, Duty.PUBLISH_AUDIT)) as desk:
        published = catalogue.audit_publication(desk, town.entry)
    with town.desk(HOUSE) as desk:
        told = sharing.tell_change(desk, town.entry, published.version)
    (line,) = town.lines("sharing.change_told")
    assert len(told) == 1
    assert (line.facts["version"], line.facts["before"], line.facts["differences"]) == (2, 1, 1)
    assert line.facts["consumer"] == SOCIAL


# Demands -----------------------------------------------------------------------------------------------------------


def test_a_demand_goes_from_the_filing_to_its_satisfaction(town: Town) -> None:
    """Alike demands are merged; the one that leads is split; the last part done satisfies both, and S3 counts them."""
    lead = accepted(town)
    other = filed(town, title="企业登记及注册资本信息")
    with connection(town.engine) as db:
        near = catalogue.alike(catalogue.find_demand(db, other), catalogue.demands(db))
    assert lead in {one.id for one in near}
    with town.desk(AUDITOR) as desk:
        catalogue.merge_demand(desk, other, lead)
        titles = tuple(item.title for item in catalogue.find_published(desk.db, town.entry).items[:2])
        task = Task(owner=MARKET, items=titles, method=Method.QUERY, due=date(2025, 12, 31))
        one = catalogue.split_demand(desk, lead, task)
        wrong = catalogue.split_demand(desk, lead, replace(task, items=("没有的项",)))
    with pytest.raises(Invalid, match="does not share"), town.desk(OWNER) as desk:
        catalogue.fulfil_responsibility(desk, wrong.id, town.entry)
    with town.desk(OWNER) as desk:
        assert catalogue.fulfil_responsibility(desk, one.id, town.entry).progress is Progress.DONE
        assert catalogue.find_demand(desk.db, lead).stage is DemandStage.PUBLISHED
    with town.desk(AUDITOR) as desk:
        catalogue.drop_responsibility(desk, wrong.id, "误列")
        assert {catalogue.find_demand(desk.db, name).stage for name in (lead, other)} == {DemandStage.SATISFIED}
    period = {"since": date(2025, 8, 1), "until": town.now.date()}
    card = oversight.score_of(town.placed(), provider=AUTHORITY, **period)
    assert (card.indicator("S3").numerator, card.indicator("S3").denominator) == (2, 2)
    mine = oversight.score_of(town.placed(), provider=MARKET, **period).indicator("S3")
    assert (mine.numerator, mine.denominator) == (1, 1)
    assert mine.evidence


def test_uncatalogued_data_finds_its_owner_who_may_contest(town: Town) -> None:
    """Duties and catalogues say who may have it; until that body answers, nobody is made responsible."""
    demand = accepted(town, title="婚姻登记档案", items=("结婚登记日期",))
    with town.desk(AUDITOR) as desk:
        catalogue.state_duties(desk, MARKET, "负责企业登记；婚姻登记档案由民政部门负责")
        found = catalogue.presumed_owners(
            catalogue.find_demand(desk.db, demand), catalogue.duties_stated(desk.db), {"X": ("结婚登记日期",)}
        )
        assert [one.body for one in found] == ["X", MARKET]
        catalogue.route_demand(desk, demand, MARKET)
        with pytest.raises(WrongMoment):
            catalogue.split_demand(
                desk, demand, Task(owner=MARKET, items=("a",), method=Method.FILE, due=date(2026, 1, 1))
            )
    with town.desk(OWNER) as desk:
        assert catalogue.contest_demand(desk, demand, "非本部门职责").standing is Standing.CONTESTED


def test_what_is_only_drafted_is_nobody_elses_business(town: Town) -> None:
    """A draft is hidden from the authority too, and cannot be filed before it says duty, use, items and day."""
    with town.desk(ASKING) as desk:
        draft = catalogue.propose_demand(desk, "  网约车   运营 ")
        assert draft.need.title == "网约车 运营"
        with pytest.raises(FaultyEntry, match="4 faults"):
            catalogue.file_demand(desk, draft.id)
    with pytest.raises(NotFound), town.desk(AUDITOR) as desk:
        catalogue.accept_demand(desk, draft.id)


def test_the_negative_list_holds_what_refuses(town: Town) -> None:
    """An entry in force with an item that is not shared stands on the negative list, with its law."""
    with connection(town.engine) as db:
        refusing = {one.id for one in catalogue.negative_list(db)}
        entry = catalogue.find_published(db, town.entry)
    assert (town.entry in refusing) == any(item.share_type is ShareType.NOT_SHARED for item in entry.items)


# Spreadsheets ------------------------------------------------------------------------------------------------------


def a_book(*rows: tuple[object, ...]) -> bytes:
    """Return a workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))  # type: ignore[union-attr]
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_a_sheet_is_read_in_both_languages() -> None:
    """Headings and values may be Chinese words, English words or codes."""
    headings = {str(one.title): one.title.said_in("zh-CN") for one in ITEM_COLUMNS}
    content = a_book(
        (headings["Name"], "Title", headings["Share type"], "grade", headings["Key"], headings["Conditions"]),
        ("uscc", "代码", word_of(ShareType.CONDITIONAL).said_in("zh-CN"), "L3", "是", "case-bound"),
    )
    (row,) = read_sheet(content, ITEM_COLUMNS, word_of)
    assert row.values["share_type"] is ShareType.CONDITIONAL
    assert row.values["conditions"] == (ShareCondition.CASE_BOUND,)
    assert row.values["grade"] is Grade.L3
    assert row.values["key"] is True


def test_every_fault_of_a_sheet_is_named_with_its_cell() -> None:
    """A rounded code, a formula, an unknown word and an empty cell are told all at once."""
    heads = ("title", "purpose", "items", "source", "by")
    content = a_book(
        heads,
        ("企业", "approval", "a", 115000000092750012, "2026-01-31"),
        ("=1+1", "nothing", None, MARKET, "tomorrow"),
    )
    with pytest.raises(FaultySheet) as refused:
        read_sheet(content, DEMAND_COLUMNS, word_of)
    assert [f"{one.column}{one.row}" for one in refused.value.faults] == ["D2", "A3", "B3", "C3", "E3"]


def test_what_is_no_form_is_refused() -> None:
    """Neither text, nor an unknown heading, nor a missing column is taken for a form."""
    with pytest.raises(Invalid, match="not a spreadsheet"):
        read_sheet(b"PK\x03\x04 nothing", DEMAND_COLUMNS, word_of)
    with pytest.raises(FaultySheet, match="no column of the template"):
        read_sheet(a_book(("colour",), ("red",)), DEMAND_COLUMNS, word_of)


def _desk_of(town: Town, actor: object) -> tuple[oversight.Todos, oversight.Todos]:
    with connection(town.engine) as db:
        return oversight.waiting_for(db, actor, town.now)  # type: ignore[arg-type]
