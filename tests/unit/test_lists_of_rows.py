"""Lists of batches, sources and objections page by page, and failing rows as their viewer may see them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import collection, quality
from jutong.catalogue.item import Item
from jutong.catalogue.terms_of_use import ShareType
from jutong.collection import Batch, Reason
from jutong.collection import store as batches
from jutong.kernel.db import Db, connection, transaction
from jutong.kernel.errors import Invalid, NotFound
from jutong.pools.snapshot import Snapshot
from jutong.quality import Objection, Stage
from jutong.quality import store as objections
from jutong.quality.example import examples_of, shown_of
from jutong.terms import Actor, BodyKind, Duty, Grade, Org
from tests.collecting import register_entry

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


def a_batch(place: int) -> Batch:
    """Return the batch of one delivery; every third has a broken row."""
    broken = int(place % 3 == 0)
    return Batch(
        id=f"01JZ00000000000000000000{place:02d}",
        entry=f"01JZ000000000000000000000{place % 2}",
        provider=f"1150000000000000{place % 2:02d}",
        kind="csv" if place < 8 else "peer",
        source="rows.csv",
        content="c" * 64,
        rows_digest="d" * 64,
        snapshot=Snapshot(table="raw/x", version=place, rows=place, digest="e" * 64),
        rows_read=place + broken,
        rows_landed=place,
        rows_quarantined=broken,
        quarantined={Reason.TOO_FEW_FIELDS: 1} if broken else {},
        # Several at the same instant: the identifier tells them apart.
        collected_at=NOON + timedelta(hours=place // 3),
        tier="CN-1" if place >= 8 else "",
    )


@pytest.fixture
def full(engine: sa.Engine) -> sa.Engine:
    """A control database with ten batches."""
    with transaction(engine) as db:
        for place in range(10):
            assert batches.save(db, a_batch(place))
    return engine


def walked(db: Db, **asked: object) -> list[str]:
    """Return every batch of a list, three a page."""
    found: list[str] = []
    after: tuple[str, ...] = ()
    sort = str(asked.get("sort", "collected_at"))
    while page := collection.batches_listed(db, after=after, limit=3, **asked):  # type: ignore[arg-type]
        found += [one.id[-2:] for one in page]
        value = getattr(page[-1], sort)
        after = (value.isoformat() if isinstance(value, datetime) else str(value), page[-1].id)
    return found


def test_a_list_page_by_page_has_every_batch_once_and_in_order(full: sa.Engine) -> None:
    """Batches of the same instant are neither lost nor repeated between two pages."""
    usual = [f"{place:02d}" for place in range(10)]
    with connection(full) as db:
        assert walked(db) == usual[::-1]
        assert walked(db, descending=False) == usual
        assert sorted(walked(db, sort="rows_quarantined")) == usual
        assert walked(db, sort="rows_read", descending=False) == ["00", *usual[1:]]
        assert walked(db, provider="115000000000000001") == ["09", "07", "05", "03", "01"]
        assert walked(db, broken=True) == ["09", "06", "03", "00"]
        assert walked(db, kind="peer") == ["09", "08"]


@pytest.mark.parametrize("after", [("x", "y"), ("2026-01-05",), ("a", "b", "c")])
def test_a_place_that_no_list_has_is_refused(full: sa.Engine, after: tuple[str, ...]) -> None:
    """A tampered address is refused in words."""
    with connection(full) as db, pytest.raises(Invalid):
        collection.batches_listed(db, after=after)


def test_sources_count_all_that_came_from_them(full: sa.Engine) -> None:
    """One line for each kind and tier of an entry."""
    with connection(full) as db:
        found = collection.feeds(db)
        page = collection.feeds(db, after=(found[0].entry, found[0].kind, found[0].tier))
    assert page == found[1:]
    assert Counter((one.kind, one.tier) for one in found) == {("csv", ""): 2, ("peer", "CN-1"): 2}
    assert sum(one.rows for one in found) == sum(range(10))
    assert sum(one.quarantined for one in found) == 4
    assert found[-1].last_at == a_batch(9).collected_at


def test_objections_are_listed_by_their_due_day(engine: sa.Engine) -> None:
    """The first due comes first; a provider is shown its own."""
    one = Objection(
        id="01JZ0000000000000000000000",
        entry="01JZ0000000000000000000000",
        provider="a",
        batch="b",
        rule="uscc.length",
        item="uscc",
        count=1,
        opened=date(2026, 1, 5),
        due=date(2026, 1, 19),
        provisional=False,
        basis="x",
    )
    told = [replace(one, id=f"01JZ000000000000000000000{n}", due=date(2026, 1, 20 - n)) for n in range(3)]
    told[1] = replace(told[1], provider="b", stage=Stage.VERIFYING)
    with transaction(engine) as db:
        for each in told:
            objections.save_new_objection(db, each)
        assert quality.objections_listed(db) == tuple(told[::-1])
        assert quality.objections_listed(db, after=("2026-01-18", told[2].id)) == (told[1], told[0])
        assert quality.objections_listed(db, provider="b") == (told[1],)
        assert quality.objections_listed(db, stage=Stage.FILED, descending=True) == (told[0], told[2])
        assert quality.known_objection(db, told[1].id) == told[1]
        assert quality.known_objection(db, "x") is None


def an_item(grade: Grade, mask: str | None = None) -> Item:
    """Return an item of a grade."""
    return Item(name="name", title="名称", share_type=ShareType.CONDITIONAL, grade=grade, mask=mask)


@pytest.mark.parametrize(
    ("grade", "mask", "cleared", "shown"),
    [
        (Grade.L1, None, Grade.L1, "重庆长江有限公司"),
        (Grade.L2, None, Grade.L1, "***"),
        (Grade.L2, None, Grade.L2, "重庆长江有限公司"),
        (Grade.L3, None, Grade.L4, "重***司"),
        (Grade.L3, None, Grade.L2, "***"),
        (Grade.L4, None, Grade.L4, "***"),
        (Grade.L2, "hash", Grade.L4, "***"),
        (Grade.L2, "keep:2:0", Grade.L4, "重庆***"),
    ],
)
def test_nobody_sees_more_of_a_value_than_grade_and_clearance_allow(
    grade: Grade, mask: str | None, cleared: Grade, shown: str
) -> None:
    """The grade's mask holds for everybody; above one's clearance nothing is seen."""
    assert shown_of(an_item(grade, mask), cleared)("重庆长江有限公司") == shown


def test_whether_something_stands_there_is_hidden_above_ones_clearance() -> None:
    """An empty cell looks like a full one."""
    mask = shown_of(an_item(Grade.L3), Grade.L1)
    assert mask(None) == mask("x") == "***"


def test_a_row_is_shown_with_the_items_of_the_entry_alone() -> None:
    """What the lake keeps beside the items is not shown."""
    entry = register_entry()
    (one,) = examples_of([{"_row": 7, "_source": "csv:abc", "name": "甲" * 500, "uscc": None}], entry, Grade.L4)
    assert one.row == 7
    assert set(one.values) == {"name", "uscc"}
    assert len(one.values["name"] or "") == 200


def test_an_authority_sees_all_objections_and_a_department_its_own() -> None:
    """Whose objections one may see follows from one's body."""
    bodies = [
        Org(code="A", name="a", division="1", kind=BodyKind.AUTHORITY),
        Org(code="D", name="d", division="1", kind=BodyKind.DEPARTMENT),
    ]
    assert quality.answering_body(Actor(id="x", org="A", duties=frozenset()), bodies) == ""
    assert quality.answering_body(Actor(id="x", org="D", duties=frozenset()), bodies) == "D"
    assert quality.answering_body(Actor(id="x", org="D", duties=frozenset({Duty.HOUSE})), bodies) == ""


def test_a_delivery_of_no_entry_tells_nothing(tmp_path: Path) -> None:
    """A name that could leave the folder never becomes a file's name."""
    with pytest.raises(NotFound), collection.under_way(tmp_path, "../x", lambda: NOON):
        pass
