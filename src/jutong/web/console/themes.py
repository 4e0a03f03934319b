"""Pages of theme libraries: declared questions over the base library, when they were made, and their first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from jutong import library
from jutong.kernel.text import text
from jutong.library import Making, Theme

from ..wiring import NO_NUL, Name
from .frame import Answer, TheVisit, acted, done, page, shown
from .library import FIRST
from .overtaken import noun_overtaken, seen_of
from .visit import Visit


class Declared(msgspec.Struct, kw_only=True):
    """A theme as it is typed."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    title: Name
    sql: Annotated[str, msgspec.Meta(max_length=20_000, pattern=NO_NUL)]
    basis: Name


class Named(msgspec.Struct, kw_only=True):
    """Which theme."""

    theme: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]


class Versioned(Named, kw_only=True):
    """Which theme, as it was made at which version."""

    version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows of a theme at a version."""

    theme: str
    version: int
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    line: str


@shown("/themes", guard="pages.themes")
def list_themes(visit: TheVisit) -> Answer:
    """List the theme libraries with their questions and when they were made, and let one be declared."""
    return _page(visit, None)


@acted("/themes", guard="pages.themes", again=list_themes)
def declare(visit: TheVisit) -> Answer:
    """Declare a theme library, or change its question."""
    declared = _declared(visit)
    with visit.desk() as desk:
        library.declare_theme(desk, declared, seen=visit.form.seen)
    return done(desk, "/themes")


@acted("/themes/making", guard="pages.themes", again=list_themes)
def make(visit: TheVisit) -> Answer:
    """Make a theme anew from the base library as it stands."""
    given = visit.form.read(Named)
    with visit.desk() as desk:
        library.make_theme(desk, given.theme)
    return done(desk, "/themes")


@acted("/themes/rows", guard="pages.themes", again=list_themes)
def show_rows(visit: TheVisit) -> Answer:
    """Show the first rows of a theme, as it was made at a version; looking leaves a line."""
    given = visit.form.read(Versioned)
    with visit.desk() as desk:
        columns, rows = library.look_at_theme(desk, given.theme, given.version)
    return _page(visit, Rows(given.theme, given.version, columns, rows, desk.left[-1][1]))


def _declared(visit: Visit) -> Theme:
    given = visit.form.read(Declared)
    return Theme(name=given.name, title=given.title, sql=given.sql, basis=given.basis)


def _page(visit: Visit, rows: Rows | None) -> Answer:
    with visit.house.reading() as db:
        themes: list[tuple[Theme, tuple[Making, ...]]] = [
            (one, library.makings(db, one.name)) for one in library.themes(db)
        ]
    typed = visit.form.get("name")
    standing = next((one for one, _ in themes if one.name == typed), None)
    return page(
        visit,
        "library/themes.html",
        title=text("Theme libraries"),
        crumbs=(FIRST,),
        themes=themes,
        rows=rows,
        may_declare=visit.may("library.declare_theme"),
        may_make=visit.may("library.make_theme"),
        may_look=visit.may("library.look_at_theme"),
        seen=seen_of(visit, standing),
        overtaken=noun_overtaken(
            visit,
            standing,
            lambda: _declared(visit),
            {"title": text("Title"), "sql": text("Question (SQL)"), "basis": text("Basis")},
            on=typed,
            word="library.theme_declared",
        ),
    )


PAGES = [list_themes, declare, make, show_rows]
