"""Erasure on pages: two people, an identifier that comes back nowhere, and counts of what went."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from jutong.kernel.lock import exclusive
from tests.city import City, a_full_city
from tests.console import CSRF, Console, a_console

SUBJECT, OTHER = "9150000020280332XF", "915000002028033216"
ASKED = {"_csrf": CSRF, "identifier": SUBJECT, "ground": "consent-withdrawn", "basis": "申请〔2026〕1号"}


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """A city in which rows of the subject were delivered, merged and served."""
    city = a_full_city(tmp_path / "home")
    yield a_console(city)
    city.house.engine.dispose()


def asked_on_page(console: Console) -> str:
    """Ask for the erasure as the overseer; return the address of the request."""
    answer = console.client("overseer").post("/erasures", data=ASKED, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def rows_with(city: City, value: str) -> int:
    """Return how many raw rows show a value."""
    table = city.house.pools.lake.read(f"raw/{city.found['entry']}").read_all()
    return sum(value in map(str, row.values()) for row in table.to_pylist())


def test_two_people_erase_a_subject_on_pages(console: Console) -> None:
    """One asks, a second one types the identifier again; the page counts what went, and both lists say it is done."""
    address = asked_on_page(console)
    assert rows_with(console.city, SUBJECT) == 1
    page = console.client("security").get(address)
    assert f'action="{address}/carrying-out"' in page.text
    form = {"_csrf": CSRF, "identifier": SUBJECT}
    shown = console.client("security").post(f"{address}/carrying-out", data=form)
    assert shown.status_code == 200
    assert "The subject is erased" in shown.text
    assert "What was erased" in shown.text
    assert "raw rows" in shown.text
    assert rows_with(console.city, SUBJECT) == 0
    listed = console.client("overseer").get("/erasures?phase=done").text
    assert address in listed
    assert address not in console.client("overseer").get("/erasures?phase=asked").text


def test_the_identifier_comes_back_nowhere(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    """Not with a form that is refused, not in an address, a log or a line of evidence; a basis must not spell it."""
    caplog.set_level(logging.DEBUG)
    overseer, security = console.client("overseer"), console.client("security")
    for wrong in (
        {"basis": ""},
        {"ground": "because"},
        {"basis": f"关于{SUBJECT.lower()}的申请"},
        {"basis": "号" * 401},
    ):
        answer = overseer.post("/erasures", data={**ASKED, **wrong}, follow_redirects=False)
        assert answer.status_code == 422, wrong
        assert SUBJECT not in answer.text.upper()
        assert 'type="password" value=""' in answer.text
    address = asked_on_page(console)
    for typed, status in ((OTHER, 422), ("11010519491231002", 422), ("", 422)):
        form = {"_csrf": CSRF, "identifier": typed}
        answer = security.post(f"{address}/carrying-out", data=form, follow_redirects=False)
        assert answer.status_code == status
        assert not typed or typed not in answer.text
    everywhere = [address, caplog.text, *(console.client("overseer").get(one).text for one in ("/erasures", address))]
    lines = [
        str(line) for word in ("asked", "confirmed", "begun") for line in console.city.lines(f"custody.erasure_{word}")
    ]
    assert len(lines) == 1, "what was refused left no request"
    assert [one for one in (*everywhere, *lines) if SUBJECT in one or OTHER in one] == []


def test_nobody_confirms_the_own_request_or_another_bodys(console: Console) -> None:
    """Whoever asked sees no button and is refused; a department's people find no page; a lake at work is left alone."""
    address = asked_on_page(console)
    form = {"_csrf": CSRF, "identifier": SUBJECT}
    assert "carrying-out" not in console.client("overseer").get(address).text
    assert console.client("overseer").post(f"{address}/carrying-out", data=form).status_code == 403
    for account in ("officer", "head", "stranger", "system"):
        assert console.client(account).get("/erasures").status_code == 403
        assert console.client(account).post(f"{address}/carrying-out", data=form).status_code == 403
    house = console.city.house
    with exclusive(house.engine, house.home.locks, "lake"):
        busy = console.client("security").post(f"{address}/carrying-out", data=form)
    assert busy.status_code == 503
    assert "wait, then repeat" in busy.text
    assert rows_with(console.city, SUBJECT) == 1
