"""Pages of the desk: what waits for somebody in a post, what somebody waits for, and what others did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from jutong import notices, oversight
from jutong.kernel.errors import Invalid, NotAllowed
from jutong.kernel.text import Text, text
from jutong.notices import Notice, Thing
from jutong.oversight import RULES, Todo, Todos, Urgency, Work
from jutong.terms import Duty

from ..wiring import Name, UlidField
from .desk_words import SENTENCES, page_of
from .frame import Answer, TheVisit, acted, done, page, shown
from .table import Act, Asked, Column, Table, table_page

NOTICES_ON_THE_DESK = 5
Told = tuple[Notice, Text, str]  # with its sentence and the page that it is about
MARKED_MOST = 200

URGENCY: Mapping[Urgency, Text] = {
    Urgency.BREACHED: text("overdue"),
    Urgency.LAST: text("last day"),
    Urgency.SOON: text("soon"),
    Urgency.TIME: text("in time"),
    Urgency.NONE: text("no term"),
}
# What an empty desk says to do, by the duty; the first that is held.
WHEN_EMPTY: Mapping[Duty, tuple[Text, str, Text]] = {
    Duty.CATALOGUE: (text("Begin a catalogue entry for data that has none yet."), "/entries", text("To the catalogue")),
    Duty.REQUESTS: (text("Look for data that your duty needs, and ask for it."), "/search", text("Search data")),
    Duty.ANSWERS: (text("Requests of other bodies appear here as they arrive."), "/requests", text("To the requests")),
    Duty.OFFICE_HEAD: (text("What needs your signature appears here."), "/requests", text("To the requests")),
    Duty.DEPARTMENT_HEAD: (text("Entries that need your signature appear here."), "/entries", text("To the catalogue")),
    Duty.COLLECTION: (
        text("Deliver a new batch when the update cycle asks for it."),
        "/batches",
        text("To the batches"),
    ),
    Duty.OVERSIGHT: (
        text("No term is missed. The scorecards show how well sharing goes."),
        "/scorecards",
        text("Scorecards"),
    ),
    Duty.AUDIT_ADMIN: (text("The ledger shows what everybody did."), "/ledger", text("To the ledger")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a desk as it is shown."""

    words: Text
    href: str
    law: Text
    who: str
    about: Text | str
    urgency: Urgency
    urgency_words: Text
    due: date | None
    days_left: int | None
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of work above the list: how much there is of it, and the list of it alone."""

    words: Text
    size: int
    href: str
    chosen: bool


class Reading(msgspec.Struct, kw_only=True):
    """Which notices were read: some, or all."""

    line: tuple[UlidField, ...] = ()
    all: bool = False


class Address(msgspec.Struct, kw_only=True):
    """Where letters go."""

    address: Name = ""


@shown("/desk", guard="pages.desk")
def show_desk(visit: TheVisit) -> Answer:
    """Show what waits for the visitor, the most urgent first."""
    only = _work(visit.asked("work"))
    actor, now = visit.acting, visit.house.clock()
    with visit.house.reading() as db:
        own, others = oversight.waiting_for(db, actor, now, only=only)
        news = notices.latest(
            db, actor.id, actor.org, notices.sides_of(actor.duties), only_unread=True, limit=NOTICES_ON_THE_DESK
        )
    return page(
        visit,
        "desk/desk.html",
        title=text("My desk"),
        only=only,
        own=_lines(own.lines),
        own_kinds=_kinds(own, only),
        own_size=own.size,
        others=_lines(others.lines),
        other_kinds=_kinds(others, only),
        others_size=others.size,
        news=_told(news),
        may_accept=visit.may("pages.acceptance"),
        when_empty=next((said for duty, said in WHEN_EMPTY.items() if duty in actor.duties), None),
    )


@shown("/notices", guard="pages.desk")
def show_notices(visit: TheVisit) -> Answer:
    """Show what others did that concerns the visitor's body."""
    actor = visit.acting

    def fetch(ask: Asked) -> tuple[Told, ...]:
        thing = next((one for one in Thing if one.value == ask.filter("about")), None)
        with visit.house.reading() as db:
            found = notices.latest(
                db,
                actor.id,
                actor.org,
                notices.sides_of(actor.duties),
                only_unread=ask.filter("show") != "all",
                thing=thing,
                beyond=ask.after[0] if ask.after else "",
                oldest=not ask.descending,
                limit=ask.limit,
            )
        return _told(found)

    with visit.house.reading() as db:
        address = notices.address_of(db, actor.id)
    everything = visit.asked("show") == "all"
    table = NOTICES if everything else replace(NOTICES, empty=text("You have read all notices."), then=None)
    return table_page(
        visit,
        table,
        fetch,
        "desk/notices.html",
        title=NOTICES.title,
        crumbs=(("/desk", text("My desk")),),
        everything=everything,
        address=address,
        letters=bool(visit.house.home.settings.mail.host),
    )


@acted("/notices/read", guard="pages.desk", again=show_notices)
def read_notices(visit: TheVisit) -> Answer:
    """Mark notices as read."""
    given = visit.form.read(Reading)
    if not given.all and not 0 < len(given.line) <= MARKED_MOST:
        raise Invalid(text("choose the notices that you have read"))
    with visit.desk() as desk:
        notices.mark_read(desk, None if given.all else given.line)
    return done(desk, "/notices")


@acted("/notices/address", guard="pages.desk", again=show_notices)
def set_address(visit: TheVisit) -> Answer:
    """Say where letters go."""
    given = visit.form.read(Address)
    if visit.known is None or visit.known.oneself is None:
        raise NotAllowed(text("sign in first"), basis=text("default deny"))
    with visit.house.desk(visit.known.oneself) as desk:
        notices.set_address(desk, given.address)
    return done(desk, "/notices")


THINGS: Mapping[Thing, Text] = {
    Thing.REQUEST: text("Requests"),
    Thing.AGREEMENT: text("Agreements"),
    Thing.ENTRY: text("Entries"),
    Thing.OBJECTION: text("Objections"),
    Thing.CHANGE: text("Changes of entries"),
    Thing.REVISION: text("Updates of the catalogue"),
    Thing.DEMAND: text("Demands"),
    Thing.RESPONSIBILITY: text("Responsibilities"),
    Thing.DISPUTE: text("Disputes"),
    Thing.ACCOUNT: text("Accounts"),
}


def _work(asked: str) -> Work | None:
    return next((work for work in Work if work.value == asked), None)


def _lines(lines: Iterable[Todo]) -> tuple[Line, ...]:
    return tuple(
        Line(
            words=Text(SENTENCES[one.work][0].template, {"title": one.title, "count": one.count}),
            href=page_of(one.work, one.on),
            law=RULES[one.work].law,
            who=one.body_name,
            about=one.about,
            urgency=one.urgency,
            urgency_words=URGENCY[one.urgency],
            due=one.due,
            days_left=one.days_left,
            provisional=one.provisional,
        )
        for one in lines
    )


def _kinds(todos: Todos, only: Work | None) -> tuple[Kind, ...]:
    return tuple(
        Kind(words=SENTENCES[work][1], size=size, href=f"/desk?work={work.value}", chosen=work is only)
        for work, size in todos.sizes.items()
    )


def _told(told: Iterable[Notice]) -> tuple[Told, ...]:
    return tuple((one, notices.wording(one), notices.path_of(one)) for one in told)


def _read(row: Told) -> Act | None:
    told = row[0]
    return None if told.read else Act(action="/notices/read", words=text("Mark as read"), fields={"line": told.line})


NOTICES: Table[Told] = Table(
    name="notices",
    title=text("My notices"),
    columns=(
        Column(key="what", title=text("What happened"), value=lambda row: row[1], href=lambda row: row[2]),
        Column(
            key="about",
            title=text("About"),
            value=lambda row: THINGS[row[0].thing],
            options=tuple((one.value, words) for one, words in THINGS.items()),
            shown=False,
        ),
        Column(key="at", title=text("When"), value=lambda row: row[0].at, kind="instant", sort=True),
        Column(key="due", title=text("Due"), value=lambda row: row[0].due, kind="day"),
        Column(
            key="show",
            title=text("Read or not"),
            value=lambda row: text("read") if row[0].read else text("new"),
            tone=lambda row: "" if row[0].read else "blue",
            options=(("unread", text("unread only")), ("all", text("read ones too"))),
            usual="unread",
        ),
        Column(key="act", title=text("Mark"), value=_read, kind="act"),
    ),
    key=lambda row: (row[0].line,),
    sort="-at",
    path="/notices",
    empty=text("No notices yet."),
    then=text("What others do with your requests, entries and agreements is told here."),
)

PAGES = [show_desk, show_notices, read_notices, set_address]
