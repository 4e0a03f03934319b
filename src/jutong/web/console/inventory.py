"""The page on which a body reports what it has and does: systems described, powers, service items."""

from __future__ import annotations

import msgspec

from jutong import catalogue, registers
from jutong.catalogue import Search, Stage
from jutong.kernel.text import text
from jutong.registers import Cloud, DatabaseKind, Power, PowerKind, Requirement, ServiceItem, SystemProfile

from ..wiring import Name, Words
from .census import CENSUS, ENTRIES_TO_HANG, FIRST
from .frame import Answer, TheVisit, acted, done, page, shown


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
    return page(
        visit,
        "census/inventory.html",
        title=text("What my body has and does"),
        crumbs=(FIRST, CENSUS),
        systems=systems,
        profiles=profiles,
        powers=powers,
        power_choices=tuple((one.code, one.title) for one in powers),
        offered=offered,
        entries=tuple((one.id, one.title) for one in entries),
        clouds=Cloud,
        databases=DatabaseKind,
        kinds=PowerKind,
        may_describe=visit.may("registers.describe_system"),
        may_list=visit.may("registers.list_power"),
    )


@acted("/census/inventory/systems", guard="pages.census", again=show_inventory)
def describe_system(visit: TheVisit) -> Answer:
    """Keep a system's sheet."""
    given = visit.form.read(Sheet)
    with visit.desk() as desk:
        registers.describe_system(desk, SystemProfile(body=desk.actor.org, **msgspec.structs.asdict(given)))
    return done(desk, "/census/inventory")


@acted("/census/inventory/powers", guard="pages.census", again=show_inventory)
def list_power(visit: TheVisit) -> Answer:
    """Enter a power."""
    given = visit.form.read(Listing)
    with visit.desk() as desk:
        registers.list_power(desk, Power(body=desk.actor.org, **msgspec.structs.asdict(given)))
    return done(desk, "/census/inventory")


@acted("/census/inventory/service-items", guard="pages.census", again=show_inventory)
def list_service_item(visit: TheVisit) -> Answer:
    """Enter a service item with its requirements."""
    given = visit.form.read(Offering)
    requirements = []
    for place, line in enumerate((one for one in given.requirements.splitlines() if one.strip()), start=1):
        title, _, items = line.strip().replace("：", ":").partition(":")
        named = tuple(one.strip() for one in items.replace("，", ",").split(",") if one.strip())
        entry = given.entry if named else ""
        requirements.append(
            Requirement(code=f"{given.code}-{place}"[:64], title=title.strip()[:200], entry=entry, items=named)
        )
    with visit.desk() as desk:
        item = ServiceItem(
            code=given.code,
            body=desk.actor.org,
            title=given.title,
            power=given.power,
            requirements=tuple(requirements),
        )
        registers.list_service_item(desk, item)
    return done(desk, "/census/inventory")


PAGES = [show_inventory, describe_system, list_power, list_service_item]
