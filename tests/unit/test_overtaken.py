"""Two officers before the same form: whoever saves second sees what the first one did, and loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import catalogue, registers, sharing
from jutong.kernel.errors import Overtaken
from jutong.kernel.mark import mark_of
from jutong.terms import Actor, Duty
from tests.city import AUTHORITY, MARKET, City, a_full_city, a_sheet, a_wish
from tests.console import CSRF, Console, a_console

SEEN = re.compile(r'name="seen" value="([^"]*)"')


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A full city, with a second officer at the department."""
    city = a_full_city(tmp_path_factory.mktemp("overtaken") / "home")
    with city.house.desk(city.house.itself) as desk:
        person = registers.register_person(desk, "colleague", "colleague")
        post = registers.appoint(desk, person.id, MARKET, "colleague", {Duty.CATALOGUE})
    city.posts = {**city.posts, "colleague": post.id}
    yield a_console(city)
    city.house.engine.dispose()


def seen(client: TestClient[Litestar], path: str) -> str:
    """Open a page, and return what its form says that it shows."""
    (first, *_) = SEEN.findall(client.get(path).text)
    return str(first)


def send(client: TestClient[Litestar], path: str, **fields: object) -> httpx.Response:
    return client.post(path, data={"_csrf": CSRF, **fields}, follow_redirects=False)


def draft_of(city: City) -> catalogue.Entry:
    with city.house.reading() as db:
        return catalogue.find(db, city.found["draft"])


def test_of_two_officers_on_one_screen_the_second_is_told(console: Console) -> None:
    """Nothing is overwritten, the page shows whose words stand now, keeps what was typed, and takes it knowingly."""
    path = f"/entries/{console.city.found['draft']}/edit/about"
    first, second = console.client("colleague"), console.client("officer")
    shown = seen(first, path)
    assert shown == seen(second, path)
    about = {"title": "登记", "format": "database"}
    assert send(first, path, **about, abstract="先来", seen=shown).status_code == 303
    answer = send(second, path, **about, abstract="后到", seen=shown)
    assert answer.status_code == 412
    assert "colleague was faster" in answer.text
    assert re.search(r"<td>先来</td>\s*<td>后到</td>", answer.text)
    assert draft_of(console.city).abstract == "先来"
    again = SEEN.findall(answer.text)[0]
    assert send(second, path, **about, abstract="后到", seen=again).status_code == 303
    assert draft_of(console.city).abstract == "后到"


def test_the_same_words_twice_are_no_conflict(console: Console) -> None:
    """A second click on the same button changes nothing and is not refused."""
    path = f"/entries/{console.city.found['draft']}/edit/about"
    client = console.client("officer")
    fields = {"title": "登记", "abstract": "两次", "format": "database", "seen": seen(client, path)}
    assert [send(client, path, **fields).status_code for _ in range(2)] == [303, 303]


def test_no_item_goes_that_was_not_seen(console: Console) -> None:
    """Items and rules are taken out of the list that was shown, or not at all."""
    base = f"/entries/{console.city.found['draft']}/edit"
    client = console.client("officer")
    shown = seen(client, f"{base}/items")
    before = draft_of(console.city)
    with console.city.house.desk(acting_as(console.city, "colleague")) as desk:
        catalogue.draft(desk, replace(before, abstract="中途"))
    for move in ("removal", "place"):
        assert send(client, f"{base}/item/{move}", name=before.items[1].name, seen=shown).status_code == 412
    assert send(client, f"{base}/rule/removal", place="0", seen=shown).status_code == 412
    assert draft_of(console.city).items == before.items


def acting_as(city: City, account: str) -> Actor:
    with city.house.reading() as db:
        return registers.find_post(db, city.posts[account]).actor()


def test_a_program_names_what_it_read(console: Console) -> None:
    """With If-Match a program loses no colleague's words either; without it, it says that it does not care."""
    city = console.city
    with city.client() as client:
        headers = city.bearer("officer")
        made = client.post("/api/entries", content=msgspec.json.encode(a_sheet(service="etag")), headers=headers)
        tag, sheet = made.headers["etag"], {**a_sheet(service="etag"), "id": made.json()["id"]}
        assert client.get(f"/api/entries/{sheet['id']}", headers=headers).headers["etag"] == tag
        conditional = {**headers, "if-match": tag}

        def change(words: str) -> int:
            content = msgspec.json.encode({**sheet, "abstract": words})
            return int(client.post("/api/entries", content=content, headers=conditional).status_code)

        assert change("一") == 201
        assert change("二") == 412


def test_a_draft_of_a_request_is_not_overwritten_unseen(console: Console) -> None:
    """The second officer sees the first one's words beside the own; the head signs only what was read."""
    city = console.city
    request = city.found["wish"]
    path = f"/requests/{request}/draft"
    client = console.client("asker")
    shown = seen(client, path)
    with city.house.reading() as db:
        wish = sharing.find_request(db, request).wish
    with city.house.desk(acting_as(city, "asking-head")) as desk:
        sharing.redraft_request(desk, request, replace(wish, scenario="先来的场景"))
    fields = {
        "items": list(wish.items),
        "purposes": [one.value for one in wish.purposes],
        "legal_basis": wish.legal_basis,
        "scenario": "后到的场景",
        "scope": wish.scope,
        "methods": [one.value for one in wish.methods],
        "systems": list(wish.systems),
        "starts": wish.starts.isoformat(),
        "ends": wish.ends.isoformat(),
        "quota_per_day": str(wish.quota_per_day),
        "divisions": list(wish.divisions),
    }
    answer = send(client, path, **fields, seen=shown)
    assert answer.status_code == 412
    assert re.search(r"<td>先来的场景</td>\s*<td>后到的场景</td>", answer.text)
    assert send(console.client("asking-head"), f"/requests/{request}/signature", seen=shown).status_code == 412
    with pytest.raises(Overtaken), city.house.desk(acting_as(city, "asker")) as desk:
        sharing.redraft_request(desk, request, wish, seen=shown[::-1])


def test_a_form_put_aside_is_not_overwritten_unseen(console: Console) -> None:
    """What a colleague typed and put aside stays; a draft made of an older form leaves it there."""
    city = console.city
    entry = city.found["entry"]
    client = console.client("asker")
    shown = seen(client, f"/requests/new?entry={entry}")
    with city.house.desk(acting_as(city, "asking-head")) as desk:
        sharing.sketch_request(desk, entry, {"scope": ["先来"]}, seen=shown)
    answer = send(client, "/requests/new", entry=entry, scope="后到", later="1", seen=shown)
    assert answer.status_code == 412
    assert re.search(r"<td>先来</td>\s*<td>后到</td>", answer.text)
    with city.house.desk(acting_as(city, "asker")) as desk:
        sharing.draft_request(desk, msgspec.convert(a_wish(city, scenario="旧表"), sharing.Wish), sketched=shown)
        assert sharing.sketch_for(desk.db, desk.actor, entry) is not None


def test_a_bodys_entry_is_not_overwritten_unseen(console: Console) -> None:
    """Whoever enters a code that stands already is shown what stands under it before it changes."""
    client = console.client("system")
    fields = {"code": AUTHORITY, "name": "另一个名称", "division": "500000", "kind": "authority"}
    answer = send(client, "/bodies", **fields, seen=seen(client, "/bodies"))
    assert answer.status_code == 412
    assert "<td>另一个名称</td>" in answer.text
    again = SEEN.findall(answer.text)[0]
    assert send(client, "/bodies", **fields, seen=again).status_code == 303


def test_the_head_signs_what_was_read(console: Console) -> None:
    """A draft that changed under the pen is not signed."""
    entry = console.city.found["draft"]
    head = console.client("head")
    shown = catalogue.digest_of(draft_of(console.city))
    with console.city.house.desk(acting_as(console.city, "colleague")) as desk:
        catalogue.draft(desk, replace(draft_of(console.city), abstract="签字之前"))
    assert send(head, f"/entries/{entry}/signature", seen=shown).status_code == 412


DAY = "2031-02-16 rest"
NOTICE = {"year": "2031", "notice": "国务院办公厅关于2031年部分节假日安排的通知", "days": DAY}
# Who changes what stands, on which page, by which form: the first fields make it stand, the others change it.
FORMS = {
    "node": (
        "system",
        "/nodes",
        "/nodes?node=cn-110000",
        "/nodes",
        {
            "name": "cn-110000",
            "url": "https://a.example",
            "key": "ywqmBhKTJwLuiTdwLGMdNR/s8iZPM0HWVgZ7RpCEjQs=",
            "relation": "peer",
            "body": AUTHORITY,
        },
        "url",
        ("https://b.example", "https://c.example"),
    ),
    "calendar": ("system", "/calendar", "/calendar?year=2031", "/calendar", NOTICE, "notice", ("通知甲", "通知乙")),
    "duties": (
        "auditor",
        f"/duties/{MARKET}",
        f"/duties/{MARKET}",
        f"/duties/{MARKET}",
        {"duties": "登记企业"},
        "duties",
        ("登记企业和个体户", "登记企业，监管市场"),
    ),
    "power": (
        "officer",
        "/census/inventory",
        "/census/inventory",
        "/census/inventory/powers",
        {"code": "P1", "title": "企业登记", "kind": "licensing"},
        "title",
        ("企业设立登记", "企业变更登记"),
    ),
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_what_stands_is_changed_as_it_was_seen(console: Console, name: str) -> None:
    """Whoever saves second is told what stands now beside what was typed, and may then put it in its place."""
    account, new, page, act, fields, field, (faster, slower) = FORMS[name]
    client = console.client(account)
    assert send(client, act, **fields, seen="").status_code == 303
    shown = seen(client, page)
    if name == "power":  # typed into a form for a new one: what stands under its code was not shown
        assert (shown, send(client, act, **{**fields, field: faster}, seen="").status_code) == ("", 412)
        with console.city.house.reading() as db:
            shown = mark_of(next(one for one in registers.powers(db, MARKET) if one.code == "P1"))
    assert send(client, act, **{**fields, field: faster}, seen=shown).status_code == 303
    late = send(client, act, **{**fields, field: slower}, seen=shown)
    assert late.status_code == 412
    assert f"{account} was faster" in late.text
    assert re.search(rf"<td>{faster}</td>\s*<td>{slower}</td>", late.text)
    again = next(one for one in SEEN.findall(late.text) if one)
    assert send(client, act, **{**fields, field: slower}, seen=again).status_code == 303
    assert slower in client.get(page if name != "node" else f"{new}?column=url").text


def test_a_clearance_is_set_as_it_was_seen(console: Console) -> None:
    """Two security administrators do not undo each other unknowingly."""
    post = console.city.posts["colleague"]
    with console.city.house.reading() as db:
        person = registers.find_post(db, post).person
    client = console.client("security")
    shown = seen(client, f"/people/{person}")
    act = f"/people/{person}/posts/{post}/clearance"
    assert send(client, act, cleared="3", seen=shown).status_code == 303
    assert send(client, act, cleared="4", seen=shown).status_code == 412


def test_an_audit_is_of_what_was_read(console: Console) -> None:
    """An entry that was sent back, changed and submitted anew meanwhile is not registered unread."""
    entry = console.city.found["draft"]
    act = f"/entries/{entry}"
    assert send(console.client("head"), f"{act}/signature").status_code == 303
    assert send(console.client("officer"), f"{act}/submission").status_code == 303
    auditor = console.client("auditor")
    shown = seen(auditor, act)
    assert send(auditor, f"{act}/registration", seen="0" * 64).status_code == 412
    assert send(auditor, f"{act}/registration", seen=shown).status_code == 303
