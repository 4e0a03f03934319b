"""The whole thread as its people walk it: from signing in to a receipt that anybody can verify."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from jutong.cli.demo.register_maker import make_register
from jutong.cli.demo.sample import some_code
from jutong.cli.demo.tiers import LABOUR, MARKET, serving, stand_up
from jutong.cli.demo.walk import ITEMS, PURPOSE, SYSTEM
from jutong.kernel.keys import make_key
from tests.browser.walking import Walk, Walker

ROWS = 1_000
SYSTEM_NAME = f"CN-500000/GOV/{LABOUR.code}/{SYSTEM}"
WALKS = [
    pytest.param("zh-CN", True, id="zh-CN-with-scripts"),
    pytest.param("en", False, id="en-without-scripts"),
]


@dataclass
class Told:
    """What one leaves for the next."""

    register: Path
    folder: Path
    entry: str = ""
    request: str = ""
    agreement: str = ""
    call: str = ""


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """A register of a thousand rows: the smallest that has all the faults of a real one."""
    make_register(tmp_path / "register.parquet", rows=ROWS)
    return Told(tmp_path / "register.parquet", tmp_path)


@pytest.fixture
def walk(
    browser: Browser, told: Told, shot: Callable[[Page, str], None], request: pytest.FixtureRequest
) -> Iterator[Walk]:
    """The three tiers of the demo, served, with their people's ways in."""
    language, script = request.node.callspec.params["language"], request.node.callspec.params["script"]
    before = set(browser.contexts)
    tiers = stand_up(told.folder / "demo", fixed_ports=False)
    with serving(tiers):
        yield Walk(browser, tiers, language, script, shot)
        for context in set(browser.contexts) - before:
            context.close()


@pytest.mark.parametrize(("language", "script"), WALKS)
def test_from_signing_in_to_a_verified_receipt(walk: Walk, told: Told, language: str, script: bool) -> None:
    """Officers, heads, auditors, a consumer and an audit administrator, each at a desk, one record's whole way."""
    officer, head = walk.come("department", "officer"), walk.come("department", "head")
    write_the_entry(officer, told)
    sign_the_entry(head, officer, told)
    audit_the_entry(walk.come("city", "auditor"), walk.come("city", "publisher"), told)
    deliver_rows(officer, told)
    look_at_findings(officer, told)
    consumer, consumers_head = walk.come("city", "labour-officer"), walk.come("city", "labour-head")
    give_the_system_its_key(walk.come("city", "system"), walk.come("city", "security"), told)
    ask_for_the_data(consumer, consumers_head, told)
    approve(walk.come("city", "market-head"), told)
    call_the_service(consumer, told, script=script)
    verify_the_receipt(walk.come("city", "audit"), told, script=script)
    read_the_scorecard(walk.come("city", "overseer"))
    assert walk.complaints == []
    assert consumer.page.locator("html").get_attribute("lang") == language


def write_the_entry(officer: Walker, told: Told) -> None:
    """1. An officer of the market regulator begins with the shipped template and goes through the wizard, one idea a
    screen; both assessments are ticked at its end.
    """
    page = officer.page
    officer.open("/entries", "entries-none")
    officer.open("/entries/new", "entry-new")
    page.check("input[name=way][value=template]")
    officer.press("/entries/new")
    page.wait_for_url("**/edit/about*")
    for _ in range(12):
        step = page.url.partition("/edit/")[2].partition("?")[0]
        officer.look(f"wizard-{step}")
        if step == "review":
            break
        for box in ("secrecy_assessed", "impact_assessed") if step == "assessment" else ():
            page.check(f"#field-{box}")
        page.click(".wizard-buttons button[value=next]")
        page.wait_for_url(lambda url, last=step: f"/edit/{last}" not in url)
    page.click(".wizard-buttons button[value=later]")
    page.wait_for_url(re.compile(r"/entries/[0-9A-Z]{26}(\?|$)"))
    told.entry = page.url.partition("/entries/")[2][:26]
    officer.look("entry-draft")


def sign_the_entry(head: Walker, officer: Walker, told: Told) -> None:
    """2. The department's head finds it on the desk and signs; the officer hands it to the authority."""
    path = f"/entries/{told.entry}"
    head.from_desk(path, "entry-to-sign")
    head.press("/signature")
    head.look("entry-signed")
    assert head.page.locator("a[href*='/ledger/lines/']").count(), "the act names its line of evidence"
    officer.open(path)
    officer.press("/submission")
    officer.look("entry-submitted")


def audit_the_entry(auditor: Walker, publisher: Walker, told: Told) -> None:
    """3. At the authority one auditor passes the registration, another the publication."""
    path = f"/entries/{told.entry}"
    auditor.from_desk(path, "entry-first-audit")
    auditor.open("/audits", "audits", until=f"main a[href='{path}']")
    auditor.open(path)
    auditor.press("/registration")
    publisher.from_desk(path, "entry-second-audit")
    publisher.press("/publication")
    publisher.look("entry-published")


def deliver_rows(officer: Walker, told: Told) -> None:
    """4. The publication has come down to the department; the officer uploads the register; every row is counted."""
    page = officer.page
    officer.open(f"/entries/{told.entry}/deliver", "deliver", until="#field-rows")
    page.select_option("#field-layout", "enterprise-register-parquet")
    page.set_input_files("#field-rows", told.register)
    officer.press("/deliver")
    page.wait_for_url(re.compile(r"/(batches|deliveries)/"))
    batch = "/batches/" + page.url.rpartition("/")[2][:26] if "/batches/" in page.url else "/batches"
    officer.open(batch, "batch", until="main a[href$='/quality']")
    officer.open("/batches", "batches", until="main tbody tr")


def look_at_findings(officer: Walker, told: Told) -> None:
    """5. Faults come back to the officer: each rule with its count and masked rows, and objections to answer."""
    page = officer.page
    officer.open(f"/entries/{told.entry}/quality", "findings", until="main a[href*='/findings/']")
    page.locator("main a[href*='/findings/']").first.click()
    page.wait_for_url("**/findings/*")
    officer.look("finding-rows")
    officer.open("/objections", "objections", until="main tbody a[href^='/objections/']")
    page.locator("main tbody a[href^='/objections/']").first.click()
    page.wait_for_url("**/objections/*")
    officer.look("objection")


def give_the_system_its_key(system: Walker, security: Walker, told: Told) -> None:
    """6. Two administrators, each with a second factor: one registers the labour bureau's system, one sets its key."""
    page = system.page
    system.open("/systems", "systems-none")
    page.select_option("#field-body", LABOUR.code)
    page.fill("#field-code", SYSTEM)
    page.fill("#field-title", "失业保险经办系统")
    system.press("/systems")
    key = make_key(told.folder / "system.pem")
    security.open("/systems", "systems")
    security.page.locator("main tbody a[href^='/systems?system=']").first.click()
    security.page.fill("input[name=public_key]", str(key.public))
    security.press("/systems/key")
    assert str(key.public) in security.page.content()


def ask_for_the_data(consumer: Walker, head: Walker, told: Told) -> None:
    """7. The labour bureau's officer finds the entry in the catalogue and asks for five items, for one purpose; its
    office's head signs, and the officer hands the request in: the statutory clock starts.
    """
    page = consumer.page
    consumer.open(f"/catalogue?q={LABOUR.short_name}", "search-nothing")
    consumer.open("/catalogue", "search", until=f"main a[href^='/catalogue/{told.entry}']")
    consumer.open(f"/catalogue/{told.entry}", "public-entry")
    consumer.open(f"/requests/new?entry={told.entry}", "request-form")
    for name in ITEMS:
        page.check(f"input[name=items][value={name}]")
    page.check(f"input[name=purposes][value={PURPOSE}]")
    for name in ("query", "verify"):
        page.check(f"input[name=methods][value={name}]")
    page.check(f"input[name=systems][value='{SYSTEM_NAME}']")
    page.fill("#field-scope", "本市参加失业保险的用人单位")
    page.fill("#field-legal_basis", "《失业保险条例》第十六条")
    page.fill("#field-scenario", "核验用人单位登记状态，办理失业保险待遇")
    page.click("form[action='/requests/new'] .buttons .btn-primary")
    page.wait_for_url(re.compile(r"/requests/[0-9A-Z]{26}"))
    told.request = page.url.partition("/requests/")[2][:26]
    consumer.look("request-draft")
    head.from_desk(f"/requests/{told.request}", "request-to-sign")
    head.press("/signature")
    consumer.from_desk(f"/requests/{told.request}", "request-signed")
    consumer.press("/submission")
    consumer.look("request-submitted")
    consumer.open("/requests", "requests", until="main tbody tr")


def approve(provider: Walker, told: Told) -> None:
    """8. The head of the provider's office finds the request with its clock on the desk and approves it."""
    provider.from_desk(f"/requests/{told.request}", "request-to-answer")
    provider.press("/approval")
    provider.page.wait_for_url("**/agreements/*")
    told.agreement = provider.page.url.partition("/agreements/")[2][:26]
    provider.look("agreement")


def call_the_service(consumer: Walker, told: Told, *, script: bool) -> None:
    """9. The consumer reads the agreement, sees the service open, has a call judged, and makes it: signed in the page
    by a key that never leaves it, or by the command that the page shows.
    """
    page = consumer.page
    consumer.open(f"/agreements/{told.agreement}", "agreement-consumer")
    path = f"/services/{told.entry}/try?agreement={told.agreement}"
    consumer.open("/services", "services", until=f"main a[href^='/services/{told.entry}/try']")
    consumer.open(path, "try", until="#command")
    page.click("form[action$='#verdict'] button")
    page.wait_for_selector("#verdict .verdict:not(.verdict-no)")
    consumer.look("try-judged")
    code = some_code(told.register)
    if script:
        page.set_input_files("#trial-file", told.folder / "system.pem")
        page.fill("#trial-key", code)
        page.click("#trial-call")
        page.wait_for_selector("#trial-receipt:not([hidden])")
        assert page.locator("#trial-response").inner_text().startswith("200"), page.locator("#trial-response")
        told.call = (page.locator("#trial-receipt").get_attribute("href") or "").rpartition("/")[2]
        consumer.look("try-called")
    else:
        command = page.locator("#command").inner_text().replace(" KEY ", f" {code} ", 1)
        answer = consumer.run(command, told.folder, {"JUTONG_LANGUAGE": "en"})
        told.call = re.findall(r"[0-9A-Z]{26}", answer)[0]
    consumer.open("/calls", "calls", until="main tbody a[href^='/calls/']")
    page.locator("main tbody a[href^='/calls/']").first.click()
    page.wait_for_selector(f"main tbody a[href='/receipts/{told.call}']")
    consumer.look("calls-of-day")


def verify_the_receipt(audit: Walker, told: Told, *, script: bool) -> None:
    """10. The audit administrator, with a second factor, finds the call's line in the ledger, takes its receipt along
    and verifies it, cosigned by both other tiers; a receipt with one letter changed does not hold.
    """
    page = audit.page
    audit.open("/ledger", "ledger", until="main tbody a[href^='/ledger/lines/']")
    page.locator("main tbody a[href^='/ledger/lines/']").first.click()
    page.wait_for_url("**/ledger/lines/*")
    audit.look("ledger-line")
    audit.open(f"/receipts/{told.call}", "receipt", until="main pre.bytes", more="main .tag-green, main .badge-green")
    with page.expect_download() as taken:
        page.click("a[download]")
    receipt = Path(taken.value.path()).read_text("utf-8")
    audit.open(f"/verify?of={told.call}", "verify")
    page.fill("#field-witnesses", "2")
    _verify(audit, script=script)
    assert page.locator(".verdict-holds").count() == 1
    audit.look("verified")
    page.fill("#field-receipt", receipt.replace(told.call[-4:], "0000"))
    _verify(audit, script=script)
    assert page.locator(".verdict-fails").count() == 1
    audit.look("verified-tampered")
    audit.open("/audit/sign-ins", "audit-sign-ins", until="main tbody tr")


def _verify(audit: Walker, *, script: bool) -> None:
    page = audit.page
    page.locator("[data-said]").evaluate("one => { one.className = 'verdict' }")
    audit.press("/verify")
    page.wait_for_selector(".verdict-holds, .verdict-fails")
    in_browser = page.locator("[data-checked-by]").get_attribute("data-words") or ""
    said = page.locator("[data-checked-by]").inner_text()
    assert (said == in_browser) is script, "with scripts the browser checks by itself, without them the node"


def read_the_scorecard(overseer: Walker) -> None:
    """11. The authority reads the department's scorecard, from the ledger alone; a number opens its evidence."""
    page = overseer.page
    overseer.open("/scorecards", "scorecards", until=f"main a[href^='/scorecards/{MARKET.code}']")
    overseer.open(f"/scorecards/{MARKET.code}", "scorecard", until="main a[href*='/evidence']")
    page.locator("main a[href*='/evidence']").first.click()
    page.wait_for_url("**/evidence*")
    overseer.look("scorecard-evidence")
