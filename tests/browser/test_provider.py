"""Signing in by an identity provider, in a browser that goes there and comes back: with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from jutong import access, registers
from jutong.kernel.settings import Oidc
from jutong.terms import Duty
from tests.browser.conftest import Visitors
from tests.city import MARKET
from tests.console import serving
from tests.provider import CLIENT, SECRET, AProvider, a_provider
from tests.signing_in import a_city_with_accounts


@pytest.fixture(scope="module")
def told() -> Iterator[AProvider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def door(browser: Browser, told: AProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """A city that trusts a provider, served."""
    city = a_city_with_accounts(tmp_path_factory.mktemp("provider") / "home")
    home = city.house.home
    file = home.folder / "keys" / "oidc"
    file.write_text(SECRET)
    file.chmod(0o600)
    with serving(city.api) as address:
        oidc = Oidc(issuer=told.issuer, client=CLIENT, secret="oidc", name="渝认证")
        home.settings = msgspec.structs.replace(home.settings, address=address, oidc=oidc)
        yield Visitors(browser, address, city)
    for context in browser.contexts:
        context.close()
    city.house.engine.dispose()


@pytest.mark.parametrize(
    ("script", "language", "width"), [(True, "zh-CN", 390), (True, "en", 1440), (False, "en", 390)]
)
def test_whoever_was_invited_comes_in_by_the_provider(
    door: Visitors,
    told: AProvider,
    axe: Callable[[Page], list[str]],
    shot: Callable[[Page, str], None],
    script: bool,
    language: str,
    width: int,
) -> None:
    """Code, provider, "this is me"; from then on one press. No password was ever set."""
    account = f"by-provider-{script}-{width}".lower()
    told.subject = f"subject-of-{account}"
    with door.city.house.desk(door.city.house.itself) as desk:
        person = registers.register_person(desk, f"名{account}", account)
        registers.appoint(desk, person.id, MARKET, "数据专员", {Duty.REQUESTS})
        code = access.invite(desk, person.id)
    page = door.page(script=script, language=language, width=width)
    page.goto("/welcome")
    page.fill("#field-code", code)
    page.click("button[formaction='/welcome/provider']")
    if script:
        assert axe(page) == []
    page.click("main a.btn-primary")
    page.wait_for_url("**/login/provider/return*")
    assert told.subject in page.locator("main").inner_text()
    if script:
        assert axe(page) == []
        shot(page, "identity-meant")
    page.click("main form button")
    page.wait_for_url("**/login?account=*")
    if script:
        assert axe(page) == []
        shot(page, "login-provider")
    page.goto("/login?next=%2Faccount%2Fidentities")
    page.click("a[href^='/login/provider']")
    page.wait_for_url("**/account/identities")
    assert told.subject in page.locator("main").inner_text()
    if script:
        assert axe(page) == []
        shot(page, "identities")
    assert door.complaints == []
