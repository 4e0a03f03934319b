"""Requests, agreements and services in a browser: without scripts, on paper, and with a key that stays there."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, Page

from jutong import delivery, ledger, registers
from jutong.cli.delivery import call
from jutong.kernel.crypto import SigningKey
from jutong.kernel.keys import load_key
from jutong.registers import SystemName
from tests.browser.conftest import Visitors
from tests.city import City, a_full_city
from tests.console import a_console

SEED = b"consumer" * 4
CODE = "9150000020280332XF"
FIRM = "重庆长江有限公司"


@dataclass
class Node:
    """A served city with its gateway, and the consumer's key in a file of its own."""

    visitors: Visitors
    city: City
    key: Path

    def seal(self) -> None:
        """Put the calls that were made on record."""
        house = self.city.house
        ledger.seal(house.engine, house.home.ledger, house.home.journal, org=house.home.settings.body, now=house.now())
        self.city.settle()


@pytest.fixture(scope="module")
def node(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A city whose gateway answers under the address of its pages."""
    folder = tmp_path_factory.mktemp("sharing")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        city = a_full_city(folder / "home", port=listening.getsockname()[1])
        key = folder / "system.pem"
        private = Ed25519PrivateKey.from_private_bytes(SEED)
        key.touch(mode=0o600)
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with city.house.desk(city.house.itself) as desk:
            registers.set_key(desk, SystemName.parse(city.found["system"]), SigningKey.of_seed(SEED).public)
        with _served(city, listening) as address:
            yield Node(Visitors(browser, address, city), city, key)
    for context in browser.contexts:
        context.close()
    city.house.engine.dispose()


@contextmanager
def _served(city: City, listening: socket.socket) -> Iterator[str]:
    rooms, gateway = a_console(city).app, delivery.gateway_of(city.house, worker="browser")

    async def front(scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] == "lifespan":
            async with gateway:
                await rooms(scope, receive, send)  # type: ignore[arg-type]
        elif scope["type"] == "http" and scope["path"].startswith("/r1/"):
            await gateway(scope, receive, send)
        else:
            await rooms(scope, receive, send)  # type: ignore[arg-type]

    server = uvicorn.Server(uvicorn.Config(front, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.mark.parametrize("script", [False, True])
def test_a_request_goes_its_way_with_and_without_scripts(node: Node, script: bool) -> None:
    """Fill in, put aside, go on, save, sign, submit, approve: buttons and forms alone do it."""
    asker = node.visitors.page("asker", script=script)
    asker.goto("/requests")
    asker.click("a[href='/requests/new']")
    asker.click(f"a[href='/requests/new?entry={node.city.found['entry']}']")
    asker.check("input[name=items][value=name]")
    asker.fill("#field-scenario", "窗口核验" + str(script))
    asker.click("button[name=later]")
    assert asker.locator(".alert-success").count() == 1
    assert asker.input_value("#field-scenario") == "窗口核验" + str(script)
    asker.check("input[name=items][value=uscc]")
    asker.click("main form button:not([name])")
    assert asker.locator("#refusal li").count() >= 3
    asker.check("input[name=purposes][value=social-security]")
    asker.fill("#field-legal_basis", "失业保险条例第十七条")
    asker.fill("#field-scope", "本市企业")
    asker.check(f"input[name=systems][value='{node.city.found['system']}']")
    asker.fill("#field-paper-title-1", "会议纪要")
    asker.set_input_files("#field-paper-file-1", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"a"})
    asker.click("main form button:not([name])")
    assert asker.locator(".alert-success").count() == 1, asker.inner_text("main")
    path = asker.url.split("?")[0]
    signer = node.visitors.page("asking-head", script=script)
    signer.goto(path)
    signer.click("form[action$='/signature'] button")
    signer.click("form[action$='/submission'] button")
    head = node.visitors.page("head", script=script)
    head.goto(path)
    head.click("details.move:has(form[action$='/approval']) > summary")
    head.select_option("#field-mask-name", "keep:1:1")
    head.click("form[action$='/approval'] button")
    assert "/agreements/" in head.url
    assert "仅保留前1位和后1位" in head.inner_text("article.document")


def test_the_agreement_fits_on_paper(node: Node) -> None:
    """Printed, it is the document alone, on A4."""
    page = node.visitors.page("head")
    page.goto(f"/agreements/{node.city.found['agreement']}")
    assert page.is_visible("[data-print]")
    page.emulate_media(media="print")
    for left_out in ("header.top", "nav.places", ".heading", "footer.foot", "#acts"):
        assert not page.is_visible(left_out), left_out
    assert page.is_visible("article.document")
    paper = page.pdf(format="A4")
    assert 1 <= paper.count(b"/Type /Page\n") <= 4
    page.set_viewport_size({"width": 680, "height": 960})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def filled(node: Node) -> Page:
    """Return the trial page with the key's file chosen and a record named."""
    page = node.visitors.page("asker", language="en")
    page.goto(f"/services/{node.city.found['entry']}/try?agreement={node.city.found['agreement']}")
    page.set_input_files("#trial-file", node.key)
    page.locator("#trial-said", has_text="key is loaded").wait_for()
    page.fill("#trial-key", CODE)
    return page


def test_a_call_is_signed_in_the_browser_and_the_key_stays_there(node: Node, axe: Callable[[Page], list[str]]) -> None:
    """The real gateway answers under the agreement's rules; no request carries a byte of the private key."""
    page = filled(node)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(f"{one.url} {one.headers} {one.post_data}"))
    page.click("#trial-call")
    page.wait_for_selector("#trial-receipt:not([hidden])")
    shown = page.inner_text("#trial-response")
    assert shown.startswith("200")
    assert FIRM in shown
    assert "carries this node's signature" in page.inner_text("#trial-proof")
    assert len(sent) == 1
    secret = "".join(node.key.read_text().splitlines()[1:-1])
    assert secret[-20:] not in sent[0]
    assert axe(page) == []
    node.seal()
    call_id = (page.get_attribute("#trial-receipt", "href") or "").rpartition("/")[2]
    page.goto("/calls")
    assert "answered" in page.inner_text("main")
    page.click("main td.number a")
    assert call_id in page.inner_text("main")
    assert CODE not in page.content()


def test_a_statement_is_verified_in_the_browser(node: Node) -> None:
    """Yes for what is on record, no for what is not, and no value comes back."""
    page = filled(node)
    page.select_option("#trial-method", "verify")
    page.click("#trial-call")
    assert "at least one value" in page.inner_text("#trial-said")
    for value, match in ((FIRM, "true"), ("别的公司", "false")):
        page.fill("[data-fact=name]", value)
        page.click("#trial-call")
        page.locator("#trial-response", has_text=f'"match": {match}').wait_for()
        assert "carries this node's signature" in page.inner_text("#trial-proof")


def test_the_gateways_refusal_is_shown_as_it_is(node: Node) -> None:
    """A purpose that nobody agreed to is refused by the gateway, with the rule and what to do."""
    page = filled(node)
    page.evaluate("document.querySelector('#trial-purpose option').value = 'credit'")
    page.click("#trial-call")
    page.locator("#trial-response", has_text="403").wait_for()
    assert "purpose" in page.inner_text("#trial-response")


def test_a_file_that_is_no_key_is_named_so(node: Node) -> None:
    """Whoever picks the wrong file is told, and nothing is sent."""
    page = node.visitors.page("asker", language="en")
    page.goto(f"/services/{node.city.found['entry']}/try")
    page.set_input_files("#trial-file", {"name": "a.pem", "mimeType": "text/plain", "buffer": b"nothing"})
    page.locator("#trial-said", has_text="holds no Ed25519").wait_for()


def test_a_browser_without_the_signature_says_so(node: Node) -> None:
    """An old browser, or a page without TLS, points to the command below."""
    page = node.visitors.page("asker", language="en")
    page.add_init_script("SubtleCrypto.prototype.generateKey = () => Promise.reject(new Error('no'))")
    page.goto(f"/services/{node.city.found['entry']}/try")
    page.locator("#trial-said", has_text="cannot sign with Ed25519").wait_for()
    assert page.is_disabled("#trial-call")


def test_without_scripts_there_are_verdict_and_command(node: Node) -> None:
    """The trial by script is not offered; what works without it is."""
    page = node.visitors.page("asker", script=False, language="en")
    page.goto(f"/services/{node.city.found['entry']}/try")
    assert not page.is_visible("#trial")
    page.click("#verdict button")
    assert "Yes: it would be answered." in page.inner_text("#verdict")
    assert page.is_visible("#command")


@pytest.mark.parametrize("method", ["query", "verify"])
def test_the_script_on_the_page_runs(node: Node, tmp_path: Path, method: str) -> None:
    """What the page shows is run as it stands, with curl and openssl, and the gateway answers."""
    page = node.visitors.page("asker")
    asked = f"agreement={node.city.found['agreement']}&method={method}&purpose=social-security&items=name"
    page.goto(f"/services/{node.city.found['entry']}/try?{asked}")
    script = page.inner_text("#script").replace("KEY; QUERY", f"{CODE}; QUERY").replace('"KEY"', f'"{CODE}"')
    script = script.replace("VALUE", FIRM)
    (tmp_path / "system.pem").write_bytes(node.key.read_bytes())
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    ran = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    assert ran.stdout.startswith("HTTP/1.1 200"), ran.stdout + ran.stderr
    assert (FIRM if method == "query" else '"match":true') in ran.stdout


def test_the_command_on_the_page_runs(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """`jutong call` signs with the key beside it and checks the node's answer."""
    house, found = node.city.house, node.city.found
    given: dict[str, Any] = {
        "url": node.visitors.address,
        "client": found["system"],
        "private_key": node.key,
        "node_key": str(house.key.public),
        "purpose": "social-security",
        "agreement": found["agreement"],
    }
    path = "CN-500000/GOV/11500000MB20000201/pool/enterprise-register"
    call(path, CODE, **given, item=["name"], as_json=True)
    assert FIRM in capsys.readouterr().out
    call(path, CODE, **given, fact=[f"name={FIRM}"], as_json=True)
    assert '"match": true' in capsys.readouterr().out.replace('"match":true', '"match": true')
    assert load_key(node.key).public == SigningKey.of_seed(SEED).public
    assert httpx.get(node.visitors.address + "/healthz", trust_env=False).is_success
