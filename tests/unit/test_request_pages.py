"""Pages of changes, of applications for several entries, of templates and of signatures in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from jutong import sharing
from jutong.kernel.clock import LEGAL_TIME
from jutong.sharing import Stage
from tests.city import a_full_city, a_sheet, a_wish, done
from tests.console import CSRF, Console, a_console
from tests.markup import read_markup


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A city's pages, with a second published entry."""
    city = a_full_city(tmp_path_factory.mktemp("pages") / "home")
    with city.client() as client:
        entry = done(client.post("/api/entries", json=a_sheet(service="permits"), headers=city.bearer("officer")))["id"]
        for account, move in (
            ("head", "signature"),
            ("officer", "submission"),
            ("auditor", "registration"),
            ("publisher", "publication"),
        ):
            done(client.post(f"/api/entries/{entry}/{move}", json={}, headers=city.bearer(account)))
    city.found["second"] = entry
    yield a_console(city)
    city.house.engine.dispose()


def send(console: Console, account: str, path: str, **fields: object) -> httpx.Response:
    """Send a form as a browser does, and go nowhere after."""
    return console.client(account).post(path, data={"_csrf": CSRF, **fields}, follow_redirects=False)


def went(answer: httpx.Response, word: str) -> str:
    """Check that the act was done and left its line; return where one is sent."""
    assert answer.status_code == 303, answer.text
    where = urlsplit(answer.headers["location"])
    assert parse_qs(where.query)["done"] == [word]
    return where.path


def common(console: Console) -> Mapping[str, object]:
    """Return what every form of a request says."""
    today = console.city.house.clock().astimezone(LEGAL_TIME).date()
    return {
        "purposes": ["social-security"],
        "legal_basis": "失业保险条例第十七条",
        "scenario": "核验原单位",
        "scope": "本市登记的企业",
        "methods": ["query", "verify"],
        "systems": [console.city.found["system"]],
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=30)).isoformat(),
        "quota_per_day": "500",
    }


def test_a_change_goes_its_whole_way_by_pages(console: Console) -> None:
    """The form begins with what stands; the decision sees both side by side; the agreement says by what it changed."""
    agreement = console.city.found["agreement"]
    form = f"/agreements/{agreement}/application"
    with console.city.house.reading() as db:
        before = sharing.find_agreement(db, agreement)
    shown = console.client("asker").get(form)
    assert shown.status_code == 200
    assert f'value="{before.quota_per_day}"' in shown.text
    same = {**common(console), "items": [one.name for one in before.items], "purposes": list(before.purposes)}
    same |= {"methods": sorted(before.methods), "systems": list(before.systems), "ends": before.ends.isoformat()}
    refused = send(
        console, "asker", form, **{**same, "quota_per_day": str(before.quota_per_day), "scenario": "留着的话"}
    )
    assert refused.status_code == 422
    assert "changes nothing" in refused.text
    assert "留着的话" in refused.text
    page = went(send(console, "asker", form, **{**same, "quota_per_day": "7"}), "sharing.drafted")
    went(send(console, "asking-head", f"{page}/signature"), "sharing.signed")
    went(send(console, "asker", f"{page}/submission"), "sharing.submitted")
    decision = console.client("head").get(page).text
    assert "What would be otherwise" in decision
    assert decision.count('class="changed"') == 1
    assert "A change has been applied for" in console.client("asker").get(f"/agreements/{agreement}").text
    where = went(send(console, "head", f"{page}/approval", quota_per_day="7"), "sharing.amended")
    assert where == f"/agreements/{agreement}"
    with console.city.house.reading() as db:
        after = sharing.find_agreement(db, agreement)
    assert (after.quota_per_day, after.id, after.epoch > before.epoch) == (7, before.id, True)
    assert "Changed as its using body applied for" in console.client("asker").get(where).text


def test_several_entries_are_asked_for_by_one_form(console: Console) -> None:
    """Faults stand at their entries and nothing is lost; then all are drafted, signed and submitted in one place."""
    first, second = console.city.found["entry"], console.city.found["second"]
    chosen = console.client("asker").get("/requests/batches/new", params={"entry": [first, second]})
    assert f"items-{first}" in chosen.text
    both = {**common(console), "entry": [first, second], f"items-{first}": ["name"]}
    without = send(console, "asker", "/requests/batches/new", **both)
    assert without.status_code == 422
    assert read_markup(without.text) is not None
    wrong = send(console, "asker", "/requests/batches/new", **{**both, f"items-{second}": ["nothing"]})
    assert wrong.status_code == 422
    assert "This entry cannot be asked for so" in wrong.text
    assert wrong.text.count("shares no item") == 1
    right = {**both, f"items-{second}": ["name", "uscc"]}
    page = went(send(console, "asker", "/requests/batches/new", **right), "sharing.batch_drafted")
    assert send(console, "asker", f"{page}/signature").status_code == 403
    went(send(console, "asking-head", f"{page}/signature"), "sharing.signed")
    went(send(console, "asker", f"{page}/submission"), "sharing.submitted")
    assert console.client("head").get(page).status_code == 200
    assert "0 of 2 requests have their answer" in console.client("asker").get(page).text


def test_words_are_kept_and_taken_up_again(console: Console) -> None:
    """A template or a former request fills the next form in; other bodies have neither."""
    entry, former = console.city.found["entry"], console.city.found["request"]
    went(send(console, "asker", f"/requests/{former}/template", name="核验"), "sharing.template_kept")
    listed = console.client("asker").get("/requests/templates").text
    with console.city.house.reading() as db:
        (kept,) = sharing.templates(db, sharing.find_request(db, former).consumer)
    assert "核验" in listed
    for query in ({"template": kept.id}, {"like": former}):
        form = console.client("asker").get("/requests/new", params={"entry": entry, **query}).text
        assert kept.legal_basis in form
        assert form.count("checked") >= len(kept.items)
    assert (
        console.client("stranger").get("/requests/new", params={"template": kept.id, "entry": entry}).status_code == 404
    )
    assert send(console, "stranger", f"/requests/templates/{kept.id}/removal").status_code == 404
    went(send(console, "asker", f"/requests/templates/{kept.id}/removal"), "sharing.template_dropped")


def test_a_signature_in_one_pass_is_for_what_was_shown(console: Console) -> None:
    """If one of the ticked drafts was changed meanwhile, none is signed."""
    city = console.city
    with city.client() as client:
        made = [
            done(client.post("/api/requests", json=a_wish(city, scenario=words), headers=city.bearer("asker")))
            for words in ("一", "二")
        ]
    marks = [f"{one['id']}:{msgspec.convert(one['wish'], sharing.Wish).digest()}" for one in made]
    assert all(mark in console.client("asking-head").get("/signatures").text for mark in marks)
    stale = send(console, "asking-head", "/signatures", signed=[marks[0], marks[1][:-1] + "x"])
    assert stale.status_code in {409, 412}
    assert send(console, "asking-head", "/signatures").status_code == 422
    with city.house.reading() as db:
        assert {sharing.find_request(db, one["id"]).stage for one in made} == {Stage.DRAFT}
    went(send(console, "asking-head", "/signatures", signed=marks), "sharing.signed")
    with city.house.reading() as db:
        assert {sharing.find_request(db, one["id"]).stage for one in made} == {Stage.CONSUMER_OFFICE_SIGNED}


def test_bought_data_warns_whoever_wants_it_again(console: Console) -> None:
    """A purchase is declared and shared by forms; a demand for nearly the same leads to it."""
    city, today = console.city, console.city.house.clock().astimezone(LEGAL_TIME).date()
    form = {
        "title": "企业信用评分数据",
        "supplier": "某征信公司",
        "contract": "5" * 64,
        "price": "to-1m",
        "purposes": ["approval"],
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=90)).isoformat(),
    }
    assert send(console, "officer", "/purchases/new", **{**form, "contract": "x"}).status_code == 422
    page = went(send(console, "officer", "/purchases/new", **form), "sharing.purchase_declared")
    assert send(console, "asker", f"{page}/entry", entry=city.found["second"]).status_code == 403
    went(send(console, "officer", f"{page}/entry", entry=city.found["second"]), "sharing.purchase_shared")
    assert "某征信公司" in console.client("asker").get("/purchases").text
    with city.client() as client:
        wanted = {"title": "企业信用评分", "purpose": "approval"}
        demand = done(client.post("/api/demands", json=wanted, headers=city.bearer("asker")))["id"]
    assert f'href="{page}"' in console.client("asker").get(f"/demands/{demand}").text
