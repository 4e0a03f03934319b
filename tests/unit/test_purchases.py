"""Data bought from society: bought once, found before it is bought again, used within its licence, ended with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, WrongMoment
from jutong.sharing import Agreement, Delta, Standing, buying
from jutong.sharing.buying import PriceClass, Purchase, Terms
from jutong.terms import Duty
from tests.town import (
    ANSWERING_HEAD,
    ASKING,
    ASKING_HEAD,
    HOUSE,
    MARKET,
    SOCIAL,
    STRANGER,
    Town,
    a_town,
    a_wish,
    officer,
    submitted,
)

BUYER = officer(MARKET, Duty.CATALOGUE)
TERMS = Terms(
    title="企业信用评分数据",
    supplier="某征信公司",
    contract="a" * 64,
    price=PriceClass.TO_1M,
    purposes=(Purpose.SOCIAL_SECURITY, Purpose.CREDIT),
    starts=date(2025, 8, 1),
    ends=date(2027, 8, 31),
    users=(SOCIAL,),
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """One node with a published entry of the buyer."""
    town = a_town(tmp_path)
    town.on(date(2025, 9, 22))
    yield town
    town.engine.dispose()


def bought(town: Town, **changes: object) -> Purchase:
    """Declare a purchase and share it under the buyer's entry."""
    with town.desk(BUYER) as desk:
        purchase = buying.declare_purchase(desk, replace(TERMS, **changes))  # type: ignore[arg-type]
        return buying.share_purchase(desk, purchase.id, town.entry)


def agreed(town: Town) -> Agreement:
    """Bring an agreement on the bought data about."""
    request_id = submitted(town, date(2025, 9, 24))
    with town.desk(ANSWERING_HEAD) as desk:
        return sharing.approve(desk, request_id)


def test_a_purchase_is_declared_once_and_found_by_whoever_wants_the_same(town: Town) -> None:
    """One contract is one purchase; a title that says nearly the same finds it, another does not."""
    with town.desk(BUYER) as desk:
        purchase = buying.declare_purchase(desk, TERMS)
        assert buying.declare_purchase(desk, TERMS) == purchase
    with town.desk(officer(STRANGER, Duty.REQUESTS)) as desk, pytest.raises(Invalid, match="declared already"):
        buying.declare_purchase(desk, TERMS)
    with transaction(town.engine) as db:
        assert buying.purchases_like(db, ("采购企业信用评分",), date(2025, 9, 22)) == (purchase,)
        assert buying.purchases_like(db, ("手机信令数据服务",), date(2025, 9, 22)) == ()
        assert buying.purchases_like(db, ("企业信用评分",), date(2027, 9, 1)) == ()
        assert buying.purchases(db) == (purchase,)
    (line,) = town.lines("sharing.purchase_declared")
    assert TERMS.supplier not in str(line.facts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"contract": "x"},
        {"purposes": ()},
        {"ends": date(2025, 7, 1)},
        {"users": ("1",)},
        {"title": ""},
        {"supplier": ""},
    ],
)
def test_what_others_could_not_rely_on_is_no_declaration(town: Town, wrong: dict[str, object]) -> None:
    """Contract, purposes, term, users and names are whole, or nothing is declared."""
    with town.desk(BUYER) as desk, pytest.raises(Invalid):
        buying.declare_purchase(desk, replace(TERMS, **wrong))  # type: ignore[arg-type]


def test_only_the_buyer_shares_it_under_its_own_entry(town: Town) -> None:
    """Another body's entry, another body's purchase and an unknown one are refused."""
    with town.desk(BUYER) as desk:
        purchase = buying.declare_purchase(desk, TERMS)
    with town.desk(officer(SOCIAL, Duty.CATALOGUE)) as desk:
        theirs = buying.declare_purchase(desk, replace(TERMS, contract="b" * 64))
    with town.desk(officer(SOCIAL, Duty.CATALOGUE)) as desk, pytest.raises(NotAllowed):
        buying.share_purchase(desk, purchase.id, town.entry)
    with town.desk(officer(SOCIAL, Duty.CATALOGUE)) as desk, pytest.raises(NotAllowed, match="its buyer"):
        buying.share_purchase(desk, theirs.id, town.entry)
    with town.desk(BUYER) as desk, pytest.raises(NotFound):
        buying.share_purchase(desk, "0" * 26, town.entry)
    with town.desk(BUYER) as desk:
        assert buying.share_purchase(desk, purchase.id, town.entry).entry == town.entry


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        ({"users": (STRANGER,)}, "name your body"),
        ({"purposes": (Purpose.CREDIT,)}, "every purpose"),
        ({"ends": date(2026, 1, 1)}, "ends on"),
        ({"starts": date(2025, 12, 1)}, "no licence"),
    ],
)
def test_the_licence_bounds_every_request(town: Town, licence: dict[str, object], why: str) -> None:
    """Users, purposes and term of the licence hold when it is asked, and again when it is answered."""
    asked = submitted(town, date(2025, 9, 22))
    bought(town, **licence)
    with town.desk(ASKING) as desk, pytest.raises(NotAllowed, match=why):
        sharing.draft_request(desk, a_wish(town, scenario="另一场景"))
    with town.desk(ANSWERING_HEAD) as desk, pytest.raises(NotAllowed, match=why):
        sharing.approve(desk, asked)


def test_a_change_stays_within_the_licence(town: Town) -> None:
    """More may be applied for, but not more than was bought."""
    bought(town)
    agreement = agreed(town)
    words = {"legal_basis": "条例", "scenario": "核验", "scope": "本市企业"}
    with town.desk(ASKING) as desk, pytest.raises(NotAllowed, match="every purpose"):
        sharing.draft_amendment(desk, agreement.id, Delta(**words, purposes=(Purpose.STATISTICS,)))
    with town.desk(ASKING) as desk:
        sharing.draft_amendment(desk, agreement.id, Delta(**words, purposes=(Purpose.CREDIT,)))


def test_sharing_ends_with_the_licence(town: Town) -> None:
    """The day after its last one the house ends licence and agreements, and the clock of disposal starts."""
    purchase = bought(town, ends=date(2027, 8, 31))
    agreement = agreed(town)
    town.on(date(2027, 8, 31))
    with town.desk(HOUSE) as desk:
        assert buying.end_purchases(desk) == ()
    with town.desk(BUYER) as desk:
        renewed = buying.declare_purchase(desk, replace(TERMS, contract="c" * 64, ends=date(2027, 9, 30)))
        buying.share_purchase(desk, renewed.id, town.entry)
    town.on(date(2027, 9, 1))
    with town.desk(HOUSE) as desk:  # a licence that follows keeps what rests on the entry
        assert buying.end_purchases(desk) == (purchase.id,)
    with transaction(town.engine) as db:
        assert sharing.find_agreement(db, agreement.id).stage is Standing.IN_FORCE
    town.on(date(2027, 10, 1))
    with town.desk(HOUSE) as desk:
        assert buying.end_purchases(desk) == (renewed.id,)
        assert buying.end_purchases(desk) == ()
    with transaction(town.engine) as db:
        ended = sharing.find_agreement(db, agreement.id)
    assert ended.stage is Standing.ENDED
    assert ended.disposal is not None
    assert [line.facts["agreements"] for line in town.lines("sharing.purchase_ended")] == [0, 1]
    with transaction(town.engine) as db, pytest.raises(WrongMoment):
        buying.find_purchase(db, renewed.id).share("0" * 26)
    with town.desk(ASKING_HEAD) as desk, pytest.raises(NotAllowed, match="no licence"):
        sharing.draft_request(desk, a_wish(town, starts=date(2027, 10, 1), ends=date(2028, 1, 1)))
