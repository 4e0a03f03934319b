"""Pages of who is one and the same: merges by decision, rows without a key, and how far sources agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from jutong import catalogue, library
from jutong.kernel.text import text
from jutong.library import Decision, Verdict

from ..wiring import Name
from .frame import Answer, TheVisit, acted, done, page, shown
from .library import FIRST, check_may_look, names_of_bodies, titles_of_fields
from .visit import Visit

BONDS = 100  # decisions on a page
MATCHES = 20  # rows on a page


class Joining(msgspec.Struct, kw_only=True):
    """Which code stays and which is merged into it, on which basis."""

    kept: Annotated[str, msgspec.Meta(max_length=40)]
    other: Annotated[str, msgspec.Meta(max_length=40)]
    basis: Name
    although_parted: bool = False


class Matched(msgspec.Struct, kw_only=True):
    """What is said of a row without a key and a legal person, on which basis."""

    ref: Annotated[str, msgspec.Meta(pattern="^~[0-9a-f]{31}$")]
    code: Annotated[str, msgspec.Meta(max_length=40)]
    verdict: Verdict
    basis: Name


class Parting(msgspec.Struct, kw_only=True):
    """Which merged code becomes a record of its own again, on which basis."""

    parted: Annotated[str, msgspec.Meta(max_length=40)]
    parting_basis: Name


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on a pair, and how many records follow it; None while they do not yet."""

    decision: Decision
    verdict: Verdict
    body: str
    subjects: int | None


@shown("/rates", guard="pages.rates")
def show_rates(visit: TheVisit) -> Answer:
    """Show how far sources agree, field by field: counts, no names."""
    with visit.house.reading() as db:
        titles = titles_of_fields(visit, db)
    rates = library.rates(visit.house.pools)
    return page(
        visit,
        "library/rates.html",
        title=text("How far sources agree"),
        crumbs=(FIRST,),
        rates=[(titles.get(one.field, one.field), one) for one in rates],
        subjects=library.count_subjects(visit.house.pools),
    )


@shown("/bonds", guard="pages.subjects")
def list_bonds(visit: TheVisit) -> Answer:
    """List which records were merged and parted, and let it be decided; codes travel in forms, never in addresses."""
    check_may_look(visit)
    with visit.house.reading() as db:
        names = names_of_bodies(db)
        decided = [
            Decided(one, Verdict(one.kind), names.get(one.org, one.org), library.settled_subjects(db, one.id))
            for _, one in library.decisions(db, on_pairs=True, limit=BONDS)
        ]
    return page(visit, "library/bonds.html", title=text("Merge and unmerge"), crumbs=(FIRST,), decided=decided)


@acted("/bonds", guard="pages.subjects", again=list_bonds)
def join(visit: TheVisit) -> Answer:
    """Merge one legal person's record into another's."""
    given = visit.form.read(Joining)
    with visit.desk() as desk:
        library.join(desk, given.kept, given.other, basis=given.basis, although_parted=given.although_parted)
    return done(desk, "/bonds")


@shown("/matches", guard="pages.subjects")
def list_matches(visit: TheVisit) -> Answer:
    """List rows without a key beside the legal persons that they may tell of, for somebody to say."""
    return _matches(visit, sure=False)


@acted("/matches", guard="pages.subjects")
def more_matches(visit: TheVisit) -> Answer:
    """Go on in the list."""
    return _matches(visit, sure=visit.form.get("sure") == "yes")


@acted("/matches/decision", guard="pages.subjects", again=list_matches)
def decide_match(visit: TheVisit) -> Answer:
    """Accept or reject that a row tells of a legal person."""
    given = visit.form.read(Matched)
    with visit.desk() as desk:
        decide = library.accept_match if given.verdict is Verdict.SAME else library.reject_match
        decide(desk, given.ref, given.code, basis=given.basis)
    return done(desk, "/matches")


@acted("/bonds/parting", guard="pages.subjects", again=list_bonds)
def part(visit: TheVisit) -> Answer:
    """Make a merged record one of its own again."""
    given = visit.form.read(Parting)
    with visit.desk() as desk:
        library.part(desk, given.parted, basis=given.parting_basis)
    return done(desk, "/bonds")


def _matches(visit: Visit, *, sure: bool) -> Answer:
    after = visit.form.get("after")
    with visit.desk() as desk:
        found = library.look_at_matches(desk, sure=sure, after=after[:40], limit=MATCHES)
    with visit.house.reading() as db:
        titles = catalogue.titles(db, [one.entry for one in found])
        fields = titles_of_fields(visit, db)
    return page(
        visit,
        "library/matches.html",
        title=text("Rows without a key"),
        crumbs=(FIRST,),
        found=[(one, titles.get(one.entry, one.entry)) for one in found],
        fields=[(name, fields[name]) for name in ("name", "address", "city")],
        next=found[-1].ref if len(found) == MATCHES else "",
        sure=sure,
        sure_from=f"{library.SURE:.1f}",
        later=bool(after),
        line=desk.left[-1][1],
    )


PAGES = [show_rates, list_bonds, join, part, list_matches, more_matches, decide_match]
