"""Whose the base libraries are: the tier's own, so that its authority may look into them, and no single department."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jutong.guard.permit import Label
from jutong.terms.org import BodyKind, Org

from .kind import KINDS, LEGAL_PERSON, Kind
from .theme import Theme


def whole_library(bodies: Iterable[Org], kind: Kind = LEGAL_PERSON) -> Label:
    """Return what the guard needs for looking into a base library: a kind's grade asks for the post's clearance."""
    authority = next((org.code for org in bodies if org.kind is BodyKind.AUTHORITY), "")
    return Label(owner=authority, grade=kind.grade)


def whole_theme(bodies: Iterable[Org], theme: Theme) -> Label:
    """Return what the guard needs for a theme: it is as grave as the gravest base library that it reads."""
    return replace(whole_library(bodies), grade=theme.grade)


def kind_of_table(table: str) -> Kind:
    """Return whose rows a table of the library holds; tables of no kind are as grave as those of legal persons."""
    return next((kind for kind in KINDS.values() if table in (kind.golden, kind.sources)), LEGAL_PERSON)
