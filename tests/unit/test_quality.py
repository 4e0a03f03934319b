"""Examining rows: what each rule finds, what a score is made of, and what happens at the source."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from jutong import collection, quality
from jutong.catalogue import UpdateCycle
from jutong.kernel.errors import Invalid, NotFound, WrongMoment
from jutong.quality import Band, Objection, objection_of_document, objection_to_document
from jutong.quality.examination import Timeliness, dimensions_of
from jutong.quality.rule import RuleCount
from jutong.terms import Duty
from jutong.terms.element import Dimension, Severity
from jutong.terms.identifier import organisation_code_of, registration_number_of
from tests.fitness import ENTRY, OFFICER, Place, code, place_at, row


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


def _with_bad_inner(number: int) -> str:
    from jutong.terms.identifier import credit_code_of

    sound = organisation_code_of(f"{number:08d}")
    wrong = sound[:8] + ("1" if sound[8] != "1" else "2")
    return credit_code_of("91500103" + wrong)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"uscc": code(7)[:17]}, ["uscc.length"]),
        ({"uscc": "9135010OM000100Y43"}, ["uscc.alphabet"]),
        ({"uscc": code(7)[:17] + ("1" if code(7)[17] != "1" else "2")}, ["uscc.check-digit"]),
        ({"uscc": _with_bad_inner(7)}, ["uscc.embedded-organisation-code"]),
        ({"uscc": code(7).lower() if code(7) != code(7).lower() else "91330100799655058b"}, ["uscc.upper-case"]),
        ({"uscc": registration_number_of("32040400000955")}, ["uscc.old-registration-number"]),
        ({"uscc": "110108000000017"}, ["uscc.old-number-check-digit"]),
        ({"uscc": code(7, division="999999")}, ["uscc.division-known"]),
        ({"uscc": code(7, division="320594")}, []),
        ({"uscc": "N/A"}, ["uscc.required"]),
        ({"uscc": " " + code(7) + "\u3000"}, []),
        ({"reg_date": "2002-02-30"}, ["reg_date.date-valid"]),
        ({"reg_date": "2002-2-3"}, ["reg_date.date-valid"]),
        ({"reg_date": "2999-01-01"}, ["reg_date.not-in-future"]),
        ({"name": "　"}, ["name.required"]),
        ({"capital": "N/A"}, ["capital.required"]),
        ({"capital": "2,0000(万)"}, ["capital.readable-amount"]),
        ({"name": "'; DROP TABLE raw; --"}, []),
    ],
)
def test_a_fault_is_found_by_its_own_rule(place: Place, changes: dict[str, str], found: list[str]) -> None:
    """One fault, one finding: an old number is not also a short one, a short code has no check digit to be wrong."""
    assert place.examined([row(1), row(7, **changes)]) == dict.fromkeys(found, 1)


def test_a_repeated_key_is_found_in_the_later_rows(place: Place) -> None:
    """Three rows of one firm are two repetitions, in capitals or not."""
    lower = "91330100799655058b"
    assert place.examined([row(1), row(2, uscc=lower), row(3, uscc=lower.upper()), row(4, uscc=lower.upper())]) == {
        "uscc.unique": 2,
        "uscc.upper-case": 1,
    }


def test_findings_name_rows_and_no_values(place: Place) -> None:
    """Who may not see the rows may see which rule which row fails."""
    batch = place.deliver([row(1), row(2, reg_date="soon"), row(3, reg_date="later")])
    place.examine(batch)
    found = quality.findings(place.pools, entry=ENTRY, batch=batch.id, rule="reg_date.date-valid")
    assert found.column_names == ["batch", "rule", "item", "row", "severity"]
    assert found["row"].to_pylist() == [2, 3]
    assert quality.findings(place.pools, entry=ENTRY, batch=batch.id, after=2)["row"].to_pylist() == [3]
    shown = quality.example_rows(place.pools, batch, rule="reg_date.date-valid", limit=1)
    assert shown["reg_date"].to_pylist() == ["soon"]


def test_examining_again_changes_nothing(place: Place) -> None:
    """The house asks at least once; a second time finds what the first has found and writes nothing."""
    batch = place.deliver([row(1), row(2, reg_date="soon")])
    first = place.examine(batch)
    assert place.examine(batch) == first
    assert len(place.lines("quality.examined")) == 1
    assert place.table(f"finding/{ENTRY}", order="row") != []
    assert len(quality.findings(place.pools, entry=ENTRY, batch=batch.id)) == 1


def test_findings_that_landed_before_a_crash_are_counted_and_not_doubled(place: Place) -> None:
    """Killed between landing and recording: the next try counts all rules anew and lands nothing twice."""
    batch = place.deliver([row(1), row(2, reg_date="soon")])
    place.killed(quality.examine, batch)
    assert place.lines("quality.examined") == []
    assert place.examine(batch).findings == {"reg_date.date-valid": 1}
    assert len(quality.findings(place.pools, entry=ENTRY, batch=batch.id)) == 1


def test_evidence_holds_counts_and_no_value(place: Place) -> None:
    """The ledger says how many, never who."""
    place.examined([row(1), row(2, name="N/A", address="重庆市江北区某街9号")])
    (line,) = place.lines("quality.examined")
    assert line.facts["findings"] == {"name.required": 1}
    assert line.facts["band"] == "A"
    assert "某街" not in line.leaf().decode()


def test_a_batch_of_which_nothing_landed_has_no_findings(place: Place) -> None:
    """All rows are quarantined: nothing is asked, and only accessibility is measured."""
    batch = place.deliver([row(1, name="\ufffd")])
    done = place.examine(batch)
    assert (done.findings, dict(done.dimensions)) == ({}, {Dimension.ACCESSIBILITY: 0})
    assert place.merge(batch).touched == 0


def test_warnings_do_not_lower_the_score() -> None:
    """A warning asks for a look; only an error counts against the source."""
    counts = [
        RuleCount(rule="a", item="x", dimension=Dimension.ACCURACY, severity=Severity.ERROR, asked=1000, failed=1),
        RuleCount(rule="b", item="x", dimension=Dimension.ACCURACY, severity=Severity.WARNING, asked=1000, failed=900),
    ]
    never = Timeliness(cycle=UpdateCycle.NEVER, before=None, arrived=date(2026, 1, 5))
    measured = dimensions_of(counts, rows_read=0, rows_landed=0, timeliness=never)
    assert measured == {Dimension.ACCURACY: 999}


@pytest.mark.parametrize(("days", "value"), [(1, 1000), (2, 0)])
def test_a_daily_entry_is_late_on_the_second_day(days: int, value: int) -> None:
    """Timeliness is measured between deliveries, not declared."""
    monday = date(2026, 1, 5)
    assert Timeliness(cycle=UpdateCycle.DAILY, before=monday, arrived=monday + timedelta(days=days)).per_mille == value


def test_quarantined_rows_are_not_accessible(place: Place) -> None:
    """A row that could not be read counts against the delivery although no rule was asked of it."""
    done = place.examine(place.deliver([row(1), row(2, name="重庆\ufffd公司")]))
    assert done.dimensions[Dimension.ACCESSIBILITY] == 500
    assert done.rows == 1


def test_each_error_is_objected_to_once(place: Place) -> None:
    """Two errors, two objections, each with ten working days; asking again opens none."""
    batch = place.deliver([row(1, name="N/A"), row(2, reg_date="soon", capital="2,0000(万)")])
    place.examine(batch)
    for _ in range(2):
        with place.desk() as desk:
            opened = quality.open_objections(desk, batch.id)
    assert [(each.rule, each.count) for each in opened] == [("name.required", 1), ("reg_date.date-valid", 1)]
    assert {each.due for each in opened} == {date(2026, 1, 19)}
    assert len(place.lines("quality.objection_opened")) == 2


def _objected(place: Place) -> Objection:
    batch = place.deliver([row(1, name="N/A"), row(2)])
    place.examine(batch)
    with place.desk() as desk:
        (opened,) = quality.open_objections(desk, batch.id)
    return opened


def test_an_objection_is_answered_and_closed(place: Place) -> None:
    """The source takes it up, answers with a reason, and the answer goes back."""
    opened = _objected(place)
    with place.desk(OFFICER) as desk:
        assert quality.verify_objection(desk, opened.id).stage is quality.Stage.VERIFYING
    with place.desk(OFFICER) as desk, pytest.raises(Invalid):
        quality.answer_objection(desk, opened.id, corrected=False, reason=" ")
    for _ in range(2):
        with place.desk(OFFICER) as desk:
            answered = quality.answer_objection(desk, opened.id, corrected=False, reason="档案如此")
    assert answered.stage is quality.Stage.REJECTED_WITH_REASON
    with place.desk() as desk:
        assert quality.close_objection(desk, opened.id).stage is quality.Stage.FEEDBACK_SENT
    with place.desk(OFFICER) as desk, pytest.raises(WrongMoment):
        quality.answer_objection(desk, opened.id, corrected=True)
    (line,) = place.lines("quality.objection_answered")
    assert line.facts["in_time"] is True
    assert "档案" not in line.leaf().decode()


def test_another_body_cannot_answer(place: Place) -> None:
    """Only the source department answers for its rows; for others the objection is not there."""
    opened = _objected(place)
    with pytest.raises(NotFound), place.desk(replace(OFFICER, org="11500000MB16000002")) as desk:
        quality.answer_objection(desk, opened.id, corrected=True)


def test_a_corrected_delivery_closes_the_objection_by_itself(place: Place) -> None:
    """The next full delivery passes the rule: corrected, and by which batch."""
    opened = _objected(place)
    better = place.deliver([row(1), row(2)])
    place.examine(better)
    for _ in range(2):
        with place.desk() as desk:
            resolved = quality.close_resolved(desk, better.id)
    assert resolved == ()
    with place.desk() as desk:
        now = quality.find_objection(desk.db, opened.id)
    assert (now.stage, now.resolved_by) == (quality.Stage.CORRECTED, better.id)


def test_a_smaller_delivery_puts_nothing_right(place: Place) -> None:
    """Rows that are only left out are not corrected."""
    batch = place.deliver([row(1, name="N/A"), row(2), row(3)])
    place.examine(batch)
    with place.desk() as desk:
        quality.open_objections(desk, batch.id)
    other = place.deliver([row(4)])
    place.examine(other)
    with place.desk() as desk:
        assert quality.close_resolved(desk, other.id) == ()


def test_an_objection_is_overdue_only_after_its_due_day(place: Place) -> None:
    """On the due day itself the source is still in time."""
    opened = _objected(place)
    with place.desk() as desk:
        assert quality.overdue(desk.db, opened.due) == ()
        assert quality.overdue(desk.db, opened.due + timedelta(days=1)) == (opened,)


def test_another_tier_s_objection_is_kept_once(place: Place) -> None:
    """The city objects to rows that the department handed up; both know it by the same number."""
    opened = _objected(place)
    told = objection_of_document(objection_to_document(opened))
    with place.desk() as desk:
        assert quality.adopt_objection(desk, told, "city") == opened
    foreign = replace(told, id="01JZ00000000000000000000AA")
    for _ in range(2):
        with place.desk() as desk:
            assert quality.adopt_objection(desk, foreign, "city").id == foreign.id
    assert len(place.lines("quality.objection_adopted")) == 1


def test_what_is_no_objection_is_refused() -> None:
    """A neighbour's document is read by its form, not believed."""
    with pytest.raises(Invalid):
        objection_of_document({"profile": "jutong-objection-1", "id": 5})
    with pytest.raises(Invalid):
        objection_of_document({})


def test_bands_are_five() -> None:
    """A from 90 %, E below 60 %."""
    assert [quality.band_of(score) for score in (1000, 900, 899, 700, 600, 599)] == [
        Band.A,
        Band.A,
        Band.B,
        Band.C,
        Band.D,
        Band.E,
    ]


def test_a_profile_tells_forms_and_no_values(place: Place) -> None:
    """Counts, lengths and forms of every item are kept; what a row says is not."""
    batch = place.deliver([row(1), row(2, scope="N/A"), row(3, name="A1-公司")])
    for _ in range(2):
        with place.desk() as desk:
            done = quality.profile(desk, batch.id)
    items = {one.item: one for one in done.items}
    assert (items["scope"].nulls, items["scope"].filled, items["uscc"].distinct) == (1, 666, 3)
    assert (items["uscc"].shortest, items["uscc"].longest) == (18, 18)
    assert items["name"].forms == {"文9文 10": 2, "A9.文 5": 1}
    assert items["scope"].forms == {"文 4": 2, "∅": 1}
    (line,) = place.lines("quality.profiled")
    assert "百货" not in line.leaf().decode() + repr(done)


def test_a_batch_whose_forms_moved_is_marked(place: Place) -> None:
    """Dates that are suddenly written another way drift; what stayed as it was does not."""
    for number, spelled in enumerate(("1998-03-02", "1998-03-02", "02/03/98")):
        batch = place.deliver([row(n, reg_date=spelled, scope=f"第{number}批") for n in range(10)])
        with place.desk() as desk:
            done = quality.profile(desk, batch.id)
    drift = {one.item: one.drift for one in done.items}
    assert done.drifted == ("reg_date",)
    assert drift["ent_type"] == 0


def test_freshness_is_measured_from_arrivals() -> None:
    """A monthly entry whose batches came every ten days is late on the thirty-second day."""
    days = [date(2026, 1, 1), date(2026, 1, 11), date(2026, 1, 21)]
    seen = quality.freshness_of(UpdateCycle.MONTHLY, days, None)
    assert (seen.days_between, seen.late(date(2026, 2, 21)), seen.late(date(2026, 2, 22))) == (10, False, True)


def _objected_to(place: Place, batch: collection.Batch) -> Objection:
    place.examine(batch)
    with place.desk() as desk:
        (one,) = quality.open_objections(desk, batch.id)
    return one


def test_one_rule_has_one_ticket_at_its_source(place: Place) -> None:
    """While a ticket is open, another failing batch is the same ticket: its clock runs on."""
    first = _objected_to(place, place.deliver([row(1, name="N/A"), row(2)]))
    place.now += timedelta(days=3)
    second = _objected_to(place, place.deliver([row(1, name="N/A"), row(2, name="N/A"), row(3)]))
    assert (second.id, second.due, second.count, second.reopened) == (first.id, first.due, 2, 0)
    assert len(place.lines("quality.objection_opened")) == 1
    assert len(place.lines("quality.objection_repeated")) == 1


def test_a_ticket_whose_rule_fails_again_is_opened_again_and_counted(place: Place) -> None:
    """Corrected, and wrong in the batch after: the same ticket with a new clock, and how often."""
    first = _objected_to(place, place.deliver([row(1, name="N/A"), row(2)]))
    better = place.deliver([row(1), row(2)])
    place.examine(better)
    with place.desk() as desk:
        quality.close_resolved(desk, better.id)
    place.now += timedelta(days=3)
    again = _objected_to(place, place.deliver([row(1, name="N/A"), row(2), row(3)]))
    assert (again.id, again.stage, again.reopened) == (first.id, quality.Stage.FILED, 1)
    assert again.due > first.due
    (line,) = place.lines("quality.objection_reopened")
    assert line.facts["times"] == 1


def test_what_the_source_called_right_is_not_asked_again_before_more_rows_fail(place: Place) -> None:
    """An answer with a reason stands for as many rows as it was given for."""
    first = _objected_to(place, place.deliver([row(1, name="N/A"), row(2)]))
    with place.desk(OFFICER) as desk:
        quality.answer_objection(desk, first.id, corrected=False, reason="无名单位")
    same = _objected_to(place, place.deliver([row(1, name="N/A"), row(2), row(3)]))
    assert same.stage is quality.Stage.REJECTED_WITH_REASON
    more = _objected_to(place, place.deliver([row(1, name="N/A"), row(2, name="N/A"), row(3), row(4)]))
    assert (more.stage, more.reopened) == (quality.Stage.FILED, 1)


def test_an_officer_doubts_one_value_and_learns_of_no_record(place: Place) -> None:
    """The same doubt is one ticket; a key that nobody has is taken just so, and no line tells the key."""
    place.deliver([row(1), row(2)])
    asker = replace(OFFICER, id="asker", duties=frozenset({Duty.REQUESTS}))
    for _ in range(2):
        with place.desk(asker) as desk:
            known = quality.raise_doubt(desk, ENTRY, key=code(2).lower(), item="address", doubt="门牌号与实地不符")
    with place.desk(asker) as desk:
        unknown = quality.raise_doubt(desk, ENTRY, key=code(77), item="address", doubt="门牌号与实地不符")
    assert (known.row, unknown.row, known.raised_by) == (2, 0, asker.org)
    with place.desk(asker) as desk, pytest.raises(Invalid):
        quality.raise_doubt(desk, ENTRY, key=code(2), item="nothing", doubt="错")
    lines = place.lines("quality.objection_opened")
    assert len(lines) == 2
    assert not any(code(2) in line.leaf().decode() or "门牌" in line.leaf().decode() for line in lines)
    assert _flags(place) == {code(2): {"address"}}


def test_records_in_doubt_are_named_by_key_and_item(place: Place) -> None:
    """Rows that fail a rule and cells that somebody doubts carry the flag; what is answered does not."""
    batch = place.deliver([row(1, reg_date="soon"), row(2), row(3, reg_date="later")])
    ticket = _objected_to(place, batch)
    with place.desk(OFFICER) as desk:
        quality.raise_doubt(desk, ENTRY, key=code(1), item="address", doubt="不符")
    assert _flags(place) == {code(1): {"reg_date", "address"}, code(3): {"reg_date"}}
    with place.desk(OFFICER) as desk:
        quality.answer_objection(desk, ticket.id, corrected=False, reason="档案如此")
    assert _flags(place) == {code(1): {"address"}}


def _flags(place: Place) -> dict[str, set[str]]:
    with place.desk() as desk:
        doubts = quality.doubts_of(desk.db, desk.pools.lake, ENTRY, "uscc")
    assert doubts is not None
    rows = place.pools.engine.query(doubts.sql, doubts.tables).read_all().to_pylist()
    return {one["_doubt_key"]: set(json.loads(one["_doubt_items"])) for one in rows}


def test_three_queues_never_mix(place: Place) -> None:
    """The same doubt from a department, the public and the person concerned is three tickets, each with its law."""
    place.deliver([row(1)])
    told = {"key": code(1), "item": "address", "doubt": "不符"}
    with place.desk(OFFICER) as desk:
        one = quality.raise_doubt(desk, ENTRY, **told)
    with place.desk(OFFICER) as desk:
        two = quality.register_doubt(desk, ENTRY, **told, queue=quality.Queue.PUBLIC)
    with place.desk(OFFICER) as desk:
        three = quality.register_doubt(desk, ENTRY, **told, queue=quality.Queue.RIGHTS)
    assert len({one.id, two.id, three.id}) == 3
    assert len({one.basis, two.basis, three.basis}) == 3
    with place.desk() as desk:
        listed = {queue: quality.objections_listed(desk.db, queue=queue) for queue in quality.Queue}
    assert {queue: [each.id for each in found] for queue, found in listed.items()} == {
        quality.Queue.CORRECTION: [one.id],
        quality.Queue.PUBLIC: [two.id],
        quality.Queue.RIGHTS: [three.id],
    }
    assert (one.marks, two.marks, three.marks) == (True, False, True)
