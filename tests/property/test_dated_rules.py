"""Whatever rules places make, from whenever to whenever: a clock goes by the one in force where and when one asked."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jutong.registers import shipped
from jutong.terms.calendar import Calendar
from jutong.terms.deadline import DeadlineRule, choose

CALENDAR = Calendar.of_years(shipped.calendar_years())
COUNTRY = next(one for one in shipped.deadline_rules() if one.id == "REQ_ANSWER_COND" and not one.jurisdiction)
FIRST = date(2025, 8, 1)
DAYS = st.integers(0, 500).map(lambda days: FIRST + timedelta(days))
PLACES = ("14", "1405", "140581", "50")


@st.composite
def local_rules(draw: st.DrawFn) -> DeadlineRule:
    """Return a place's rule, perhaps laxer than the country's, in force for some days."""
    since = draw(DAYS)
    return DeadlineRule(
        id=COUNTRY.id,
        event="",
        who="provider",
        instrument=f"办法{draw(st.integers(1, 99))}",
        article="",
        since=since,
        until=draw(st.one_of(st.none(), st.integers(0, 200).map(lambda days: since + timedelta(days)))),
        working_days=draw(st.integers(1, 30)),
        jurisdiction=draw(st.sampled_from(PLACES)),
    )


@given(st.lists(local_rules(), max_size=6), st.sampled_from(("140581", "140502", "500112", "110101")), DAYS)
def test_a_clock_goes_by_the_rule_in_force_on_the_day_of_asking(
    local: list[DeadlineRule], division: str, asked: date
) -> None:
    """It binds that place on that day, is no laxer than any other that does, and never laxer than the country's."""
    rules = [COUNTRY, *local]
    chosen = choose(rules, COUNTRY.id, division=division, on=asked)
    assert chosen.binds(division, asked)
    binding = [one for one in rules if division.startswith(one.jurisdiction) and one.since <= asked]
    binding = [one for one in binding if one.until is None or asked <= one.until]
    days = [one.working_days for one in binding if one.working_days is not None]
    assert chosen.working_days == min(days)
    assert chosen.due(CALENDAR, asked).due == CALENDAR.after(asked, min(days)).day
    assert chosen.due(CALENDAR, asked).due <= COUNTRY.due(CALENDAR, asked).due


@given(st.lists(local_rules(), max_size=4), local_rules(), DAYS, st.integers(1, 90))
def test_what_a_place_sets_later_does_not_move_a_clock_that_runs(
    local: list[DeadlineRule], newer: DeadlineRule, asked: date, later: int
) -> None:
    """A rule whose first day comes after the asking changes nothing about it, however often the day is counted."""
    late = DeadlineRule(
        **{
            **{name: getattr(newer, name) for name in ("id", "event", "who", "instrument", "article", "working_days")},
            "since": asked + timedelta(later),
            "jurisdiction": "14",
        }
    )
    before = choose([COUNTRY, *local], COUNTRY.id, division="140581", on=asked)
    after = choose([COUNTRY, *local, late], COUNTRY.id, division="140581", on=asked)
    assert after.due(CALENDAR, asked) == before.due(CALENDAR, asked)


def test_the_shipped_variant_binds_its_place_alone() -> None:
    """Gaoping checks first and answers within five days; its neighbours and Chongqing go by the country's rule."""
    rules = shipped.deadline_rules()
    asked = date(2025, 9, 24)
    assert choose(rules, "REQ_ANSWER_COND", division="140581", on=asked).working_days == 5
    assert choose(rules, "REQ_PRECHECK", division="140581", on=asked).working_days == 2
    for place in ("140502", "500000"):
        assert choose(rules, "REQ_ANSWER_COND", division=place, on=asked).working_days == 10
        assert all(one.id != "REQ_PRECHECK" or not one.binds(place, asked) for one in rules)
