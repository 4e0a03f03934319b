"""Services by declaration: what a provider may declare, what a consumer gets through the real gateway, and no more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import msgspec
import pytest

from jutong import catalogue, delivery, sharing
from jutong.delivery import listing, policies
from jutong.delivery.gateway import Gateway
from jutong.delivery.listing import Listing, Operator, Order, Parameter, Type, Wish
from jutong.delivery.listing.checking import check
from jutong.delivery.listing.cursor import Place, opened_place, sealed_place
from jutong.kernel.errors import Invalid, NotAllowed, Refused, TooMuch, Unavailable, WrongMoment
from jutong.terms import Actor, Duty, Grade
from tests.gateway import FIRM, NODE_KEY, SERVICE, Market, Reply, a_market, lay, run
from tests.town import ANSWERING, ANSWERING_HEAD, ASKING, AUTHORITY, HOUSE, MARKET, SOCIAL, Town, officer

BY_CITY = f"/r1/{SERVICE}/list/by-city"


def firm(number: int, **changes: Any) -> dict[str, Any]:
    """Return one of many firms; its code is only as long as a code."""
    told = {
        "name": f"企业{number:03}",
        "uscc": f"9150000000000{number:05}",
        "reg_date": f"20{number % 20:02}-01-01",
        "city": "500103" if number % 2 else "510100",
        "capital": str(number),
    }
    return {**FIRM, **told, **changes}


FIRMS = [firm(number) for number in range(30)]


def a_listing(**changes: Any) -> Listing:
    """Return a sound declaration: firms found by the beginning of their name, and since when."""
    told: dict[str, Any] = {
        "name": "by-city",
        "title": "按名称查询企业",
        "items": ("name", "uscc", "capital", "address"),
        "parameters": (
            Parameter(name="begins", item="name", operator=Operator.PREFIX),
            Parameter(name="from_name", item="name", operator=Operator.FROM),
            Parameter(name="to_name", item="name", operator=Operator.TO),
            Parameter(name="codes", item="uscc", operator=Operator.IN),
            Parameter(name="least", item="capital", operator=Operator.FROM, type=Type.NUMBER),
        ),
        "order": (Order(item="name"),),
        "page_rows": 10,
        "most_rows": 1000,
    }
    return Listing(**(told | changes))


def listings_of(market: Market) -> tuple[Listing, ...]:
    """Return the declared services that stand."""
    with market.town.desk(ANSWERING) as desk:
        return listing.live_listings(desk.db)


def declared(town: Town, wish: Listing) -> Listing:
    """Let the provider declare, and its copy be made."""
    with town.desk(ANSWERING) as desk:
        kept = listing.declare_listing(desk, town.entry, wish)
    with town.desk(HOUSE) as desk:
        return listing.copy_listing(desk, kept.id, key=NODE_KEY, at_once=True)


def opened(market: Market, wish: Listing) -> Listing:
    """Let the provider declare a service, and open it to the agreement."""
    kept = declared(market.town, wish)
    with market.town.desk(ANSWERING_HEAD) as desk:
        listing.open_listing(desk, kept.id, market.agreement.id)
    return kept


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Thirty firms, and one service by declaration that is open to the agreement."""
    market = a_market(tmp_path, rows=FIRMS, items=("name", "uscc", "capital", "address"))
    opened(market, a_listing())
    return market


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """The same, for tests that change nothing."""
    market = a_market(tmp_path_factory.mktemp("still"), rows=FIRMS, items=("name", "uscc", "capital", "address"))
    opened(market, a_listing())
    return market


def ask(market: Market, path: str = BY_CITY, **how: Any) -> Reply:
    """Ask once."""
    return run(market, lambda gateway: market.ask(gateway, path, **how))


def by(parameters: dict[str, Any] | None = None, path: str = BY_CITY, **more: Any) -> str:
    """Return the address of a question."""
    return f"{path}?{urlencode((parameters or {}) | more, doseq=True)}"


def posted(market: Market, wish: Any, **how: Any) -> Reply:
    """Ask once, in a body."""
    return ask(market, method="POST", body=msgspec.json.encode(wish), **how)


def test_rows_come_in_order_and_masked_as_agreed(still: Market) -> None:
    """The first page holds the first ten by name; the address is seen only in part, as in a query by key."""
    reply = ask(still)
    assert reply.status == 200, reply.raw
    assert [row["name"] for row in reply.body["rows"]] == [f"企业{number:03}" for number in range(10)]
    assert reply.body["rows"][0] == {
        "name": "企业000",
        "uscc": "915000000000000000",
        "capital": "0",
        "address": "重庆市渝中区***",
    }
    assert reply.body["cut"] is False


def test_pages_lead_through_the_whole_answer_once(still: Market) -> None:
    """Whoever follows the cursors sees each row once, by GET as by POST, and the last page names no further one."""

    async def story(gateway: Gateway) -> list[str]:
        seen, cursor = [], ""
        while True:
            wish = {"page_size": 7, "cursor": cursor} if cursor else {"page_size": 7}
            reply = await still.ask(gateway, by(wish))
            assert reply.status == 200, reply.raw
            seen += [row["name"] for row in reply.body["rows"]]
            cursor = reply.body["next"]
            if cursor is None:
                return seen
            body = msgspec.json.encode({"page_size": 7, "cursor": cursor})
            again = await still.ask(gateway, BY_CITY, method="POST", body=body)
            assert again.body["rows"][0]["name"] > seen[-1]

    assert run(still, story) == [one["name"] for one in FIRMS]


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({"begins": "企业01"}, range(10, 20)),
        ({"from_name": "企业003", "to_name": "企业005"}, range(3, 6)),
        ({"codes": [FIRMS[4]["uscc"], FIRMS[9]["uscc"], "nobody"]}, (4, 9)),
        ({"least": "27"}, (27, 28, 29)),
        ({"begins": "企业", "least": "28.5"}, (29,)),
        ({"begins": "nothing"}, ()),
    ],
)
def test_parameters_find_rows(still: Market, parameters: dict[str, Any], numbers: Any) -> None:
    """Beginning, range, list and number: numbers are compared as numbers, not as their spelling."""
    found = ask(still, by(parameters)).body["rows"]
    assert [row["name"] for row in found] == [FIRMS[number]["name"] for number in numbers]
    assert [row["name"] for row in posted(still, {"parameters": parameters}).body["rows"]] == [
        FIRMS[number]["name"] for number in numbers
    ]


def test_a_condition_of_the_providers_holds_for_everybody(tmp_path: Path) -> None:
    """What its expression leaves out is found by no parameter; one stands in the expression and is handed in."""
    market = a_market(tmp_path, rows=FIRMS)
    wish = a_listing(
        parameters=(Parameter(name="most", operator=Operator.CONDITION, type=Type.NUMBER, default="5"),),
        condition="city = '500103' AND number(capital) <= :most",
        order=(Order(item="capital", descending=True),),
    )
    opened(market, wish)
    assert [row["capital"] for row in ask(market).body["rows"]] == ["5", "3", "1"]
    assert [row["capital"] for row in ask(market, by({"most": "2"})).body["rows"]] == ["1"]


def test_a_value_beyond_what_a_function_takes_is_the_callers_fault(tmp_path: Path) -> None:
    """A number that no function could take is refused as a wrong message, and the node goes on."""
    market = a_market(tmp_path, rows=FIRMS)
    wish = a_listing(
        parameters=(Parameter(name="width", operator=Operator.CONDITION, type=Type.NUMBER, required=True),),
        condition="left(name, :width) = '企业'",
    )
    opened(market, wish)
    assert ask(market, by({"width": "99999999999999"})).status == 400
    assert len(ask(market, by({"width": "2"})).body["rows"]) == 10


def test_every_row_counts_and_every_call_is_on_record(market: Market) -> None:
    """Rows, service and agreement stand on record; what was asked for stands there as a pseudonym alone."""
    ask(market, by({"begins": "企业01"}))
    ask(market, by({"begins": "nothing"}))
    (full, empty) = market.records()
    assert (full["rows"], full["code"], full["service"]) == (10, "ok", f"{SERVICE}/list/by-city")
    assert full["agreement"] == market.agreement.id
    assert len(full["subject"]) == 32
    assert full["subject"] != empty["subject"]
    assert "企业01" not in str(full)
    assert delivery.used_on(market.folder / "gateway" / "quota", market.agreement.id, market.town.now.date()) == 11


def test_the_quota_is_counted_by_rows_and_none_leaves_beyond_it(tmp_path: Path) -> None:
    """Of twelve records a day a page takes ten; the next would go beyond and brings none, a smaller one does."""
    market = a_market(tmp_path, rows=FIRMS, quota_per_day=12)
    opened(market, a_listing())

    async def story(gateway: Gateway) -> list[Any]:
        first = await market.ask(gateway, BY_CITY)
        second = await market.ask(gateway, BY_CITY)
        third = await market.ask(gateway, by({}, page_size=2))
        fourth = await market.ask(gateway, by({"begins": "nothing"}))
        return [(one.status, len(one.body.get("rows", ()))) for one in (first, second, third, fourth)]

    assert run(market, story) == [(200, 10), (429, 0), (200, 2), (429, 0)]


def test_calls_at_once_do_not_share_the_quota_twice(tmp_path: Path) -> None:
    """Six questions, each for ten of thirty records: three are answered."""
    market = a_market(tmp_path, rows=FIRMS, quota_per_day=30)
    opened(market, a_listing())

    async def story(gateway: Gateway) -> list[int]:
        replies = await asyncio.gather(*(market.ask(gateway, BY_CITY) for _ in range(4)))
        more = await asyncio.gather(*(market.ask(gateway, BY_CITY) for _ in range(2)))
        return [one.status for one in (*replies, *more)]

    statuses = run(market, story)
    assert statuses.count(200) == 3
    assert set(statuses) == {200, 429}


def test_only_rows_of_the_agreed_area_are_found(tmp_path: Path) -> None:
    """An agreement for one city finds the firms of that city, whatever is asked."""
    market = a_market(tmp_path, rows=FIRMS, divisions=("510000",))
    with market.town.desk(ANSWERING) as desk:
        entry = catalogue.find(desk.db, market.town.entry)
    assert entry.region_item == "city"
    opened(market, a_listing(page_rows=100))
    assert [row["name"] for row in ask(market).body["rows"]] == [
        one["name"] for one in FIRMS if one["city"] == "510100"
    ]


WORDS = ("' OR 1=1 --", "$begins", "%", "_", "企业' UNION SELECT 1 --", '"; DROP TABLE t; --', "CAST('a' AS INT)", ":x")


@pytest.mark.parametrize("words", WORDS)
def test_a_value_that_poses_as_sql_is_a_value(still: Market, words: str) -> None:
    """No value becomes a part of the question: it finds nothing, and breaks nothing."""
    for name in ("begins", "codes"):
        reply = posted(still, {"parameters": {name: words}})
        assert (reply.status, reply.body["rows"]) == (200, [])
    assert posted(still, {"parameters": {"least": words}}).status == 400


@pytest.mark.parametrize(
    "wish",
    [
        {"parameters": {"least; DROP": "1"}},
        {"parameters": {"begins": ["a", "b"]}},
        {"parameters": {"begins": ""}},
        {"parameters": {"begins": "a" * 300}},
        {"parameters": {"begins": "a\u0000"}},
        {"parameters": {"least": "1e9999"}},
        {"parameters": {"codes": ["a"] * 101}},
        {"parameters": {"codes": []}},
        {"parameters": {"begins": {"a": 1}}},
        {"page_size": 11},
        {"page_size": -1},
        {"page_size": 10**30},
        {"cursor": "AAAA"},
        {"cursor": "企业"},
        {"cursor": "A" * 60_000},
        {"sql": "SELECT 1"},
        [],
        "a",
    ],
)
def test_a_question_out_of_form_is_refused_without_a_word_of_it(still: Market, wish: Any) -> None:
    """Unknown parameters, wrong values, giant pages and forged cursors: 400, and nothing of it is repeated."""
    reply = posted(still, wish)
    assert reply.status == 400, reply.raw
    assert "DROP" not in reply.raw.decode()
    assert "AAAA" not in reply.raw.decode()


@pytest.mark.parametrize(
    "query",
    [
        "page_size=0x1",
        "page_size=1&page_size=2",
        "page_size=%EF%BC%99",
        "cursor=a&cursor=b",
        "&&&",
        "=",
        "least=",
        "%ff=1",
    ],
)
def test_no_address_breaks_anything(still: Market, query: str) -> None:
    """An address out of form is refused as one."""
    assert ask(still, f"{BY_CITY}?{query}").status == 400


def test_a_hidden_item_is_no_handle(market: Market) -> None:
    """Nobody searches or sorts by an item that is masked or was not agreed; the office cannot open such a service."""
    hidden = (
        {"parameters": (Parameter(name="a", item="address", operator=Operator.PREFIX),)},
        {"parameters": (Parameter(name="a", item="scope", operator=Operator.EQUALS),)},
        {"order": (Order(item="reg_date"),)},
        {"parameters": (Parameter(name="a", operator=Operator.CONDITION, required=True),), "condition": "scope = :a"},
    )
    for number, changes in enumerate(hidden):
        kept = declared(market.town, a_listing(name=f"hidden-{number}", **changes))
        with pytest.raises(NotAllowed, match="in the clear"), market.town.desk(ANSWERING_HEAD) as desk:
            listing.open_listing(desk, kept.id, market.agreement.id)
        assert ask(market, f"/r1/{SERVICE}/list/hidden-{number}").status == 404


def test_items_beyond_the_agreement_do_not_leave(market: Market) -> None:
    """The declaration returns more than was agreed: what was not agreed is not in the answer, nor to be had by name."""
    opened(market, a_listing(name="wide", items=("name", "scope", "reg_date")))
    assert ask(market, f"/r1/{SERVICE}/list/wide?page_size=1").body["rows"] == [{"name": "企业000"}]
    assert ask(market, f"/r1/{SERVICE}/list/wide?items=scope").status == 403


def test_what_is_not_open_is_as_absent_as_what_is_not_there(market: Market) -> None:
    """A service that is open to another agreement or to none, and one that nobody declared: the same answer."""
    declared(market.town, a_listing(name="closed"))
    closed, nowhere = (ask(market, f"/r1/{SERVICE}/list/{name}") for name in ("closed", "nowhere"))
    assert (closed.status, closed.raw) == (nowhere.status, nowhere.raw)
    assert closed.status == 404


def test_a_cursor_serves_one_caller_one_question_and_one_hour(still: Market) -> None:
    """It is refused with other parameters, after an hour, and when one letter of it was changed."""

    async def story(gateway: Gateway) -> list[int]:
        cursor = (await still.ask(gateway, BY_CITY)).body["next"]
        other = "A" if cursor[20] != "A" else "B"
        asked = [
            await still.ask(gateway, by({"cursor": cursor})),
            await still.ask(gateway, by({"cursor": cursor, "begins": "企"})),
            await still.ask(gateway, by({"cursor": cursor[:20] + other + cursor[21:]})),
            await still.ask(gateway, by({"cursor": cursor}, path=BY_CITY), jutong_purpose="credit"),
        ]
        return [one.status for one in asked]

    assert run(still, story) == [200, 400, 400, 403]


def test_a_cursor_of_another_consumer_is_none(market: Market) -> None:
    """The place of one caller in an answer is sealed for it alone."""
    place = Place(values=["企业001", "ab"], given=10, until=100)
    whose = {"client": "a", "agreement": "b", "question": "c"}
    sealed = sealed_place(bytes(32), place, **whose)
    assert opened_place(bytes(32), sealed, **whose, now=100) == place
    for changes in ({"client": "x"}, {"agreement": "x"}, {"question": "x"}, {"now": 101}):
        with pytest.raises(Invalid):
            opened_place(bytes(32), sealed, **({"now": 1} | whose | changes))
    assert "企业001" not in sealed


def test_one_question_ends_where_its_provider_says(tmp_path: Path) -> None:
    """All pages together give no more than was declared; the last one says that it was cut."""
    market = a_market(tmp_path, rows=FIRMS)
    opened(market, a_listing(most_rows=15))

    async def story(gateway: Gateway) -> tuple[Any, Any]:
        first = (await market.ask(gateway, BY_CITY)).body
        return first, (await market.ask(gateway, by({"cursor": first["next"]}))).body

    first, second = run(market, story)
    assert (len(first["rows"]), first["cut"]) == (10, False)
    assert (len(second["rows"]), second["cut"], second["next"]) == (5, True, None)


def test_rows_alike_in_the_order_are_paged_through_once(tmp_path: Path) -> None:
    """Where all rows share what they are ordered by, no page loses or doubles one, and keys do not give the order."""
    market = a_market(tmp_path, rows=[firm(number, name="同名", capital=None) for number in range(9)])
    opened(market, a_listing(order=(Order(item="name"), Order(item="capital", descending=True)), page_rows=2))

    async def story(gateway: Gateway) -> list[str]:
        seen, path = [], BY_CITY
        while True:
            body = (await market.ask(gateway, path)).body
            seen += [row["uscc"] for row in body["rows"]]
            if body["next"] is None:
                return seen
            path = by({"cursor": body["next"]})

    seen = run(market, story)
    assert sorted(seen) == sorted(f"9150000000000{number:05}" for number in range(9))
    assert seen != sorted(seen)


def test_a_copy_follows_its_table_and_what_was_erased_is_gone(market: Market) -> None:
    """New rows are found when the copy was made again; the old file is away."""
    lay(market.town, FIRMS[:3], mark="second")
    with market.town.desk(HOUSE) as desk:
        (kept,) = listing.live_listings(desk.db)
        listing.copy_listing(desk, kept.id, key=NODE_KEY, at_once=True)
    assert len(ask(market).body["rows"]) == 3
    assert len(list((market.folder / "serving" / "listings").glob("*/*.parquet"))) == 1


def test_a_right_that_is_gone_is_gone(market: Market) -> None:
    """A service that its consumer gave up, and one of a suspended agreement, answer no more."""
    with market.town.desk(HOUSE) as desk:
        (kept,) = listing.live_listings(desk.db)
    with market.town.desk(ANSWERING_HEAD) as desk:
        sharing.suspend(desk, market.agreement.id, reason="超范围使用")
    assert ask(market).status == 403
    with market.town.desk(ASKING) as desk:
        listing.release_listing(desk, kept.id, market.agreement.id)
    assert ask(market).status == 404


def test_a_provider_does_not_end_what_an_agreement_rests_on(market: Market) -> None:
    """Without good reason a service is neither ended nor changed (art. 27); once it was given up, it can be."""
    with market.town.desk(HOUSE) as desk:
        (kept,) = listing.live_listings(desk.db)
    with pytest.raises(WrongMoment, match=r"rests? on"), market.town.desk(ANSWERING_HEAD) as desk:
        listing.end_listing(desk, kept.id)
    with market.town.desk(ASKING) as desk:
        listing.release_listing(desk, kept.id, market.agreement.id)
    with market.town.desk(ANSWERING_HEAD) as desk:
        assert listing.end_listing(desk, kept.id).state is listing.State.ENDED
    assert [one.act for one in market.town.lines("delivery.listing")] == [
        "delivery.listing_declared",
        "delivery.listing_copied",
        "delivery.listing_opened",
        "delivery.listing_released",
        "delivery.listing_ended",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Böse/name"},
        {"items": ()},
        {"items": ("name", "name")},
        {"items": ("nothing",)},
        {"page_rows": 1001},
        {"page_rows": 10, "most_rows": 5},
        {"most_rows": 100_001},
        {"order": (Order(item="name"), Order(item="name"))},
        {"parameters": (Parameter(name="cursor", item="name", operator=Operator.EQUALS),)},
        {"parameters": (Parameter(name="a_", item="name", operator=Operator.EQUALS),)},
        {"parameters": (Parameter(name="a", item="nothing", operator=Operator.EQUALS),)},
        {"parameters": (Parameter(name="a", item="capital", operator=Operator.PREFIX, type=Type.NUMBER),)},
        {"parameters": (Parameter(name="a", operator=Operator.CONDITION, required=True),)},
        {"parameters": (Parameter(name="a", item="name", operator=Operator.FROM, type=Type.DAY, default="heute"),)},
        {"condition": "name = :nobody"},
        {"condition": "name = (SELECT 1)"},
        {"condition": "read_csv('/etc/passwd') IS NOT NULL"},
        {"condition": "name = 'a'; DROP TABLE t"},
        {
            "parameters": (Parameter(name="a", operator=Operator.CONDITION, required=True),),
            "condition": "matches(name, :a)",
        },
    ],
)
def test_what_nobody_could_ask_is_not_declared(still: Market, changes: dict[str, Any]) -> None:
    """Every fault of a declaration is refused before anything is kept; a pattern is never a caller's."""
    with pytest.raises(Refused), still.town.desk(ANSWERING) as desk:
        listing.declare_listing(desk, still.town.entry, a_listing(**({"name": "new"} | changes)))


def test_data_of_the_gravest_grade_is_not_listed(still: Market) -> None:
    """Of grade L4 there are single records and verifications, nothing else."""
    with still.town.desk(ANSWERING) as desk:
        entry = catalogue.find(desk.db, still.town.entry)
    grave = replace(entry, items=(*entry.items[:-1], replace(entry.items[-1], grade=Grade.L4)))
    with pytest.raises(NotAllowed, match="not listed"):
        check(a_listing(), grave)


def test_a_copy_goes_when_the_grade_of_an_item_rises(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was listed at a lower grade does not lie on in the clear, and no trial makes it anew."""
    (kept,) = listings_of(market)
    assert market.town.pools.ranges.version(kept.copy)
    with market.town.desk(ANSWERING) as desk:
        entry = catalogue.find(desk.db, market.town.entry)
    grave = replace(entry, items=(*entry.items[:-1], replace(entry.items[-1], grade=Grade.L4)))
    monkeypatch.setattr(catalogue, "find", lambda *_: grave)
    with market.town.desk(HOUSE) as desk:
        listing.copy_listing(desk, kept.id, key=NODE_KEY)
    with pytest.raises(NotAllowed), market.town.desk(ANSWERING) as desk:
        listing.try_listing(desk, kept.id, Wish(), key=NODE_KEY)
    assert market.town.pools.ranges.version(kept.copy) is None
    assert not list((market.folder / "serving" / "listings").rglob("*.parquet"))


def test_names_are_taken_once_and_the_same_again_changes_nothing(still: Market) -> None:
    """A second service of the same name waits until the first has ended."""
    with still.town.desk(ANSWERING) as desk:
        (kept,) = listing.live_listings(desk.db)
        assert listing.declare_listing(desk, still.town.entry, a_listing()).id == kept.id
    with pytest.raises(WrongMoment, match="already"), still.town.desk(ANSWERING) as desk:
        listing.declare_listing(desk, still.town.entry, a_listing(page_rows=5))


def test_only_the_provider_declares_and_only_its_office_opens(market: Market) -> None:
    """The consumer declares nothing over another's rows; whoever answers requests does not open by himself."""
    with pytest.raises(NotAllowed), market.town.desk(officer(SOCIAL, Duty.OFFICE_HEAD)) as desk:
        listing.declare_listing(desk, market.town.entry, a_listing(name="mine"))
    kept = declared(market.town, a_listing(name="second"))
    with pytest.raises(NotAllowed), market.town.desk(ANSWERING) as desk:
        listing.open_listing(desk, kept.id, market.agreement.id)
    with pytest.raises(NotAllowed), market.town.desk(officer(MARKET, Duty.ANSWERS, cleared=Grade.L1)) as desk:
        listing.try_listing(desk, kept.id, Wish(), key=NODE_KEY)


def test_a_trial_shows_a_few_rows_masked(still: Market) -> None:
    """Its own officer sees what a question finds as each item's grade asks, and that is on record without a value."""
    with still.town.desk(ANSWERING) as desk:
        (kept,) = listing.live_listings(desk.db)
        trial = listing.try_listing(desk, kept.id, Wish(parameters={"begins": "企业01"}), key=NODE_KEY)
    assert (len(trial.rows), trial.more) == (10, False)
    assert dict(zip(trial.items, trial.rows[0], strict=True))["address"] != FIRM["address"]
    (line,) = still.town.lines("delivery.listing_tried")
    assert "企业" not in str(line.facts)


def test_a_question_that_takes_too_long_is_refused(still: Market) -> None:
    """What is not answered in time ends, and leaves the reader as it was."""
    with still.town.desk(HOUSE) as desk:
        (kept,) = listing.live_listings(desk.db)
    reader = still.town.pools.ranges.open(seconds=0.2)
    slow = "SELECT count(*) FROM range(10000000000) AS a(x) WHERE x % 7 = 3"
    with pytest.raises(Unavailable, match="seconds"):
        reader.ask(kept.copy, slow, {})
    assert reader.ask(kept.copy, "SELECT count(*) FROM t", {}) == [(30,)]
    reader.close()


def test_a_question_that_needs_too_much_memory_is_refused(still: Market) -> None:
    """What does not fit is refused, not spilled to the disk."""
    with still.town.desk(HOUSE) as desk:
        (kept,) = listing.live_listings(desk.db)
    reader = still.town.pools.ranges.open(seconds=60)
    with pytest.raises(TooMuch):
        reader.ask(kept.copy, "SELECT list(x) FROM range(200000000) AS a(x)", {})
    reader.close()


def test_a_reader_sees_nothing_but_the_copies(still: Market) -> None:
    """Even SQL of somebody else's would reach no file of the machine."""
    with still.town.desk(HOUSE) as desk:
        (kept,) = listing.live_listings(desk.db)
    reader = still.town.pools.ranges.open()
    with pytest.raises(duckdb.Error, match=r"(?i)permission"):
        reader.ask(kept.copy, "SELECT * FROM read_csv('/etc/passwd')", {})
    reader.close()


def enforced(town: Town, source: str) -> None:
    """Let one person of the tier write a policy, and another put it in force."""
    writer, second = (Actor(id=name, org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN})) for name in ("w", "s"))
    with town.desk(writer) as desk:
        kept = policies.draft_policy(desk, "区域限制", "第九条", source, tier=AUTHORITY, whole=True)
    with town.desk(second) as desk:
        policies.enforce_policy(desk, kept.id, kept.version)


def test_policies_cut_rows_by_what_the_service_does_not_tell(market: Market) -> None:
    """A row that a policy takes out is on no page, though neither the service nor the agreement tells of its city."""
    enforced(
        market.town,
        'forbid (principal, action, resource) when { context.row has city && context.row.city == "500103" };',
    )
    enforced(
        market.town,
        "forbid (principal, action, resource) when { context.number has capital && context.number.capital > 20 };",
    )
    reply = ask(market, by(page_size=10))
    assert reply.status == 200, reply.raw
    assert [row["name"] for row in reply.body["rows"]] == [f"企业{number:03}" for number in range(0, 20, 2)]
    onward = ask(market, by(page_size=10, cursor=reply.body["next"]))
    assert ([row["name"] for row in onward.body["rows"]], onward.body["next"]) == (["企业020"], None)


def test_a_policy_that_forbids_the_way_forbids_lists(market: Market) -> None:
    """A list is a query; its refusal names the policy."""
    enforced(market.town, 'forbid (principal, action == Action::"query", resource);')
    reply = ask(market)
    assert (reply.status, reply.headers["x-road-error"]) == (403, "policy")


def test_lists_of_the_network_name_declared_services(still: Market) -> None:
    """X-Road's list, GovStack's and both descriptions name what is open to the caller, and where."""
    system, code = SERVICE.rpartition("/")[0], SERVICE.rpartition("/")[2]
    for face in ("r1", "im"):
        told = ask(still, f"/{face}/{system}/allowedMethods").raw.decode()
        described = ask(still, f"/{face}/{system}/getOpenAPI?serviceCode={code}").raw.decode()
        assert "/list/by-city" in told, face
        assert "/list/by-city" in described, face
