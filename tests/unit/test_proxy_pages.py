"""Departments' own services as people reach them: a story over pages, API and command, with a real service behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from jutong.cli import app
from jutong.kernel.settings import Proxies
from tests.city import City, a_full_city
from tests.console import CSRF, Console, a_console
from tests.upstream import DOCUMENT, Department, a_department

LOCAL = {"hosts": ["localhost"], "inside": ["localhost"], "plain": ["localhost"]}
SECRET = "a-secret-of-the-department"


@pytest.fixture(scope="module")
def department() -> Iterator[Department]:
    """A department's own service, on this machine."""
    with a_department() as told:
        yield told


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with an agreement that grants queries, whose settings let this machine be called."""
    made = a_full_city(tmp_path_factory.mktemp("proxies") / "home")
    home = made.house.home
    home.settings = msgspec.structs.replace(home.settings, proxies=msgspec.convert(LOCAL, Proxies))
    written = home.folder / "jutong.toml"
    lines = [f"{name} = {json.dumps(value)}" for name, value in LOCAL.items()]
    written.write_text(written.read_text("utf-8") + "\n[proxies]\n" + "\n".join(lines) + "\n", "utf-8")
    yield made
    made.house.engine.dispose()


@pytest.fixture(scope="module")
def console(city: City) -> Console:
    """Its pages."""
    return a_console(city)


def fields(department: Department, **changes: str) -> dict[str, str]:
    """Return the form as a provider fills it in."""
    return {
        "_csrf": CSRF,
        "service_title": "企业登记接口",
        "service_name": "firms",
        "base": department.base,
        "operations": "GET /firms\nPOST /firms\nGET /firms/{code}",
        "fields": "/data/*/name = name\n/data/*/uscc = uscc\n/data/*/address = address",
        "asks": "header",
        "secret_header": "X-Api-Key",
        "secret_value": SECRET,
        "first_seconds": "5",
        "whole_seconds": "15",
        "most_answer": "100000",
        "at_once": "4",
        "hedge_ms": "0",
    } | changes


DOCUMENT_FILE = {"document": ("firms.json", msgspec.json.encode(DOCUMENT))}


def test_an_own_service_goes_its_way_by_pages_api_and_command(
    city: City, console: Console, department: Department
) -> None:
    """Declared and tried by the provider, opened by its office, asked by hand and given up by the consumer, ended."""
    entry, agreement = city.found["entry"], city.found["agreement"]
    with console.client("head") as head, console.client("asker") as asker:
        # The provider declares; a fault is told, and what was typed stays, but for the secret.
        assert "No own service is declared" in head.get(f"/entries/{entry}/proxies").text
        wrong = head.post(
            f"/entries/{entry}/proxies", data=fields(department, base="http://169.254.169.254/"), files=DOCUMENT_FILE
        )
        assert wrong.status_code == 422
        assert "169.254.169.254" in wrong.text
        assert SECRET not in wrong.text
        made = head.post(
            f"/entries/{entry}/proxies", data=fields(department), files=DOCUMENT_FILE, follow_redirects=False
        )
        assert made.status_code == 303, made.text
        here = made.headers["location"].partition("?")[0]

        # It tries the service by a form that the OpenAPI document makes; the answer is cut, and masked by grade.
        form = head.get(f"{here}/trial?operation=GET%20/firms").text
        assert 'name="value/query/since"' in form
        tried = head.post(
            f"{here}/trial", data={"_csrf": CSRF, "operation": "GET /firms", "value/query/since": "2025-01-01"}
        )
        assert tried.status_code == 200, tried.text
        assert "915000002028033215" in tried.text
        assert "秘密经营" not in tried.text
        assert department.came[-1].target == "/v1/firms?since=2025-01-01"
        refused = head.post(
            f"{here}/trial", data={"_csrf": CSRF, "operation": "GET /firms", "value/query/since": "<b>yesterday"}
        )
        assert refused.status_code == 422
        assert "&lt;b&gt;yesterday" in refused.text
        department.status = 500
        failed = head.post(f"{here}/trial", data={"_csrf": CSRF, "operation": "GET /firms"})
        department.status = 200
        assert "it failed (5xx)" in failed.text

        # To the consumer it is not there, until the provider's office opens it.
        assert asker.get(here).status_code == 404
        opened = head.post(f"{here}/opening", data={"_csrf": CSRF, "agreement": agreement}, follow_redirects=False)
        assert "delivery.proxy_opened" in opened.headers["location"], opened.text
        shown = asker.get(here).text
        assert "GET /firms" in shown
        assert "localhost" not in shown  # where the department's machines stand is no business of the consumer
        assert "/proxy/firms" in asker.get(f"/agreements/{agreement}/proxies").text
        document = asker.get(f"/agreements/{agreement}/openapi").json()
        assert "/proxy/firms/firms/{code}" in document["paths"]

        # An official of the consumer asks by hand.
        question = f"/agreements/{agreement}{here}/trial"
        assert "POST /firms" in asker.get(question).text
        answer = asker.post(question, data={"_csrf": CSRF, "operation": "POST /firms", "question_body": '{"name":"a"}'})
        assert answer.status_code == 200, answer.text
        assert "915000002028033215" in answer.text
        assert "人民路" not in answer.text
        assert department.came[-1].headers["jutong-agreement"] == agreement

        # Two keys: the provider does not end it alone.
        assert head.post(f"{here}/ending", data={"_csrf": CSRF}).status_code == 409
        renewed = head.post(f"{here}/secret", data={"_csrf": CSRF, "secret_value": "b"}, follow_redirects=False)
        assert renewed.status_code == 303
        _api_and_command(city, here.rpartition("/")[2], agreement)
        given_up = asker.post(f"/agreements/{agreement}{here}/release", data={"_csrf": CSRF}, follow_redirects=False)
        assert given_up.status_code == 303
        assert head.post(f"{here}/ending", data={"_csrf": CSRF}, follow_redirects=False).status_code == 303


def _api_and_command(city: City, proxy_id: str, agreement: str) -> None:
    with city.client() as client:
        mine = client.get(f"/api/proxies/{proxy_id}", headers=city.bearer("officer")).json()
        assert (mine["asks"], "secret" in mine) == ("header", False)
        theirs = client.get(f"/api/proxies/{proxy_id}", headers=city.bearer("asker")).json()
        assert (theirs["base"], theirs["asks"]) == ("", None)
        assert client.get(f"/api/proxies/{proxy_id}", headers=city.bearer("stranger")).status_code == 404
        asked = client.post(
            f"/api/agreements/{agreement}/proxies/{proxy_id}/trial",
            json={"operation": "GET /firms", "values": {"query/size": "5"}},
            headers=city.bearer("asker"),
        )
        assert asked.json()["status"] == 200, asked.text
    words = ["--home", str(city.house.home.folder), "--json"]
    officer = {"JUTONG_TOKEN": city.tokens["officer"]}
    tried = CliRunner().invoke(
        app, ["proxies", "try", proxy_id, "GET /firms", "-v", "query/size=5", *words], env=officer
    )
    assert json.loads(tried.stdout.splitlines()[-1])["status"] == 200, tried.output
    asker = {"JUTONG_TOKEN": city.tokens["asker"]}
    listed = CliRunner().invoke(app, ["proxies", "open-to", agreement, *words], env=asker)
    assert json.loads(listed.stdout.splitlines()[-1])[0]["name"] == "firms"
    denied = CliRunner().invoke(app, ["proxies", "end", proxy_id, *words], env=asker)
    assert denied.exit_code != 0


def test_a_command_declares_from_two_files(city: City, department: Department, tmp_path: Path) -> None:
    """A sheet and an OpenAPI document in YAML; the secret comes by the environment; a fault in either is told."""
    told = {
        "name": "by-command",
        "title": "企业",
        "base": department.base,
        "operations": ["GET /firms"],
        "fields": {"/data/*/name": "name"},
        "asks": "basic",
    }
    sheet, document = tmp_path / "sheet.json", tmp_path / "firms.yaml"
    sheet.write_text(json.dumps(told), "utf-8")
    document.write_bytes(msgspec.yaml.encode(DOCUMENT))
    words = [city.found["entry"], str(sheet), str(document), "--user", "u", "--home", str(city.house.home.folder)]
    officer = {"JUTONG_TOKEN": city.tokens["officer"], "JUTONG_UPSTREAM_SECRET": SECRET}
    made = CliRunner().invoke(app, ["proxies", "declare", *words, "--json"], env=officer)
    assert json.loads(made.stdout.splitlines()[-1])["name"] == "by-command", made.output
    assert SECRET not in made.output
    document.write_text("openapi: 2.0", "utf-8")
    assert CliRunner().invoke(app, ["proxies", "declare", *words], env=officer).exit_code != 0


def test_an_api_declares_and_tells_each_fault(city: City, department: Department) -> None:
    """A document without its operation, a host that no setting names: refused with what to do."""
    sheet = {"name": "by-api", "title": "企业", "base": department.base, "document": json.dumps(DOCUMENT)}
    sound = {**sheet, "operations": ["GET /firms"], "fields": [{"pointer": "/data/*/name", "item": "name"}]}
    path = f"/api/entries/{city.found['entry']}/proxies"
    with city.client() as client:
        for wrong in ({"operations": ["GET /nothing"]}, {"base": "https://elsewhere.example/"}, {"document": "{}"}):
            answer = client.post(path, json=sound | wrong, headers=city.bearer("officer"))
            assert answer.status_code in (400, 422), answer.text
        made = client.post(path, json=sound, headers=city.bearer("officer"))
        assert made.is_success, made.text
        assert [one["name"] for one in client.get(path, headers=city.bearer("officer")).json()][-1] == "by-api"
        assert client.get(path, headers=city.bearer("asker")).json() == []
