"""An officer has a system looked over from the console: a file, a live database, and what may not be asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import psycopg
import pytest

from jutong import census, registers
from jutong.kernel.settings import SourcesNamed
from jutong.terms import Actor, Duty, Grade
from jutong.terms.identifier import credit_code_of
from tests.city import MARKET, City, a_full_city
from tests.console import CSRF, Console, a_console
from tests.postgres import fresh_database, postgres_url  # noqa: F401

CODE = credit_code_of("91500101000000001")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console of a city in which the market bureau has a system."""
    city = a_full_city(tmp_path_factory.mktemp("surveys") / "home")
    administrator = Actor(id="a", org=MARKET, duties=frozenset({Duty.SYSTEM_ADMIN}), cleared=Grade.L4)
    with city.house.desk(administrator) as desk:
        city.found["own_system"] = str(registers.register_system(desk, MARKET, "register", "登记系统").name)
    yield a_console(city)
    city.house.engine.dispose()


def asked(console: Console, file: Path | None = None, **fields: object) -> httpx.Response:
    """Ask for a harvest as the department's officer, and follow to where it is told how it went."""
    data = {"_csrf": CSRF, "system": console.city.found["own_system"], **fields}
    files = {"file": (file.name, file.read_bytes())} if file else {"file": ("", b"")}
    return console.client("officer").post("/census/harvest", data=data, files=files, follow_redirects=True)


def names(city: City) -> set[str]:
    """Return the tables that the census knows of the department."""
    with city.house.reading() as db:
        return {one.found.name for one in census.tables_listed(db, body=MARKET)}


def test_a_file_is_looked_over_and_let_go(console: Console, tmp_path: Path) -> None:
    """Its table is in the census with counts; neither the file nor one value of it is left in the home."""
    path = tmp_path / "depot.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE firms (tyshxydm TEXT)")
        db.execute("INSERT INTO firms VALUES (?)", (CODE,))
        db.commit()
    answer = asked(console, path, kind="file")
    assert answer.status_code == 200
    assert "1 tables were looked over" in answer.text or "1 table was looked over" in answer.text
    assert "firms" in names(console.city)
    home = console.city.house.home.folder
    kept = [one for one in home.rglob("*") if one.is_file() and CODE.encode() in one.read_bytes()]
    assert not [one for one in kept if "inbox" in one.parts or "surveys" in one.parts]
    assert not list((home / "inbox").glob("delivery-*"))


def test_a_live_database_is_looked_over_with_the_bodys_own_password(
    console: Console,
    postgres_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The password is a name that stands behind the body's credit code; another body's is not to be had."""
    url = urlsplit(fresh_database(postgres_url))
    with psycopg.connect(url.geturl(), autocommit=True) as db:
        db.execute("CREATE TABLE permits (tyshxydm varchar(18))")
    keys = console.city.house.home.folder / "keys" / "sources"
    keys.mkdir(parents=True, exist_ok=True)
    for name in (f"{MARKET}-reader", "other-reader"):
        (keys / name).write_text("word\n")
        (keys / name).chmod(0o600)
    where = {"kind": "postgresql", "host": url.hostname, "port": url.port, "database": url.path[1:]}
    home = console.city.house.home
    monkeypatch.setattr(
        home, "settings", msgspec.structs.replace(home.settings, sources=SourcesNamed(("127.0.0.0/8", "localhost")))
    )
    answer = asked(console, **where, user=url.username, secret="reader")
    assert "permits" in names(console.city), answer.text
    refused = asked(console, **where, user=url.username, secret="other-reader")
    assert refused.status_code == 503
    assert "cannot be read" in refused.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "file"}, "choose the file that is to be looked over"),
        ({"kind": "postgresql", "host": "db", "user": "u"}, "this must be filled in"),
        ({"kind": "postgresql", "secret": "../x"}, "field-secret"),
        ({"kind": "oracle"}, "field-kind"),
    ],
)
def test_what_is_not_filled_in_rightly_comes_back(console: Console, fields: dict[str, str], said: str) -> None:
    """The form comes back with all that was typed, and says under its field what is wrong."""
    answer = asked(console, **fields)
    assert answer.status_code == 422
    assert said in answer.text


def test_an_address_that_is_never_called_is_refused_where_its_progress_stands(console: Console) -> None:
    """What fails after the form was taken is told on the harvest's page; nothing of it is kept."""
    before = names(console.city)
    where = {"kind": "postgresql", "host": "169.254.169.254", "database": "d", "user": "u"}
    answer = asked(console, **where)
    assert "never called from here" in answer.text
    assert names(console.city) == before


def test_a_harvest_is_seen_by_its_own_body_and_ends_when_its_process_does(console: Console) -> None:
    """Another department finds nothing there; one that says nothing for long is said to have broken off."""
    house = console.city.house
    home, told = house.home.folder, {"body": MARKET, "system": console.city.found["own_system"]}
    ended, silent = "01KB00000000000000000000S1", "01KB00000000000000000000S2"
    with pytest.raises(KeyboardInterrupt), census.surveyed(home, ended, clock=house.clock, **told):
        raise KeyboardInterrupt
    assert census.find_survey(home, ended) is None
    late = house.clock() - timedelta(minutes=16)
    with census.surveyed(home, silent, clock=lambda: late, **told) as surveying:
        left = surveying.path.read_bytes()
    surveying.path.write_bytes(left)  # as a killed process leaves it
    assert "The harvest broke off" in console.client("officer").get(f"/census/harvest/{silent}").text
    assert console.client("asker").get(f"/census/harvest/{silent}").status_code == 404
