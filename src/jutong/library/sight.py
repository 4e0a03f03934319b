"""Whose the base library is: the tier's own, so that its authority may look into it, and no single department."""

from __future__ import annotations

from collections.abc import Iterable

from jutong.guard.permit import Label
from jutong.terms.grade import Grade
from jutong.terms.org import BodyKind, Org

LIBRARY_GRADE = Grade.L2  # registration data of legal persons; what is graver is not laid into it


def whole_library(bodies: Iterable[Org]) -> Label:
    """Return what the guard needs for looking into the library."""
    authority = next((org.code for org in bodies if org.kind is BodyKind.AUTHORITY), "")
    return Label(owner=authority, grade=LIBRARY_GRADE)
