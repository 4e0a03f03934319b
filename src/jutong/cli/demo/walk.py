"""The way of one record through three tiers, step by step, over the tiers' own doors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jutong import catalogue, ledger
from jutong.delivery import Answer, Consumer
from jutong.kernel.clock import LEGAL_TIME, system_clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotFound, NotKnown, Refused
from jutong.kernel.keys import make_key
from jutong.kernel.text import Text, text
from jutong.ledger import VerifierKey

from ..output import language
from .caller import PAUSE_SECONDS, Caller, until
from .made_map import lay_the_map
from .sample import some_code
from .tiers import LABOUR, MARKET, Tier

PURPOSE = "social-security"
ITEMS = ("name", "uscc", "reg_date", "capital", "address")
SYSTEM = "unemployment-insurance"
DAYS = 365
QUOTA = 10_000
ARRIVE_LOOKS = 300  # pauses; objections travel by the feed


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file of rows and how its system writes files."""

    file: Path
    layout: str


@dataclass(slots=True)
class Story:
    """What is known so far; every step reads from it and adds to it."""

    tiers: dict[str, Tier]
    deliveries: Sequence[Delivery]
    tell: Callable[[Text], None]
    entry: str = ""
    batches: list[str] = field(default_factory=list)
    request: str = ""
    agreement: str = ""
    call: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, int] = field(default_factory=dict)

    def at(self, tier: str, account: str) -> Caller:
        """Return somebody of a tier."""
        return Caller(self.tiers[tier], account)


def walk(story: Story) -> Iterator[str]:
    """Walk all steps; yields each step's name when it begins."""
    for name, step in STEPS:
        yield name
        start = time.monotonic()
        step(story)
        story.seconds[name] = round((time.monotonic() - start) * 1000)


def write_the_entry(story: Story) -> None:
    """An officer fills the entry in, the department's head signs it, the authority audits it twice."""
    officer, head = story.at("department", "officer"), story.at("department", "head")
    auditor, publisher = story.at("city", "auditor"), story.at("city", "publisher")
    sheet = msgspec.to_builtins(catalogue.template("enterprise_register", MARKET.code))
    known = [one for one in officer.get("/api/entries", provider=MARKET.code) if one["service"] == sheet["service"]]
    if not known:
        known = [officer.post("/api/entries", {**sheet, "secrecy_assessed": True, "impact_assessed": True})]
    entry = known[0]
    story.entry = entry["id"]
    if entry["stage"] == "draft":
        entry = head.post(f"/api/entries/{story.entry}/signature")
    if entry["stage"] == "signed":
        officer.post(f"/api/entries/{story.entry}/submission")
    path = f"/api/entries/{story.entry}"
    stage = until(partial(auditor.find, path), what=path)["stage"]
    if stage == "submitted":
        stage = auditor.post(f"{path}/registration")["stage"]
    if stage == "registered":
        publisher.post(f"{path}/publication")
    place = story.at("city", "audit").line("catalogue.published", story.entry)
    story.tell(text("{title}: published; city ledger {place}", title=entry["title"], place=place))
    for tier, account in (("department", "officer"), ("district", "officer")):
        caller = story.at(tier, account)
        until(partial(_published, caller, path), what="catalogue.adopted")
        story.tell(text("{node} has taken the entry over", node=caller.tier.plan.node))


def collect_the_rows(story: Story) -> None:
    """Each file lands in the department's pool and is aggregated to the city's; the counts reconcile."""
    officer, city = story.at("department", "officer"), story.at("city", "overseer")
    totals = {"rows_read": 0, "rows_quarantined": 0, "rows_collected": 0}
    for delivery in story.deliveries:
        landed = officer.send(f"/api/entries/{story.entry}/batches", delivery.file, layout=delivery.layout)
        totals["rows_read"] += landed["rows_read"]
        totals["rows_quarantined"] += landed["rows_quarantined"]
        totals["rows_collected"] += landed["rows_landed"]
        place = officer_line(story, "department", "collection.landed", landed["id"])
        story.tell(
            text(
                "{file}: {read} rows read, {landed} landed, {kept} kept apart; department ledger {place}",
                file=delivery.file.name,
                read=landed["rows_read"],
                landed=landed["rows_landed"],
                kept=landed["rows_quarantined"],
                place=place,
            )
        )
        path = f"/api/entries/{story.entry}/batches"
        twin = until(partial(_twin, city, path, landed["id"]), what="collection.landed")
        if (twin["rows_landed"], twin["digest"]) != (landed["rows_landed"], landed["digest"]):
            raise Invalid(text("the city's rows are not those of the department"))
        story.batches.append(twin["id"])
        place = story.at("city", "audit").line("collection.landed", twin["id"])
        story.tell(text("aggregated to the city, same rows, same digest; city ledger {place}", place=place))
    story.found.update(totals)


def examine_the_rows(story: Story) -> None:
    """Every rule is asked of every row in one pass; what fails goes back to the source department."""
    city, audit = story.at("city", "overseer"), story.at("city", "audit")
    findings: dict[str, int] = {}
    scores: list[tuple[int, int]] = []
    errors = 0
    for batch in story.batches:
        path = f"/api/batches/{batch}/examination"
        done = until(partial(city.find, path), what="quality.examined")
        for rule in done["rules"]:
            if rule["failed"]:
                findings[rule["rule"]] = findings.get(rule["rule"], 0) + rule["failed"]
                errors += rule["severity"] == "error"
        scores.append((done["score"], done["rows"]))
        place = audit.line("quality.examined", batch)
        story.tell(
            text(
                "{rows} rows examined: score {score}, band {band}; city ledger {place}",
                rows=done["rows"],
                score=f"{done['score'] / 10:.1f}",
                band=done["band"],
                place=place,
            )
        )
        story.found["band"] = done["band"]
    rows = sum(count for _, count in scores)
    story.found["findings"] = dict(sorted(findings.items()))
    story.found["score"] = sum(score * count for score, count in scores) // rows if rows else 0
    officer = story.at("department", "officer")
    objections = _arrived(officer, errors)
    story.found["objections"] = objections
    story.tell(text("{count} objections wait at the source department", count=objections))


def _arrived(officer: Caller, errors: int) -> int:
    """Return how many objections wait at the source, when all have come or after a while: some may be settled."""
    for _ in range(ARRIVE_LOOKS):
        waiting = len(officer.get("/api/objections", limit=500))
        if waiting >= errors:
            break
        time.sleep(PAUSE_SECONDS)
    return waiting


def make_golden_records(story: Story) -> None:
    """One golden record a credit code; two names for one code are a conflict, never an overwrite."""
    city, audit = story.at("city", "overseer"), story.at("city", "audit")
    doubtful = 0
    for batch in story.batches:
        place = audit.line("library.merged", batch)
        merged = city.get(f"/api/batches/{batch}/merge")
        if merged["unkeyed"]:
            audit.line("library.matched", batch)
        doubtful += merged["doubtful"]
        story.tell(
            text(
                "{touched} legal persons, {conflicts} conflicts, {doubtful} doubtful capitals; city ledger {place}",
                touched=merged["touched"],
                conflicts=merged["conflicts"],
                doubtful=merged["doubtful"],
                place=place,
            )
        )
    library = city.get("/api/library/legal-person")
    story.found["golden_records"] = library["subjects"]
    story.found["conflicts"] = library["conflicts"]
    story.found["capital_doubtful"] = doubtful
    story.tell(lay_the_map(city, audit, story.tiers["city"].folder))


def wish_for(entry: str, **changes: object) -> dict[str, object]:
    """Return what the labour bureau asks for: a year of the register's public items, for unemployment insurance."""
    today = system_clock().astimezone(LEGAL_TIME).date()
    return {
        "entry": entry,
        "items": ITEMS,
        "purposes": [PURPOSE],
        "legal_basis": "《失业保险条例》第十六条：经办机构核定失业保险待遇",
        "scenario": "核验用人单位登记状态，办理失业保险待遇",
        "scope": "本市参加失业保险的用人单位",
        "methods": ["query", "verify"],
        "systems": [_system_name()],
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=DAYS)).isoformat(),
        "quota_per_day": QUOTA,
        **changes,
    }


def share_under_law(story: Story) -> None:
    """Another department asks, the statutory clock runs, the provider answers, an agreement stands."""
    city = story.tiers["city"]
    system, security = story.at("city", "system"), story.at("city", "security")
    officer, head = story.at("city", "labour-officer"), story.at("city", "labour-head")
    provider = story.at("city", "market-head")
    key = _client_key(city)
    system.post("/api/systems", {"body": LABOUR.code, "code": SYSTEM, "title": "失业保险经办系统"})
    security.put(f"/api/systems/{_system_name()}/key", {"public_key": str(key.public)})
    standing = [one for one in officer.get("/api/agreements", limit=500) if one["entry"] == story.entry]
    if standing:
        story.agreement, story.request = standing[0]["id"], standing[0]["request"]
        request = officer.get(f"/api/requests/{story.request}")
    else:
        waiting = [one for one in officer.get("/api/requests", limit=500) if one["wish"]["entry"] == story.entry]
        request = waiting[0] if waiting else officer.post("/api/requests", wish_for(story.entry))
        if request["stage"] == "draft":
            request = head.post(f"/api/requests/{request['id']}/signature")
        if request["stage"] == "consumer-office-signed":
            request = officer.post(f"/api/requests/{request['id']}/submission")
        story.request = request["id"]
        granted = provider.post(f"/api/requests/{story.request}/approval", {"masks": {}, "quota_per_day": QUOTA})
        story.agreement = granted["id"]
    clock = request["clock"]
    story.found["request_due"] = clock["due"]
    audit = story.at("city", "audit")
    story.tell(
        text(
            "asked; the answer is due on {due} by {basis}; city ledger {place}",
            due=clock["due"],
            basis=clock["basis"],
            place=audit.line("sharing.submitted", story.request),
        )
    )
    agreement = officer.get(f"/api/agreements/{story.agreement}")
    story.tell(
        text(
            "agreed; delivery is due on {due}; city ledger {place}",
            due=agreement["delivery"]["due"],
            place=audit.line("sharing.approved", story.request),
        )
    )


def deliver_and_refuse(story: Story) -> None:
    """The consumer queries and verifies; what was not agreed is refused, and is evidence too."""
    city = story.tiers["city"]
    audit = story.at("city", "audit")
    audit.line("delivery.opened", story.agreement)
    opened = audit.get("/api/ledger", act="delivery.opened", on=story.agreement)[-1]
    service = str(opened["facts"]["service"])
    subject = some_code(story.deliveries[0].file)
    calls = refusals = 0
    key, node_key = _client_key(city), city.house.key.public
    with Consumer(city.url, _system_name(), key, node_key, signed=True, language=language()) as consumer:
        # The gateway learns of a new right within a second, not in the same instant.
        answer = until(partial(_answered, consumer, service, subject, story.agreement), what="delivery.opened")
        calls, story.call = calls + 1, answer.call
        story.tell(text("query: {items} items came back, masked as agreed", items=len(ITEMS)))
        facts = {"name": answer.body["name"]}
        verdict = consumer.verify(service, subject, facts, purpose=PURPOSE, agreement=story.agreement)
        calls += 1
        story.tell(text("verification: {verdict}", verdict=text("yes") if verdict else text("no")))
        for purpose, items in (("credit", ITEMS), (PURPOSE, ("scope",))):
            try:
                consumer.query(service, subject, purpose=purpose, items=items, agreement=story.agreement)
            except Refused as refusal:
                calls, refusals = calls + 1, refusals + 1
                story.tell(text("refused: {reason}", reason=refusal.reason))
    story.found.update(calls=calls, refusals=refusals)


def prove_it(story: Story) -> None:
    """The call's receipt verifies with public keys alone, cosigned by the other two tiers."""
    audit = story.at("city", "audit")
    keys = audit.get("/api/ledger/keys")
    known = [VerifierKey.read(key) for key in (keys["log"], *keys["witnesses"])]

    def proven() -> str | None:
        try:
            receipt = audit.words(f"/api/receipts/{story.call}")
        except Refused:
            return None  # not sealed or not sequenced yet
        return receipt if ledger.verify_receipt(receipt, known, witnesses=len(keys["witnesses"])).holds else None

    receipt = until(proven, what="cosignatures")
    verdict = ledger.verify_receipt(receipt, known, witnesses=len(keys["witnesses"]))
    tampered = ledger.verify_receipt(receipt.replace(story.call[-4:], "0000"), known)
    story.found.update(
        ledger_size=int(verdict.facts["size"]),
        witnesses=len(keys["witnesses"]),
        receipt_verified=verdict.holds and not tampered.holds,
    )
    folder = story.tiers["city"].folder
    (folder / "receipt.txt").write_text(receipt, "utf-8")
    (folder / "keys.txt").write_text("\n".join(map(str, known)) + "\n", "utf-8")
    story.tell(
        text(
            "call {call}: leaf {leaf} of {size}, cosigned by {witnesses}",
            call=story.call,
            leaf=verdict.facts["index"],
            size=verdict.facts["size"],
            witnesses=verdict.facts["witnesses"],
        )
    )


def score_the_department(story: Story) -> None:
    """A scorecard from the ledger alone; every number opens its evidence."""
    card = story.at("city", "overseer").get(f"/api/scorecards/{MARKET.code}")
    story.found["scorecard"] = {one["code"]: one["value"] for one in card["indicators"]}
    story.found["scorecard_total"] = card["total"]
    for one in card["indicators"]:
        story.tell(
            text(
                "{code} {title}: {value} (evidence: {places})",
                code=one["code"],
                title=one["title"],
                value="-" if one["value"] is None else f"{one['value'] / 10:.1f} %",
                places=len(one["evidence"]),
            )
        )


TITLES: Mapping[str, Text] = {
    "catalogue": text("catalogue: an entry is written, signed, audited twice, published"),
    "collection": text("collection: rows land once, and reconcile"),
    "quality": text("quality: every rule, every row, one pass"),
    "library": text("library: one legal person, one record"),
    "sharing": text("sharing: asked and answered within the term of the law"),
    "delivery": text("delivery: what was agreed, and no more"),
    "ledger": text("ledger: proved without us"),
    "oversight": text("oversight: scored from evidence alone"),
}
STEPS: tuple[tuple[str, Callable[[Story], None]], ...] = (
    ("catalogue", write_the_entry),
    ("collection", collect_the_rows),
    ("quality", examine_the_rows),
    ("library", make_golden_records),
    ("sharing", share_under_law),
    ("delivery", deliver_and_refuse),
    ("ledger", prove_it),
    ("oversight", score_the_department),
)


def officer_line(story: Story, tier: str, word: str, on: str) -> int:
    """Return where an officer's act stands in its tier's log."""
    return story.at(tier, "officer").line(word, on)


def _system_name() -> str:
    return f"CN-500000/GOV/{LABOUR.code}/{SYSTEM}"


def _answered(consumer: Consumer, service: str, subject: str, agreement: str) -> Answer | None:
    try:
        return consumer.query(service, subject, purpose=PURPOSE, agreement=agreement)
    except (NotFound, NotKnown):
        return None  # the gateway has not yet looked at the new service, or at the system's new key


def _published(caller: Caller, path: str) -> Any | None:
    entry = caller.find(path)
    return entry if entry is not None and entry["stage"] == "published" else None


def _twin(caller: Caller, path: str, origin: str) -> Any | None:
    return next((one for one in caller.get(path) if one["origin"] == origin), None)


def _client_key(city: Tier) -> SigningKey:
    return make_key(city.folder / "keys" / "labour-client.pem")
