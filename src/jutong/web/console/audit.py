"""Pages of the audit administrator: what was denied, who signed in, what the administrators did."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jutong import registers
from jutong.kernel.text import Text, text
from jutong.ledger import Kept
from jutong.terms import Grade

from .deeds import ADMINISTRATORS, DENIALS, SIGN_INS, Names, reason_in
from .facts import fact_of
from .frame import Answer, TheVisit, shown
from .ledger import HOME, lines_for, lines_table
from .table import Asked, Column, Table, table_page
from .visit import Visit

NOBODY = "-"  # a person that no line names


@dataclass(frozen=True, slots=True)
class View:
    """One way of looking at the ledger for an audit."""

    name: str
    title: Text
    words: Text
    acts: tuple[str, ...]


VIEWS = (
    View(
        "denials",
        text("Denials"),
        text("What somebody wanted to see or to do, and the guard denied."),
        DENIALS,
    ),
    View("sign-ins", text("Sign-ins"), text("Who came in and went, and who tried and failed."), SIGN_INS),
    View(
        "administrators",
        text("Administrators' acts"),
        text("Bodies, people, posts, clearances, credentials, keys and nodes: who changed them."),
        ADMINISTRATORS,
    ),
)


def _page_of(visit: Visit, view: View) -> Answer:
    names = Names(visit.house)
    person = _person(visit, visit.asked("person"))

    def fetch(ask: Asked) -> list[Kept]:
        return lines_for(visit, ask, acts=view.acts, person=person)

    return table_page(
        visit,
        _table(visit, view, names),
        fetch,
        "oversight/audit.html",
        title=view.title,
        crumbs=(HOME,),
        words=view.words,
        tabs=[(f"/audit/{one.name}", one.title) for one in VIEWS],
    )


def _table(visit: Visit, view: View, names: Names) -> Table[Kept]:
    base = lines_table(f"audit-{view.name}", view.title, names, acts=view.acts)
    about: Column[Kept] = (
        Column(key="reason", title=text("Reason"), value=lambda kept: reason_in(kept.line, visit.language))
        if view.acts == DENIALS
        else Column(key="about", title=text("Facts"), value=lambda kept: _facts(visit, names, kept))
    )
    person: Column[Kept] = Column(
        key="person",
        title=text("Account"),
        value=lambda kept: "" if _subject(kept) == "house" else names.account(_subject(kept)),
        kind="code",
        options="text",
    )
    who: Column[Kept] = Column(
        key="who", title=text("Post"), value=lambda kept: names.who(_subject(kept), kept.line.org)
    )
    # What a line is on stands among its facts in words; its identifier is there for who asks for it.
    columns = [who if one.key == "who" else replace(one, shown=one.shown and one.key != "on") for one in base.columns]
    return replace(base, columns=(*columns, person, about), empty=text("Nothing of this kind is on record."))


def _subject(kept: Kept) -> str:
    """Return the person of a line; who signs in is not known yet, so that the node itself acts on the person."""
    return kept.line.on if kept.line.actor == "house" and kept.line.act in SIGN_INS else kept.line.actor


def _facts(visit: Visit, names: Names, kept: Kept) -> str:
    facts = sorted(kept.line.facts.items())
    return "; ".join(
        f"{visit.say(fact_of(name))}: {_said(visit, names, name, value)}"
        for name, value in facts
        if isinstance(value, str | int)
    )


def _said(visit: Visit, names: Names, name: str, value: str | int) -> str:
    if isinstance(value, bool):
        return visit.say(text("yes") if value else text("no"))
    if isinstance(value, str):
        return names.account(value) if name == "person" else names.bodies.get(value, value)
    return Grade(value).name if name in ("cleared", "grade") else str(value)


def _person(visit: Visit, account: str) -> str:
    """Return whom a typed account or identifier means; somebody whom no line names if it means nobody."""
    account = account.strip()
    if not account:
        return ""
    with visit.house.reading() as db:
        found = registers.person_with(db, account)
    return found.id if found else account if len(account) <= 200 else NOBODY


@shown("/audit/denials", guard="pages.audit")
def show_denials(visit: TheVisit) -> Answer:
    """List what was denied, the newest first."""
    return _page_of(visit, VIEWS[0])


@shown("/audit/sign-ins", guard="pages.audit")
def show_sign_ins(visit: TheVisit) -> Answer:
    """List who signed in and out, and failed to, the newest first."""
    return _page_of(visit, VIEWS[1])


@shown("/audit/administrators", guard="pages.audit")
def show_administrators(visit: TheVisit) -> Answer:
    """List what the administrators did, the newest first."""
    return _page_of(visit, VIEWS[2])


PAGES = [show_denials, show_sign_ins, show_administrators]
