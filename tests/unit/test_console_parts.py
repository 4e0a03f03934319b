"""What pages are made of: files, tables, sheets, forms and templates."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import runpy
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path

import msgspec
import openpyxl
import pytest
from jinja2 import Environment

from jutong.kernel.text import LANGUAGES, text
from jutong.terms import Grade
from jutong.web.console import words
from jutong.web.console.form import Form, Misfilled
from jutong.web.console.sheet import as_csv, as_xlsx
from tests.city import a_city
from tests.console import Console, a_console

ROOT = Path(__file__).parents[2]
TEMPLATES = Path(words.__file__).parents[1] / "templates"
PAGES = ("/", "/style")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A node with its pages."""
    city = a_city(tmp_path_factory.mktemp("parts") / "home")
    yield a_console(city)
    city.house.engine.dispose()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_in_its_language(console: Console, path: str, language: str) -> None:
    """Every page has one heading, its main part, a way to skip to it, and its language named."""
    answer = console.client("officer", language).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert answer.text.count("<h1>") == 1
    assert f'<html lang="{language}"' in answer.text
    assert '<main id="main"' in answer.text
    assert 'href="#main"' in answer.text


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    """The content security policy forbids them, so a page with one would be broken; a block of data is none."""
    found = path.read_text("utf-8")
    assert not re.search(
        r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)(?! type=\"application/ld\+json\")",
        found,
        re.IGNORECASE,
    )
    assert not re.search(r"(src|href)=\"https?:", found), "nothing is fetched from another place"
    Environment().parse(found)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_form_that_changes_something_carries_its_token(path: Path) -> None:
    """A form without the token would be refused every time."""
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), re.DOTALL):
        assert "csrf()" in form or 'name="_csrf"' in form


def test_a_file_never_changes_under_its_name(console: Console) -> None:
    """A browser keeps it for a year: the name carries what is in it."""
    client = console.client()
    address = re.search(r'href="(/static/jutong\.[0-9a-f]{16}\.css)"', client.get("/").text)
    assert address
    packed = client.get(address[1], headers={"accept-encoding": "gzip"})
    plain = client.get(address[1], headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "name", ["jutong.css", "..%2fbuild.py", "dist%2fmanifest.json", "manifest.json", "%00", "a.css"]
)
def test_only_what_is_in_the_table_is_served(console: Console, name: str) -> None:
    """Nothing else of the machine can be asked for."""
    assert console.client().get(f"/static/{name}").status_code == 404


def test_the_assets_are_whole(console: Console) -> None:
    """What pages name was built and is there; each has its licence."""
    client = console.client()
    for language in LANGUAGES:
        page = console.client("officer", language).get("/style").text
        addresses = set(re.findall(r'"(/static/[^"]+)"', page))
        assert len(addresses) >= 6
        assert not [one for one in addresses if client.get(one).status_code != 200]


def test_a_sheet_holds_no_formula_and_keeps_every_digit() -> None:
    """What somebody typed into a title never runs in a colleague's spreadsheet; a code stays a code."""
    kinds = ("text", "code", "number", "day", "instant")
    rows = [
        ("=HYPERLINK(1)", "110000000000000001", Decimal("5.5"), date(2026, 1, 2), datetime(2026, 1, 2, 4, tzinfo=UTC))
    ]
    kept = b"".join(as_csv(kinds, kinds, rows)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(kept)))[1] == [
        "'=HYPERLINK(1)",
        "110000000000000001",
        "5.5",
        "2026-01-02",
        "2026-01-02 12:00:00+08:00",
    ]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(as_xlsx(kinds, kinds, rows))))
    cells = next(iter(book.active.iter_rows(min_row=2)))  # type: ignore[union-attr]
    assert [cell.data_type for cell in cells] == ["s", "s", "n", "s", "s"]
    assert cells[1].value == "110000000000000001"


def test_a_table_is_taken_along_as_it_was_asked_for(console: Console) -> None:
    """The file has the rows, the order and the columns of the page, beyond its first page."""
    client = console.client("officer", "zh-CN")
    answer = client.get("/style?export=csv&sort=-rows&column=title&column=share")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0] == ["名称", "共享属性"]
    assert [line[0] for line in lines[1:]] == ["'=1+1", "法定节假日安排", "社会保险参保信息", "企业登记信息"]
    assert "attachment" in answer.headers["content-disposition"]
    assert client.get("/style?export=exe").status_code == 422


def test_a_table_passes_over_what_nobody_can_ask_for(console: Console) -> None:
    """A deep link that is out of date still opens the list."""
    client = console.client("officer", "en")
    assert client.get("/style?sort=secret&share=everything&column=none").text.count("<tr>") >= 4
    assert client.get("/style?after=broken").status_code == 422


class Sample(msgspec.Struct, kw_only=True):
    """A form with a field of every kind."""

    title: str
    count: int
    starts: date
    grade: Grade | None = None
    grades: tuple[Grade, ...] = ()
    sure: bool = False


def test_a_form_says_every_fault_at_once() -> None:
    """Nobody sends a form five times to learn of five faults."""
    with pytest.raises(Misfilled) as refused:
        Form({"title": (" ",), "count": ("many",), "starts": ("2026-02-30",), "grades": ("9",)}).read(Sample)
    assert set(refused.value.faults) == {"title", "count", "starts", "grades"}
    assert refused.value.faults["title"] == text("this must be filled in")
    assert str(refused.value.faults["starts"]).startswith("a day is needed")


def test_a_form_is_read_as_a_message() -> None:
    """Ticked boxes, several choices and empty fields come out as what they mean."""
    fields = {
        "title": ("a",),
        "count": ("3",),
        "starts": ("2026-01-02",),
        "grade": ("",),
        "grades": ("1", "3"),
        "sure": ("on",),
    }
    read = Form(fields).read(Sample)
    assert read == Sample(title="a", count=3, starts=date(2026, 1, 2), grades=(Grade.L1, Grade.L3), sure=True)


def test_every_value_of_an_enumeration_has_its_word() -> None:
    """No page shows a code where it has a word for others of the same kind."""
    for kind, known in words._ALL.items():
        assert issubclass(kind, Enum)
        assert set(known) == set(kind), kind


def test_the_assets_are_made_from_what_is_here() -> None:
    """A change of the lock file or of a chart's source is built before it is tested; no address is written down."""
    built = runpy.run_path(str(ROOT / "hatch_build.py"))
    assert built["standing"](built["dist_of"](ROOT)) == built["digest_of_sources"](ROOT), "run: python hatch_build.py"
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert all("integrity" in one and "resolved" not in one for path, one in locked.items() if path)


def test_a_packed_file_is_the_file() -> None:
    """What is sent packed is what was read."""
    from jutong.web.console.assets import assets

    assert all(gzip.decompress(one.packed) == one.plain for one in assets().values())
