"""The terminal: what a command prints, how it ends, and what it never prints."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from jutong import access, registers
from jutong.app import commands
from jutong.kernel.errors import NotFound
from tests.city import AUTHORITY, MARKET, ROWS, City, a_full_city, a_wish

NEW = ("--name", "cn-500000", "--body", AUTHORITY, "--title", "数据局", "--division", "500000", "--authority")
TOKEN = re.compile(r"jt_[0-7][0-9A-Z]{25}_[\w-]{43}")


def run(*words: str | Path, token: str = "", language: str = "en") -> Result:
    """Give a command."""
    environment = {"JUTONG_LANGUAGE": language, "JUTONG_TOKEN": token, "JUTONG_HOME": "", "COLUMNS": "200"}
    return CliRunner().invoke(commands, [str(word) for word in words], env=environment)


def shown(result: Result) -> Any:
    """Return the JSON of the last line of a command that went well."""
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout.splitlines()[-1])


def refused(result: Result, code: int) -> str:
    """Return what a refused command says; nothing of it is a traceback."""
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    assert "Traceback" not in result.output
    assert not TOKEN.search(result.output)
    return " ".join(result.stderr.split())


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A node with one record's whole way behind it."""
    return a_full_city(tmp_path_factory.mktemp("cli") / "home", port=1)


def test_a_home_is_made_once_and_its_secrets_are_shown_once(tmp_path: Path) -> None:
    """Three administrators, three credentials; the second time is refused and shows nothing."""
    home = tmp_path / "home"
    made = shown(run("init", *NEW, "--home", home, "--json"))
    tokens = {made[f"{name}_administrator"] for name in ("system", "security", "audit")}
    assert len(tokens) == 3
    assert all(TOKEN.fullmatch(token) for token in tokens)
    links = {made[f"{name}_administrator_link"] for name in ("system", "security", "audit")}
    assert all(re.fullmatch(r"http://127\.0\.0\.1:8700/welcome#[0-9A-Z-]{29}", link) for link in links)
    assert len(links) == 3
    for path in (home / "jutong.toml", home / "keys" / "node.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in home.rglob("*"):
        if path.is_file():
            assert not any(token.encode() in path.read_bytes() for token in tokens), path
    assert "there is a home" in refused(run("init", *NEW, "--home", home), 14)


def test_a_home_that_cannot_be_made_can_be_tried_again(tmp_path: Path) -> None:
    """A wrong credit code is refused, and no half home stands in the way of the right one."""
    wrong = [word if word != AUTHORITY else "11500000MB10000100" for word in NEW]
    refused(run("init", *wrong, "--home", tmp_path / "home"), 15)
    shown(run("init", *NEW, "--home", tmp_path / "home", "--json"))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_home_that_is_not_there_is_told(tmp_path: Path, language: str) -> None:
    """Every command says so in the reader's language, and ends with the code for it."""
    absent = tmp_path / "absent"
    for words in (
        ("migrate",),
        ("collect", "01JZ0000000000000000000000", __file__),
        ("examine", "01JZ0000000000000000000000"),
        ("approve", "01JZ0000000000000000000000"),
        ("receipt", "01JZ0000000000000000000000"),
        ("score", MARKET),
        ("serve",),
        ("keys",),
    ):
        told = refused(run(*words, "--home", absent, token="jt_x", language=language), 13)
        assert "".join(NotFound("home", absent).reason.said_in(language).split()) in "".join(told.split())
    assert run("doctor", "--home", absent, language=language).exit_code == 31


@pytest.mark.parametrize("line", ['colour = "red"\n', 'port = "many"\n', "port = [\n"])
def test_a_slip_in_the_settings_is_refused(tmp_path: Path, line: str) -> None:
    """A setting that nobody knows is a slip of the pen, and is not passed over."""
    home = tmp_path / "home"
    shown(run("init", *NEW, "--home", home, "--json"))
    with (home / "jutong.toml").open("a", encoding="utf-8") as settings:
        settings.write(line)
    for command in ("serve", "migrate"):
        assert "jutong.toml" in refused(run(command, "--home", home), 15)
    assert run("doctor", "--home", home, "--json").exit_code == 31


def test_a_database_of_another_revision_is_not_served(city: City, tmp_path: Path) -> None:
    """Nothing works on a database that it does not know; the way out is named."""
    home = tmp_path / "home"
    shown(run("init", *NEW, "--home", home, "--json"))
    (home / "control.db").unlink()
    for path in home.glob("control.db-*"):
        path.unlink()
    for words in (("serve",), ("score", MARKET), ("receipt", "01JZ0000000000000000000000")):
        told = refused(run(*words, "--home", home, token=city.tokens["head"]), 20)
        assert "jutong migrate" in told
    found = json.loads(run("doctor", "--home", home, "--json").stdout)
    assert not found["database"]["fine"]
    assert shown(run("migrate", "--home", home, "--json"))["before"] is None
    assert shown(run("migrate", "--home", home, "--json"))["before"] is not None


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """A control database that is down is no traceback."""
    home = tmp_path / "home"
    shown(run("init", *NEW, "--home", home, "--json"))
    text = (home / "jutong.toml").read_text("utf-8")
    address = "postgresql+psycopg://nobody:SECRETVALUE@127.0.0.1:1/x"
    (home / "jutong.toml").write_text(text.replace('database = ""', f'database = "{address}"'), "utf-8")
    for command in ("serve", "migrate"):
        assert "SECRETVALUE" not in refused(run(command, "--home", home), 20)
    found = run("doctor", "--home", home, "--json")
    assert found.exit_code == 31
    assert "SECRETVALUE" not in found.output


def test_a_doctor_finds_what_is_wrong(tmp_path: Path) -> None:
    """A key that others may read, a ledger that was lost, a port that is taken."""
    home = tmp_path / "home"
    shown(run("init", *NEW, "--home", home, "--json"))
    well = json.loads(run("doctor", "--home", home, "--json").stdout)
    assert {"python", "disk", "home", "database", "clock", "ledger", "keys", "port"} <= set(well)
    assert all(check["fine"] for check in well.values()), well
    (home / "keys" / "other.pem").write_text("x")
    (home / "keys" / "other.pem").chmod(0o644)
    ill = run("doctor", "--home", home)
    assert ill.exit_code == 31
    assert "✗ keys: other.pem" in ill.output
    assert "chmod 600" in ill.output
    (home / "keys" / "node.pem").chmod(0o644)
    assert "✗ home" in run("doctor", "--home", home).output


def test_nobody_acts_without_a_credential(city: City) -> None:
    """Acts are somebody's: without a credential, with a forged one, without the duty."""
    home, batch = city.house.home.folder, city.found["batch"]
    assert "JUTONG_TOKEN" in refused(run("examine", batch, "--home", home), 12)
    refused(run("examine", batch, "--home", home, token=city.tokens["officer"][:-2] + "xx"), 12)
    refused(run("examine", batch, "--home", home, token=city.tokens["asker"]), 11)
    refused(run("examine", "01JZ0000000000000000000000", "--home", home, token=city.tokens["officer"]), 13)


def test_rows_are_collected_and_examined(city: City, tmp_path: Path) -> None:
    """The counts of a delivery are told; the same delivery again is the same batch."""
    home, entry, token = city.house.home.folder, city.found["entry"], city.tokens["officer"]
    file = tmp_path / "rows.csv"
    file.write_text(ROWS.replace("嘉陵", "乌江"), "utf-8")
    first = shown(run("collect", entry, file, "--home", home, "--json", token=token))
    assert (first["rows_read"], first["rows_collected"], first["rows_quarantined"]) == (2, 2, 0)
    assert shown(run("collect", entry, file, "--home", home, "--json", token=token))["batch"] == first["batch"]
    done = shown(run("examine", first["batch"], "--home", home, "--json", token=token))
    assert done["rows"] == 2
    assert done["findings"]["reg_date.date-valid"] == 1
    assert "score" in run("examine", first["batch"], "--home", home, token=token).output
    file.write_bytes(b"")
    refused(run("collect", entry, file, "--home", home, token=token), 15)
    refused(run("collect", entry, tmp_path / "absent", "--home", home, token=token), 13)
    refused(run("collect", entry, file, "--layout", "x", "--home", home, token=token), 15)


def test_a_request_is_asked_for_and_approved(city: City, tmp_path: Path) -> None:
    """From a JSON file to an agreement; a file that is no request is refused."""
    home = city.house.home.folder
    file = tmp_path / "wish.json"
    file.write_text(json.dumps(a_wish(city, scenario="终端")), "utf-8")
    asked = shown(run("ask", file, "--home", home, "--json", token=city.tokens["asker"]))
    assert asked["stage"] == "draft"
    agreed = shown(run("approve", city.found["request"], "--home", home, "--json", token=city.tokens["head"]))
    assert agreed["request"] == city.found["request"]
    refused(run("approve", city.found["wish"], "--home", home, token=city.tokens["head"]), 13)
    refused(run("approve", city.found["request"], "--mask", "x", "--home", home, token=city.tokens["head"]), 15)
    for content in ("", "{", "[]", '{"entry": 1}'):
        file.write_text(content, "utf-8")
        refused(run("ask", file, "--home", home, token=city.tokens["asker"]), 15)
    refused(run("ask", tmp_path / "absent.json", "--home", home, token=city.tokens["asker"]), 15)


def test_a_receipt_verifies_without_the_node(city: City, tmp_path: Path) -> None:
    """The receipt and the public key are enough; one changed letter is not proven."""
    home, file = city.house.home.folder, tmp_path / "receipt.txt"
    handed = run("receipt", city.found["line"], "--home", home)
    assert handed.exit_code == 0, handed.output
    file.write_text(handed.stdout, "utf-8")
    key = shown(run("keys", "--home", home, "--json"))["log"]
    proven = shown(run("verify", file, "--key", key, "--json"))
    assert (proven["holds"], proven["act"]) == (True, "sharing.approved")
    audited = shown(run("verify", home / "ledger", "--key", key, "--json"))
    assert audited["holds"]
    file.write_text(handed.stdout.replace("sharing.approved", "sharing.refused"), "utf-8")
    assert run("verify", file, "--key", key).exit_code == 30
    assert run("verify", file, "--key", "nonsense").exit_code == 15
    refused(run("receipt", "01JZ0000000000000000000000", "--home", home), 13)


def test_a_record_is_looked_up_by_a_key_that_stands_on_no_command_line(city: City) -> None:
    """The key comes by standard input; what is none is refused in words, and the libraries are told by kind."""
    home, token = city.house.home.folder, city.tokens["overseer"]
    told = shown(run("library", "kinds", "--home", home, "--json", token=token))
    assert [one["kind"] for one in told] == ["natural-person", "legal-person", "spatial-object", "licence"]
    words = ["library", "look-up", "--kind", "natural-person", "--home", str(home)]
    environment = {"JUTONG_LANGUAGE": "en", "JUTONG_TOKEN": token, "COLUMNS": "200"}
    mistyped = CliRunner().invoke(commands, words, env=environment, input="110105194912310021\n")
    said = refused(mistyped, mistyped.exit_code)
    assert "a character is mistyped" in said
    assert "110105" not in mistyped.output


def test_requests_for_erasure_are_listed_for_those_who_answer_for_them(city: City) -> None:
    """Whoever does not answer for them is refused, and that stands on record."""
    home = city.house.home.folder
    assert shown(run("lake", "erasures", "--home", home, "--json", token=city.tokens["overseer"])) == []
    before = len(city.lines("guard.denied"))
    refused(run("lake", "erasures", "--home", home, token=city.tokens["asker"]), 11)
    city.settle()
    assert len(city.lines("guard.denied")) == before + 1


def test_a_score_is_counted_from_the_ledger(city: City) -> None:
    """The card is the department's; who may not look is refused."""
    home = city.house.home.folder
    card = shown(run("score", MARKET, "--home", home, "--json", token=city.tokens["head"]))
    assert card["provider"] == MARKET
    assert "score:" in run("score", MARKET, "--home", home, token=city.tokens["head"]).output
    refused(run("score", MARKET, "--home", home, token=city.tokens["asker"]), 11)
    early = run("score", MARKET, "--until", "0001-01-01", "--home", home, "--json", token=city.tokens["head"])
    assert early.exit_code == 0, early.output


@pytest.mark.parametrize(("day", "code"), [("2025-09-24", 0), ("9999-12-31", 15), ("0001-01-01", 13)])
def test_a_due_day_needs_no_node(day: str, code: int) -> None:
    """The day, its basis and whether it is firm; a day that no calendar holds is refused."""
    result = run("due", "REQ_ANSWER_COND", day, "--json")
    assert result.exit_code == code, result.output
    if not code:
        assert shown(result)["due"] == "2025-10-14"
    assert run("due", "NO_SUCH_RULE", "2025-09-24").exit_code == 13


def test_a_slip_on_the_command_line_is_no_traceback(tmp_path: Path) -> None:
    """The real program, as a person starts it."""
    environment = {**os.environ, "JUTONG_LANGUAGE": "en"}
    for words, code in ((["due", "X", "yesterday"], 2), (["nonsense"], 2), (["serve", "--home", str(tmp_path)], 13)):
        done = subprocess.run(
            [sys.executable, "-m", "jutong", *words],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_an_invitation_is_printed_for_who_is_known(city: City) -> None:
    """By the owner of the folder, or by a security administrator; a link that tells its code to no server."""
    home = city.house.home.folder
    made = shown(run("invite", "asker", "--home", home, "--json"))
    assert re.fullmatch(r"http://127\.0\.0\.1:1/welcome#[0-9A-Z-]{29}", made["link"])
    assert (
        shown(run("invite", "asker", "--home", home, "--json", token=city.tokens["security"]))["link"] != made["link"]
    )
    refused(run("invite", "asker", "--home", home, token=city.tokens["officer"]), 11)
    refused(run("invite", "security", "--home", home, token=city.tokens["security"]), 11)
    refused(run("invite", "nobody-here", "--home", home), 13)


def test_the_owner_of_the_folder_lets_an_administrator_in_again(city: City) -> None:
    """When all of them are suspended; with a credential only a security administrator does it."""
    home = city.house.home.folder
    with city.house.desk(city.house.itself) as desk:
        person = registers.person_with(desk.db, "system")
        assert person is not None
        access.open_account(desk, access.vault_of(city.house.key), person.id, "kettle orbit mango fjord")
        access.bar(desk, person.id)
    refused(run("unlock", "system", "--home", home, token=city.tokens["officer"]), 11)
    assert shown(run("unlock", "system", "--home", home, "--json")) == {"account": "system", "unlocked": True}
    with city.house.reading() as db:
        account = access.find_account(db, person.id)
        assert account is not None
        assert account.open
    refused(run("unlock", "nobody-here", "--home", home), 13)


def test_a_code_is_shown_where_no_phone_is_at_hand() -> None:
    """Six digits; a secret that is none is refused."""
    assert re.fullmatch("[0-9]{6}", shown(run("code", "GEZD GNBV GY3T QOJQ", "--json"))["code"])
    refused(run("code", "1!"), 15)
