"""Working days and statutory terms."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel.errors import Invalid, NotFound
from jutong.registers import shipped, shipped_deadline
from jutong.terms import Calendar, DeadlineRule, YearNotice
from jutong.terms.deadline import choose

CALENDAR = Calendar.of_years(shipped.calendar_years())
days = st.dates(date(2004, 1, 1), date(2026, 6, 30))


def test_every_day_is_as_the_state_council_said() -> None:
    """All 8,401 days of 2004 to 2026 agree with an independent list."""
    day, wrong = date(2004, 1, 1), []
    while day <= date(2026, 12, 31):
        if CALENDAR.is_working(day) != chinese_calendar.is_workday(day):
            wrong.append(day)
        assert not CALENDAR.day(day).provisional
        day += timedelta(days=1)
    assert wrong == []


@pytest.mark.parametrize(
    ("start", "working_days", "due"),
    [
        (date(2025, 9, 24), 10, date(2025, 10, 14)),
        (date(2025, 9, 24), 20, date(2025, 10, 28)),
        (date(2025, 9, 30), 10, date(2025, 10, 21)),
        (date(2026, 2, 10), 10, date(2026, 3, 2)),
    ],
)
def test_make_up_days_count(start: date, working_days: int, due: date) -> None:
    """A Sunday on which offices work is a working day, and a weekday of a holiday is none."""
    found = CALENDAR.after(start, working_days)
    assert found.day == due
    assert not found.provisional
    assert str(due.year) in found.notice


def test_a_year_without_notice_is_provisional() -> None:
    """A request filed in December gets an answer, and the answer says that it may move."""
    found = CALENDAR.after(date(2026, 12, 28), 10)
    assert found.provisional
    assert found.day == date(2027, 1, 11)
    assert CALENDAR.after(date(2027, 1, 4), 1).day == date(2027, 1, 5)
    assert not CALENDAR.after(date(2026, 12, 28), 3).provisional


def test_a_new_notice_makes_the_year_firm() -> None:
    """Once next year's notice is entered, the same term ends on another day and is firm."""
    known = (*shipped.calendar_years(), YearNotice(year=2027, notice="n2027", days={date(2027, 1, 1): False}))
    found = Calendar.of_years(known).after(date(2026, 12, 28), 10)
    assert not found.provisional
    assert found.day == date(2027, 1, 12)
    assert found.notice.endswith("n2027")


def test_a_notice_may_name_the_eve_of_its_year() -> None:
    """The notice for 2019 gave 31 December 2018 as a holiday; no notice reaches further back."""
    eve = YearNotice(year=2019, notice="n2019", days={date(2018, 12, 31): False})
    assert not Calendar.of_years([YearNotice(year=2018, notice="n2018", days={}), eve]).is_working(date(2018, 12, 31))
    with pytest.raises(Invalid, match="cannot name 2018-11-30"):
        YearNotice(year=2019, notice="n2019", days={date(2018, 11, 30): False})


@given(start=days, first=st.integers(0, 20), second=st.integers(0, 20))
def test_two_terms_on_end_are_one_long_term(start: date, first: int, second: int) -> None:
    """Ten working days and ten more end on the day on which twenty end."""
    if first:
        assert CALENDAR.after(CALENDAR.after(start, first).day, second).day == CALENDAR.after(start, first + second).day


@given(start=days, length=st.integers(0, 40))
def test_a_term_holds_as_many_working_days_as_it_says(start: date, length: int) -> None:
    """The start day is not counted, the last day is, and the last day is worked."""
    last = CALENDAR.after(start, length).day
    worked = sum(chinese_calendar.is_workday(start + timedelta(days=n)) for n in range(1, (last - start).days + 1))
    assert CALENDAR.is_working(last)
    assert worked == length or (length == 0 and worked == 1)


def a_rule(**changes: object) -> DeadlineRule:
    told = {
        "id": "ANSWER",
        "event": "e",
        "who": "provider",
        "instrument": "条例",
        "article": "二十一",
        "since": date(2025, 8, 1),
        "working_days": 10,
    }
    return DeadlineRule(**{**told, **changes})  # type: ignore[arg-type]


def test_the_stricter_of_two_binding_rules_is_chosen() -> None:
    """A city may answer faster than the country asks; where it is slower, the country's rule stands."""
    country, city = a_rule(), a_rule(jurisdiction="1401", working_days=5, instrument="办法")
    slow = a_rule(jurisdiction="5001", working_days=15)
    rules, on = (country, city, slow), date(2026, 1, 5)
    assert choose(rules, "ANSWER", division="140105", on=on) == city
    assert choose(rules, "ANSWER", division="500112", on=on) == country
    assert choose(rules, "ANSWER", on=on) == country


def test_a_rule_binds_in_its_time_alone() -> None:
    """Before the Regulation was in force, and after a rule has ended, there is nothing to count by."""
    ended = a_rule(until=date(2025, 12, 31))
    assert choose([ended], "ANSWER", on=date(2025, 12, 31)) == ended
    for on in (date(2025, 7, 31), date(2026, 1, 1)):
        with pytest.raises(NotFound):
            choose([ended], "ANSWER", on=on)


def test_every_term_of_the_regulation_is_there() -> None:
    """The rows with a number of days or years end on a day; the rest say that the Regulation gives none."""
    without = {"REQ_SUPPLEMENT", "REQ_REFUSE", "DISPUTE", "RETURN_FLOW", "DISPOSE"}
    rules = shipped.deadline_rules()
    assert len(rules) == 24
    for rule in rules:
        if rule.id in without:
            with pytest.raises(Invalid, match="sets no number of days"):
                rule.due(CALENDAR, date(2025, 9, 24))
        else:
            assert rule.due(CALENDAR, date(2025, 9, 24)).due > date(2025, 9, 24)


def test_an_answer_is_due_with_its_basis() -> None:
    """The day comes with the article that sets it, and one may still act on the day itself."""
    found = shipped_deadline("REQ_ANSWER_COND", date(2025, 9, 24))
    assert (found.due, found.basis) == (date(2025, 10, 14), "政务数据共享条例第二十一条")
    assert not found.overdue(date(2025, 10, 14))
    assert found.overdue(date(2025, 10, 15))


def test_an_extension_has_a_limit() -> None:
    """Ten working days may be added to a conditional answer, not eleven; none to an unconditional one."""
    assert shipped_deadline("REQ_ANSWER_COND", date(2025, 9, 24), extension_days=10).due == date(2025, 10, 28)
    with pytest.raises(Invalid, match="10 working days at most"):
        shipped_deadline("REQ_ANSWER_COND", date(2025, 9, 24), extension_days=11)
    with pytest.raises(Invalid, match="0 working days at most"):
        shipped_deadline("REQ_ANSWER_UNCOND", date(2025, 9, 24), extension_days=1)


def test_use_records_are_kept_three_years() -> None:
    """From the 29th of February three years reach the 28th."""
    assert shipped_deadline("USE_RECORD", date(2025, 9, 24)).due == date(2028, 9, 24)
    assert shipped_deadline("USE_RECORD", date(2028, 2, 29)).due == date(2031, 2, 28)
