"""Records of use, a dispute and the authority's check in a browser: readable and usable at every width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
from playwright.sync_api import Page

from jutong import registers
from jutong.kernel.clock import LEGAL_TIME
from jutong.sharing import dispute, use
from jutong.sharing.dispute import Ruling
from jutong.sharing.use import Usage
from jutong.terms import BodyKind, Org
from tests.browser.conftest import LOOKS, Visitors
from tests.browser.test_agreement_course import someone
from tests.city import MARKET, a_wish, done


def test_records_disputes_and_checks_are_readable_at_every_width(
    visitors: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None]
) -> None:
    """The consumer's book, a dispute before the authority, and a request that it checks: narrow and wide, axe clean."""
    city, agreement = visitors.city, visitors.city.found["agreement"]
    today = city.house.clock().astimezone(LEGAL_TIME).date()
    usage = Usage(since=today, until=today, scene="核验原单位", process="逐笔核验", effect="免交证明", storage="不落地")
    with city.house.desk(someone(city, "asker")) as desk:
        use.record_use(desk, agreement, usage)
    with city.house.desk(someone(city, "asking-head")) as desk:
        opened = dispute.open_dispute(desk, agreement, Ruling.STAND, "对使用范围的理解不一致")
    with city.house.desk(someone(city, "asking-head")) as desk:
        dispute.take_up_dispute(desk, opened.id, "协商不成")
    with city.house.desk(city.house.itself) as desk:
        registers.register_body(desk, Org(code=MARKET, name="市场监管局", division="140581", kind=BodyKind.DEPARTMENT))
    with city.client() as client:
        wish = msgspec.json.encode(a_wish(city, scenario="预审", ends=(today + timedelta(90)).isoformat()))
        checked = done(client.post("/api/requests", content=wish, headers=city.bearer("asker")))["id"]
        done(client.post(f"/api/requests/{checked}/signature", headers=city.bearer("asking-head")))
        done(client.post(f"/api/requests/{checked}/submission", headers=city.bearer("asker")))
    places = (
        ("asker", f"/agreements/{agreement}/use", "use"),
        ("head", "/use-records", "uses"),
        ("overseer", f"/disputes/{opened.id}", "dispute"),
        ("head", "/disputes", "disputes"),
        ("overseer", f"/requests/{checked}", "precheck"),
    )
    for language, width in LOOKS:
        for account, path, name in places:
            page = visitors.page(account, language=language, width=width)
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            shot(page, f"life-{name}-{language}")
            assert axe(page) == [], path
            page.context.close()
    page = visitors.page("overseer", width=390)
    page.goto(f"/requests/{checked}")
    page.get_by_role("button", name="预审通过，转至提供部门").click()
    page.wait_for_url("**/requests/*done=*")
    assert city.lines("sharing.precheck_passed")
    assert visitors.complaints == []
