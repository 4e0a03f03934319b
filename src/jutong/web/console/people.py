"""Administrators' pages about people: who there is, in which posts, and who may sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from jutong import access, registers
from jutong.access import Account, Session
from jutong.kernel.mark import mark_of
from jutong.kernel.text import Text, text
from jutong.registers import Credential, Holding, Person
from jutong.terms import NOT_OF_POSTS, Duty, Grade

from ..wiring import CodeField, Name, Ulid
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .way_in import vault_of

CRUMBS: tuple[Crumb, ...] = (("/", text("First page")), ("/people", text("People")))
# Duties that a post may be given, in the order of the work; the node's own are not given to people.
GIVEN = tuple(duty for duty in Duty if duty not in NOT_OF_POSTS)


class NewPerson(msgspec.Struct, kw_only=True):
    """Somebody who may hold posts."""

    account: Name
    name: Name


class NewPost(msgspec.Struct, kw_only=True):
    """What a person is to do in a body."""

    body: CodeField
    title: Name
    duties: tuple[Duty, ...]


class Clearance(msgspec.Struct, kw_only=True):
    """Up to which grade a post may see."""

    cleared: Grade


class NewCredential(msgspec.Struct, kw_only=True):
    """For how many days a program may act for the post."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 90


@dataclass(frozen=True, slots=True)
class Row:
    """One person in the list."""

    person: Person
    posts: tuple[Holding, ...]
    state: Text
    tone: str


@dataclass(frozen=True, slots=True)
class Held:
    """A post on a person's page, with what this visitor may do about it."""

    holding: Holding
    seen: str
    credentials: tuple[Credential, ...]
    may_dismiss: bool
    may_clear: bool
    may_issue: bool


TABLE: Table[Row] = Table(
    name="people",
    title=text("People"),
    columns=(
        Column(
            key="sought",
            title=text("Account or name"),
            value=lambda row: row.person.account,
            href=lambda row: f"/people/{row.person.id}",
            options="text",
            sort=True,
        ),
        Column(key="name", title=text("Name of the person"), value=lambda row: row.person.name),
        Column(
            key="posts",
            title=text("Posts"),
            value=lambda row: "；".join(f"{one.post.title} · {one.body_name}" for one in row.posts),
        ),
        Column(key="state", title=text("Way in"), value=lambda row: row.state, tone=lambda row: row.tone),
    ),
    key=lambda row: (row.person.account,),
    sort="sought",
    empty=text("Nobody is registered yet."),
)


@shown("/people", guard="pages.people")
def list_people(visit: TheVisit) -> Answer:
    """List the people whom the visitor looks after."""

    def fetch(ask: Asked) -> list[Row]:
        after = ask.after[0] if ask.after else ""
        with visit.house.reading() as db:
            found = registers.people(
                db,
                visit.acting,
                sought=ask.filter("sought"),
                descending=ask.descending,
                after=after,
                limit=ask.limit,
            )
            ids = [one.id for one in found]
            posts, accounts = registers.holdings_of(db, ids), access.accounts_of(db, ids)
            invited = access.invited_until(db, ids, visit.house.clock())
        return [
            Row(one, posts.get(one.id, ()), *_state(accounts.get(one.id), invited=one.id in invited)) for one in found
        ]

    may_register = visit.may("registers.register_person")
    return table_page(
        visit, TABLE, fetch, "people/people.html", title=TABLE.title, crumbs=CRUMBS[:1], may_register=may_register
    )


@acted("/people", guard="pages.people", again=list_people)
def register(visit: TheVisit) -> Answer:
    """Enter somebody who may hold posts."""
    given = visit.form.read(NewPerson)
    with visit.desk() as desk:
        person = registers.register_person(desk, given.name, given.account)
    return done(desk, f"/people/{person.id}")


@shown("/people/{person_id:str}", guard="pages.people")
def person(visit: TheVisit, person_id: Ulid) -> Answer:
    """Show a person: its posts, and its way in."""
    return _person_page(visit, person_id)


@acted("/people/{person_id:str}/posts", guard="pages.people", again=person)
def appoint(visit: TheVisit, person_id: Ulid) -> Answer:
    """Give a person a post."""
    given = visit.form.read(NewPost)
    with visit.desk() as desk:
        registers.appoint(desk, person_id, given.body, given.title, given.duties)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/posts/{post_id:str}/dismissal", guard="pages.people", again=person)
def dismiss(visit: TheVisit, person_id: Ulid, post_id: Ulid) -> Answer:
    """End a post."""
    with visit.desk() as desk:
        registers.dismiss(desk, post_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/posts/{post_id:str}/clearance", guard="pages.people", again=person)
def clear(visit: TheVisit, person_id: Ulid, post_id: Ulid) -> Answer:
    """Set up to which grade a post may see."""
    given = visit.form.read(Clearance)
    with visit.desk() as desk:
        registers.clear(desk, post_id, given.cleared, seen=visit.form.mark)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/posts/{post_id:str}/credentials", guard="pages.people", again=person)
def issue(visit: TheVisit, person_id: Ulid, post_id: Ulid) -> Answer:
    """Make a credential for a program that acts for the post; its token is shown this once."""
    given = visit.form.read(NewCredential)
    with visit.desk() as desk:
        _, token = registers.issue_credential(desk, post_id, days=given.days)
    return _person_page(visit, person_id, token=token)


@acted("/people/{person_id:str}/credentials/{credential_id:str}/revocation", guard="pages.people", again=person)
def revoke(visit: TheVisit, person_id: Ulid, credential_id: Ulid) -> Answer:
    """End a credential at once."""
    with visit.desk() as desk:
        registers.revoke_credential(desk, credential_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/invitation", guard="pages.people", again=person)
def invite(visit: TheVisit, person_id: Ulid) -> Answer:
    """Invite a person to set a password; the link is shown this once."""
    with visit.desk() as desk:
        code = access.invite(desk, person_id)
    return _person_page(visit, person_id, link=f"{visit.house.home.address}/welcome#{code}", code=code)


@acted("/people/{person_id:str}/bar", guard="pages.people", again=person)
def bar(visit: TheVisit, person_id: Ulid) -> Answer:
    """Let a person in no more."""
    with visit.desk() as desk:
        access.bar(desk, person_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/closing", guard="pages.people", again=person)
def close(visit: TheVisit, person_id: Ulid) -> Answer:
    """Close an account for good."""
    with visit.desk() as desk:
        access.close(desk, person_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/unlocking", guard="pages.people", again=person)
def unlock(visit: TheVisit, person_id: Ulid) -> Answer:
    """Let a person in again."""
    with visit.desk() as desk:
        access.unlock(desk, vault_of(visit), person_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/second-factor/reset", guard="pages.people", again=person)
def reset_second_factor(visit: TheVisit, person_id: Ulid) -> Answer:
    """Take a lost second factor from a person."""
    with visit.desk() as desk:
        access.reset_second_factor(desk, person_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/sessions/end", guard="pages.people", again=person)
def end_sessions(visit: TheVisit, person_id: Ulid) -> Answer:
    """End all sessions of a person."""
    with visit.desk() as desk:
        access.end_sessions(desk, person_id)
    return done(desk, f"/people/{person_id}")


@acted("/people/{person_id:str}/sessions/{session_id:str}/end", guard="pages.people", again=person)
def end_session(visit: TheVisit, person_id: Ulid, session_id: Ulid) -> Answer:
    """End one session of a person."""
    with visit.desk() as desk:
        access.end_session(desk, session_id)
    return done(desk, f"/people/{person_id}")


def _person_page(visit: Visit, person_id: str, *, token: str = "", link: str = "", code: str = "") -> Answer:
    now = visit.house.clock()
    with visit.house.reading() as db:
        who = registers.person_under(db, person_id, visit.acting)
        held = registers.holdings_of(db, [who.id]).get(who.id, ())
        labels = [registers.label_of(db, body, by=visit.acting) for body in {one.post.body for one in held} or {""}]
        kept = access.find_account(db, who.id)
        locked = access.locked_until(db, vault_of(visit).mark("account", who.account), now)
        invited = access.invited_until(db, [who.id], now)
        sessions: tuple[Session, ...] = access.sessions_of(db, who.id, now)
        passkeys = access.passkeys_of(db, who.id)
        bodies = registers.bodies(db) if registers.over_all(db, visit.acting) else ()
        own = registers.find_body(db, visit.acting.org)
    tends = who.id != visit.acting.id and all(visit.may("access.invite", label) for label in labels)
    state, tone = _state(kept, invited=bool(invited), locked=locked)
    return page(
        visit,
        "people/person.html",
        title=who.name,
        crumbs=CRUMBS,
        who=who,
        posts=tuple(_held(visit, one) for one in held),
        kept=kept,
        state=state,
        tone=tone,
        locked=locked,
        invited=invited.get(who.id),
        sessions=sessions if tends else (),
        passkeys=len(passkeys),
        tends=tends,
        may_appoint=who.id != visit.acting.id and visit.may("registers.appoint"),
        bodies=tuple((one.code, one.name) for one in bodies or (own,)),
        duties=GIVEN,
        grades=tuple(Grade),
        token=token,
        link=link,
        code=code,
    )


def _held(visit: Visit, holding: Holding) -> Held:
    with visit.house.reading() as db:
        label = registers.label_of(db, holding.post.body, by=visit.acting)
        may_issue = visit.may("registers.issue_credential", label)
        credentials = registers.credentials_of(db, holding.post.id) if may_issue else ()
    mine = holding.post.person == visit.acting.id
    return Held(
        holding=holding,
        seen=mark_of(holding.post),
        credentials=tuple(one for one in credentials if one.live(visit.house.clock())),
        may_dismiss=visit.may("registers.dismiss", label),
        may_clear=not mine and visit.may("registers.clear", label),
        may_issue=may_issue,
    )


def _state(account: Account | None, *, invited: bool, locked: datetime | None = None) -> tuple[Text, str]:
    if account is None:
        return (text("invited"), "blue") if invited else (text("no password yet"), "plain")
    if account.closed:
        return (text("closed; invited anew"), "blue") if invited else (text("account closed"), "plain")
    if account.barred:
        return text("barred"), "red"
    if locked:
        return text("locked after failed attempts"), "amber"
    if account.warned:
        return text("unused for long; warned"), "amber"
    return (text("open, with second factor"), "green") if account.second else (text("open"), "green")


PAGES = [
    list_people,
    register,
    person,
    appoint,
    dismiss,
    clear,
    issue,
    revoke,
    invite,
    bar,
    close,
    unlock,
    reset_second_factor,
    end_sessions,
    end_session,
]
