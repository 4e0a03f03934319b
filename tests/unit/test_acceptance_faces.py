"""The acceptance desk as officers and programs have it; templates, applications, disputes, purchases by command."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from jutong.app import commands
from jutong.kernel.clock import LEGAL_TIME
from jutong.oversight import Matter, Work
from jutong.web.console.desk_words import page_of
from tests.city import MARKET, City, a_wish, done
from tests.console import Console, a_console
from tests.pages import a_lively_city


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city in which much waits."""
    return a_lively_city(tmp_path_factory.mktemp("acceptance") / "home", port=1)


@pytest.fixture(scope="module")
def console(city: City) -> Console:
    """Its pages."""
    return a_console(city)


def listed(city: City, account: str, **asked: object) -> Any:
    """Return the desk by program."""
    with city.client() as client:
        return done(client.get("/api/acceptance", params=asked, headers=city.bearer(account)))


def test_one_page_shows_what_waits_for_the_body(city: City, console: Console) -> None:
    """Each line leads to where it is done; above it stand the kinds; words are the reader's."""
    for account in ("head", "asking-head", "asker", "overseer", "auditor"):
        lines = listed(city, account, limit=500)["lines"]
        assert lines, account
        client = console.client(account)
        seen = client.get("/acceptance").text
        for line in lines[:20]:
            part = "/use" if line["work"] == "record-use" else ""
            assert f'href="{page_of(Work(line["work"]), line["on"] + part)}"' in seen
    chinese = console.client("asking-head", language="zh-CN").get("/acceptance").text
    assert "统一受理" in chinese
    assert "批量申请中的一件" in chinese
    assert "由谁办理" in chinese


def test_a_line_leads_to_a_page_that_its_reader_may_see(city: City, console: Console) -> None:
    """Nobody is sent before a closed door."""
    for account in ("head", "asker", "asking-head", "overseer", "auditor", "officer"):
        client = console.client(account)
        for line in listed(city, account, limit=500)["lines"]:
            assert client.get(page_of(Work(line["work"]), line["on"])).status_code == 200, (account, line)


def test_the_list_is_narrowed_and_taken_along(city: City, console: Console) -> None:
    """By kind, stage, clock, whose turn and words; as CSV and as a spreadsheet."""
    client = console.client("asking-head")
    lines = listed(city, "asking-head", limit=500)["lines"]
    batch = [line for line in lines if line["matter"] == Matter.BATCH]
    assert len(batch) == 2
    rows = client.get("/acceptance?kind=batch&export=csv").text.splitlines()
    assert len(rows) == 3
    assert len(client.get("/acceptance?export=csv").text.splitlines()) == 1 + len(lines)
    assert client.get("/acceptance?export=xlsx").content.startswith(b"PK")
    assert "Nothing matches the filters" in client.get("/acceptance?what=%25%25").text
    assert "Nothing matches the filters" in client.get("/acceptance?stage=check-request").text
    assert client.get("/acceptance?kind=nonsense").status_code == 200
    assert client.get("/acceptance?after=nonsense").status_code == 422


def test_programs_page_through_it(city: City) -> None:
    """One line a page, by the place of the page before; counts are of the whole."""
    whole = listed(city, "asking-head", limit=500)
    assert whole["next"] == ""
    found, after = [], ""
    while True:
        page = listed(city, "asking-head", limit=1, after=after)
        found += page["lines"]
        after = page["next"]
        assert page["sizes"] == whole["sizes"]
        if not after:
            break
    assert found == whole["lines"]
    assert sum(size["count"] for size in whole["sizes"]) == len(found)
    with city.client() as client:
        bad = client.get("/api/acceptance", params={"after": "x"}, headers=city.bearer("asker"))
        assert bad.status_code in (400, 422)
        assert client.get("/api/acceptance").status_code == 401
    assert listed(city, "stranger")["lines"] == listed(city, "nobody")["lines"] == []


def test_a_lent_post_sees_what_lies_before_it(city: City) -> None:
    """Whoever acts in a post has its desk: the desk asks the post's duties and body, not the person's."""
    mine = {line["on"] for line in listed(city, "asking-head", mine=True, limit=500)["lines"]}
    assert mine
    assert {line["on"] for line in listed(city, "asker", mine=True, limit=500)["lines"]} < mine


def run(city: City, account: str, *words: str | Path, language: str = "en") -> Result:
    """Give a command in somebody's name."""
    environment = {
        "JUTONG_LANGUAGE": language,
        "JUTONG_TOKEN": city.tokens[account],
        "JUTONG_HOME": str(city.house.home.folder),
        "COLUMNS": "40",  # a table in a pipe is whole all the same
    }
    return CliRunner().invoke(commands, [str(word) for word in words], env=environment)


def shown(result: Result) -> Any:
    """Return the JSON of the last line of a command that went well."""
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout.splitlines()[-1])


def refused(result: Result, code: int) -> str:
    """Return what a refused command says."""
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


def test_the_desk_from_the_terminal(city: City) -> None:
    """The same lines, page by page, and how much there is."""
    whole = shown(run(city, "asking-head", "acceptance", "--limit", "500", "--json"))
    assert [line["on"] for line in whole["lines"]] == [
        line["on"] for line in listed(city, "asking-head", limit=500)["lines"]
    ]
    first = shown(run(city, "asking-head", "acceptance", "--limit", "1", "--json"))
    second = shown(run(city, "asking-head", "acceptance", "--limit", "1", "--after", first["next"], "--json"))
    assert second["lines"] == whole["lines"][1:2]
    for language, said in (("en", "things wait"), ("zh-CN", "件待办")):
        table = run(city, "asking-head", "acceptance", "--limit", "2", language=language)
        assert said in table.stdout, table.output
    assert "nothing to show" in run(city, "nobody", "acceptance").stdout
    refused(run(city, "asker", "acceptance", "--after", "x"), 15)


def test_templates_by_command(city: City, tmp_path: Path) -> None:
    """Kept from a request, listed, shown, used for another entry, dropped; another body's is as if it were not."""
    kept = shown(run(city, "asker", "templates", "keep", city.found["wish"], "常用", "--json"))
    assert kept["name"] in {one["name"] for one in shown(run(city, "asker", "templates", "list", "--json"))}
    assert shown(run(city, "asker", "templates", "show", kept["id"], "--json")) == kept
    refused(run(city, "officer", "templates", "show", kept["id"]), 13)
    starts = city.house.clock().astimezone(LEGAL_TIME).date()
    words = ("--system", city.found["system"], "--starts", starts, "--ends", date(starts.year + 1, 1, 1))
    used = ("templates", "use", kept["id"], city.found["entry"], *map(str, words))
    request = shown(run(city, "asker", *used, "--json"))
    assert (request["stage"], request["wish"]["legal_basis"]) == ("draft", kept["legal_basis"])
    refused(run(city, "asker", *used[:3], "01JZ0000000000000000000000", *used[4:]), 13)
    shown(run(city, "asker", "templates", "drop", kept["id"], "--json"))
    refused(run(city, "asker", "templates", "show", kept["id"]), 13)


def test_an_application_is_filed_from_one_file_or_not_at_all(city: City, tmp_path: Path) -> None:
    """JSON or CSV; every fault of the file at once, then every fault of the entries; its state afterwards."""
    wish = {**a_wish(city), "items": ["name"], "scenario": "批量核验"}
    wishes = [{**wish, "entry": city.found[one]} for one in ("entry", "revised")]
    good, bad, sheet = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "wishes.csv"
    good.write_text(json.dumps(wishes), "utf-8")
    broken = [{**wishes[0], "starts": "soon", "quota_per_day": "many"}, {"entry": "x", "colour": "red"}]
    bad.write_text(json.dumps(broken), "utf-8")
    before = len(city.lines("sharing.drafted"))
    said = refused(run(city, "asker", "applications", "file", bad), 15)
    for part in ("line 1, starts", "line 1, quota_per_day", "no field colour", "line 2: items is missing"):
        assert part in said, said
    nowhere = [*wishes, {**wish, "entry": "01JZ0000000000000000000000"}, {**wish, "entry": city.found["draft"]}]
    bad.write_text(json.dumps(nowhere), "utf-8")
    said = refused(run(city, "asker", "applications", "file", bad), 15)
    assert "01JZ0000000000000000000000" in said
    assert city.found["draft"] in said
    assert len(city.lines("sharing.drafted")) == before
    names = [name for name in wish if name != "papers"]
    cells = [";".join(map(str, value)) if isinstance(value, list) else str(value) for value in wish.values()]
    lines = [",".join(names)]
    for one in wishes:
        row = dict(zip(wish, cells, strict=True)) | {"entry": one["entry"]}
        lines.append(",".join(f'"{row[name]}"' for name in names))
    sheet.write_text("\n".join(lines), "utf-8-sig")
    filed = shown(run(city, "asker", "applications", "file", sheet, "--json"))
    assert [one["wish"]["scenario"] for one in filed] == ["批量核验", "批量核验"]
    state = shown(run(city, "asker", "applications", "status", filed[0]["batch"], "--json"))
    assert {one["id"] for one in state} == {one["id"] for one in filed}
    assert "draft" in run(city, "asker", "applications", "status", filed[0]["batch"]).stdout
    refused(run(city, "stranger", "applications", "status", filed[0]["batch"]), 13)
    refused(run(city, "asker", "applications", "file", tmp_path / "none.csv"), 15)
    sheet.write_bytes(b"\xff\xfe\x00")
    refused(run(city, "asker", "applications", "file", sheet), 15)
    both = shown(run(city, "asking-head", "applications", "file", good, "--sign", "--submit", "--json"))
    assert {one["stage"] for one in both} == {"submitted"}
    waiting = listed(city, "head", matter="batch", limit=500)["lines"]
    assert {one["id"] for one in both} <= {line["on"] for line in waiting}


def test_a_dispute_goes_its_way_by_command(city: City) -> None:
    """Opened, answered, mediated, decided by the paper of the government; others do not learn of it."""
    agreement, before = city.found["agreement"], city.found["dispute"]
    assert before in refused(run(city, "head", "disputes", "open", agreement, "stand", "照常执行"), 14)
    shown(run(city, "asking-head", "disputes", "withdraw", before, "--json"))
    second = shown(run(city, "asking-head", "disputes", "open", agreement, "stand", "再议", "--json"))["id"]
    gone = shown(run(city, "asking-head", "disputes", "withdraw", second, "--json"))
    assert gone["state"] == "withdrawn"
    third = shown(run(city, "asking-head", "disputes", "open", agreement, "stand", "三议", "--json"))["id"]
    assert shown(run(city, "head", "disputes", "accept", third, "--json"))["state"] == "settled"
    number = shown(run(city, "head", "disputes", "open", agreement, "stand", "照常执行", "--json"))["id"]
    shown(run(city, "asking-head", "disputes", "say", number, "不同意", "--json"))
    shown(run(city, "asking-head", "disputes", "propose", number, "end", "结束", "--json"))
    taken = shown(run(city, "head", "disputes", "mediate", number, "协商不成", "--json"))
    assert taken["rung"] == "mediation"
    refused(run(city, "head", "disputes", "refer", number, "越级"), 11)
    referred = shown(run(city, "overseer", "disputes", "refer", number, "调解不成", "--json"))
    assert referred["rung"] == "decision"
    decided = shown(
        run(city, "overseer", "disputes", "decide", number, "stand", "维持", "--paper", "渝府1号", "--json")
    )
    assert (decided["state"], decided["ruling"]) == ("decided", "stand")
    assert number in {one["id"] for one in shown(run(city, "head", "disputes", "list", "--json"))}
    assert shown(run(city, "head", "disputes", "show", number, "--json"))["paper"] == "渝府1号"
    assert number in run(city, "head", "disputes", "list").stdout
    refused(run(city, "head", "disputes", "open", agreement, "stand", "再议"), 14)
    refused(run(city, "stranger", "disputes", "show", number), 13)
    assert shown(run(city, "stranger", "disputes", "list", "--json")) == []


def test_purchases_by_command(city: City, tmp_path: Path) -> None:
    """Looked for before buying, declared, shared under an entry of the buyer."""
    terms = tmp_path / "terms.json"
    told = {
        "title": "手机信令人口数据",
        "supplier": "某运营商",
        "contract": "a" * 64,
        "price": "over-1m",
        "purposes": ["social-security"],
        "starts": "2025-01-01",
        "ends": "2035-12-31",
    }
    terms.write_text(json.dumps(told), "utf-8")
    assert shown(run(city, "officer", "purchases", "list", "--like", "手机信令人口", "--json")) == []
    bought = shown(run(city, "officer", "purchases", "declare", terms, "--json"))
    assert bought["buyer"] == MARKET
    assert [
        one["id"] for one in shown(run(city, "asker", "purchases", "list", "--like", "手机信令人口", "--json"))
    ] == [bought["id"]]
    assert "手机信令人口数据" in run(city, "asker", "purchases", "list").stdout
    assert listed(city, "officer", matter="purchase", q="手机信令")["lines"][0]["on"] == bought["id"]
    refused(run(city, "asker", "purchases", "share", bought["id"], city.found["entry"]), 11)
    shared = shown(run(city, "officer", "purchases", "share", bought["id"], city.found["entry"], "--json"))
    assert shown(run(city, "asker", "purchases", "show", bought["id"], "--json")) == shared
    assert listed(city, "officer", matter="purchase", q="手机信令")["lines"] == []
    terms.write_text("{}", "utf-8")
    refused(run(city, "officer", "purchases", "declare", terms), 15)


def test_an_officer_empties_the_desk(city: City, console: Console) -> None:
    """What waits for the office head is done line by line, each where the desk leads, until its kind is gone."""
    before = listed(city, "head", work="answer", limit=500)["lines"]
    assert before
    with city.client() as client:
        for line in before:
            refusal = {"reason": "超出职责所需", "basis": "第二十一条"}
            path = f"/api/requests/{line['on']}/refusal"
            answer = client.post(path, json=refusal, headers=city.bearer("head"))
            if answer.status_code != 201:  # what is shared without condition is not refused
                done(client.post(f"/api/requests/{line['on']}/approval", json={}, headers=city.bearer("head")))
            left = listed(city, "head", work="answer", limit=500)["lines"]
            assert line["on"] not in {one["on"] for one in left}
    assert listed(city, "head", work="answer")["lines"] == []
    assert "Nothing matches the filters" in console.client("head").get("/acceptance?stage=answer").text
