"""Rows without a valid key: who they are, by likeness; and what somebody must say."""

from __future__ import annotations

from pathlib import Path

import pytest

from jutong import library
from jutong.kernel.errors import Invalid, NotFound, Refused
from jutong.library.likeness import SURE, UNSURE
from tests.fitness import KEEPER, OTHER_ENTRY, Place, code, place_at, register_entry, row

FIRMS = [
    row(1, name="重庆和发机械制造有限公司", address="重庆市渝北区人和镇人兴支路235号", city="渝北"),
    row(2, name="重庆赛尔物资有限公司", address="重庆市沙坪坝区天星桥二建村40-9-2号", city="沙坪坝"),
    row(3, name="重庆双花建材有限公司", address="重庆市渝北区双龙湖街道仙桃村十二社", city="渝北"),
    row(4, name="重庆环宇汽车内饰件有限公司", address="重庆市九龙坡区含谷镇建新村六社", city="九龙坡"),
    *(row(n, name=f"重庆{n}号商行", address=f"重庆市巴南区{n}街{n}号", city="巴南") for n in range(10, 60)),
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A library of some firms, and another source whose rows have no valid code."""
    place = place_at(tmp_path)
    place.merge(place.deliver(FIRMS))
    place.enter(register_entry(OTHER_ENTRY))
    return place


def match(place: Place, *rows: dict[str, str]) -> library.Matching | None:
    """Deliver rows of the other source, merge them and look for their legal persons."""
    batch = place.deliver(rows, OTHER_ENTRY)
    place.merge(batch)
    with place.desk() as desk:
        return library.match_batch(desk, batch.id)


def looked_at(place: Place, *, sure: bool = False) -> tuple[library.Suspect, ...]:
    """Return what the review page shows."""
    with place.desk(KEEPER) as desk:
        return library.look_at_matches(desk, sure=sure)


LOST = row(2, name="赛尔物资有限责任公司", uscc="N/A", address="天星桥二建村40-9-2号", city="沙坪坝")
TURNED_CODE = code(3)[:16] + code(3)[17] + code(3)[16]
TURNED = row(3, name="重庆双花建材有限公司", uscc=TURNED_CODE, address=FIRMS[2]["address"], city="渝北")
DOUBT = row(4, name="重庆环宇气车内饰件有限公司", uscc="", address="N/A", city="N/A")


def test_rows_without_a_key_find_their_legal_persons(place: Place) -> None:
    """A dropped prefix, another form of company, a shortened address, two digits turned round: bound by themselves."""
    before = place.golden()
    done = match(place, LOST, TURNED)
    assert done is not None
    assert (done.matched, done.in_review) == (2, 0)
    assert [place.subject(number).rows for number in (1, 2, 3)] == [1, 2, 2]
    assert place.golden() != before
    assert library.count_subjects(place.pools) == len(FIRMS)
    assert [line.facts["matched"] for line in place.lines("library.matched")] == [2]
    rates = {one.field: one for one in library.rates(place.pools)}
    assert (rates["name"].checked, rates["name"].conflicts) == (2, 1)


def test_a_valid_key_is_never_overruled_by_likeness(place: Place) -> None:
    """Whoever has a sound code is who the code says, however like another it looks."""
    assert match(place, row(70, name=FIRMS[0]["name"], address=FIRMS[0]["address"], city="渝北")) is None
    assert place.subject(70).rows == place.subject(1).rows == 1


def test_an_organisation_code_inside_one_credit_code_is_a_key(place: Place) -> None:
    """The nine characters of before 2015 name the firm, whatever it calls itself."""
    done = match(place, row(1, name="改了名的公司", uscc=code(1)[8:17], address="别处", city="万州"))
    assert done is not None
    assert done.matched == 1
    assert place.subject(1).rows == 2


def test_what_is_in_doubt_waits_for_somebody(place: Place) -> None:
    """Between the thresholds nothing is bound; accepted it is, rejected it never is."""
    done = match(place, DOUBT)
    assert done is not None
    assert (done.matched, done.in_review) == (0, 1)
    (one,) = looked_at(place)
    assert (one.code, one.row["name"], one.golden["name"]) == (code(4), DOUBT["name"], FIRMS[3]["name"])
    assert UNSURE <= one.weight < SURE
    before = place.golden()
    with place.desk(KEEPER) as desk:
        library.accept_match(desk, one.ref, one.code, basis="营业执照副本")
        ((_, taken),) = library.decisions(desk.db, limit=1)
    place.settle(taken.id)
    assert place.subject(4).rows == 2
    assert looked_at(place) == ()
    with place.desk(KEEPER) as desk:
        library.reject_match(desk, one.ref, one.code, basis="查无此事")
        ((_, taken),) = library.decisions(desk.db, limit=1)
    place.settle(taken.id)
    assert place.golden() == before
    assert looked_at(place) == ()
    assert [line.act for line in place.lines("library.match_")] == ["library.match_accepted", "library.match_rejected"]


def test_what_likeness_bound_can_be_cut(place: Place) -> None:
    """A sure match that was wrong is rejected; the record is as it was, and no later search binds the two again."""
    before = place.golden()
    match(place, LOST)
    (one,) = looked_at(place, sure=True)
    with place.desk(KEEPER) as desk:
        library.reject_match(desk, one.ref, one.code, basis="查无此事")
        ((_, taken),) = library.decisions(desk.db, limit=1)
    place.settle(taken.id)
    assert place.golden() == before
    with place.desk() as desk:
        library.match_again(desk, OTHER_ENTRY)
    assert place.golden() == before


def test_rows_that_came_before_their_legal_person_find_it_later(place: Place) -> None:
    """Looking again binds what the library has learned of since; the same batch is looked at once."""
    early = row(80, name="重庆嘉陵摩托有限公司", uscc="", address="重庆市沙坪坝区双碑1号", city="沙坪坝")
    match(place, early)
    place.merge(place.deliver([row(80, name=early["name"], address=early["address"], city="沙坪坝")]))
    with place.desk() as desk:
        again = library.match_again(desk, OTHER_ENTRY)
    assert again is not None
    assert again.matched == 1
    assert place.subject(80).rows == 2


def test_a_pair_that_nobody_brought_up_is_not_decided(place: Place) -> None:
    """Only what a search found is accepted or rejected, and only on a basis."""
    match(place, DOUBT)
    (one,) = looked_at(place)
    with place.desk(KEEPER) as desk:
        with pytest.raises(NotFound):
            library.accept_match(desk, one.ref, code(1), basis="x")
        with pytest.raises(Refused):
            library.accept_match(desk, one.ref, one.code, basis="\0")


def test_the_review_goes_on_after_any_row_in_either_order(place: Place) -> None:
    """The likeliest come first or last; page by page the list is whole, and one row can be asked for alone."""
    doubts = [
        row(n, name=name, uscc="", address="N/A", city="N/A")
        for n, name in enumerate(("重庆和发机戒制造有限公司", "重庆双花健材有限公司"), start=5)
    ]
    match(place, *doubts, DOUBT)

    def page(after: tuple[str, ...], *, descending: bool, limit: int) -> tuple[library.Suspect, ...]:
        with place.desk(KEEPER) as desk:
            return library.look_at_matches(
                desk, by_weight=True, descending=descending, after=after, limit=limit, entry=OTHER_ENTRY
            )

    whole = page((), descending=True, limit=100)
    assert whole
    assert list(whole) == sorted(whole, key=lambda one: (one.weight, one.ref), reverse=True)
    assert page((), descending=False, limit=100) == whole[::-1]
    paged: list[library.Suspect] = []
    after: tuple[str, ...] = ()
    while step := page(after, descending=True, limit=1):
        paged += step
        after = (repr(step[-1].weight), step[-1].ref)
    assert paged == list(whole)
    with place.desk(KEEPER) as desk:
        assert library.look_at_matches(desk, ref=whole[-1].ref) == whole[-1:]
    with place.desk(KEEPER) as desk:
        assert library.look_at_matches(desk, entry="0" * 26) == ()
    with pytest.raises(Invalid), place.desk(KEEPER) as desk:
        library.look_at_matches(desk, by_weight=True, after=("much", whole[0].ref))
