"""Services by declaration as people reach them: pages of provider and consumer, the API and the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jutong import delivery
from jutong.cli import app
from tests.city import City, a_full_city
from tests.console import CSRF, Console, a_console

FIELDS = {
    "_csrf": CSRF,
    "service_title": "按名称查询企业",
    "service_name": "by-name",
    "returned": ["name", "uscc"],
    "name1": "begins",
    "item1": "name",
    "operator1": "prefix",
    "type1": "text",
    "condition": "city IS NULL OR city <> :nowhere",
    "name2": "nowhere",
    "operator2": "condition",
    "type2": "text",
    "default2": "000000",
    "order1": "name",
    "page_rows": "5",
    "most_rows": "50",
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with an agreement that grants queries, and rows."""
    made = a_full_city(tmp_path_factory.mktemp("listings") / "home")
    yield made
    made.house.engine.dispose()


@pytest.fixture(scope="module")
def console(city: City) -> Console:
    """Its pages."""
    return a_console(city)


def test_a_service_goes_its_way_by_pages_api_and_command(city: City, console: Console) -> None:
    """Declared and tried by the provider, opened by its office, read and given up by the consumer, ended."""
    entry, agreement = city.found["entry"], city.found["agreement"]
    with console.client("head") as head, console.client("asker") as asker:
        empty = head.get(f"/entries/{entry}/listings")
        assert "No service is declared over this entry." in empty.text
        wrong = head.post(f"/entries/{entry}/listings", data=FIELDS | {"condition": "(SELECT 1) = '1'"})
        assert wrong.status_code == 422
        assert "(SELECT 1)" in wrong.text  # what was typed stays
        made = head.post(f"/entries/{entry}/listings", data=FIELDS, follow_redirects=False)
        assert made.status_code == 303, made.text
        here = made.headers["location"].partition("?")[0]
        tried = head.post(f"{here}/trial", data={"_csrf": CSRF, "value_begins": "a"})
        assert "No row was found." in tried.text
        tried = head.post(f"{here}/trial", data={"_csrf": CSRF})
        assert tried.status_code == 200, tried.text
        assert "row" in tried.text.partition('role="status"')[2][:200]
        assert asker.get(here).status_code == 404
        opened = head.post(f"{here}/opening", data={"_csrf": CSRF, "agreement": agreement}, follow_redirects=False)
        assert "delivery.listing_opened" in opened.headers["location"], opened.text
        assert asker.get(here).status_code == 200
        told = asker.get(f"/agreements/{agreement}/listings")
        assert "/list/by-name" in told.text
        document = asker.get(f"/agreements/{agreement}/openapi").json()
        assert set(document["paths"]) >= {"/{key}", "/list/by-name"}
        assert document["servers"][0]["url"].startswith("http")
        refused = head.post(f"{here}/ending", data={"_csrf": CSRF})
        assert refused.status_code == 409
        assert "1 agreement rests on this service" in refused.text
        _api_and_command(city, here.rpartition("/")[2])
        given_up = asker.post(f"/agreements/{agreement}{here}/release", data={"_csrf": CSRF}, follow_redirects=False)
        assert given_up.status_code == 303
        assert head.post(f"{here}/ending", data={"_csrf": CSRF}, follow_redirects=False).status_code == 303


def _api_and_command(city: City, listing_id: str) -> None:
    with city.client() as client:
        shown = client.get(f"/api/listings/{listing_id}", headers=city.bearer("asker")).json()
        assert [one["operator"] for one in shown["parameters"]] == ["prefix", "condition"]
        trial = client.post(
            f"/api/listings/{listing_id}/trial",
            json={"parameters": {"begins": "'; DROP TABLE t"}},
            headers=city.bearer("officer"),
        )
        assert trial.json()["rows"] == []
        assert client.get(f"/api/listings/{listing_id}", headers=city.bearer("stranger")).status_code == 404
    words = ["--home", str(city.house.home.folder), "--json"]
    runner, officer = CliRunner(), {"JUTONG_TOKEN": city.tokens["officer"]}
    listed = runner.invoke(app, ["services", "list", city.found["entry"], *words], env=officer)
    assert json.loads(listed.stdout.splitlines()[-1])[0]["name"] == "by-name"
    tried = runner.invoke(app, ["services", "try", listing_id, "-p", "begins=重庆", *words], env=officer)
    assert "rows" in json.loads(tried.stdout.splitlines()[-1]), tried.output
    denied = runner.invoke(app, ["services", "try", listing_id, *words], env={"JUTONG_TOKEN": city.tokens["asker"]})
    assert denied.exit_code != 0


def test_a_command_declares_from_a_file(city: City, tmp_path: Path) -> None:
    """The file is a declaration; a fault in it is told."""
    told = {"name": "by-code", "title": "按代码", "items": ["name"], "order": [{"item": "uscc"}]}
    file = tmp_path / "by-code.json"
    file.write_text(json.dumps(told), "utf-8")
    words = [city.found["entry"], str(file), "--home", str(city.house.home.folder), "--json"]
    officer = {"JUTONG_TOKEN": city.tokens["officer"]}
    made = CliRunner().invoke(app, ["services", "declare", *words], env=officer)
    assert json.loads(made.stdout.splitlines()[-1])["name"] == "by-code", made.output
    file.write_text('{"name": 1}', "utf-8")
    assert CliRunner().invoke(app, ["services", "declare", *words], env=officer).exit_code != 0


def test_the_clockwork_keeps_copies_and_takes_strays_away(city: City) -> None:
    """The clockwork keeps a copy for each live service, and takes away what belongs to none."""
    assert delivery.keep_listings(city.house) >= 1
    ranges = city.house.pools.ranges
    (city.house.home.serving / "listings" / "stray").mkdir()
    (city.house.home.serving / "listings" / "stray" / "current").write_text("ab")
    delivery.keep_listings(city.house)
    assert "stray" not in ranges.names()
