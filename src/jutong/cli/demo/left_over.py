"""What the demo leaves on its people's desks, so that whoever sits down finds work."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from jutong import catalogue

from .caller import until
from .tiers import MARKET
from .walk import Story, wish_for

TO_AUDIT = ("self-employed-register", "个体工商户登记信息")
TO_SIGN = ("annual-reports", "企业年度报告公示信息")
TO_ANSWER = "核验企业登记状态，办理失业保险稳岗返还"
TO_SIGN_FIRST = "核验企业住所，发放一次性创业补贴"


def leave_work(story: Story) -> None:
    """Leave an entry to audit and one to sign, a request to answer and one to sign; what is there already stays."""
    officer, head = story.at("department", "officer"), story.at("department", "head")
    entry = _entry(story, *TO_AUDIT)
    if entry["stage"] == "draft":
        entry = head.post(f"/api/entries/{entry['id']}/signature")
    if entry["stage"] == "signed":
        officer.post(f"/api/entries/{entry['id']}/submission")
    _entry(story, *TO_SIGN)
    asker, askers_head = story.at("city", "labour-officer"), story.at("city", "labour-head")
    request = _request(story, TO_ANSWER)
    if request["stage"] == "draft":
        request = askers_head.post(f"/api/requests/{request['id']}/signature")
    if request["stage"] == "consumer-office-signed":
        asker.post(f"/api/requests/{request['id']}/submission")
    _request(story, TO_SIGN_FIRST)
    until(partial(story.at("city", "auditor").find, f"/api/entries/{entry['id']}"), what="catalogue.adopted")


def _entry(story: Story, service: str, title: str) -> Any:
    officer = story.at("department", "officer")
    known = [one for one in officer.get("/api/entries", provider=MARKET.code) if one["service"] == service]
    if known:
        return known[0]
    sheet = msgspec.to_builtins(catalogue.template("enterprise_register", MARKET.code))
    about = {"service": service, "title": title, "secrecy_assessed": True, "impact_assessed": True}
    return officer.post("/api/entries", {**sheet, **about})


def _request(story: Story, scenario: str) -> Any:
    asker = story.at("city", "labour-officer")
    known = [one for one in asker.get("/api/requests", limit=500) if one["wish"]["scenario"] == scenario]
    return known[0] if known else asker.post("/api/requests", wish_for(story.entry, scenario=scenario))
