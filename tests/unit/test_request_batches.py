"""Several entries in one application, words that are kept, signatures in one pass, and posts that are lent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jutong import catalogue, sharing
from jutong.catalogue import Purpose
from jutong.guard.grades import Method
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, TooMuch
from jutong.notices.notice import notices_of
from jutong.sharing import Faulty, Stage, Wish
from jutong.sharing.batching import template as kept_words
from jutong.terms import Duty
from tests.town import (
    ANSWERING_HEAD,
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


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """One node with a published entry, and a second one of the same provider."""
    town = a_town(tmp_path)
    town.on(date(2025, 9, 22))
    yield town
    town.engine.dispose()


def another_entry(town: Town, service: str = "licences", purposes: tuple[Purpose, ...] = ()) -> str:
    """Publish one more entry with the same items."""
    wanted = catalogue.template("enterprise_register", MARKET)
    terms = replace(wanted.terms, purposes=purposes) if purposes else wanted.terms
    wanted = replace(wanted, service=service, terms=terms, secrecy_assessed=True, impact_assessed=True)
    with town.desk(officer(MARKET, Duty.CATALOGUE)) as desk:
        entry = catalogue.draft(desk, wanted)
    with town.desk(officer(MARKET, Duty.DEPARTMENT_HEAD)) as desk:
        catalogue.sign(desk, entry.id)
        catalogue.submit(desk, entry.id)
    with town.desk(officer(AUTHORITY, Duty.REGISTER_AUDIT)) as desk:
        catalogue.audit_registration(desk, entry.id)
    with town.desk(officer(AUTHORITY, Duty.PUBLISH_AUDIT)) as desk:
        catalogue.audit_publication(desk, entry.id)
    return entry.id


def wishes(town: Town, *entries: str, **changes: object) -> list[Wish]:
    """Return the same wish of each entry."""
    return [a_wish(town, entry=one, items=("name", "uscc"), **changes) for one in entries]


def test_each_entry_becomes_a_request_of_its_own(town: Town) -> None:
    """One number holds them together; each is signed, submitted and clocked by itself, with a line of its own."""
    other = another_entry(town)
    with town.desk(ASKING) as desk:
        requests = sharing.draft_batch(desk, wishes(town, town.entry, other))
    assert {one.entry for one in requests} == {town.entry, other}
    assert len({one.batch for one in requests}) == 1
    (line,) = town.lines("sharing.batch_drafted")
    assert (line.on, line.facts["requests"]) == (requests[0].batch, 2)
    with town.desk(ASKING_HEAD) as desk:
        for one in requests:
            sharing.sign_request(desk, one.id, seen=one.wish.digest())
            sharing.submit_request(desk, one.id)
    assert [one.on for one in town.lines("sharing.signed")] == [one.id for one in requests]
    with transaction(town.engine) as db:
        found = sharing.requests_of_batch(db, requests[0].batch, ANSWERING_HEAD)
        assert [(one.stage, one.clock is not None) for one in found] == [(Stage.SUBMITTED, True)] * 2
        with pytest.raises(NotFound):
            sharing.requests_of_batch(db, requests[0].batch, officer(STRANGER, Duty.REQUESTS))
    with town.desk(ANSWERING_HEAD) as desk:
        sharing.approve(desk, requests[0].id)
    with transaction(town.engine) as db:
        stages = [one.stage for one in sharing.requests_of_batch(db, requests[0].batch, ASKING)]
    assert sorted(stages) == [Stage.AGREED, Stage.SUBMITTED]


def test_all_are_filed_or_none_and_every_fault_stands_at_its_entry(town: Town) -> None:
    """Two faults are told at once, each under its entry; nothing of the application is left behind."""
    strict = another_entry(town, purposes=(Purpose.STATISTICS,))
    good = another_entry(town, "permits")
    asked = wishes(town, town.entry, good, strict)
    asked[1] = replace(asked[1], items=("nothing",))
    with town.desk(ASKING) as desk, pytest.raises(Faulty) as faulty:
        sharing.draft_batch(desk, asked)
    assert set(faulty.value.faults) == {good, strict}
    assert "shares no item" in str(faulty.value.faults[good].reason)
    assert town.lines("sharing.drafted") == []
    with transaction(town.engine) as db:
        assert sharing.requests(db, ASKING) == ()


def test_an_application_has_one_purpose_and_bounds(town: Town) -> None:
    """One entry is a request; the same entry twice, two bases or too many entries are refused."""
    other = another_entry(town)
    one, two = wishes(town, town.entry, other)
    for wrong in ([one], [one, one], [one, replace(two, legal_basis="另一依据")], [one, two] * 11):
        with town.desk(ASKING) as desk, pytest.raises(Invalid):
            sharing.draft_batch(desk, wrong)
    with pytest.raises(NotAllowed), town.desk(officer(SOCIAL, Duty.CATALOGUE)) as desk:
        sharing.draft_batch(desk, [one, two])


def test_words_are_kept_by_the_titles_of_items(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template fits another entry where its items have the same titles; it is its body's alone."""
    with town.desk(ASKING) as desk:
        request = sharing.draft_request(desk, a_wish(town))
        template = sharing.keep_template(desk, request.id, "核验原单位")
    other = another_entry(town)
    with transaction(town.engine) as db:
        entry = catalogue.find(db, other)
        found = sharing.find_template(db, template.id, SOCIAL)
        assert set(found.items_of(entry)) == {"name", "uscc", "capital", "address"}
        assert (found.methods, found.quota_per_day) == (frozenset({Method.QUERY, Method.VERIFY}), 10_000)
        with pytest.raises(NotFound):
            sharing.find_template(db, template.id, MARKET)
    with town.desk(ASKING) as desk:
        sharing.redraft_request(desk, request.id, replace(request.wish, quota_per_day=5))
        again = sharing.keep_template(desk, request.id, "核验原单位")
    assert (again.id, again.quota_per_day) == (template.id, 5)
    with town.desk(ASKING) as desk, pytest.raises(Invalid):
        sharing.keep_template(desk, request.id, "")
    monkeypatch.setattr("jutong.sharing.batching.acts.TEMPLATES_LIMIT", 1)
    with town.desk(ASKING) as desk, pytest.raises(TooMuch):
        sharing.keep_template(desk, request.id, "另一个")
    with town.desk(ASKING) as desk:
        sharing.drop_template(desk, template.id)
    with transaction(town.engine) as db:
        assert sharing.templates(db, SOCIAL) == ()
    assert len(town.lines("sharing.template_")) == 3
    assert kept_words.NAME_LIMIT == 100


def test_evidence_names_both_who_signs_and_who_lent_the_post(town: Town) -> None:
    """Both signatures can be done in a post that was lent; each line names the delegate, and the holder beside it."""
    delegate = replace(ASKING_HEAD, id="delegate-asking", lent_by="holder-asking")
    answering = replace(ANSWERING_HEAD, id="delegate-answering", lent_by="holder-answering")
    with town.desk(ASKING) as desk:
        request = sharing.draft_request(desk, a_wish(town))
    with town.desk(delegate) as desk:
        sharing.sign_request(desk, request.id)
        sharing.submit_request(desk, request.id)
    with town.desk(answering) as desk:
        sharing.approve(desk, request.id)
    for act, who in (("sharing.signed", "asking"), ("sharing.approved", "answering")):
        (line,) = town.lines(act)
        assert (line.actor, line.facts["lent_by"]) == (f"delegate-{who}", f"holder-{who}")
    assert all("lent_by" not in line.facts for line in town.lines("sharing.drafted"))


def test_an_answer_is_urged_once_a_working_day_and_the_authority_hears_of_it(town: Town) -> None:
    """What is urged on days off counts for the next working day; provider and authority are told, the clock stays."""
    request_id = submitted(town, date(2025, 9, 24))
    for day in (date(2025, 10, 2), date(2025, 10, 6), date(2025, 10, 9), date(2025, 10, 10)):  # the long holiday, then
        town.on(day)
        with town.desk(ASKING) as desk:
            urged = sharing.urge(desk, request_id)
    assert urged.urged == (date(2025, 10, 9), date(2025, 10, 10))
    assert urged.clock is not None
    assert urged.clock.due == date(2025, 10, 14)
    lines = town.lines("sharing.urged")
    assert len(lines) == 2
    assert {one.body for one in notices_of(lines[0], {AUTHORITY})} == {MARKET, AUTHORITY}
