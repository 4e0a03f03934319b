"""Plans, counters, used signatures and sessions by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.delivery.board import Client, board_of
from jutong.delivery.gateway.turn import Turns
from jutong.delivery.plan import Call, Column, Plan, beginning, judge
from jutong.delivery.quota import Counters, Spent
from jutong.delivery.service import Service
from jutong.delivery.session import SESSION_SECONDS, Sessions
from jutong.delivery.shape import Shape
from jutong.guard.grades import Durability, Method
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import TooMuch, Unavailable
from jutong.ledger import Journal
from jutong.ledger.calls import frames
from jutong.sharing import Standing

DAY = date(2026, 1, 2)
RECORD = b'{"id":"01K61VZA805X73C8EBWCTG8V1R"}'
KEY = SigningKey.of_seed(b"k" * 32)
PLAN = Plan(
    agreement="a",
    epoch=1,
    entry="e",
    provider="P",
    consumer="C",
    systems=frozenset({"i/GOV/C/app", "i/GOV/X/app"}),
    columns={"name": Column("name", None)},
    read=frozenset({"name"}),
    shape=Shape(["name"], [None]),
    purposes=frozenset({"credit"}),
    methods=frozenset({Method.QUERY}),
    quota_per_day=1,
    region_item="city",
    regions=("5001",),
    starts=DAY,
    ends=DAY,
    standing=Standing.IN_FORCE,
    delivered=True,
    shared_secret=True,
    durability=Durability.BEFORE_ANSWER,
)
CALL = Call("i/GOV/C/app", Method.QUERY, "credit", ("name",), DAY)


def test_a_call_inside_the_plan_is_not_objected_to() -> None:
    """All five terms are met."""
    assert judge(PLAN, CALL) is None


@given(
    st.builds(
        Call,
        st.just("i/GOV/C/app"),
        st.sampled_from(Method),
        st.text(max_size=8),
        st.lists(st.text(max_size=5)).map(tuple),
        st.dates(),
    )
)
def test_whatever_is_not_agreed_is_refused(call: Call) -> None:
    """There is no call that passes by being strange."""
    inside = (
        call.method is Method.QUERY and call.purpose == "credit" and set(call.items) <= {"name"} and call.day == DAY
    )
    assert (judge(PLAN, call) is None) == inside


def test_a_division_holds_what_lies_in_it() -> None:
    """A city's code opens its districts; a row without a division is inside nothing."""
    assert beginning("500000") == "50"
    assert PLAN.within("500103")
    assert PLAN.within("500103001")
    assert not PLAN.within("510100")
    assert not PLAN.within("重庆市")
    assert not PLAN.within(None)


def test_what_needs_proof_against_its_caller_is_not_given_for_a_shared_secret() -> None:
    """Of the gravest grade each call is signed by a key that only the caller has."""
    call = Call(CALL.client, CALL.method, CALL.purpose, CALL.items, DAY, by_secret=True)
    assert judge(PLAN, call) is None
    refusal = judge(replace(PLAN, shared_secret=False), call)
    assert refusal is not None
    assert refusal.code == "scope"
    assert judge(replace(PLAN, shared_secret=False), CALL) is None


def test_a_system_of_another_body_gets_no_right() -> None:
    """Even if an agreement named it by mistake."""
    clients = [Client(f"i/GOV/{body}/app", body) for body in ("C", "X")]
    service = Service(
        entry="e", entry_version=1, path="i/GOV/P/pool/s", copy="c", table="t", key_item="k", version="1", rows=1
    )
    board = board_of(1, clients, [service], [PLAN])
    assert board.plans_of("i/GOV/C/app", "i/GOV/P/pool/s") == (PLAN,)
    assert board.plans_of("i/GOV/C/app", "i/GOV/P/pool/s", "other") == ()
    assert board.plans_of("i/GOV/X/app", "i/GOV/P/pool/s") == ()


@given(st.lists(st.integers(1, 5), max_size=40))
def test_the_count_never_passes_the_limit_and_never_stops_short(
    tmp_path_factory: pytest.TempPathFactory, asked: list[int]
) -> None:
    """Whatever is asked in whatever order, what was granted is what is counted."""
    counters = Counters(tmp_path_factory.mktemp("quota"), slots=4)
    granted = 0
    for amount in asked:
        taken = counters.take("a", DAY, amount, 20)
        assert taken == (granted + amount <= 20)
        granted += amount if taken else 0
    assert counters.used("a", DAY) == granted
    counters.close()


def test_a_table_of_agreements_that_is_full_refuses(tmp_path: Path) -> None:
    """Rather no call than one that is not counted."""
    counters = Counters(tmp_path, slots=2)
    assert counters.take("a", DAY, 1, 9)
    assert counters.take("b", DAY, 1, 9)
    with pytest.raises(TooMuch):
        counters.take("c", DAY, 1, 9)
    assert counters.take("a", DAY, 1, 9)


def test_old_days_are_swept(tmp_path: Path) -> None:
    """Counters of past days do not gather."""
    counters = Counters(tmp_path, slots=2)
    for day in (1, 2, 9):
        counters.take("a", date(2026, 1, day), 1, 9)
    assert [path.name for path in tmp_path.iterdir()] == ["quota-2026-01-09.map"]


def test_a_used_signature_is_remembered_while_it_is_fresh(tmp_path: Path) -> None:
    """Every signature of the window is admitted once, a stale one never; old places are used again."""
    spent = Spent(tmp_path / "s.map", slots=64)
    marks = {now: now.to_bytes(16, "big")[::-1] for now in range(10_000, 12_000, 7)}
    for now, mark in marks.items():
        assert spent.admit(mark, created=now, now=now)
        assert not spent.admit(mark, created=now, now=now + 300)
        assert not spent.admit(mark, created=now, now=now + 301)
    again = Spent(tmp_path / "s.map", slots=64)
    assert not again.admit(marks[11_995], created=11_995, now=12_000)
    for place in range(63):
        again.admit(place.to_bytes(8, "big") + b"x" * 8, created=13_000, now=13_000)
    assert again.admit(b"y" * 16, created=13_000, now=13_000)
    with pytest.raises(TooMuch):
        again.admit(b"z" * 16, created=13_000, now=13_000)


def test_a_session_ends_on_time_and_belongs_to_its_node() -> None:
    """A token of one node means nothing to another, even with the same key."""
    sessions = Sessions(KEY, KEY.public.raw, "one")
    token, session = sessions.open("client", "key", 1000)
    assert Sessions(KEY, KEY.public.raw, "one").known(token, 1000) == session
    assert sessions.known(token, 1000 + SESSION_SECONDS - 1) == session
    assert sessions.known(token, 1000 + SESSION_SECONDS) is None
    assert Sessions(KEY, KEY.public.raw, "two").known(token, 1000) is None
    assert Sessions(KEY, SigningKey.new().public.raw, "one").known(token, 1000) is None


def test_calls_that_come_together_are_written_together(tmp_path: Path) -> None:
    """Each is answered after its own record is on disk; one caller who goes away takes nobody with it."""

    async def story() -> int:
        journal = Journal(tmp_path, "w1")
        turns = Turns(journal)
        await turns.durable(RECORD)
        calls = [asyncio.create_task(turns.durable(RECORD)) for _ in range(50)]
        await asyncio.sleep(0)
        calls[7].cancel()
        done = await asyncio.gather(*calls, return_exceptions=True)
        turns.close()
        assert isinstance(done.pop(7), asyncio.CancelledError)
        assert done == [None] * 49
        return sum(len(list(frames(path.read_bytes()))) for path in tmp_path.glob("*.journal"))

    assert asyncio.run(story()) == 51


def test_a_write_that_fails_is_told_to_every_call_in_it(tmp_path: Path) -> None:
    """Nobody is answered on the strength of a record that may not be there."""

    async def story() -> list[object]:
        journal = Journal(tmp_path, "w1")
        journal.close()
        turns = Turns(journal)
        return await asyncio.gather(*(turns.durable(RECORD) for _ in range(3)), return_exceptions=True)

    assert [type(one) for one in asyncio.run(story())] == [Unavailable] * 3
