"""What comes after the record's way: a change of the agreement is applied for, and bought data is bought once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from jutong import catalogue
from jutong.kernel.canon import canonical, digest
from jutong.kernel.clock import LEGAL_TIME, system_clock
from jutong.kernel.text import Text, text

from .caller import until
from .tiers import MARKET
from .walk import PURPOSE, QUOTA, Story, wish_for

MORE = QUOTA * 2  # calls a day
BOUGHT = ("credit-scores", "企业信用评分数据")
SUPPLIER = "某征信服务公司"
SCENARIO = "核验用人单位信用状况，办理失业保险费缓缴"


def sequel(story: Story) -> Iterator[str]:
    """Go on after the walk; yields each scene's name when it begins."""
    for name, scene in SCENES:
        yield name
        start = time.monotonic()
        scene(story)
        story.seconds[name] = round((time.monotonic() - start) * 1000)


def apply_for_more(story: Story) -> None:
    """The consumer applies for more calls than were agreed; until the answer the agreement runs on as it stands."""
    officer, audit = story.at("city", "labour-officer"), story.at("city", "audit")
    path = f"/api/agreements/{story.agreement}"
    if officer.get(path)["quota_per_day"] != MORE:
        delta = {
            "legal_basis": "《失业保险条例》第十六条：经办机构核定失业保险待遇",
            "scenario": "稳岗返还集中办理，查询量增加",
            "scope": "本市参加失业保险的用人单位",
            "quota_per_day": MORE,
        }
        begun = [one for one in officer.get("/api/requests", limit=500) if one["amends"] == story.agreement]
        request = next((one for one in begun if one["stage"] != "agreed"), None) or officer.post(
            f"{path}/applications", delta
        )
        _brought_to_agreement(story, request, quota_per_day=MORE)
    request = next(one for one in officer.get("/api/requests", limit=500) if one["amends"] == story.agreement)
    story.found["amended_quota"] = officer.get(path)["quota_per_day"]
    story.tell(
        text(
            "applied for {after} calls a day instead of {before}, and agreed; city ledger {place}",
            after=MORE,
            before=QUOTA,
            place=audit.line("sharing.approved", request["id"]),
        )
    )


def buy_once(story: Story) -> None:
    """A department declares what it bought and shares it; another finds it before buying, and uses it by licence."""
    buyer, officer = story.at("city", "market-head"), story.at("city", "labour-officer")
    audit = story.at("city", "audit")
    entry = _published(story)
    known = [one for one in officer.get("/api/purchases", limit=500) if one["terms"]["title"] == BOUGHT[1]]
    purchase = known[0] if known else buyer.post("/api/purchases", _terms())
    if not purchase["entry"]:
        purchase = buyer.post(f"/api/purchases/{purchase['id']}/entry", {"entry": entry})
    story.tell(
        text(
            "{title}: bought once, declared and shared; city ledger {place}",
            title=BOUGHT[1],
            place=audit.line("sharing.purchase_shared", purchase["id"]),
        )
    )
    (found,) = [one for one in officer.get("/api/purchases", limit=500) if one["terms"]["title"] == BOUGHT[1]]
    standing = [one for one in officer.get("/api/requests", limit=500) if one["wish"]["entry"] == found["entry"]]
    request = standing[0] if standing else officer.post("/api/requests", wish_for(found["entry"], scenario=SCENARIO))
    _brought_to_agreement(story, request, quota_per_day=QUOTA)
    story.found["bought_used_by"] = sum(
        one["entry"] == found["entry"] for one in officer.get("/api/agreements", limit=500)
    )
    story.tell(
        text(
            "found before it was bought again; used by a second body within the licence; city ledger {place}",
            place=audit.line("sharing.approved", request["id"]),
        )
    )


TITLES: Mapping[str, Text] = {
    "amending": text("sharing: more is applied for anew"),
    "buying": text("sharing: bought once, used by many"),
}
SCENES: tuple[tuple[str, Callable[[Story], None]], ...] = (("amending", apply_for_more), ("buying", buy_once))


def _brought_to_agreement(story: Story, request: Any, *, quota_per_day: int) -> None:
    head, officer = story.at("city", "labour-head"), story.at("city", "labour-officer")
    path = f"/api/requests/{request['id']}"
    stage = request["stage"]
    if stage == "draft":
        stage = head.post(f"{path}/signature")["stage"]
    if stage == "consumer-office-signed":
        stage = officer.post(f"{path}/submission")["stage"]
    if stage == "submitted":
        answer = {"masks": {}, "quota_per_day": quota_per_day}
        story.at("city", "market-head").post(f"{path}/approval", answer)


def _terms() -> dict[str, object]:
    today = system_clock().astimezone(LEGAL_TIME).date()
    return {
        "title": BOUGHT[1],
        "supplier": SUPPLIER,
        "contract": digest(canonical({"contract": BOUGHT[0]})),
        "price": "to-1m",
        "purposes": [PURPOSE],
        "starts": today.replace(month=1, day=1).isoformat(),
        "ends": today.replace(year=today.year + 3, month=12, day=31).isoformat(),
    }


def _published(story: Story) -> str:
    """Return the entry under which bought data is shared, published like every other."""
    officer, head = story.at("department", "officer"), story.at("department", "head")
    service, title = BOUGHT
    known = [one for one in officer.get("/api/entries", provider=MARKET.code) if one["service"] == service]
    if known:
        entry = known[0]
    else:
        sheet = msgspec.to_builtins(catalogue.template("enterprise_register", MARKET.code))
        about = {"service": service, "title": title, "secrecy_assessed": True, "impact_assessed": True}
        entry = officer.post("/api/entries", {**sheet, **about})
    path = f"/api/entries/{entry['id']}"
    if entry["stage"] == "draft":
        entry = head.post(f"{path}/signature")
    if entry["stage"] == "signed":
        officer.post(f"{path}/submission")
    auditor, publisher = story.at("city", "auditor"), story.at("city", "publisher")
    stage = until(partial(auditor.find, path), what=path)["stage"]
    if stage == "submitted":
        stage = auditor.post(f"{path}/registration")["stage"]
    if stage == "registered":
        publisher.post(f"{path}/publication")
    return str(entry["id"])
