"""The lists of requests and agreements: complete, in order, page by page, each body its own; on both databases."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import ledger, sharing
from jutong.catalogue import Purpose, ShareType
from jutong.guard import Method
from jutong.kernel.db import connection, transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, TooMuch, WrongMoment
from jutong.kernel.ids import spell
from jutong.ledger import store as ledger_store
from jutong.ledger.calls import frame, gather
from jutong.sharing import Agreement, GrantedItem, Request, Side, Stage, Standing, Wish, store
from jutong.sharing.request import OPEN, UNSEEN
from jutong.terms import Actor, Duty
from jutong.terms.deadline import Deadline
from tests.town import (
    ANSWERING,
    ASKING,
    ASKING_HEAD,
    AUTHORITY,
    MARKET,
    SOCIAL,
    STRANGER,
    Town,
    a_town,
    a_wish,
    officer,
    submitted,
)

BODIES = (AUTHORITY, MARKET, SOCIAL, STRANGER)
OVERSEER = officer(AUTHORITY, Duty.OVERSIGHT)
COUNT = 60
FIRST_DAY = date(2026, 1, 5)


def a_clock(due: date) -> Deadline:
    """Return a clock that ends on a day."""
    return Deadline(
        rule_id="REQ_ANSWER_COND", started=FIRST_DAY, due=due, provisional=False, basis="第二十一条", notice=""
    )


def some_requests(count: int = COUNT, seed: int = 7) -> list[Request]:
    """Return requests between the bodies, in every stage, many due on one day."""
    chance = random.Random(seed)
    wish = Wish(
        entry=spell(1),
        items=("name",),
        purposes=(Purpose.CREDIT,),
        legal_basis="依据",
        scenario="场景",
        scope="范围",
        methods=frozenset({Method.QUERY}),
        systems=(),
        starts=FIRST_DAY,
        ends=FIRST_DAY,
        quota_per_day=1,
    )
    made = []
    for place in range(count):
        consumer, provider = chance.sample(BODIES, 2)
        stage = chance.choice(list(Stage))
        clock = None if stage in UNSEEN else a_clock(FIRST_DAY + timedelta(days=chance.randrange(6)))
        made.append(
            Request(
                id=spell(chance.getrandbits(120) << 8 | place % 256),
                consumer=consumer,
                provider=provider,
                entry_version=1,
                share_type=ShareType.CONDITIONAL,
                wish=wish,
                drafted=FIRST_DAY,
                stage=stage,
                clock=clock,
            )
        )
    return made


def some_agreements(count: int = COUNT) -> list[Agreement]:
    """Return agreements between the bodies, many ending on one day."""
    chance = random.Random(11)
    made = []
    for place in range(count):
        consumer, provider = chance.sample(BODIES, 2)
        made.append(
            Agreement(
                id=spell(place + 1),
                request=spell(place + 1000),
                entry=spell(chance.randrange(3) + 1),
                entry_version=1,
                provider=provider,
                consumer=consumer,
                systems=(),
                items=(GrantedItem(name="name", mask="none"),),
                purposes=(Purpose.CREDIT,),
                methods=frozenset({Method.QUERY}),
                quota_per_day=1,
                divisions=(),
                starts=FIRST_DAY,
                ends=FIRST_DAY + timedelta(days=chance.randrange(5)),
                delivery=a_clock(FIRST_DAY + timedelta(days=chance.randrange(5))),
                stage=chance.choice(list(Standing)),
                delivered=chance.choice([None, FIRST_DAY]),
            )
        )
    return made


def paged(page: Callable[..., tuple[object, ...]], key: Callable[..., tuple[str, ...]], size: int) -> Iterator[object]:
    """Walk through a list as its pages do."""
    after: tuple[str, ...] = ()
    while rows := page(after=after, limit=size):
        yield from rows
        after = key(rows[-1])


@pytest.mark.parametrize("actor", [ASKING, ANSWERING, OVERSEER])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["due", "id"])
def test_paging_through_requests_shows_each_once_and_in_order(
    engine: sa.Engine, actor: Actor, sort: str, descending: bool
) -> None:
    """Whoever pages through misses nothing, sees nothing twice, and sees what is due first first."""
    made = some_requests()
    with transaction(engine) as db:
        for one in made:
            store.save_request(db, one)
    with connection(engine) as db:

        def page(**how: object) -> tuple[Request, ...]:
            return sharing.requests_listed(db, actor, sort=sort, descending=descending, **how)  # type: ignore[arg-type]

        found = list(paged(page, sharing.key_of_request, 7))
    place = {"due": sharing.key_of_request, "id": lambda one: one.id}[sort]
    assert found == sorted((one for one in made if one.visible_to(actor)), key=place, reverse=descending)


@pytest.mark.parametrize("side", list(Side))
def test_a_side_and_a_stage_choose_from_the_list(engine: sa.Engine, side: Side) -> None:
    """What we asked and what we must answer are told apart; a draft is not the answering body's to know of."""
    made = some_requests(120)
    with transaction(engine) as db:
        for one in made:
            store.save_request(db, one)
    mine = {Side.ASKED: lambda one: one.consumer == MARKET, Side.ANSWERING: lambda one: one.provider == MARKET}[side]
    with connection(engine) as db:
        for stage in Stage:
            found = sharing.requests_listed(db, ANSWERING, side=side, stage=stage, limit=500)
            wanted = {one.id for one in made if mine(one) and one.stage is stage and one.visible_to(ANSWERING)}
            assert {one.id for one in found} == wanted


def test_what_is_owed_stands_first_and_what_is_not_owed_last(engine: sa.Engine) -> None:
    """A clock that stands still, and an answered request, do not push before what is due."""
    with transaction(engine) as db:
        for one in some_requests():
            store.save_request(db, one)
    with connection(engine) as db:
        found = sharing.requests_listed(db, OVERSEER, limit=500)
    owed = [one.stage in OPEN for one in found]
    assert owed == sorted(owed, reverse=True)
    assert any(owed)
    assert not all(owed)


@pytest.mark.parametrize("sort", ["ends", "due", "id"])
@pytest.mark.parametrize("descending", [False, True])
def test_paging_through_agreements_shows_each_once_and_in_order(engine: sa.Engine, sort: str, descending: bool) -> None:
    """The agreements of a body come by the end of their term, by the day of delivery, or as they came."""
    with transaction(engine) as db:
        made = [store.save_agreement(db, one) for one in some_agreements()]
    with connection(engine) as db:

        def page(**how: object) -> tuple[Agreement, ...]:
            return sharing.agreements_listed(db, ANSWERING, sort=sort, descending=descending, **how)  # type: ignore[arg-type]

        found = list(paged(page, sharing.key_of_agreement, 4))
        one_entry = sharing.agreements_listed(db, ANSWERING, entry=spell(1), side=Side.ASKED, limit=500)
        in_force = sharing.agreements_listed(db, OVERSEER, stage=Standing.IN_FORCE, limit=500)
    due, ends = (lambda one: sharing.key_of_agreement(one)[0::2]), (lambda one: sharing.key_of_agreement(one)[1:])
    place = {"due": due, "ends": ends, "id": lambda one: one.id}[sort]
    assert found == sorted((one for one in made if one.visible_to(ANSWERING)), key=place, reverse=descending)
    assert {one.id for one in one_entry} == {one.id for one in made if one.consumer == MARKET and one.entry == spell(1)}
    assert {one.id for one in in_force} == {one.id for one in made if one.stage is Standing.IN_FORCE}


@pytest.mark.parametrize("table", ["sharing_request"])
def test_a_page_is_read_along_its_index(engine: sa.Engine, table: str) -> None:
    """Ten thousand open requests cost a page no more than a hundred: nothing is sorted to find the first fifty."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses its plan by what stands in the table")
    seen: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def keep(db: object, cursor: object, statement: str, given: object, context: object, many: bool) -> None:
        seen.append(statement)
        values.append(given)

    values: list[object] = []
    with connection(engine) as db:
        sharing.requests_listed(db, ANSWERING, side=Side.ANSWERING, stage=Stage.SUBMITTED)
        statement, given = next(pair for pair in zip(seen, values, strict=True) if table in pair[0])
        plan = [str(row[-1]) for row in db.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, given)]  # type: ignore[arg-type]
    assert any("ix_sharing_request_provider_stage_due" in line for line in plan), plan


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Town:
    """A town over each database."""
    return a_town(tmp_path, url=database_url)


def test_a_form_is_put_aside_and_taken_up_by_a_colleague(town: Town) -> None:
    """What was typed waits for the officers of the body, for nobody else, until it has become a request."""
    with town.desk(ASKING) as desk:
        first = sharing.sketch_request(desk, town.entry, {"scope": ["本市"], "items": ["name", "uscc"]})
    with town.desk(ASKING_HEAD) as desk:
        fields = {"scope": ["全市"], "items": ["name"]}
        second = sharing.sketch_request(desk, town.entry, fields, seen=first.digest())
    with connection(town.engine) as db:
        kept = sharing.sketch_for(db, ASKING, town.entry)
        assert kept is not None
        assert kept.fields == {"scope": ("全市",), "items": ("name",)}
        assert sharing.sketches(db, ANSWERING) == ()
    assert "全市" not in str([line.facts for line in town.lines("sharing.sketched")])
    with town.desk(ASKING) as desk:
        sharing.draft_request(desk, a_wish(town), sketched=second.digest())
    with connection(town.engine) as db:
        assert sharing.sketches(db, ASKING) == ()


def test_a_form_has_its_bounds(town: Town) -> None:
    """Nobody fills the database with a form, and nobody asks for its own data."""
    with pytest.raises(TooMuch), town.desk(ASKING) as desk:
        sharing.sketch_request(desk, town.entry, {"scope": ["长" * 300_000]})
    with pytest.raises(NotAllowed), town.desk(officer(MARKET, Duty.REQUESTS)) as desk:
        sharing.sketch_request(desk, town.entry, {})
    with pytest.raises(NotFound), town.desk(ASKING) as desk:
        sharing.sketch_request(desk, spell(9), {})


def test_a_draft_changes_until_it_is_signed(town: Town) -> None:
    """The head signs what stands; after that a change needs a new draft."""
    with town.desk(ASKING) as desk:
        draft = sharing.draft_request(desk, a_wish(town))
    changed = a_wish(town, scope="渝中区的企业", divisions=("500103",))
    with town.desk(ASKING) as desk:
        redrafted = sharing.redraft_request(desk, draft.id, changed)
    with town.desk(ASKING) as desk:
        assert sharing.redraft_request(desk, draft.id, changed) == redrafted
    assert (redrafted.id, redrafted.drafted, redrafted.wish) == (draft.id, draft.drafted, changed)
    assert len(town.lines("sharing.redrafted")) == 1
    with pytest.raises(Invalid), town.desk(ASKING) as desk:
        sharing.redraft_request(desk, draft.id, replace(changed, scope=""))
    with pytest.raises(NotFound), town.desk(ANSWERING) as desk:
        sharing.redraft_request(desk, draft.id, changed)
    with town.desk(ASKING_HEAD) as desk:
        sharing.sign_request(desk, draft.id)
    with pytest.raises(WrongMoment), town.desk(ASKING) as desk:
        sharing.redraft_request(desk, draft.id, a_wish(town))


def test_the_law_closes_moves(town: Town) -> None:
    """Unconditional data is neither refused nor put off; papers are asked for once."""
    unconditional = submitted(town, date(2025, 8, 5), items=("name", "uscc"))
    conditional = submitted(town, date(2025, 8, 5))
    with connection(town.engine) as db:
        assert sharing.moves_of(sharing.find_request(db, unconditional)) == {
            "approve",
            "require_supplement",
            "withdraw",
            "urge",
        }
        assert {"refuse", "ask_extension"} < sharing.moves_of(sharing.find_request(db, conditional))
    with town.desk(ANSWERING) as desk:
        sharing.require_supplement(desk, conditional, ["批文"])
    with connection(town.engine) as db:
        request = sharing.find_request(db, conditional)
    assert sharing.moves_of(request) == {"supplement", "withdraw"}
    turn = sharing.turn_of(request)
    assert turn is not None
    assert (turn.body, turn.duty) == (SOCIAL, Duty.REQUESTS)


@pytest.mark.parametrize("stage", list(Stage))
def test_somebodys_turn_is_a_move_that_is_open(stage: Stage) -> None:
    """Whoever must act has something to do, and nobody must act on what has ended."""
    request = replace(some_requests(1)[0], stage=stage)
    turn = sharing.turn_of(request)
    assert (turn is None) == (not sharing.moves_of(request))
    assert turn is None or turn.act.removeprefix("sharing.") in sharing.moves_of(request)


def test_calls_are_counted_by_day_agreement_and_outcome(engine: sa.Engine) -> None:
    """Sums come from what the sealer put into batches, each batch once, and pages miss none of them."""
    with transaction(engine) as db:
        for batch in range(12):
            at = (1_767_600_000_000 + batch * 43_200_000) << 80
            records = b"".join(
                frame(b'{"id":"%s","agreement":"%s","code":"%s"}' % (spell(at + n).encode(), name, code))
                for n, (name, code) in enumerate([(b"A", b"ok"), (b"A", b"ok"), (b"B", b"quota"), (b"", b"not-known")])
            )
            gathered = gather(records, worker="w", file="f", starts=batch)
            assert gathered is not None
            ledger_store.save_batch(db, gathered[0])
            ledger_store.count_calls(db, gathered[0])
    with connection(engine) as db:
        whole = ledger.call_counts_of(db, ["A", "B", "C"], limit=500)

        def page(**how: object) -> tuple[ledger.CallCount, ...]:
            return ledger.call_counts_of(db, ["A", "B"], **how)  # type: ignore[arg-type]

        assert tuple(paged(page, lambda one: one.key, 3)) == whole
        assert ledger.call_counts_of(db, ["B"], code="ok") == ()
        assert sum(one.calls for one in whole if one.agreement == "A") == 24
        assert sum(one.calls for one in ledger.call_counts_of(db, None, limit=500)) == 36
    assert [one.day for one in whole] == sorted((one.day for one in whole), reverse=True)
