"""Signing in and administrators' pages in a browser: with and without JavaScript, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from jutong import access, registers
from jutong.kernel.text import LANGUAGES
from jutong.terms import Duty
from tests.browser.conftest import LOOKS, Visitors
from tests.city import MARKET
from tests.console import serving
from tests.signing_in import PASSWORD, a_city_with_accounts, code_for


@pytest.fixture(scope="module")
def door(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """A city with real accounts, served."""
    city = a_city_with_accounts(tmp_path_factory.mktemp("door") / "home")
    with serving(city.api) as address:
        yield Visitors(browser, address, city)
    for context in browser.contexts:
        context.close()
    city.house.engine.dispose()


def sign_in(door: Visitors, page: Page, account: str, *, wanted: str = "/account") -> None:
    """Sign in as an official does, with a code where one is asked for."""
    page.goto(wanted)
    page.wait_for_url("**/login?next=*")
    page.fill("#field-account", account)
    page.fill("#field-password", PASSWORD)
    page.click("main form button")
    page.wait_for_load_state()
    if "/login/code" in page.url:
        page.fill("#field-code", code_for(door.city, account))
        page.click("main form button")
    page.wait_for_url(f"**{wanted}")


def an_invitation(door: Visitors, account: str, duty: Duty = Duty.REQUESTS) -> str:
    with door.city.house.desk(door.city.house.itself) as desk:
        person = registers.register_person(desk, f"名{account}", account)
        registers.appoint(desk, person.id, MARKET, "数据专员", {duty})
        return access.invite(desk, person.id)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", [True, False])
def test_an_official_comes_in_and_leaves(door: Visitors, language: str, script: bool) -> None:
    """The page that was wanted, one's own name above it, and the door closed behind one."""
    page = door.page(language=language, script=script)
    sign_in(door, page, "officer", wanted="/account")
    assert page.locator(".who-name").inner_text() == "officer"
    page.click(".who summary")
    page.click("form[action='/logout'] button")
    page.wait_for_url("**/?done=access.signed_out*")
    assert page.locator("[role=status]").count() == 1
    page.goto("/account")
    assert "/login" in page.url


@pytest.mark.parametrize("script", [True, False])
def test_an_administrator_comes_in_with_a_code(door: Visitors, script: bool) -> None:
    """Password first, then the code, then the page that was wanted."""
    page = door.page(script=script)
    sign_in(door, page, "system", wanted="/people")
    assert page.locator("[data-rows] tbody tr").count() > 5


@pytest.mark.parametrize("script", [True, False])
def test_an_invited_administrator_gets_all_the_way_in(
    door: Visitors, shot: Callable[[Page, str], None], axe: Callable[[Page], list[str]], script: bool
) -> None:
    """The link fills the code in and hides it; without JavaScript one types it. Then password, picture, codes."""
    account = f"invited-{'js' if script else 'plain'}"
    code = an_invitation(door, account, Duty.SYSTEM_ADMIN)
    page = door.page(script=script)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/welcome#{code}")
    if script:
        assert page.input_value("#field-code") == code
        assert page.url.endswith("/welcome")
        assert axe(page) == []
    else:
        page.fill("#field-code", code)
    page.fill("#field-password", PASSWORD)
    page.fill("#field-repeated", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/login?account=*")
    assert not [url for url in asked if code in url.partition("#")[0]]
    page.fill("#field-password", PASSWORD)
    page.click("main form button")
    page.wait_for_load_state()
    page.goto("/people")
    page.wait_for_url("**/account/second-factor?next=*")
    if script:
        shot(page, "second-factor")
        assert axe(page) == []
    secret = access.read_secret(page.locator(".enrolment code").inner_text())
    page.fill("#field-code", access.code_at(secret, access.step_of(door.city.house.clock())))
    page.click("main form button")
    page.wait_for_selector(".codes li")
    assert page.locator(".codes li").count() == 8
    if script:
        shot(page, "recovery")
        assert axe(page) == []
    page.click("main a.btn-primary")
    page.wait_for_url("**/people")


def test_the_post_is_switched_in_the_header(door: Visitors) -> None:
    """Two posts, one press."""
    with door.city.house.desk(door.city.house.itself) as desk:
        person = registers.person_with(desk.db, "head")
        assert person is not None
        registers.appoint(desk, person.id, MARKET, "第二岗位", {Duty.REQUESTS})
    page = door.page()
    sign_in(door, page, "head")
    page.click(".who summary")
    page.click("form[action='/post'] button:has-text('第二岗位')")
    page.wait_for_load_state()
    assert "第二岗位" in page.locator(".who-post").inner_text()


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_axe_finds_nothing_at_the_door(
    door: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None], language: str, width: int
) -> None:
    """The first page that anybody meets, with and without a refusal, and the one for the invited."""
    page = door.page(language=language, width=width)
    page.goto("/login?next=/account")
    shot(page, f"login-{language}")
    assert axe(page) == []
    page.fill("#field-account", f"nobody-{width}-{language}")
    page.fill("#field-password", "wrong")
    page.click("main form button")
    page.wait_for_selector("#refusal")
    shot(page, f"login-refused-{language}")
    assert axe(page) == []
    page.goto("/welcome")
    shot(page, f"welcome-{language}")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert door.complaints == []
