"""The catalogue's pages: each duty finds its part, drafts are kept screen by screen, refusals say what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from litestar.testing import TestClient

from jutong import catalogue
from jutong.catalogue import Entry, ShareType, Stage
from jutong.kernel.text import LANGUAGES
from jutong.web.console.wizard import ORDER
from tests.city import MARKET, a_full_city
from tests.console import CSRF, Console, a_console

NOWHERE = "01KB0000000000000000000000"
PAGES = (
    ("", "/"),
    ("", "/catalogue"),
    ("", "/catalogue/{entry}"),
    ("officer", "/"),
    ("officer", "/entries"),
    ("officer", "/entries/all"),
    ("officer", "/entries/{entry}"),
    ("officer", "/entries/{entry}/versions"),
    ("officer", "/entries/{draft}"),
    ("officer", "/entries/new"),
    ("officer", "/entries/new?copy={entry}"),
    ("officer", "/entries/{draft}/edit/item"),
    ("officer", "/entries/{draft}/edit/item?name=uscc"),
    *(("officer", f"/entries/{{draft}}/edit/{step}") for step in ORDER),
    ("auditor", "/audits"),
    ("auditor", "/entries"),
    ("asker", "/entries/{entry}"),
)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A full city with its pages."""
    city = a_full_city(tmp_path_factory.mktemp("pages") / "home")
    yield a_console(city)
    city.house.engine.dispose()


def send(console: Console, account: str, path: str, **fields: object) -> httpx.Response:
    """Send a form as a browser does, and go nowhere after."""
    return console.client(account).post(path, data={"_csrf": CSRF, **fields}, follow_redirects=False)


def begin(console: Console, **fields: object) -> str:
    """Begin an entry in the wizard and return its identifier."""
    answer = send(console, "officer", "/entries/new", **{"way": "nothing", "title": "道路里程", **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("/")[2]


def entry_of(console: Console, entry_id: str) -> Entry:
    """Return what is kept of an entry."""
    with console.city.house.reading() as db:
        entry = catalogue.in_work(db, entry_id)
    assert entry is not None
    return entry


def page_of(client: TestClient, path: str) -> str:
    """Return a page that must be there."""
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("location"))
    return answer.text


def filled(console: Console) -> str:
    """Fill an entry in from nothing, screen by screen, and return its identifier."""
    entry = begin(console)
    edit = f"/entries/{entry}/edit"
    for step, fields in (
        ("about", {"title": "道路里程", "abstract": "全市道路里程", "format": "database"}),
        ("sharing", {"share_type": "conditional"}),
        (
            "conditions",
            {"scope": "本级政府部门\n下级政府部门", "purposes": ["statistics", "policy"], "conditions": ["duty-only"]},
        ),
        ("basis", {"instrument": "law", "rule": "公路法", "article": "第八条"}),
        (
            "delivery",
            {"update_cycle": "yearly", "methods": ["query", "table"], "service": f"roads-{entry[-6:].lower()}"},
        ),
        ("opening", {"open_type": "closed"}),
        ("assessment", {"secrecy_assessed": "on", "impact_assessed": "on"}),
    ):
        answer = send(console, "officer", f"{edit}/{step}", **fields)
        assert answer.status_code == 303, (step, answer.text)
    for name, key in (("road_code", "on"), ("length_km", "")):
        fields = {"name": name, "title": name, "data_type": "C", "share_type": "conditional", "grade": "1", "key": key}
        assert send(console, "officer", f"{edit}/item", **fields).status_code == 303
    return entry


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("account", "path"), PAGES)
def test_every_page_is_there_in_both_languages(console: Console, language: str, account: str, path: str) -> None:
    """Each page has one heading, no slot left open, no sentence in the other language, no script of its own."""
    shown = page_of(console.client(account, language), path.format(**console.city.found))
    assert shown.count("<h1>") == 1
    assert f'lang="{language}"' in shown
    text_only = re.sub(r"<script[^>]*>.*?</script>|<[^>]+>", " ", shown, flags=re.DOTALL)
    assert not re.search(r"\{\w+\}", text_only)
    if language == "zh-CN":
        assert not re.search(r"\b(the|and|Share|Save|Order)\b", text_only.replace("English", ""))
    assert not re.search(r"<script(?![^>]* src=)(?! type=\"application/ld\+json\")|\son\w+=|\sstyle=", shown)


def test_the_first_page_shows_what_is_published_and_the_ways_in(console: Console) -> None:
    """Whoever comes sees counts, the latest entries and where to go; never a draft."""
    shown = page_of(console.client(), "/")
    assert f'href="/catalogue/{console.city.found["entry"]}"' in shown
    assert console.city.found["draft"] not in shown
    assert 'action="/catalogue"' in shown
    assert 'href="/login"' in shown
    assert 'href="/desk"' in page_of(console.client("officer"), "/")


def test_the_public_catalogue_is_searched_and_filtered(console: Console) -> None:
    """Everybody finds entries by a word, a body and a share type; a share type of none finds none."""
    client, entry = console.client(), console.city.found["entry"]
    for query, found in (
        ("title=统一社会信用代码", True),
        ("title=市场监管局", True),
        ("title=不存在的词", False),
        (f"provider={MARKET}", True),
        ("share=conditional&cycle=daily", True),
        ("share=not-shared", False),
    ):
        assert (f"/catalogue/{entry}" in page_of(client, f"/catalogue?{query}")) is found, query
    assert "企业登记信息" in client.get("/catalogue?export=csv").text


def test_the_public_page_says_the_terms_and_keeps_the_masks(console: Console) -> None:
    """An entry in force is told to search engines as a data set; how items are masked is nobody's business."""
    shown = page_of(console.client(), f"/catalogue/{console.city.found['entry']}")
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', shown, re.DOTALL)
    assert block
    facts = json.loads(block.group(1))
    assert (facts["@type"], facts["name"]) == ("Dataset", "企业登记信息")
    assert "keep:" not in shown
    assert "first 6" not in shown


@pytest.mark.parametrize("account", ["", "asker", "auditor", "officer"])
def test_a_draft_has_no_public_page(console: Console, account: str) -> None:
    """Not even for those who may read it in the console."""
    for entry in (console.city.found["draft"], NOWHERE):
        assert console.client(account).get(f"/catalogue/{entry}").status_code == 404


@pytest.mark.parametrize("account", ["asker", "auditor", "stranger", "system"])
def test_another_bodys_draft_is_as_absent_as_one_that_never_was(console: Console, account: str) -> None:
    """The answer does not tell a draft from nothing."""
    client = console.client(account)
    draft, nothing = (client.get(f"/entries/{one}") for one in (console.city.found["draft"], NOWHERE))
    assert draft.status_code == nothing.status_code == 404
    assert draft.text.replace(console.city.found["draft"], "") == nothing.text.replace(NOWHERE, "")
    for act in ("signature", "submission", "registration", "publication", "withdrawal", "return"):
        path = f"/entries/{console.city.found['draft']}/{act}"
        assert send(console, account, path, reason="x", reasons="x").status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/entries", {"officer", "head", "auditor", "publisher", "asker", "system", "overseer"}),
        ("/entries/new", {"officer", "stranger"}),
        ("/audits", {"auditor", "publisher", "overseer"}),
        ("/entries/{draft}/edit/about", {"officer"}),
    ],
)
def test_each_page_is_for_its_duties(console: Console, path: str, allowed: set[str]) -> None:
    """Strangers are asked to sign in; others than the named duties are refused."""
    address = path.format(**console.city.found)
    assert console.client().get(address, follow_redirects=False).headers["location"].startswith("/login?next=")
    for account in ("officer", "head", "auditor", "publisher", "asker", "system", "overseer", "stranger"):
        status = console.client(account).get(address).status_code
        if account in allowed:
            assert status == 200, account
        elif path != "/entries":
            assert status in (403, 404), account


def test_an_entry_is_filled_in_screen_by_screen_left_and_taken_up_again(console: Console) -> None:
    """Each screen is kept when it is left; the review says what is missing and where; at the end nothing is."""
    entry = begin(console)
    edit = f"/entries/{entry}/edit"
    fields = {"title": "道路里程", "abstract": "全市", "format": "spreadsheet"}
    later = send(console, "officer", f"{edit}/about", to="later", **fields)
    assert later.headers["location"].split("?")[0] == f"/entries/{entry}"
    review = page_of(console.client("officer"), f"{edit}/review")
    assert "an entry needs items (art. 13)" in review
    assert f'href="{edit}/items"' in review
    about = page_of(console.client("officer"), f"{edit}/about")
    assert 'value="道路里程"' in about
    assert re.search(r'value="spreadsheet" checked', about)
    complete = filled(console)
    assert "Nothing is missing" in page_of(console.client("officer"), f"/entries/{complete}/edit/review")
    kept = entry_of(console, complete)
    assert kept.terms.scope == ("本级政府部门", "下级政府部门")
    assert [one.name for one in kept.items] == ["road_code", "length_km"]
    assert kept.legal_basis[0].title == "公路法"


def test_back_and_every_other_way_out_save_first(console: Console) -> None:
    """No way out of a screen loses what was typed in it."""
    entry = begin(console)
    for to, leads in (("previous", "assessment"), ("items", "items"), ("next", "review"), ("nonsense", "")):
        step = "opening" if to != "next" else "assessment"
        if to == "previous":
            step = "review"
        answer = send(
            console, "officer", f"/entries/{entry}/edit/{step}", to=to, open_type="open", secrecy_assessed="on"
        )
        address = answer.headers["location"].split("?")[0]
        assert address == (f"/entries/{entry}/edit/{leads}" if leads else f"/entries/{entry}")
    assert entry_of(console, entry).open_type == "open"
    assert entry_of(console, entry).secrecy_assessed


def test_items_are_changed_renamed_ordered_and_removed(console: Console) -> None:
    """One item at a time; its place stays when it is changed."""
    entry = filled(console)
    edit = f"/entries/{entry}/edit"
    fields = {"name": "code", "element": "credit-code", "data_type": "C", "share_type": "conditional", "grade": "2"}
    assert send(console, "officer", f"{edit}/item?name=road_code", **fields).status_code == 303
    first = entry_of(console, entry).items[0]
    assert (first.name, first.title, first.element) == ("code", "统一社会信用代码", "credit-code")
    assert send(console, "officer", f"{edit}/item/place", name="length_km").status_code == 303
    assert [one.name for one in entry_of(console, entry).items] == ["length_km", "code"]
    assert send(console, "officer", f"{edit}/item/removal", name="code").status_code == 303
    assert [one.name for one in entry_of(console, entry).items] == ["length_km"]
    assert console.client("officer").get(f"{edit}/item?name=code").status_code == 404


def test_an_item_that_is_not_shared_cites_its_law(console: Console) -> None:
    """Reason and rule stand with the item; half a citation is asked for whole."""
    edit = f"/entries/{filled(console)}/edit"
    fields = {"name": "secret", "title": "秘密", "data_type": "C", "share_type": "not-shared", "grade": "4"}
    half = send(console, "officer", f"{edit}/item", **fields, article="第三条")
    assert half.status_code == 422
    assert 'id="fault-rule"' in half.text
    whole = send(
        console,
        "officer",
        f"{edit}/item",
        **fields,
        reason="法律规定",
        instrument="law",
        rule="统计法",
        article="第三条",
    )
    assert whole.status_code == 303
    assert "Nothing is missing" in page_of(console.client("officer"), f"{edit}/review")


def test_cited_rules_are_added_and_removed(console: Console) -> None:
    """The list of rules grows by one a time."""
    entry = begin(console)
    for title in ("统计法", "公路法"):
        send(
            console,
            "officer",
            f"/entries/{entry}/edit/basis",
            instrument="law",
            rule=title,
            article="第一条",
            to="basis",
        )
    assert [one.title for one in entry_of(console, entry).legal_basis] == ["统计法", "公路法"]
    send(console, "officer", f"/entries/{entry}/edit/rule/removal", place="0")
    assert [one.title for one in entry_of(console, entry).legal_basis] == ["公路法"]
    assert send(console, "officer", f"/entries/{entry}/edit/basis").status_code == 303


def test_an_entry_begins_from_the_template_or_from_a_copy(console: Console) -> None:
    """A copy takes items and terms, no name, no assessment, and never touches what it was taken from."""
    before = entry_of(console, console.city.found["entry"])
    copied = entry_of(console, begin(console, way="copy", copy=before.id, title=""))
    assert (copied.title, copied.items, copied.terms) == (before.title, before.items, before.terms)
    assert (copied.service, copied.secrecy_assessed, copied.stage) == ("", False, Stage.DRAFT)
    drawn = entry_of(console, begin(console, way="template", title="我的登记"))
    assert (drawn.title, len(drawn.items), drawn.service) == ("我的登记", 9, "")
    assert entry_of(console, before.id) == before
    fields = {"way": "copy", "copy": before.id}
    theirs = send(console, "stranger", "/entries/new", **fields).headers["location"].split("/")[2]
    assert entry_of(console, theirs).provider != before.provider
    drafted = {"way": "copy", "copy": console.city.found["draft"]}
    assert send(console, "stranger", "/entries/new", **drafted).status_code == 404


@pytest.mark.parametrize(
    ("fields", "fault"),
    [({"way": "nothing"}, "title"), ({"way": "copy"}, "copy"), ({"way": "magic"}, "way"), ({}, "way")],
)
def test_a_beginning_without_what_it_needs_says_what(console: Console, fields: dict[str, str], fault: str) -> None:
    """The form comes back with its fault at the field."""
    answer = send(console, "officer", "/entries/new", **fields)
    assert answer.status_code == 422
    assert f'href="#field-{fault}"' in answer.text


def test_a_refused_screen_keeps_what_was_typed(console: Console) -> None:
    """The room's refusal stands above the form with its rule and remedy; the form is as it was sent."""
    entry = begin(console)
    answer = send(
        console,
        "officer",
        f"/entries/{entry}/edit/delivery",
        update_cycle="daily",
        service="Not A Name",
        methods="query",
    )
    assert answer.status_code == 422
    assert "the service name is 1 to 63 of a-z" in answer.text
    assert "Order 809, arts 13-15; catalogue rules" in answer.text
    assert 'value="Not A Name"' in answer.text
    assert re.search(r'value="query" checked', answer.text)
    missing = send(console, "officer", f"/entries/{entry}/edit/about", abstract="留着")
    assert missing.status_code == 422
    assert "留着" in missing.text
    assert 'id="fault-title"' in missing.text


BAD = {
    "markup": "<script>alert(1)</script>",
    "sql": "'; drop table catalogue_entry; --",
    "direction": "\u202egnp.exe",
    "nul": "a\0b",
    "long": "长" * 5000,
    "template": "{{ 7*7 }} {title}",
}


@pytest.mark.parametrize("kind", BAD)
def test_whatever_is_typed_is_text_or_refused(console: Console, kind: str) -> None:
    """Nothing that is typed becomes markup, a command or a hidden turn of what others read."""
    value = BAD[kind]
    entry = begin(console)
    answer = send(console, "officer", f"/entries/{entry}/edit/about", title=value, format="database")
    assert answer.status_code in (303, 422)
    assert answer.status_code == (303 if kind in ("markup", "sql", "template") else 422)
    shown = page_of(console.client("officer"), f"/entries/{entry}")
    assert "<script>alert" not in shown
    assert "<script>alert" not in page_of(console.client("officer"), "/entries")
    if kind == "template":
        assert "{{ 7*7 }} {title}" in shown
    for path in (f"/catalogue?title={value}", f"/catalogue?after={value}", f"/entries/{entry}/versions?from={value}"):
        answer = console.client("officer").get(path.replace("\0", "%00").replace("#", "%23")[:2000])
        assert answer.status_code in (200, 404, 422), path[:60]
        assert "<script>alert" not in answer.text


def test_forged_places_in_the_wizard_do_not_exist(console: Console) -> None:
    """Addresses that no page gave out are answered, not failed on."""
    client, draft = console.client("officer"), console.city.found["draft"]
    for path in ("edit/nothing", "edit/item?name=nothing", "versions?from=9", "versions?to=x", "edit"):
        assert client.get(f"/entries/{draft}/{path}").status_code == 404, path
    assert client.get("/entries/not-an-identifier").status_code in (404, 422)
    assert send(console, "officer", f"/entries/{draft}/edit/nothing").status_code == 404


def test_an_entry_goes_its_way_by_the_buttons_of_each_duty(console: Console) -> None:
    """Each duty sees its own button at its own moment, and nobody another's."""
    entry = filled(console)
    path = f"/entries/{entry}"

    def buttons(account: str) -> set[str]:
        answer = console.client(account).get(path)
        return set(re.findall(rf'action="{path}/(\w+)"', answer.text)) if answer.status_code == 200 else set()

    assert buttons("officer") == {"code"}
    assert buttons("head") == {"signature", "withdrawal"}
    assert send(console, "officer", f"{path}/signature").status_code == 403
    assert send(console, "head", f"{path}/signature").headers["location"].startswith(f"{path}?done=catalogue.signed")
    assert send(console, "officer", f"{path}/edit/about", title="x", format="database").status_code == 409
    assert buttons("officer") == {"submission"}
    assert send(console, "officer", f"{path}/submission").status_code == 303
    assert buttons("officer") == set()
    assert f'href="{path}"' in page_of(console.client("auditor"), "/audits")
    assert "2 working days left" in page_of(console.client("auditor"), "/audits")
    assert buttons("auditor") == {"registration", "return"}
    assert buttons("publisher") == {"return"}
    assert send(console, "publisher", f"{path}/publication").status_code == 409
    assert send(console, "auditor", f"{path}/registration").status_code == 303
    assert buttons("publisher") == {"publication", "return"}
    assert console.client().get(f"/catalogue/{entry}").status_code == 404
    assert send(console, "publisher", f"{path}/publication").status_code == 303
    assert "道路里程" in page_of(console.client(), f"/catalogue/{entry}")
    asker = page_of(console.client("asker"), path)
    assert f"/requests/new?entry={entry}" in asker
    assert "数据局 · publisher" in asker
    assert "head · head" not in asker
    assert "市场监管局 · head · head" in page_of(console.client("officer"), path)


def test_a_returned_entry_says_why_and_goes_on_from_a_draft(console: Console) -> None:
    """All reasons at once; without a reason nothing is sent back."""
    entry = filled(console)
    path = f"/entries/{entry}"
    send(console, "head", f"{path}/signature")
    send(console, "officer", f"{path}/submission")
    empty = send(console, "auditor", f"{path}/return", reasons=" \n ")
    assert empty.status_code == 422
    assert 'id="fault-reasons"' in empty.text
    assert send(console, "auditor", f"{path}/return", reasons="含义不清\n\n周期不符").status_code == 303
    shown = page_of(console.client("officer"), path)
    assert "含义不清" in shown
    assert "周期不符" in shown
    assert entry_of(console, entry).moves[-1].reasons == ("含义不清", "周期不符")
    again = send(console, "officer", f"{path}/edit/about", title="道路里程", abstract="改", format="database")
    assert again.status_code == 303
    assert entry_of(console, entry).stage is Stage.DRAFT


def test_conditions_off_the_list_are_accepted_expressly_or_not_at_all(console: Console) -> None:
    """The auditor's page names them; without the tick the refusal says which rule asks for it."""
    entry = filled(console)
    path = f"/entries/{entry}"
    fields = {
        "scope": "本级政府部门",
        "purposes": "policy",
        "conditions": "duty-only",
        "other_conditions": "仅限工作日",
    }
    send(console, "officer", f"{path}/edit/conditions", **fields)
    send(console, "head", f"{path}/signature")
    send(console, "officer", f"{path}/submission")
    assert "仅限工作日" in page_of(console.client("auditor"), path)
    refused = send(console, "auditor", f"{path}/registration")
    assert refused.status_code == 422
    assert "no conditions may be invented" in refused.text
    assert send(console, "auditor", f"{path}/registration", other_conditions_accepted="on").status_code == 303


def test_a_withdrawal_says_what_ends_and_needs_its_reason(console: Console) -> None:
    """The head reads how many agreements are suspended before the entry ends for good."""
    published = console.city.found["entry"]
    assert "1 agreement in force on it is suspended" in page_of(console.client("head"), f"/entries/{published}")
    assert "are suspended" not in page_of(console.client("officer"), f"/entries/{published}")
    entry = filled(console)
    assert send(console, "head", f"/entries/{entry}/withdrawal", reason=" ").status_code == 422
    assert send(console, "head", f"/entries/{entry}/withdrawal", reason="误建").status_code == 303
    assert "误建" in page_of(console.client("officer"), f"/entries/{entry}")


def test_versions_show_their_differences_to_those_who_may_see_both(console: Console) -> None:
    """The next version begins with the first change; others see the one in force until it is published."""
    entry = console.city.found["entry"]
    path = f"/entries/{entry}"
    assert "the next version begins" in page_of(console.client("officer"), f"{path}/edit/about")
    before = entry_of(console, entry)
    fields = {"title": before.title, "abstract": "改过的摘要", "format": before.format.value}
    assert send(console, "officer", f"{path}/edit/about", **fields).status_code == 303
    shown = page_of(console.client("officer"), f"{path}/versions")
    assert "<ins>改过的摘要</ins>" in shown
    assert f"<del>{before.abstract}</del>" in shown
    assert "改过的摘要" not in page_of(console.client("asker"), f"{path}/versions")
    assert "改过的摘要" not in page_of(console.client(), f"/catalogue/{entry}")
    assert console.client("asker").get(f"{path}/versions?from=1&to=2").status_code == 404


def test_another_bodys_published_entry_is_copied_not_edited(console: Console) -> None:
    """An officer of another body may read it and copy it; the wizard is its provider's alone."""
    entry = console.city.found["entry"]
    assert "Copy as a new entry" in page_of(console.client("stranger"), f"/entries/{entry}")
    assert console.client("stranger").get(f"/entries/{entry}/edit/about").status_code == 403
    answer = send(console, "stranger", f"/entries/{entry}/edit/about", title="x", format="database")
    assert answer.status_code == 403
    assert entry_of(console, entry).provider == MARKET


def test_own_entries_are_filtered_and_sorted_by_the_address(console: Console) -> None:
    """A list is a link that can be handed on."""
    client = console.client("officer")
    begin(console, title="安全生产")
    begin(console, title="自然灾害")
    shown = page_of(client, "/entries?stage=draft&sort=title")
    assert shown.index("安全生产") < shown.index("自然灾害")
    backwards = page_of(client, "/entries?stage=draft&sort=-title")
    assert backwards.index("自然灾害") < backwards.index("安全生产")
    assert "安全生产" not in page_of(client, "/entries?stage=published")
    assert "自然灾害" not in page_of(client, "/entries?title=安全")
    assert client.get("/catalogue?title=水").status_code == 422
    assert ShareType.CONDITIONAL.value not in page_of(client, "/entries?column=title").split("<table")[1]


def test_the_next_page_goes_on_where_the_page_before_ended(console: Console) -> None:
    """Nothing comes twice and nothing is left out."""
    for number in range(53):
        begin(console, title=f"序列{number:03d}")
    client = console.client("officer")
    first = page_of(client, "/entries?title=序列&sort=title")
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = page_of(client, following.group(1).replace("&amp;", "&"))
    titles = [set(re.findall(r"序列\d{3}", page)) for page in (first, second)]
    assert (len(titles[0]), len(titles[1]), titles[0] & titles[1]) == (50, 3, set())
