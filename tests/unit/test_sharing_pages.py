"""Pages of requests, agreements, services and calls: who sees them, what they say, and every move that they offer."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import registers, sharing
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.crypto import SigningKey
from jutong.kernel.ids import spell
from jutong.kernel.text import LANGUAGES
from jutong.registers import SystemName
from jutong.sharing import Stage
from tests.city import a_full_city, a_wish
from tests.console import CSRF, Console, a_console
from tests.postgres import fresh_database

KEY = SigningKey.of_seed(b"consumer" * 4)
PAPER = hashlib.sha256(b"minutes").hexdigest()
NOWHERE = spell(99)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def console(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A city's pages, with a request in every kind of waiting, on either database."""
    url = "" if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres_url"))
    city = a_full_city(tmp_path_factory.mktemp("pages") / "home", database=url)
    with city.house.desk(city.house.itself) as desk:
        registers.set_key(desk, SystemName.parse(city.found["system"]), KEY.public)
    yield a_console(city)
    city.house.engine.dispose()


def send(client: TestClient[Litestar], path: str, **fields: object) -> httpx.Response:
    """Send a form as a browser does, and go nowhere after."""
    return client.post(path, data={"_csrf": CSRF, **fields}, follow_redirects=False)


def went_well(answer: httpx.Response, word: str) -> str:
    """Check that the act was done and left its line; return where one is sent."""
    assert answer.status_code == 303, answer.text
    where = urlsplit(answer.headers["location"])
    told = parse_qs(where.query)
    assert told["done"] == [word]
    assert told["line"]
    return where.path


def wish_fields(console: Console, **changes: object) -> dict[str, object]:
    """Return a request form filled in; its items make it a conditional one."""
    today = console.city.house.clock().astimezone(LEGAL_TIME).date()
    return {
        "entry": console.city.found["entry"],
        "items": ["name", "uscc", "capital"],
        "purposes": ["social-security"],
        "legal_basis": "失业保险条例第十七条",
        "scenario": "核验原单位",
        "scope": "本市登记的企业",
        "methods": ["query", "verify"],
        "systems": [console.city.found["system"]],
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=30)).isoformat(),
        "quota_per_day": "500",
        **changes,
    }


def drafted(console: Console, **changes: object) -> str:
    """Draft a request by its form; return its page's address."""
    return went_well(
        send(console.client("asker"), "/requests/new", **wish_fields(console, **changes)), "sharing.drafted"
    )


def submitted(console: Console, **changes: object) -> str:
    """Bring a request before its provider by its pages."""
    path = drafted(console, **changes)
    went_well(send(console.client("asking-head"), f"{path}/signature"), "sharing.signed")
    went_well(send(console.client("asker"), f"{path}/submission"), "sharing.submitted")
    return path


def pages_of(console: Console) -> list[tuple[str, str]]:
    """Return every page of these rooms with somebody who may see it."""
    found = console.city.found
    return [
        ("asker", "/requests"),
        ("head", "/requests?side=answering&stage=submitted"),
        ("overseer", "/requests?sort=-id"),
        ("asker", "/requests/new"),
        ("asker", f"/requests/new?entry={found['entry']}"),
        ("head", f"/requests/{found['request']}"),
        ("asker", f"/requests/{found['wish']}"),
        ("asker", f"/requests/{found['wish']}/draft"),
        ("asker", f"/requests/{found['approved']}"),
        ("head", "/agreements"),
        ("asker", f"/agreements/{found['agreement']}"),
        ("head", f"/agreements/{found['agreement']}"),
        ("asker", "/services"),
        ("head", "/services?side=answering"),
        ("asker", f"/services/{found['entry']}/try"),
        ("asker", "/calls"),
        ("asker", f"/calls/{found['agreement']}/2026-01-05"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_shown_in_both_languages(console: Console, language: str) -> None:
    """Each page has one heading, its language, and no code where a word belongs."""
    for account, path in pages_of(console):
        answer = console.client(account, language).get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert f'<html lang="{language}"' in answer.text
        assert len(re.findall("<h1>", answer.text)) == 1
        shown = re.sub(r"<pre.*?</pre>|<[^>]+>|&#?\w+;", " ", answer.text.replace(">None<", ">None<<"), flags=re.DOTALL)
        for code in ("consumer-office-signed", "social-security,", "in-force", "not-shared", "Stage.", "None<"):
            assert code not in shown, (path, code)


def test_strangers_sign_in_first_and_others_are_refused(console: Console) -> None:
    """A page is for those whose duty it is; the denial leaves its line."""
    before = len(console.city.lines("guard.denied"))
    for _, path in pages_of(console):
        answer = console.client().get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=")
        assert console.client("audit").get(path).status_code == 403
    assert len(console.city.lines("guard.denied")) == before + len(pages_of(console))


def test_what_is_anothers_is_as_absent_as_what_never_was(console: Console) -> None:
    """Another body learns from no page that a request, an agreement, a service or a call exists."""
    found = console.city.found
    for path in (
        f"/requests/{found['request']}",
        f"/requests/{found['wish']}/draft",
        f"/requests/{NOWHERE}",
        f"/agreements/{found['agreement']}",
        f"/agreements/{NOWHERE}",
        f"/services/{found['entry']}/try",
        f"/services/{found['entry']}/try?agreement={found['agreement']}",
        f"/services/{NOWHERE}/try",
        f"/calls/{found['agreement']}/2026-01-05",
        f"/requests/new?entry={found['draft']}",
    ):
        assert console.client("stranger").get(path).status_code == 404, path
    assert console.client("head").get(f"/requests/{found['wish']}").status_code == 404
    for path in ("/requests", "/agreements", "/services", "/calls"):
        assert "企业登记信息" not in console.client("stranger").get(path).text


def test_an_address_out_of_form_is_refused(console: Console) -> None:
    """What is no identifier, no day and no cursor does not reach the database."""
    client = console.client("asker")
    assert client.get("/requests/nothing").status_code == 422
    assert client.get(f"/calls/{console.city.found['agreement']}/yesterday").status_code in (404, 422)
    outside = base64.urlsafe_b64encode(json.dumps(["a", "../../keys/node.pem", "0"]).encode()).decode().rstrip("=")
    for path in (
        "/requests",
        "/agreements",
        "/services",
        "/calls",
        f"/calls/{console.city.found['agreement']}/2026-01-05",
    ):
        assert client.get(f"{path}?after=@@@").status_code == 422, path
        assert client.get(f"{path}?after=WyJhIl0").status_code == 422, path
    assert client.get(f"/calls/{console.city.found['agreement']}/2026-01-05?after={outside}").status_code == 422
    assert client.get("/requests?stage=nonsense&side=nonsense&sort=nonsense").status_code == 200


def test_a_request_goes_its_whole_way_by_pages(console: Console) -> None:
    """Draft, change, sign, submit, papers, more time, yes: each by the one whose duty it is."""
    path = drafted(console)
    changed = wish_fields(console, scope="渝中区的企业")
    went_well(send(console.client("asker"), f"{path}/draft", **changed), "sharing.redrafted")
    went_well(send(console.client("asking-head"), f"{path}/signature"), "sharing.signed")
    assert console.client("asker").get(f"{path}/draft").status_code == 409
    went_well(send(console.client("asker"), f"{path}/submission"), "sharing.submitted")
    page = console.client("head").get(path).text
    assert "10 working days left" in page
    assert "it is yours" in page
    assert "渝中区的企业" in page
    missing = "会议纪要\n\n 批文 \n"
    went_well(
        send(console.client("officer"), f"{path}/supplement-notice", missing=missing), "sharing.supplement_required"
    )
    page = console.client("asker").get(path).text
    assert "<li>会议纪要</li><li>批文</li>" in page
    assert "stands still" in page
    fields = {"paper-title-1": "会议纪要", "paper-digest-1": PAPER}
    went_well(send(console.client("asker"), f"{path}/supplement", **fields), "sharing.supplemented")
    assert "supplement-notice" not in console.client("head").get(path).text
    went_well(
        send(console.client("officer"), f"{path}/extension", days="5", reason="数据量大"), "sharing.extension_asked"
    )
    assert "Agree to the extension" in console.client("overseer").get(path).text
    went_well(send(console.client("overseer"), f"{path}/extension-consent"), "sharing.extended")
    assert "15 working days left" in console.client("head").get(path).text
    masks = {"mask-name": "none", "mask-uscc": "keep:1:1", "mask-capital": "drop"}
    agreed = went_well(
        send(console.client("head"), f"{path}/approval", quota_per_day="100", **masks), "sharing.approved"
    )
    document = console.client("asker").get(agreed).text
    assert "only the first 1 and last 1 characters" in document
    assert "left out" in document
    assert ">100<" in document
    assert "Nobody has to act" in console.client("asker").get(path).text


def test_a_file_is_known_by_its_digest_and_not_kept(console: Console) -> None:
    """The officer chooses a file; what goes on is its title and SHA-256, also after a refusal."""
    client = console.client("asker")
    fields = {"_csrf": CSRF, **wish_fields(console, scope="有附件"), "paper-title-1": "纪要"}
    file = {"paper-file-1": ("minutes.pdf", b"minutes", "application/pdf")}
    refused = client.post("/requests/new", data={**fields, "scenario": ""}, files=file)
    assert refused.status_code == 422
    assert f'value="{PAPER}"' in refused.text
    answer = client.post("/requests/new", data=fields, files=file, follow_redirects=False)
    page = client.get(went_well(answer, "sharing.drafted")).text
    assert PAPER in page
    assert "纪要" in page


def test_a_paper_needs_title_and_digest(console: Console) -> None:
    """Half a paper is named at its field."""
    answer = send(console.client("asker"), "/requests/new", **wish_fields(console), **{"paper-title-1": "纪要"})
    assert answer.status_code == 422
    assert 'id="fault-paper-file-1"' in answer.text
    answer = send(console.client("asker"), "/requests/new", **wish_fields(console), **{"paper-digest-1": PAPER})
    assert 'id="fault-paper-title-1"' in answer.text


def test_a_form_is_put_aside_half_filled_and_gone_on_with(console: Console) -> None:
    """An interrupted officer loses nothing; a colleague goes on; then it is a request and the form is gone."""
    entry = console.city.found["entry"]
    half = {"entry": entry, "items": ["name", "city"], "scenario": "写到一半", "later": "1"}
    where = send(console.client("asker"), "/requests/new", **half)
    assert went_well(where, "sharing.sketched") == "/requests/new"
    resumed = console.client("asking-head").get(f"/requests/new?entry={entry}").text
    assert "写到一半" in resumed
    assert re.search(r'name="items" value="city" checked', resumed)
    assert not re.search(r'name="items" value="uscc" checked', resumed)
    assert "Forms that are not finished" in console.client("asker").get("/requests").text
    assert "Forms that are not finished" not in console.client("head").get("/requests").text
    (seen,) = re.findall(r'name="seen" value="(\w+)"', resumed)
    drafted(console, scenario="写完了", seen=seen)
    assert "Forms that are not finished" not in console.client("asker").get("/requests").text


def test_every_fault_of_a_form_is_named_at_once(console: Console) -> None:
    """What is missing stands at its field, what was typed stays."""
    answer = send(
        console.client("asker"), "/requests/new", entry=console.city.found["entry"], scope="全市", ends="soon"
    )
    assert answer.status_code == 422
    for name in ("items", "purposes", "legal_basis", "scenario", "methods", "systems", "ends", "quota_per_day"):
        assert f'id="fault-{name}"' in answer.text, name
    assert ">全市</textarea>" in answer.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends": "2020-01-01"}, "the term ends"),
        ({"systems": ["CN-500000/GOV/11500000MB20000201/other"]}, "other"),
        ({"items": ["nothing"]}, "shares no item"),
        ({"purposes": ["fiscal"]}, "is not shared for"),
        ({"divisions": ["50"]}, "six digits"),
    ],
)
def test_what_the_entry_cannot_answer_is_refused_with_its_rule(
    console: Console, changes: dict[str, object], said: str
) -> None:
    """The panel says what is so; the form stays as it was typed."""
    answer = send(console.client("asker"), "/requests/new", **wish_fields(console, **changes))
    assert answer.status_code in (404, 422)
    assert said in answer.text
    assert 'class="alert alert-danger refusal"' in answer.text


def test_each_refusal_by_the_law_shows_its_panel(console: Console) -> None:
    """No second notice, no more than ten days, no refusal of unconditional data, no reason left out."""
    conditional, unconditional = submitted(console, scope="甲"), submitted(console, scope="乙", items=["name", "uscc"])
    head = console.client("head")
    cases = [
        (f"{conditional}/extension", {"days": "11", "reason": "忙"}, 422, "a whole number"),
        (f"{conditional}/refusal", {"reason": "不便"}, 422, "must be filled in"),
        (f"{conditional}/supplement-notice", {"missing": "  "}, 422, "must be filled in"),
        (f"{conditional}/approval", {"quota_per_day": "501"}, 422, "the quota is from 1 to"),
        (f"{conditional}/approval", {"mask-capital": "none", "mask-city": "none"}, 422, "not asked for"),
        (f"{unconditional}/refusal", {"reason": "不便", "basis": "某规定"}, 400, "may not be refused"),
        (f"{unconditional}/extension", {"days": "3", "reason": "忙"}, 400, "cannot be put off"),
    ]
    for path, fields, status, said in cases:
        answer = send(head, path, **fields)
        assert (answer.status_code, said in answer.text) == (status, True), (path, answer.status_code)
    went_well(send(head, f"{conditional}/supplement-notice", missing="批文"), "sharing.supplement_required")
    again = send(head, f"{conditional}/supplement-notice", missing="别的")
    assert again.status_code == 409
    page = console.client("head").get(unconditional).text
    assert "/refusal" not in page
    assert "/extension" not in page
    assert "neither refused nor put off" in page


def test_a_move_is_for_the_one_whose_duty_it_is(console: Console) -> None:
    """Others see no button, and a form sent all the same is refused and on record."""
    path = submitted(console, scope="丙")
    asker = console.client("asker")
    for move in ("approval", "refusal", "supplement-notice", "extension"):
        assert f"{path}/{move}" not in asker.get(path).text
    denied = len(console.city.lines("guard.denied"))
    assert send(asker, f"{path}/approval").status_code == 403
    assert send(console.client("officer"), f"{path}/refusal", reason="否", basis="否").status_code == 403
    assert len(console.city.lines("guard.denied")) == denied + 2
    for move in ("signature", "submission", "approval", "refusal", "withdrawal", "extension-consent"):
        assert send(console.client("stranger"), f"{path}/{move}", reason="r", basis="b").status_code == 404
    assert console.client("head").post(f"{path}/approval", data={}).status_code == 403
    went_well(
        send(console.client("head"), f"{path}/refusal", reason="超出职责", basis="条例第二十条"), "sharing.refused"
    )
    page = asker.get(path).text
    assert "超出职责" in page
    assert "条例第二十条" in page


def test_a_request_is_taken_back(console: Console) -> None:
    """Until there is an answer the asking body may withdraw."""
    path = submitted(console, scope="丁")
    went_well(send(console.client("asker"), f"{path}/withdrawal"), "sharing.withdrawn")
    assert send(console.client("head"), f"{path}/approval").status_code == 409


def test_an_agreement_is_a_document_with_its_evidence(console: Console) -> None:
    """Parties, items, purposes, term, the law's duties, lines of evidence and digests stand on one sheet."""
    found = console.city.found
    with console.city.house.reading() as db:
        agreement = sharing.find_agreement(db, found["agreement"])
    english = console.client("asker").get(f"/agreements/{agreement.id}").text
    chinese = console.client("asker", "zh-CN").get(f"/agreements/{agreement.id}").text
    for page in (english, chinese):
        assert agreement.digest() in page
        assert agreement.entry in page
        assert "人社局（11500000MB30000308）" in page
        assert page.count("/ledger/lines/") >= 2
    assert "不得擅自将获得的政务数据提供给第三方" in chinese
    assert "Order 809, art. 25" in english


def test_rights_are_taken_and_given_back_with_reasons(console: Console) -> None:
    """The provider and the authority may; the using body may not; a reason is compulsory."""
    path = f"/agreements/{console.city.found['agreement']}"
    head = console.client("head")
    assert "/suspension" not in console.client("asker").get(path).text
    assert send(console.client("asking-head"), f"{path}/suspension", reason="否").status_code == 403
    assert send(head, f"{path}/suspension").status_code == 422
    assert send(head, f"{path}/suspension", reason="超范围使用", rectify_by="2020-01-01").status_code == 422
    went_well(send(console.client("overseer"), f"{path}/suspension", reason="超范围使用"), "sharing.suspended")
    assert "超范围使用" in console.client("asker").get(path).text
    verdict = console.client("asker").get(f"/services/{console.city.found['entry']}/try?method=query").text
    assert "No: it would be refused." in verdict
    assert "/resumption" not in head.get(path).text
    assert send(head, f"{path}/resumption").status_code == 400  # the authority took them
    went_well(send(console.client("overseer"), f"{path}/resumption"), "sharing.resumed")
    assert send(head, f"{path}/resumption").status_code == 303
    assert send(console.client("asker"), f"{path}/termination", why="不用了").status_code == 403


def test_a_misuse_that_is_not_put_right_ends_the_agreement_for_good(console: Console) -> None:
    """The consumer reports, the provider finds it short and ends the sharing; what has ended is only disposed of."""
    path = submitted(console, scope="戊")
    head, asking_head = console.client("head"), console.client("asking-head")
    agreed = went_well(send(head, f"{path}/approval"), "sharing.approved")
    assert "/termination" not in head.get(agreed).text
    alone = send(head, f"{agreed}/termination", why="职责调整")
    assert alone.status_code == 400
    assert "art. 27" in alone.text
    went_well(send(head, f"{agreed}/suspension", reason="超范围使用"), "sharing.suspended")
    assert "Report what was put right" in asking_head.get(agreed).text
    went_well(send(asking_head, f"{agreed}/rectification", report="已停用"), "sharing.rectified")
    went_well(send(head, f"{agreed}/rectification-judgement", short_why="备份仍在"), "sharing.rectification_judged")
    went_well(send(head, f"{agreed}/termination", why="整改不到位"), "sharing.terminated")
    page = head.get(agreed).text
    assert "整改不到位" in page
    assert "/termination" not in page
    gone = {"manner": "erased", "copies": "业务库与备份", "done_on": wish_fields(console)["starts"]}
    assert send(asking_head, f"{agreed}/disposal", **(gone | {"manner": "kept-by-law"})).status_code == 422
    went_well(send(asking_head, f"{agreed}/disposal", **gone), "sharing.disposed")
    page = head.get(agreed).text
    assert "业务库与备份" in page
    story = page.rpartition("timeline-plain")[2]
    assert story.count("/ledger/lines/") >= 8
    assert console.client("head").get(path).text.rpartition("timeline-plain")[2].count("/ledger/lines/") >= 8


def test_a_running_service_is_changed_by_two_keys(console: Console) -> None:
    """The provider proposes; its page offers no consent; the consumer's does, and then the document says otherwise."""
    path = submitted(console, scope="己")
    head, asking_head = console.client("head"), console.client("asking-head")
    agreed = went_well(send(head, f"{path}/approval"), "sharing.approved")
    proposal = {"change_reason": "系统整合", "change_basis": "条例第二十七条"}
    assert send(head, f"{agreed}/change", **proposal).status_code == 422
    went_well(
        send(head, f"{agreed}/change", **proposal, smaller_quota="100", without=["capital"]), "sharing.change_proposed"
    )
    assert "/change-consent" not in head.get(agreed).text
    assert "/change-withdrawal" in head.get(agreed).text
    assert "系统整合" in asking_head.get(agreed).text
    assert send(head, f"{agreed}/change-consent").status_code == 403
    went_well(send(asking_head, f"{agreed}/change-consent"), "sharing.change_agreed")
    assert "agreed to" in head.get(agreed).text
    went_well(send(head, f"{agreed}/change", **proposal, smaller_quota="50"), "sharing.change_proposed")
    went_well(
        send(console.client("overseer"), f"{agreed}/change-refusal", decline_why="仍为民生所需"),
        "sharing.change_declined",
    )
    assert "仍为民生所需" in head.get(agreed).text
    went_well(send(asking_head, f"{agreed}/conclusion", conclude_reason="核查完成"), "sharing.concluded")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("method=query&purpose=social-security&items=name", "Yes: it would be answered."),
        ("method=query&purpose=credit", "the purpose of the call is not one that was agreed"),
        ("method=table&purpose=social-security", "was not agreed"),
        ("method=query&purpose=social-security&items=capital", "items that were not agreed"),
        ("method=query&purpose=social-security&system=CN-500000/GOV/11500000MB30000308/none", "the system has no key"),
    ],
)
def test_a_call_is_judged_without_being_made(console: Console, asked: str, said: str) -> None:
    """The verdict is the gateway's own; nothing is counted and nothing is on record."""
    found = console.city.found
    page = console.client("asker").get(f"/services/{found['entry']}/try?agreement={found['agreement']}&{asked}").text
    assert said in page
    assert "0 of 1,000 records" in page


def test_the_page_spells_the_call_for_a_terminal(console: Console) -> None:
    """Command and script carry the names of the call, and never a private key."""
    found = console.city.found
    path = f"/services/{found['entry']}/try?method=verify&purpose=social-security&items=name"
    page = console.client("asker").get(path).text
    assert "jutong call CN-500000/GOV/11500000MB20000201/pool/enterprise-register KEY" in page
    assert "--fact" in page
    assert "openssl pkeyutl -sign -rawin" in page
    assert str(console.city.house.key.public) in page
    assert "PRIVATE" not in page


def test_lists_are_taken_along_whole(console: Console) -> None:
    """A download holds what the pages show, with codes as text."""
    csv = console.client("asker").get("/requests?export=csv&side=asked&column=number&column=stage").text
    with console.city.house.reading() as db:
        seat = registers.find_post(db, console.city.posts["asker"]).actor()
        mine = sharing.requests_listed(db, seat, side=sharing.Side.ASKED, limit=10_000)
    assert all(one.id in csv for one in mine)
    assert len(csv.strip().splitlines()) == len(mine) + 1
    only = console.client("asker").get(f"/requests?export=csv&stage={Stage.AGREED}&column=number").text
    assert len(only.strip().splitlines()) == 1 + sum(one.stage is Stage.AGREED for one in mine)


def test_the_api_shows_what_the_pages_did(console: Console) -> None:
    """One room behind two faces."""
    path = drafted(console, scope="庚")
    request_id = path.rpartition("/")[2]
    with console.city.client() as api:
        answer = api.get(f"/api/requests/{request_id}", headers=console.city.bearer("asker"))
    assert answer.json()["wish"]["scope"] == "庚"
    assert a_wish(console.city)["entry"] == answer.json()["wish"]["entry"]
