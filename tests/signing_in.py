"""People who sit at the pages of a city's node: browsers that have signed in as an official does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from jutong import access, registers
from jutong.terms import ADMINISTRATORS
from tests.calling import TestClient
from tests.city import PEOPLE, City, a_city

PASSWORD = "correct Horse 7 battery"
SECRET = b"12345678901234567890"
TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@dataclass
class Browser:
    """A browser without scripts: it keeps cookies and fills in forms as they were shown to it."""

    city: City
    http: TestClient
    last: str = ""
    seen: list[str] = field(default_factory=list)

    def open(self, path: str) -> httpx.Response:
        """Look at a page, going where it sends."""
        answer = self.http.get(path)
        self.last = answer.text
        return answer

    def send(self, path: str, fields: dict[str, str | list[str]] | None = None, *, csrf: str = "") -> httpx.Response:
        """Send a form as the page that was shown last would; go nowhere after."""
        token = csrf or "".join(TOKEN.findall(self.last)[:1])
        answer = self.http.post(path, data={"_csrf": token, **(fields or {})}, follow_redirects=False)
        if answer.status_code != 303:
            self.last = answer.text
        return answer

    def sign_in(self, account: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in with the password, and with a code if one is asked for."""
        self.open("/login")
        answer = self.send("/login", {"account": account, "password": password})
        if answer.headers.get("location", "").startswith("/login/code"):
            self.open("/login/code")
            answer = self.send("/login/code", {"code": code_for(self.city, account)})
        return answer


def a_city_with_accounts(folder: Path, **settings: str | int) -> City:
    """Make the node and give everybody a password; administrators and nobody else a second factor."""
    city = a_city(folder, **settings)
    vault = access.vault_of(city.house.key)
    with city.house.desk(city.house.itself) as desk:
        for account, (_, duties) in PEOPLE.items():
            person = registers.person_with(desk.db, account)
            assert person is not None
            secret = SECRET if duties & ADMINISTRATORS else b""
            access.open_account(desk, vault, person.id, PASSWORD, secret=secret)
    return city


def a_browser(city: City, language: str = "en") -> Browser:
    """Return a browser of a stranger."""
    client = TestClient(city.api, cookies={"jutong-language": language}, raise_server_exceptions=False)
    client.headers.update({"accept": "text/html", "user-agent": "Firefox"})
    return Browser(city, client)


def code_for(city: City, account: str) -> str:
    """Return a code of somebody's phone that was not used yet."""
    with city.house.reading() as db:
        person = registers.person_with(db, account)
        assert person is not None
        kept = access.find_account(db, person.id)
        assert kept is not None
        assert kept.second is not None
        secret = access.vault_of(city.house.key).opened(kept.second.sealed, of=person.id)
    step = access.step_of(city.house.clock())
    return access.code_at(secret, max(step - 1, kept.second.last_step + 1))
