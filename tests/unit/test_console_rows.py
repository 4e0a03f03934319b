"""The pages of collection, quality and the base library, as officials of several bodies meet them."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jutong import collection
from jutong.collection import Step
from jutong.kernel.errors import Invalid
from jutong.kernel.text import LANGUAGES, text
from jutong.web.console import delivering
from tests.city import ROWS
from tests.console import CSRF
from tests.rows_city import CODE, HEADER, ONE_NAME, SCRIPT, SECOND, RowsCity, a_rows_city

ABSENT = "01JZ0000000000000000000000"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RowsCity]:
    """A city with rows in it."""
    made = a_rows_city(tmp_path_factory.mktemp("rows") / "home")
    yield made
    made.city.house.engine.dispose()


def pages(rows: RowsCity) -> dict[str, dict[str, int]]:
    """Return each page with what a person gets who asks for it."""
    entry, batch, objection = rows.entry, rows.strange, rows.city.found["objection"]
    # officer and head: the provider; overseer: the authority; asker: another body; system: no data at all.
    everybody = {"officer": 200, "head": 200, "overseer": 200, "asker": 200, "audit": 200, "system": 403, "": 303}
    authority = {"officer": 403, "head": 403, "overseer": 200, "asker": 403, "system": 403, "": 303}
    return {
        "/batches": everybody,
        f"/batches/{batch}": everybody,
        f"/batches/{batch}/quality": everybody,
        f"/entries/{entry}/batches": everybody,
        f"/entries/{entry}/quality": everybody,
        "/sources": everybody,
        f"/entries/{entry}/deliver": {"officer": 200, "head": 403, "stranger": 403, "overseer": 403, "": 303},
        f"/batches/{batch}/findings/uscc.length": {
            "officer": 200,
            "head": 200,
            "overseer": 200,
            "stranger": 403,
            "asker": 403,
            "": 303,
        },
        "/objections": {"officer": 200, "head": 200, "overseer": 200, "stranger": 200, "asker": 200, "": 303},
        f"/objections/{objection}": {"officer": 200, "overseer": 200, "stranger": 404, "asker": 404, "": 303},
        "/subjects": authority,
        "/conflicts": authority,
        "/bonds": authority,
        "/matches": authority,
        "/rates": everybody,
        "/authorities": {"overseer": 200, "publisher": 200, "officer": 200, "head": 403, "asker": 403, "": 303},
        f"/entries/{rows.city.found['draft']}/batches": {"officer": 200, "asker": 404, "stranger": 404},
        f"/entries/{rows.city.found['draft']}/quality": {"officer": 200, "asker": 404},
        f"/entries/{ABSENT}/deliver": {"officer": 404},
        f"/batches/{ABSENT}": {"officer": 404},
        f"/objections/{ABSENT}": {"officer": 404, "overseer": 404},
        f"/entries/{entry}/deliveries/{ABSENT}": {"officer": 404},
    }


def test_everybody_sees_what_is_theirs_and_nothing_else(rows: RowsCity) -> None:
    """Each page, each person: shown, refused, as good as absent, or sent to the door."""
    wrong = [
        (path, who, answer.status_code, wanted)
        for path, people in pages(rows).items()
        for who, wanted in people.items()
        if (answer := rows.get(who, path)).status_code != wanted
    ]
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_said_in_both_languages(rows: RowsCity, language: str) -> None:
    """No page breaks in either language, and each says which it is in."""
    for path, people in pages(rows).items():
        who = next(one for one, status in people.items() if one and status in (200, 404))
        answer = rows.get(who, path, language)
        assert f'<html lang="{language}"' in answer.text, path
        assert answer.status_code in (200, 404), path


def test_looking_at_what_is_not_ones_own_leaves_a_line(rows: RowsCity) -> None:
    """A department that asks for the base library is refused, and that is on record."""
    before = len(rows.city.lines("guard.denied"))
    rows.get("officer", "/subjects")
    rows.get("stranger", f"/entries/{rows.entry}/deliver")
    assert len(rows.city.lines("guard.denied")) == before + 2


def test_the_counts_of_a_batch_reconcile_on_its_page(rows: RowsCity) -> None:
    """Read is landed and quarantined together, each quarantined row with its reason in words."""
    said = rows.get("officer", f"/batches/{rows.strange}").text
    assert "2 rows read = 1 landed + 1 quarantined" in said
    assert "too few fields" in said
    assert "The batch was examined." in said
    assert 'data-events="' not in said


def test_the_name_of_a_file_is_for_its_own_body(rows: RowsCity) -> None:
    """How a department calls its files is nobody else's business."""
    assert "shown to its provider only" not in rows.get("officer", f"/batches/{rows.one}").text
    assert "shown to its provider only" in rows.get("asker", f"/batches/{rows.one}").text


def test_batches_are_listed_in_the_order_and_with_the_filters_asked_for(rows: RowsCity) -> None:
    """Sorting and filtering are parts of the address."""

    def listed(path: str) -> list[str]:
        return list(dict.fromkeys(re.findall(r'href="/batches/([0-9A-Z]{26})"', rows.get("officer", path).text)))

    newest_first = listed("/batches")
    assert listed("/batches?sort=collected_at") == newest_first[::-1]
    assert listed("/batches?rows_quarantined=some") == [rows.strange]
    assert listed("/batches?kind=xlsx") == []
    assert listed("/batches?sort=-rows_read")[-1] in (rows.one, rows.other)
    assert "Nothing matches" in rows.get("officer", "/batches?kind=xlsx").text
    assert rows.get("officer", "/batches?after=WyJ4IiwgIngiXQ").status_code == 422


def test_batches_are_taken_along_as_a_table(rows: RowsCity) -> None:
    """The same list leaves as CSV."""
    answer = rows.get("officer", "/batches?export=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.count("\n") >= 5


def test_sources_say_where_rows_come_from(rows: RowsCity) -> None:
    """One line for each kind of file of an entry, with all that came."""
    said = rows.get("officer", "/sources").text
    assert said.count(f'href="/entries/{rows.entry}/batches"') == 1
    assert "CSV file" in said


def test_a_file_is_delivered_by_the_page(rows: RowsCity) -> None:
    """A small file has landed when the next page is shown, under the name that its department gave it."""
    answer = rows.upload("officer", ROWS.replace("重庆长江", "甲").encode(), name="C:\\data\\年报 一.csv")
    assert answer.status_code == 303
    assert "done=collection.landed" in answer.headers["location"]
    said = rows.get("officer", answer.headers["location"]).text
    assert "The batch was landed; its examination follows." in said
    assert "年报 一.csv" in said
    assert "data-events=" in said
    assert "Look again" in said
    rows.city.settle()
    assert "data-events=" not in rows.get("officer", answer.headers["location"]).text


def test_the_same_delivery_again_says_that_nothing_changed(rows: RowsCity) -> None:
    """Twice is once, and the officer is told so."""
    before = len(rows.city.lines("collection.landed"))
    answer = rows.upload("officer", ONE_NAME.encode())
    assert answer.headers["location"] == f"/batches/{rows.one}?again=yes"
    assert "nothing changed" in rows.get("officer", answer.headers["location"]).text
    assert len(rows.city.lines("collection.landed")) == before


def test_an_excel_file_in_its_usual_encoding_is_read(rows: RowsCity) -> None:
    """The encoding is chosen on the page; the wrong one is refused with words, not with broken names."""
    content = ROWS.replace("长江", "岷江").encode("gb18030")
    assert rows.upload("officer", content).status_code == 422
    assert rows.upload("officer", content, encoding="gb18030").status_code == 303


def bomb() -> bytes:
    """Return a workbook that unpacks to far more than it packs."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (300 << 20))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "企业.csv is empty"),
        (b"a,b\n1,2\n", "the columns are not those of the entry"),
        (b"PAR1 and no more", "企业.csv"),
        (b"PK\x03\x04 no archive", "企业.csv"),
    ],
)
def test_a_bad_file_is_refused_with_what_to_do(rows: RowsCity, content: bytes, said: str) -> None:
    """The form comes back with what is so; nothing of the file is kept."""
    before = len(rows.city.lines("collection.landed"))
    answer = rows.upload("officer", content)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'name="rows"' in answer.text
    assert len(rows.city.lines("collection.landed")) == before


@pytest.mark.parametrize("content", [bomb, lambda: gzip.compress(b"0" * (200 << 20))])
def test_a_bomb_is_refused(rows: RowsCity, content: Callable[[], bytes]) -> None:
    """A file that unpacks beyond all reason is taken for what it is."""
    answer = rows.upload("officer", content())
    assert answer.status_code in (422, 429)
    assert 'id="refusal"' in answer.text
    assert not list((rows.city.house.home.folder / "inbox").iterdir())


def test_a_form_without_a_file_says_so_at_the_field(rows: RowsCity) -> None:
    """The field is named, and nothing is landed."""
    answer = rows.console.client("officer").post(
        f"/entries/{rows.entry}/deliver", data={"_csrf": CSRF}, files={"rows": ("", b"")}, follow_redirects=False
    )
    assert answer.status_code == 422
    assert 'id="fault-rows"' in answer.text


def test_a_file_of_somebody_who_may_not_deliver_is_not_even_taken(rows: RowsCity) -> None:
    """Another department, a stranger, and a forged form leave nothing behind."""
    assert rows.upload("stranger", ONE_NAME.encode()).status_code == 403
    assert rows.upload("", ONE_NAME.encode()).status_code == 403
    forged = rows.console.client("officer").post(
        f"/entries/{rows.entry}/deliver", data={"_csrf": "x"}, files={"rows": ("a.csv", b"x")}, follow_redirects=False
    )
    assert forged.status_code == 403
    assert not list((rows.city.house.home.folder / "inbox").iterdir())


def test_progress_is_seen_while_a_delivery_runs(rows: RowsCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longer than an officer waits goes on; its page says how far it is, and leads to the batch."""
    monkeypatch.setattr(delivering, "PATIENCE_SECONDS", 0.01)
    big = "".join(
        f"甲{n}有限公司,{CODE},2001-03-05,有限责任公司,500万元,技术服务,重庆市,重庆市,渝中区{n}号\n"
        for n in range(150_000)
    )
    answer = rows.upload("officer", f"{HEADER}\n{big}".encode())
    path = answer.headers["location"]
    assert path.startswith(f"/entries/{rows.entry}/deliveries/")
    seen = rows.get("officer", path)
    assert "<progress" in seen.text
    assert "Look again" in seen.text
    assert "Under way" in rows.get("officer", f"/entries/{rows.entry}/batches").text
    assert rows.get("officer", path, "zh-CN").status_code in (200, 303)
    told = rows.get("officer", path + "/events")
    assert told.headers["content-type"].startswith("text/event-stream")
    assert "event: ended" in told.text
    landed = rows.get("officer", path)
    assert landed.headers["location"].startswith("/batches/")
    assert "150,000 landed" in rows.get("officer", landed.headers["location"]).text
    assert "Under way" not in rows.get("officer", f"/entries/{rows.entry}/batches").text


def test_a_delivery_of_another_process_is_seen_too(rows: RowsCity) -> None:
    """A command on the machine lands rows, and the page says how far it is."""
    house = rows.city.house
    with collection.under_way(house.home.folder, rows.entry, house.clock) as told:
        told.progress(1_234_567, 5_000_000)
        said = rows.get("officer", f"/entries/{rows.entry}/batches").text
    assert "1,234,567 of 5,000,000 rows read" in said
    assert collection.all_under_way(house.home.folder) == ()


def test_a_delivery_whose_process_died_is_said_to_have_broken_off(rows: RowsCity) -> None:
    """Nobody waits for ever: the officer is told to deliver the file again."""
    house = rows.city.house

    def an_hour_ago() -> datetime:
        return house.clock() - timedelta(hours=1)

    with collection.under_way(house.home.folder, rows.entry, an_hour_ago, delivery=ABSENT):
        said = rows.get("officer", f"/entries/{rows.entry}/deliveries/{ABSENT}").text
        assert "The delivery broke off" in said
        assert "Under way" not in rows.get("officer", f"/entries/{rows.entry}/batches").text


def test_a_refusal_that_came_late_is_read_in_ones_own_language(tmp_path: Path, rows: RowsCity) -> None:
    """The file of a delivery keeps sentences as sentences, those inside them too."""
    inside = text("the delivery is larger than {limit} MiB", limit=4)
    with (
        pytest.raises(Invalid),
        collection.under_way(tmp_path, rows.entry, rows.city.house.clock, delivery=ABSENT),
    ):
        raise Invalid(text("{one}; {other}", one=inside, other="x"))
    at = collection.find_under_way(tmp_path, rows.entry, ABSENT)
    assert at is not None
    assert at.step is Step.REFUSED
    assert at.reason.said_in("zh-CN").startswith(inside.said_in("zh-CN"))


def test_findings_are_said_in_words_with_their_basis(rows: RowsCity) -> None:
    """What a rule found, how grave it is, and which standard says so."""
    said = rows.get("officer", f"/batches/{rows.strange}/quality").text
    assert "the length is not between 18 and 18 characters" in said
    assert "standard element" in said
    assert f'href="/batches/{rows.strange}/findings/uscc.length"' in said
    assert f'href="/batches/{rows.strange}/findings/' not in rows.get("asker", f"/batches/{rows.strange}/quality").text


def test_failing_rows_are_shown_masked_and_looking_is_on_record(rows: RowsCity) -> None:
    """What a cell holds is shown as text and nothing else; items of a higher grade are masked."""
    before = len(rows.city.lines("quality.examples_looked_at"))
    said = rows.get("officer", f"/batches/{rows.strange}/findings/uscc.length").text
    assert SCRIPT not in said
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said
    assert "{{7*7}}" in said
    assert "***" in said  # the address is of grade L3
    lines = rows.city.lines("quality.examples_looked_at")
    assert len(lines) == before + 1
    assert "script" not in str(lines[-1].facts)
    assert rows.get("officer", f"/batches/{rows.strange}/findings/uscc.nothing").status_code == 404


def test_the_source_answers_an_objection_on_its_page(rows: RowsCity) -> None:
    """Taken up, answered with a reason, closed by the authority: each step has its line."""
    found = re.findall(r"/objections/([0-9A-Z]{26})", rows.get("officer", "/objections?stage=filed").text)
    path = f"/objections/{found[-1]}"
    assert rows.send("stranger", path + "/verification").status_code == 404
    assert (
        rows.send("officer", path + "/verification")
        .headers["location"]
        .startswith(f"{path}?done=quality.objection_taken_up")
    )
    refused = rows.send("officer", path + "/answer", outcome="rejected")
    assert refused.status_code == 422
    assert "a rejection must give its reason" in refused.text
    assert rows.send("officer", path + "/answer").status_code == 422
    assert rows.send("officer", path + "/answer", outcome="rejected", reason="<b>对</b>").status_code == 303
    assert "&lt;b&gt;对&lt;/b&gt;" in rows.get("overseer", path).text
    assert rows.send("overseer", path + "/closure").status_code == 303
    said = rows.get("officer", path).text
    assert "The objection was closed." in said
    assert "/closure" not in said


def test_a_legal_person_is_looked_up_without_its_code_in_any_address(rows: RowsCity) -> None:
    """The code travels in the form; the record shows each value with who said it, and what else was said."""
    answer = rows.send("overseer", "/subjects", code=CODE.lower())
    assert answer.status_code == 200
    assert "重庆长江有限公司" in answer.text
    assert "重庆渝江有限公司" in answer.text
    assert "not chosen" in answer.text
    assert not re.search(r'(href|action)="[^"]*' + CODE, answer.text)
    assert CODE not in str(rows.city.lines("library.looked_up")[-1])
    assert rows.send("officer", "/subjects", code=CODE).status_code == 403


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (CODE[:-1] + ("1" if CODE[-1] != "1" else "2"), "a character is mistyped"),
        ("110108000000016", "an old 15-digit registration number"),
        ("91330100799655058I", "spelled with digits and capital letters"),
        ("123", "18 characters"),
        ("", "this must be filled in"),
    ],
)
def test_a_code_that_is_none_is_refused_in_words(rows: RowsCity, code: str, said: str) -> None:
    """What is wrong with a code is said, and the form keeps what was typed."""
    answer = rows.send("overseer", "/subjects", code=code)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{code}"' in answer.text


def test_a_sound_code_that_nobody_named_is_not_there(rows: RowsCity) -> None:
    """The library does not know everybody."""
    assert rows.send("overseer", "/subjects", code="91330100799655058B").status_code == 404


def test_each_base_library_has_its_place_on_the_page(rows: RowsCity) -> None:
    """The key of the chosen library is read by its own rules; persons are in no list, and rates stand for each kind."""
    said = rows.get("overseer", "/subjects").text
    for title in ("Natural persons", "Legal persons", "Natural resources and space", "Electronic licences"):
        assert title in said
    assert rows.send("overseer", "/subjects", kind="licence", code="1.2.156").status_code == 422
    assert rows.send("overseer", "/subjects", kind="natural-person", code="11010519491231002X").status_code == 404
    assert rows.send("overseer", "/subjects", kind="nobody", code="1").status_code == 404
    assert rows.send("officer", "/subjects", kind="natural-person", code="11010519491231002X").status_code == 403
    assert rows.get("asker", "/rates?kind=natural-person").status_code == 200
    assert "natural-person" not in rows.get("overseer", "/conflicts").text
    assert "重庆长江有限公司" in rows.get("overseer", "/conflicts?kind=natural-person").text  # no such choice


def test_conflicts_show_both_sides(rows: RowsCity) -> None:
    """Which value stands, which stands against it, and who said each."""
    said = rows.get("overseer", "/conflicts").text
    assert said.index("重庆长江有限公司") < said.index("重庆渝江有限公司")
    assert "重庆渝江有限公司" in rows.get("overseer", "/conflicts?field=name").text
    assert "重庆渝江有限公司" not in rows.get("overseer", "/conflicts?field=address").text
    assert rows.get("overseer", f"/conflicts?after={CODE}").status_code == 422


def test_a_conflict_has_a_page_of_its_own(rows: RowsCity) -> None:
    """Both sides with where they come from, and how it is settled; a field without a conflict has no such page."""
    said = rows.send("overseer", "/conflicts/one", code=CODE, field="name")
    assert said.status_code == 200
    assert said.text.index("重庆长江有限公司") < said.text.index("重庆渝江有限公司")
    assert re.search(r'href="/batches/\w{26}"', said.text)
    assert rows.send("overseer", "/conflicts/one", code=CODE, field="address").status_code == 404
    assert rows.send("officer", "/conflicts/one", code=CODE, field="name").status_code == 403


def test_how_far_sources_agree_is_published(rows: RowsCity) -> None:
    """Every official sees the conflict rate of each field; a source that contradicts only itself checks nothing."""
    said = rows.get("asker", "/rates").text
    assert "Conflict rate" in said
    assert "nothing to compare" in said
    with rows.city.client() as client:
        (name, *_) = client.get("/api/library/rates", headers=rows.city.bearer("asker")).json()
    assert (name["field"], name["rate"]) == ("name", 0.0)
    assert name["conflicts"] == name["disputed"] > 0


def test_records_are_merged_and_unmerged_on_the_page(rows: RowsCity) -> None:
    """Two codes become one record and two again; the codes stay out of addresses and of evidence."""
    other = SECOND
    answer = rows.send("overseer", "/bonds", kept=CODE, other=other, basis="登记档案")
    assert "done=library.joined" in answer.headers["location"]
    rows.city.settle()
    assert CODE in rows.send("overseer", "/subjects", code=other).text
    again = rows.send("overseer", "/bonds", kept=CODE, other=other, basis="登记档案")
    assert again.status_code == 422
    answer = rows.send("overseer", "/bonds/parting", parted=other, parting_basis="更正决定")
    assert "done=library.parted" in answer.headers["location"]
    rows.city.settle()
    assert "更正决定" in rows.get("overseer", "/bonds").text
    assert rows.send("overseer", "/bonds", kept=CODE, other=other, basis="登记档案").status_code == 409
    assert rows.send("overseer", "/bonds", kept=CODE, other=other).status_code == 422
    assert rows.send("officer", "/bonds", kept=CODE, other=other, basis="登记档案").status_code == 403
    assert not [line for line in rows.city.lines("library.") if other in str(line)]


def test_who_is_believed_is_named_on_the_page(rows: RowsCity) -> None:
    """The authority names a source for a field; a department does not."""
    answer = rows.send("overseer", "/authorities", field="name", entry=rows.entry, rank="1", basis="三定方案")
    assert "done=library.authority_set" in answer.headers["location"]
    assert "三定方案" in rows.get("overseer", "/authorities").text
    assert rows.send("officer", "/authorities", field="name", entry=rows.entry, rank="2", basis="x").status_code == 403
    assert rows.send("overseer", "/authorities", field="name", entry=rows.entry, rank="0", basis="x").status_code == 422
    assert (
        rows.send("overseer", "/authorities", field="no_such", entry=rows.entry, rank="1", basis="x").status_code == 422
    )
    assert rows.send("overseer", "/authorities", field="name", entry=ABSENT, rank="1", basis="x").status_code == 422
    assert rows.send("overseer", "/authorities", field="name", entry=rows.entry, rank="1").status_code == 422
