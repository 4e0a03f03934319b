"""The page on which a body reports what it has and does: systems described, powers, service items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from jutong import catalogue, registers
from jutong.catalogue import Search, Stage
from jutong.kernel.text import text
from jutong.registers import Cloud, DatabaseKind, Power, PowerKind, Requirement, ServiceItem, SystemProfile

from ..wiring import Name, Words
from .census import CENSUS, ENTRIES_TO_HANG, FIRST
from .frame import Answer, TheVisit, acted, done, page, shown
from .overtaken import noun_overtaken, seen_of
from .visit import Visit

WORDS = {
    "purpose": text("What it is for"),
    "cloud": text("Where it runs"),
    "database": text("Database"),
    "address": text("Address"),
    "title": text("Title"),
    "kind": text("Kind"),
    "basis": text("Basis"),
    "power": text("Rests on the power"),
    "requirements": text("Requirements"),
}
DEEDS_OF = {
    "systems": "registers.system_described",
    "powers": "registers.power_listed",
    "service-items": "registers.service_item_listed",
}


class Sheet(msgspec.Struct, kw_only=True):
    """What a system is for, where it runs and what keeps its rows."""

    system: Name
    purpose: Words
    cloud: Cloud
    database: DatabaseKind
    address: Name = ""


class Listing(msgspec.Struct, kw_only=True):
    """A line of the list of powers."""

    code: Name
    title: Name
    kind: PowerKind
    basis: Name = ""


class Offering(msgspec.Struct, kw_only=True):
    """A service item; each requirement is a line: what must be shown, then the items that show it."""

    code: Name
    title: Name
    power: Name = ""
    entry: Name = ""
    requirements: Words = ""


@shown("/census/inventory", guard="pages.census")
def show_inventory(visit: TheVisit) -> Answer:
    """Show what one's own body has reported of itself, and the forms to report more."""
    own = visit.acting.org
    with visit.house.reading() as db:
        systems = registers.systems(db, own)
        profiles = {one.system: one for one in registers.profiles(db, own)}
        powers = registers.powers(db, own)
        offered = registers.service_items(db, own)
        search = Search(stages=(Stage.PUBLISHED,), limit=ENTRIES_TO_HANG)
        entries = catalogue.summaries(db, visit.acting, search)
    standing = _standing(visit, profiles, powers, offered)
    return page(
        visit,
        "census/inventory.html",
        title=text("What my body has and does"),
        crumbs=(FIRST, CENSUS),
        systems=systems,
        profiles=profiles,
        powers=len(powers),
        power_choices=tuple((one.code, one.title) for one in powers),
        offered=len(offered),
        entries=tuple((one.id, one.title) for one in entries),
        clouds=Cloud,
        databases=DatabaseKind,
        kinds=PowerKind,
        may_describe=visit.may("registers.describe_system"),
        may_list=visit.may("registers.list_power"),
        form=visit.path.rpartition("/")[2] if visit.form else "",
        seen=seen_of(visit, standing),
        overtaken=noun_overtaken(
            visit,
            standing,
            lambda: TYPED[visit.path.rpartition("/")[2]](visit),
            WORDS,
            on=visit.form.get("system") or visit.form.get("code"),
            word=DEEDS_OF.get(visit.path.rpartition("/")[2], ""),
        ),
    )


@acted("/census/inventory/systems", guard="pages.census", again=show_inventory)
def describe_system(visit: TheVisit) -> Answer:
    """Keep a system's sheet."""
    profile = _profile(visit)
    with visit.desk() as desk:
        registers.describe_system(desk, profile, seen=visit.form.mark)
    return done(desk, "/census/inventory")


@acted("/census/inventory/powers", guard="pages.census", again=show_inventory)
def list_power(visit: TheVisit) -> Answer:
    """Enter a power."""
    power = _power(visit)
    with visit.desk() as desk:
        registers.list_power(desk, power, seen=visit.form.mark)
    return done(desk, "/census/inventory/powers")


@acted("/census/inventory/service-items", guard="pages.census", again=show_inventory)
def list_service_item(visit: TheVisit) -> Answer:
    """Enter a service item with its requirements."""
    item = _service_item(visit)
    with visit.desk() as desk:
        registers.list_service_item(desk, item, seen=visit.form.mark)
    return done(desk, "/census/inventory/service-items")


def _profile(visit: Visit) -> SystemProfile:
    return SystemProfile(body=visit.acting.org, **msgspec.structs.asdict(visit.form.read(Sheet)))


def _power(visit: Visit) -> Power:
    return Power(body=visit.acting.org, **msgspec.structs.asdict(visit.form.read(Listing)))


def _service_item(visit: Visit) -> ServiceItem:
    given = visit.form.read(Offering)
    requirements = []
    for place, line in enumerate((one for one in given.requirements.splitlines() if one.strip()), start=1):
        title, _, items = line.strip().replace("：", ":").partition(":")
        named = tuple(one.strip() for one in items.replace("，", ",").split(",") if one.strip())
        entry = given.entry if named else ""
        requirements.append(
            Requirement(code=f"{given.code}-{place}"[:64], title=title.strip()[:200], entry=entry, items=named)
        )
    return ServiceItem(
        code=given.code,
        body=visit.acting.org,
        title=given.title,
        power=given.power,
        requirements=tuple(requirements),
    )


def _standing(
    visit: Visit, profiles: Mapping[str, SystemProfile], powers: Iterable[Power], offered: Iterable[ServiceItem]
) -> SystemProfile | Power | ServiceItem | None:
    """Return what a form that came back would overwrite."""
    code = visit.form.get("code")
    match visit.path.rpartition("/")[2]:
        case "systems":
            return profiles.get(visit.form.get("system"))
        case "powers":
            return next((one for one in powers if one.code == code), None)
        case "service-items":
            return next((one for one in offered if one.code == code), None)
    return None


TYPED: Mapping[str, Callable[[Visit], object]] = {
    "systems": _profile,
    "powers": _power,
    "service-items": _service_item,
}
PAGES = [show_inventory, describe_system, list_power, list_service_item]
