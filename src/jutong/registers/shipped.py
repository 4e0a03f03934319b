"""What the product ships: divisions, calendar, deadlines, elements and code sets, read from its data files."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from jutong.terms.address import Gazetteer
from jutong.terms.calendar import Calendar, YearNotice
from jutong.terms.codeset import CodeSet
from jutong.terms.deadline import Deadline, DeadlineRule, choose
from jutong.terms.division import Division, Divisions
from jutong.terms.element import StandardElement


@cache
def gazetteer() -> Gazetteer:
    """Return the names by which addresses are read."""
    return Gazetteer.of(divisions().spans)


@cache
def divisions() -> Divisions:
    """Return all divisions that ever had a code, and the codes that registering offices use beside them."""
    return Divisions.of_rows([*_division_rows(), *_registry_rows()])


@cache
def calendar_years() -> tuple[YearNotice, ...]:
    """Return the years whose notices were out when this version was made."""
    notices: dict[int, str] = {}
    days: dict[int, dict[date, bool]] = {}
    for row in _csv("calendar.csv"):
        day = date.fromisoformat(row["date"])
        notices[day.year] = row["notice"]
        days.setdefault(day.year, {})[day] = row["working"] == "1"
    return tuple(YearNotice(year=year, notice=notice, days=days[year]) for year, notice in sorted(notices.items()))


@cache
def deadline_rules() -> tuple[DeadlineRule, ...]:
    """Return the terms of Order 809."""
    return tuple(msgspec.convert(_toml("deadlines.toml")["rule"], list[DeadlineRule]))


def shipped_deadline(rule_id: str, started: date, division: str = "", *, extension_days: int = 0) -> Deadline:
    """Return when a term ends by what was known when this version was made; a node's register may know more."""
    rule = choose(deadline_rules(), rule_id, division=division, on=started)
    return rule.due(Calendar.of_years(calendar_years()), started, extension_days=extension_days)


@cache
def elements() -> tuple[StandardElement, ...]:
    """Return the standard elements."""
    return tuple(StandardElement.of_facts(each) for each in _toml("elements.toml")["element"])


@cache
def code_sets() -> tuple[CodeSet, ...]:
    """Return the code sets."""
    return tuple(msgspec.convert(_toml("codesets.toml")["set"], list[CodeSet]))


def _division_rows() -> Iterator[Division]:
    for row in _csv("divisions.csv"):
        last = row["last_year"]
        yield Division(
            code=row["code"], name=row["name"], since=int(row["first_year"]), until=int(last) if last else None
        )


def _registry_rows() -> Iterator[Division]:
    for row in _csv("registry_codes.csv"):
        yield Division(code=row["code"], name=row["name"], since=0, registry=True)


def _csv(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(files("jutong").joinpath("data", name).read_text("utf-8").splitlines())


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("jutong").joinpath("data", name).read_text("utf-8"))
