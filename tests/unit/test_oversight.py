"""A department's scorecard, counted from the ledger and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong import oversight, sharing
from jutong.kernel.canon import Fact
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.ledger import Evidence
from jutong.oversight import Scorecard, owed, score_of
from jutong.oversight.memory import Memory
from jutong.oversight.reading import FACTS, WORDS, Placed, in_order
from jutong.terms import Duty
from tests.town import (
    ANSWERING_HEAD,
    ASKING_HEAD,
    HOUSE,
    MARKET,
    OVERSEER,
    SOCIAL,
    Town,
    a_town,
    officer,
    submitted,
)

SINCE, UNTIL = date(2025, 9, 1), date(2025, 12, 31)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """One node with a published entry."""
    return a_town(tmp_path)


def approved(town: Town, request_id: str, day: date) -> str:
    """Let the provider say yes on a day, and return the agreement's identifier."""
    town.on(day)
    with town.desk(ANSWERING_HEAD) as desk:
        return sharing.approve(desk, request_id).id


def card(town: Town, since: date = SINCE, until: date = UNTIL, provider: str = MARKET) -> Scorecard:
    """Return the scorecard as the overseer sees it today."""
    town.sequence()
    with town.desk(OVERSEER) as desk:
        return oversight.score(desk, provider, since, until)


def a_line(act: str, day: date, on: str, facts: Mapping[str, Fact], number: int = 0) -> Evidence:
    """Return a line as an act of that day leaves it."""
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    return Evidence(id=f"{number:026}", act=act, actor="p", org="o", on=on, at=at, facts=facts)


def placed(*lines: tuple[str, date, str, Mapping[str, Fact]]) -> list[Placed]:
    """Return lines at their places in a log."""
    return [(place, a_line(*line, number=place)) for place, line in enumerate(lines)]


def of_lines(lines: list[Placed], until: date = UNTIL) -> Scorecard:
    """Return the market regulator's scorecard from lines."""
    return score_of(lines, provider=MARKET, since=SINCE, until=until)


def test_an_answer_in_time_and_one_too_late_are_half(town: Town) -> None:
    """Two requests, one yes on the due day, one the day after: 500 thousandths, with the lines behind it."""
    early, tardy = submitted(town, date(2025, 9, 24), quota_per_day=1), submitted(town, date(2025, 9, 24))
    approved(town, early, date(2025, 10, 14))
    approved(town, tardy, date(2025, 10, 15))
    answers = card(town).indicator("S1")
    assert (answers.numerator, answers.denominator, answers.value) == (1, 2, 500)
    log = dict(town.placed())
    behind = [log[proof.place] for proof in answers.evidence]
    assert [line.id for line in behind] == [proof.evidence for proof in answers.evidence]
    assert {line.act for line in behind} == {"sharing.submitted", "sharing.approved"}


def test_silence_counts_as_late_and_grows(town: Town) -> None:
    """An unanswered request is not left out: it counts from the day after its due day, and its days add up."""
    submitted(town, date(2025, 9, 24))
    town.on(date(2025, 10, 14))
    assert card(town).indicator("S1").value is None
    town.on(date(2025, 10, 15))
    assert card(town).indicator("S1").value == 0
    assert card(town).count("days_late") == 1
    town.on(date(2025, 12, 1))
    assert card(town).count("days_late") == 48


def test_asking_for_papers_after_the_due_day_hides_nothing(town: Town) -> None:
    """A clock that stands still after the day has passed is still a breach."""
    request_id = submitted(town, date(2025, 9, 24))
    town.on(date(2025, 10, 15))
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.require_supplement(desk, request_id, ["使用承诺书"])
    assert card(town).indicator("S1").value == 0


def test_a_withdrawn_request_weighs_only_if_it_was_late(town: Town) -> None:
    """Whoever takes a request back in time takes it out of the count; after the day has passed it stays in."""
    ids = submitted(town, date(2025, 9, 24), quota_per_day=1), submitted(town, date(2025, 9, 24))
    for request_id, day in zip(ids, (date(2025, 10, 14), date(2025, 10, 15)), strict=True):
        town.on(day)
        with town.desk(ASKING_HEAD) as desk:
            sharing.withdraw(desk, request_id)
    answers = card(town).indicator("S1")
    assert (answers.numerator, answers.denominator) == (0, 1)


def test_delivery_is_counted_by_its_own_clock(town: Town) -> None:
    """An answer in time does not make a late service good."""
    agreement = approved(town, submitted(town, date(2025, 9, 24)), date(2025, 9, 25))
    town.on(date(2025, 11, 20))
    with town.desk(HOUSE) as desk:
        sharing.record_delivery(desk, agreement)
    counted = card(town)
    assert (counted.indicator("S1").value, counted.indicator("S2").value) == (1000, 0)


def test_every_word_that_is_read_has_the_facts_that_are_read(town: Town) -> None:
    """What oversight reads is what the acts write: the sharing lines of a real course hold every named fact."""
    request_id = submitted(town, date(2025, 9, 24))
    agreement = approved(town, request_id, date(2025, 9, 26))
    with town.desk(HOUSE) as desk:
        sharing.record_delivery(desk, agreement)
    written = {line.act: line.facts for line in town.lines()}
    for words in FACTS.values():
        for word, facts in words.items():
            if word in written:
                assert set(facts) <= set(written[word]), word
    assert {"sharing.submitted", "sharing.approved", "sharing.delivered", "catalogue.published"} <= set(written)


def test_every_word_that_is_read_is_written_somewhere() -> None:
    """A word that no room writes would count as silence for ever."""
    rooms = Path(oversight.__file__).parents[1]
    written = {
        word for path in rooms.glob("[!o]*/**/*.py") for word in re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text())
    }
    assert set(WORDS) <= written


def test_quality_rows_corrections_and_use_come_from_their_rooms_lines() -> None:
    """The newest examination counts, quarantined rows count against, refused calls are not use."""
    called = {"agreements": {"g1": 7, "g2": 3, "other": 9}, "refused": {"g1": 2, "g2": 3}}
    about = {"provider": MARKET, "consumer": SOCIAL, "entry": "e"}
    log = placed(
        ("catalogue.published", date(2025, 8, 4), "e", {"provider": MARKET}),
        ("collection.landed", date(2025, 9, 2), "b1", {"entry": "e", "rows_read": 200, "rows_quarantined": 10}),
        ("collection.landed", date(2025, 9, 2), "b9", {"entry": "x", "rows_read": 200, "rows_quarantined": 200}),
        ("quality.examined", date(2025, 9, 2), "b1", {"entry": "e", "provider": MARKET, "score": 400}),
        ("quality.examined", date(2025, 9, 3), "b2", {"entry": "e", "provider": MARKET, "score": 987}),
        ("quality.objection_opened", date(2025, 9, 3), "o1", {**about, "due": "2025-09-17"}),
        ("quality.objection_opened", date(2025, 9, 3), "o2", {**about, "due": "2025-09-17"}),
        ("quality.objection_resolved", date(2025, 9, 17), "o1", {"in_time": True}),
        ("sharing.approved", date(2025, 9, 3), "r1", {**about, "agreement": "g1", "delivery_due": "2025-10-09"}),
        ("sharing.approved", date(2025, 9, 3), "r2", {**about, "agreement": "g2", "delivery_due": "2025-10-09"}),
        ("sharing.delivered", date(2025, 9, 4), "g1", {"late": False}),
        ("sharing.delivered", date(2025, 9, 4), "g2", {"late": False}),
        ("delivery.called", date(2025, 9, 5), "c1", called),
    )
    counted = of_lines(log)
    assert {one.code: one.value for one in counted.indicators} == {
        "S1": None,
        "S2": 1000,
        "S3": None,
        "Q1": 987,
        "Q2": 500,
        "Q4": 950,
        "U1": 500,
    }
    assert (counted.count("calls"), counted.count("refusals")) == (10, 5)
    assert counted.missing == ("S1", "S3")
    assert counted.score == (25 * 1000 + 25 * 987 + 15 * 500 + 5 * 950 + 5 * 500) // 75


def test_nothing_to_count_is_not_a_zero() -> None:
    """A department of which the ledger says nothing has no score, and the card says what is missing."""
    empty = of_lines([])
    assert empty.score is None
    assert len(empty.missing) == len(empty.indicators)


def test_a_period_does_not_run_backwards() -> None:
    """An impossible period is refused, not counted as empty."""
    with pytest.raises(Invalid):
        score_of([], provider=MARKET, since=UNTIL, until=SINCE)


def test_a_department_sees_its_own_card_only(town: Town) -> None:
    """The authority sees every card; a department sees its own; nobody freezes but the authority."""
    town.on(date(2025, 9, 24))
    for actor, provider in ((ANSWERING_HEAD, MARKET), (OVERSEER, SOCIAL), (HOUSE, MARKET)):
        with town.desk(actor) as desk:
            oversight.score(desk, provider, SINCE, UNTIL)
    with pytest.raises(NotAllowed), town.desk(officer(SOCIAL, Duty.OFFICE_HEAD)) as desk:
        oversight.score(desk, MARKET, SINCE, UNTIL)
    with pytest.raises(NotAllowed), town.desk(officer(MARKET, Duty.OVERSIGHT)) as desk:
        oversight.freeze(desk, MARKET, SINCE, UNTIL)
    with pytest.raises(NotAllowed), town.desk(ANSWERING_HEAD) as desk:
        oversight.waiting(desk)


def test_a_frozen_card_stays_as_it_was(town: Town) -> None:
    """The digest in the evidence is that of the kept body; freezing again gives the same card."""
    approved(town, submitted(town, date(2025, 9, 24)), date(2025, 10, 14))
    town.sequence()
    with town.desk(OVERSEER) as desk, pytest.raises(WrongMoment):
        oversight.freeze(desk, MARKET, SINCE, UNTIL)
    town.on(date(2026, 1, 1))
    with town.desk(OVERSEER) as desk:
        frozen = oversight.freeze(desk, MARKET, SINCE, UNTIL)
        assert oversight.freeze(desk, MARKET, SINCE, UNTIL) == frozen
    line = town.lines("oversight.scored")
    assert [one.facts["digest"] for one in line] == [frozen.digest]
    assert frozen.intact()
    assert card(town).digest() == frozen.digest
    with transaction(town.engine) as db:
        assert oversight.snapshots(db, provider=MARKET) == (frozen,)


def test_what_is_waiting_stands_in_the_order_of_its_days(town: Town) -> None:
    """The oldest breach comes first; what waits for the consumer's papers comes last."""
    first = submitted(town, date(2025, 9, 24))
    second = submitted(town, date(2025, 9, 30), quota_per_day=1)
    third = submitted(town, date(2025, 9, 25), quota_per_day=2)
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.require_supplement(desk, third, ["使用承诺书"])
    agreement = approved(town, submitted(town, date(2025, 9, 26), quota_per_day=3), date(2025, 10, 9))
    town.sequence()
    town.on(date(2025, 10, 15))
    with town.desk(OVERSEER) as desk:
        waiting = oversight.waiting(desk)
    assert [one.on for one in waiting] == [first, second, agreement, third]
    assert [one.overdue(date(2025, 10, 15)) for one in waiting] == [True, False, False, False]


days = st.dates(date(2025, 9, 1), date(2025, 12, 1))


@st.composite
def courses(draw: st.DrawFn) -> list[tuple[str, date, str, Mapping[str, Fact]]]:
    """Some requests, each with a due day, and with or without an answer."""
    lines: list[tuple[str, date, str, Mapping[str, Fact]]] = []
    for number in range(draw(st.integers(0, 6))):
        start, due, answer = sorted(draw(st.tuples(days, days, days)))
        about = {"provider": draw(st.sampled_from((MARKET, SOCIAL))), "due": due.isoformat()}
        lines.append(("sharing.submitted", start, f"r{number}", about))
        if draw(st.booleans()):
            late = draw(st.booleans())
            word = draw(st.sampled_from(("sharing.refused", "sharing.withdrawn")))
            lines.append((word, answer if late else due, f"r{number}", {"late": late and answer > due}))
    return lines


@given(courses(), st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(
    lines: list[tuple[str, date, str, Mapping[str, Fact]]], luck: object
) -> None:
    """Lines carry their places: pages may come in any order."""
    log = placed(*lines)
    mixed = list(log)
    luck.shuffle(mixed)  # type: ignore[attr-defined]
    assert of_lines(mixed) == of_lines(log)


@given(courses())
def test_an_answer_in_time_never_lowers_the_number(lines: list[tuple[str, date, str, Mapping[str, Fact]]]) -> None:
    """Doing more, and in time, can only help."""
    more = [
        *lines,
        ("sharing.submitted", date(2025, 12, 2), "new", {"provider": MARKET, "due": "2025-12-16"}),
        ("sharing.refused", date(2025, 12, 16), "new", {"late": False}),
    ]
    before, after = of_lines(placed(*lines)).indicator("S1"), of_lines(placed(*more)).indicator("S1")
    assert (after.value or 0) >= (before.value or 0)


@given(courses())
def test_another_departments_lines_change_nothing(lines: list[tuple[str, date, str, Mapping[str, Fact]]]) -> None:
    """A card is about one department."""
    mine = [line for line in lines if line[2] in {on for _, _, on, facts in lines if facts.get("provider") == MARKET}]
    alone, among = of_lines(placed(*mine)), of_lines(placed(*lines))
    assert [(one.numerator, one.denominator) for one in alone.indicators] == [
        (one.numerator, one.denominator) for one in among.indicators
    ]


@given(courses(), days)
def test_late_stays_late(lines: list[tuple[str, date, str, Mapping[str, Fact]]], until: date) -> None:
    """As long as nothing is done, a later reading counts at least as many breaches and as many days."""
    open_only = [line for line in lines if line[0] == "sharing.submitted"]
    now, later = of_lines(placed(*open_only), until), of_lines(placed(*open_only), UNTIL)
    assert now.indicator("S1").denominator <= later.indicator("S1").denominator
    assert now.count("days_late") <= later.count("days_late")


WORDS_OF_A_COURSE = ("sharing.submitted", "sharing.supplement_required", "sharing.approved", "sharing.delivered", "x.y")


@given(
    course=st.lists(
        st.tuples(st.sampled_from(WORDS_OF_A_COURSE), st.integers(0, 200), st.sampled_from("abc")), max_size=30
    ),
    steps=st.lists(st.integers(0, 10), max_size=8),
)
def test_what_is_remembered_never_differs_from_what_is_counted_anew(
    course: list[tuple[str, int, str]], steps: list[int]
) -> None:
    """However the log grows between two looks, a remembered scorecard is the one that the whole log gives."""
    days = sorted(day for _, day, _ in course)
    log = placed(
        *(
            (
                act,
                SINCE + timedelta(days=day),
                f"{on}",
                {"provider": MARKET, "agreement": f"ag-{on}", "due": "2025-10-14"},
            )
            for (act, _, on), day in zip(course, days, strict=True)
        )
    )
    memory, seen = Memory(), 0
    for step in [*steps, len(log)]:
        seen = min(seen + step, len(log))

        def read(after: int, seen: int = seen) -> Iterator[Placed]:
            return ((place, line) for place, line in log[:seen] if place > after and line.act in WORDS)

        for until in (date(2025, 10, 20), date(2026, 6, 1)):
            again = score_of(log[:seen], provider=MARKET, since=SINCE, until=until)
            assert memory.scorecard(read, provider=MARKET, since=SINCE, until=until) == again
            assert memory.waiting(read, until) == owed.waiting(owed.debts(in_order(log[:seen], until=until)), until)


def test_a_log_that_was_put_back_from_a_copy_is_read_anew() -> None:
    """What a process remembers of one log is not said of another that stands in its place."""
    memory = Memory()
    first = placed(("sharing.submitted", SINCE, "a", {"provider": MARKET, "due": "2025-09-02"}))
    other = [(0, a_line("sharing.submitted", SINCE, "b", {"provider": SOCIAL, "due": "2025-09-02"}, number=7))]
    for log in (first, other, first):

        def read(after: int, log: list[Placed] = log) -> Iterator[Placed]:
            return (one for one in log if one[0] > after)

        assert memory.scorecard(read, provider=MARKET, since=SINCE, until=UNTIL) == of_lines(log)
