"""What departments report of themselves in the census: their systems, powers and service items."""

from __future__ import annotations

from dataclasses import replace

from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.mark import check_mark
from jutong.kernel.text import text

from .. import store as registers
from ..naming import checked_name
from ..system import SystemName
from . import store
from .duties import Power, ServiceItem
from .profile import SystemProfile


def describe_system(desk: Desk, profile: SystemProfile, *, seen: str | None = None) -> SystemProfile:
    """Keep what a registered system is for, where it runs and what keeps its rows; its sheet as it was ``seen``."""
    system = registers.find_system(desk.db, SystemName.parse(profile.system))
    desk.allow("registers.describe_system", Label(owner=system.body))
    told = replace(profile, body=system.body).checked()
    known = next((one for one in store.profiles(desk.db, system.body) if one.system == told.system), None)
    if told != known:
        check_mark(seen, known)
        store.save_profile(desk.db, told)
        desk.record(
            "registers.system_described", on=told.system, body=told.body, cloud=told.cloud, database=told.database
        )
    return told


def list_power(desk: Desk, power: Power, *, seen: str | None = None) -> Power:
    """Enter a line of the body's list of powers, or change it as it was ``seen``."""
    desk.allow("registers.list_power", Label(owner=power.body))
    told = replace(power, title=checked_name(power.title, field=text("title")))
    known = next((one for one in store.powers(desk.db, told.body) if one.code == told.code), None)
    if told != known:
        check_mark(seen, known)
        store.save_power(desk.db, told)
        desk.record("registers.power_listed", on=told.code, body=told.body, kind=told.kind)
    return told


def list_service_item(desk: Desk, item: ServiceItem, *, seen: str | None = None) -> ServiceItem:
    """Enter a service item with its requirements, or change it as it was ``seen``.

    The power that it rests on must stand already.
    """
    desk.allow("registers.list_service_item", Label(owner=item.body))
    told = replace(item, title=checked_name(item.title, field=text("title")))
    if told.power:
        store.find_power(desk.db, told.body, told.power)
    known = next((one for one in store.service_items(desk.db, told.body) if one.code == told.code), None)
    if told != known:
        check_mark(seen, known)
        store.save_service_item(desk.db, told)
        desk.record("registers.service_item_listed", on=told.code, body=told.body, requirements=len(told.requirements))
    return told
