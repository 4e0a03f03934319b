"""Pages of services: what is open to whom, how it is called, a call to try, and the calls that were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from jutong import catalogue, delivery, ledger, registers, sharing
from jutong.catalogue import Entry, Purpose
from jutong.delivery import Call, Refusal, Service, policies
from jutong.desk import Reading
from jutong.guard import Method
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import NotFound
from jutong.kernel.httpsig import SM2
from jutong.kernel.keys import load_any_key
from jutong.kernel.text import Text, plain, text
from jutong.ledger import CallCount
from jutong.sharing import Agreement, Side, Standing

from ..wiring import Ulid
from .frame import Answer, TheVisit, page, shown
from .known_names import mask_words, titles_of_entries
from .sharing import FIRST
from .sides import fetching, other_sides, side_column
from .table import Asked, Column, Table, table_page
from .visit import Visit

SERVICES = ("/services", text("Services"))
AGREEMENTS_SHOWN = 50
CODES: Mapping[str, Text] = {
    "ok": text("answered"),
    "invalid": text("not in the agreed form"),
    "not-known": text("caller not known"),
    "suspended": text("agreement suspended"),
    "term": text("outside the term"),
    "purpose": text("purpose not agreed"),
    "scope": text("outside what was agreed"),
    "grade": text("not for data of this grade"),
    "policy": text("refused by a policy"),
    "suite": text("not signed by SM2"),
    "not-found": text("no such service"),
    "method": text("wrong HTTP method"),
    "quota": text("day's records used up"),
    "too-much": text("too many calls"),
    "range": text("beyond the end of the file"),
    "body-too-large": text("body too large"),
    "headers-too-large": text("header fields too large"),
    "unavailable": text("the node could not answer"),
    "shut": text("own service not asked for the moment"),
    "unreachable": text("own service cannot be reached"),
    "failing": text("own service failed"),
    "unlike": text("own service answered otherwise than declared"),
    "slow": text("own service did not answer in time"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A service that an agreement opens, as a row of the list."""

    agreement: Agreement
    title: str
    other: str
    service: Service | None
    served: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Calls of one day under one agreement with one outcome, as a row of the list."""

    count: CallCount
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the visitor asks about: which system, how, for what, which items."""

    agreement: Agreement
    system: str
    method: Method
    purpose: str
    items: tuple[str, ...]


def _status(row: Open) -> Text:
    if row.agreement.delivered is None:
        return text("not delivered yet")
    return text("open") if row.service else text("closed")


def _tone(row: Open) -> str:
    return "amber" if row.agreement.delivered is None else "green" if row.service else "plain"


TABLE: Table[Open] = Table(
    name="services",
    title=text("Services"),
    columns=(
        Column(
            key="title",
            title=text("Data"),
            value=lambda row: row.title,
            href=lambda row: (
                f"/services/{row.agreement.entry}/try?agreement={row.agreement.id}"
                if row.mine
                else f"/agreements/{row.agreement.id}"
            ),
        ),
        Column(key="other", title=text("Other body"), value=lambda row: row.other),
        Column(key="status", title=text("Service"), value=_status, tone=_tone),
        Column(key="rows", title=text("Records"), value=lambda row: row.service and row.service.rows, kind="number"),
        Column(key="served", title=text("Copy of"), value=lambda row: row.served, kind="instant"),
        Column(
            key="version",
            title=text("Version of the copy"),
            value=lambda row: row.service and row.service.version[:12],
            kind="code",
        ),
        Column(key="quota", title=text("Records a day"), value=lambda row: row.agreement.quota_per_day, kind="number"),
        Column(key="ends", title=text("Ends"), value=lambda row: row.agreement.ends, kind="day", sort=True),
        Column(
            key="path", title=text("Path"), value=lambda row: row.service and row.service.path, kind="code", shown=False
        ),
        side_column(),
    ),
    key=lambda row: sharing.key_of_agreement(row.agreement),
    sort="ends",
    empty=text("No service is open."),
    then=text("One opens when a request has been approved and delivered."),
)
CALLS: Table[Counted] = Table(
    name="calls",
    title=text("Calls"),
    columns=(
        Column(key="day", title=text("Day"), value=lambda row: row.count.day, kind="day", sort=True),
        Column(
            key="title",
            title=text("Data"),
            value=lambda row: row.title,
            href=lambda row: f"/agreements/{row.count.agreement}",
        ),
        Column(
            key="code",
            title=text("Outcome"),
            value=lambda row: CODES.get(row.count.code) or plain(row.count.code),
            tone=lambda row: "green" if row.count.code == "ok" else "amber",
            options=tuple(CODES.items()),
        ),
        Column(
            key="calls",
            title=text("Calls"),
            value=lambda row: row.count.calls,
            kind="number",
            href=lambda row: f"/calls/{row.count.agreement}/{row.count.day.isoformat()}",
        ),
        Column(
            key="agreement", title=text("Agreement"), value=lambda row: row.count.agreement, kind="code", shown=False
        ),
    ),
    key=lambda row: row.count.key,
    sort="-day",
    empty=text("No call is on record."),
    then=text("Calls appear here within a second of being answered."),
)


@shown("/services", guard="pages.services")
def list_services(visit: TheVisit) -> Answer:
    """List the services that agreements in force open, with the state of their serving copies."""
    fetch = fetching(visit, partial(sharing.agreements_listed, stage=Standing.IN_FORCE), _open)
    return table_page(visit, TABLE, fetch, "delivery/services.html", title=TABLE.title, crumbs=(FIRST,))


@shown("/services/{entry_id:str}/try", guard="pages.service_trial")
def try_service(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show how a service is called, judge a call without making it, and offer the browser's own signed call."""
    with visit.house.reading() as db:
        found = sharing.agreements_listed(
            db, visit.acting, side=Side.ASKED, entry=entry_id, sort="id", descending=True, limit=AGREEMENTS_SHOWN
        )
        if not found:
            raise NotFound("service", entry_id)
        agreement = _chosen(found, visit.asked("agreement"), visit.today)
        entry = catalogue.find(db, entry_id)
        service = delivery.service_for(db, entry_id)
        systems = {str(one.name): one for one in registers.systems(db, visit.acting.org)}
        served = ledger.newest_on(db, entry_id, "delivery.served")
    trial = _trial(visit, agreement)
    used = delivery.used_on(visit.house.home.folder / "gateway" / "quota", agreement.id, visit.today)
    key = systems[trial.system].key if trial.system in systems else None
    alg = key.alg if key else ""
    verdict = _verdict(visit, trial, entry, service, alg=alg, used=used)
    titles = {item.name: item for item in entry.items}
    return page(
        visit,
        "delivery/try.html",
        title=text("Try the service: {title}", title=entry.title),
        crumbs=(FIRST, SERVICES),
        agreement=agreement,
        agreements=[(one.id, text("{starts} to {ends}", starts=one.starts, ends=one.ends)) for one in found],
        entry=entry,
        service=service,
        served=served.at if served else None,
        items=[(titles[one.name], mask_words(one.mask)) for one in agreement.items if one.name in titles],
        key_title=entry.item(service.key_item).title if service else "",
        systems=[(name, systems[name].title if name in systems else name) for name in agreement.systems],
        keyless=[name for name in agreement.systems if name not in systems or systems[name].key is None],
        trial=trial,
        asked=bool(visit.asked("method")),
        verdict=verdict,
        used=used,
        spelled=_spelled(visit, trial, service, alg),
        node_key=_node_key(visit, alg),
        sm2=alg == SM2,
    )


@shown("/calls", guard="pages.calls")
def list_calls(visit: TheVisit) -> Answer:
    """List how many calls there were on each day, under each agreement, with each outcome."""

    def fetch(ask: Asked) -> list[Counted]:
        with visit.house.reading() as db:
            mine = sharing.agreement_parties(db, visit.acting)
            found = ledger.call_counts_of(
                db,
                list(mine),
                code=ask.filter("code"),
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )
            titles = titles_of_entries(db, (mine[one.agreement] for one in found))
        return [Counted(count=one, title=titles[mine[one.agreement]]) for one in found]

    return table_page(visit, CALLS, fetch, "delivery/calls.html", title=CALLS.title, crumbs=(FIRST,))


def base_of(visit: Visit) -> str:
    """Return the address under which the node is called."""
    settings = visit.house.home.settings
    return settings.address.rstrip("/") or f"http://{settings.host}:{settings.port}"


def _open(db: Reading, visit: Visit, found: Sequence[Agreement]) -> list[Open]:
    mine, other = visit.acting.org, other_sides(db, visit, found)
    entries = {one.entry for one in found}
    titles, services = titles_of_entries(db, entries), delivery.services_of(db, entries)
    served = {entry: ledger.newest_on(db, entry, "delivery.served") for entry in services}
    return [
        Open(
            agreement=one,
            title=titles[one.entry],
            other=other[one.id],
            service=services.get(one.entry),
            served=line.at if (line := served.get(one.entry)) else None,
            mine=one.consumer == mine and visit.may("pages.service_trial"),
        )
        for one in found
    ]


def _chosen(found: tuple[Agreement, ...], wanted: str, today: date) -> Agreement:
    if wanted:
        named = next((one for one in found if one.id == wanted), None)
        if named is None:
            raise NotFound("agreement", wanted)
        return named
    usable = (one for one in found if one.delivered is not None and one.covers(today))
    return next(usable, found[0])


def _trial(visit: Visit, agreement: Agreement) -> Trial:
    """Read what is asked; what the agreement does not name is judged as it is, what is not named is taken from it."""
    methods = sorted(agreement.methods)
    method = visit.asked("method", methods[0].value)
    purpose = visit.asked("purpose", agreement.purposes[0].value)
    return Trial(
        agreement=agreement,
        system=visit.asked("system", agreement.systems[0])[:300],
        method=Method(method) if method in {one.value for one in Method} else methods[0],
        purpose=purpose if purpose in {one.value for one in Purpose} else "",
        items=tuple(one[:100] for one in visit.query.get("items", ()))[:500],
    )


def _spelled(visit: Visit, trial: Trial, service: Service | None, alg: str) -> delivery.Spelled | None:
    if service is None:
        return None
    agreed = {one.name for one in trial.agreement.items}
    return delivery.Spelled(
        base=base_of(visit),
        path=service.path,
        client=trial.system,
        node_key=_node_key(visit, alg),
        agreement=trial.agreement.id,
        purpose=trial.purpose,
        method=trial.method,
        items=tuple(one for one in trial.items if one in agreed),
    )


def _verdict(
    visit: Visit, trial: Trial, entry: Entry, service: Service | None, *, alg: str, used: int
) -> Refusal | None:
    now = visit.house.clock().astimezone(LEGAL_TIME)
    call = Call(trial.system, trial.method, trial.purpose, trial.items, visit.today, now.hour, records=1, alg=alg)
    with visit.house.reading() as db:
        in_force = policies.in_force(db, visit.today)
    sm2_from = visit.house.home.settings.crypto.sm2_from
    return delivery.verdict_of(
        trial.agreement, entry, service, call, known=bool(alg), used=used, policies=in_force, sm2_from=sm2_from
    )


def _node_key(visit: Visit, alg: str) -> str:
    """Return the key by which a caller with keys of one kind checks this node's answers."""
    home = visit.house.home
    return str(load_any_key(home.sm2_key).public if alg == SM2 and home.sm2_key.exists() else visit.house.key.public)


PAGES = [list_services, try_service, list_calls]
