"""Several entries asked for in one application, followed and signed in one place; and the words kept for the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec

from jutong import catalogue, registers, sharing
from jutong.catalogue import Entry, Purpose, ShareType
from jutong.desk import Reading
from jutong.guard import Method
from jutong.kernel.errors import NotFound, Refused
from jutong.kernel.text import text
from jutong.sharing import Request, Stage, Wish

from ..wiring import Ulid
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import names_of_bodies, titles_of_entries
from .sharing import FIRST, REQUESTS, STAGE_TONES, left_tone, left_words, show_request
from .visit import Visit
from .wishing import Choices, TermsForm, askable, begun_by, item_choices, key_words

SHOWN = 50
SIGNABLE = frozenset({Stage.DRAFT})
SUBMITTABLE = frozenset({Stage.CONSUMER_OFFICE_SIGNED})


class Common(TermsForm, kw_only=True):
    """What all requests of an application have in common."""

    starts: date


class Naming(msgspec.Struct, kw_only=True):
    """Under which name words are kept."""

    name: Annotated[str, msgspec.Meta(max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entry of the application: its items, what the template ticks, and what is wrong with it."""

    entry: Entry
    provider: str
    items: Choices
    chosen: tuple[str, ...]
    fault: Refused | None


@shown("/requests/batches/new", guard="pages.request_form")
def new_batch(visit: TheVisit) -> Answer:
    """Show the entries that can be asked for together; with some chosen, the form for them."""
    chosen = tuple(dict.fromkeys(visit.form.all("entry") or visit.query.get("entry", ())))[: sharing.BATCH_LIMIT]
    with visit.house.reading() as db:
        if len(chosen) < 2:
            return _choose(db, visit, chosen)
        begun = begun_by(db, visit)
        faults = visit.refusal.faults if isinstance(visit.refusal, sharing.Faulty) else {}
        entries = [askable(db, one, visit.acting) for one in chosen]
        names = names_of_bodies(db, (one.provider for one in entries))
        kept = begun.template
        parts = [
            Part(
                entry=one,
                provider=names[one.provider],
                items=item_choices([item for item in one.items if item.share_type is not ShareType.NOT_SHARED]),
                chosen=kept.items_of(one) if kept else (),
                fault=faults.get(one.id),
            )
            for one in entries
        ]
        systems = registers.systems(db, visit.acting.org)
        return page(
            visit,
            "sharing/batch_form.html",
            title=text("Entries to ask for at once: {count}", count=len(parts)),
            crumbs=(FIRST, REQUESTS),
            parts=parts,
            begun=begun.begun,
            purposes=_shared_purposes(entries),
            methods=tuple(one for one in Method if one in sharing.OFFERED),
            systems=[(str(one.name), one.title, str(one.name), key_words(one)) for one in systems],
        )


@acted("/requests/batches/new", guard="pages.request_form", again=new_batch)
def draft_batch(visit: TheVisit) -> Answer:
    """Draft a request for each entry, or none."""
    entries = visit.form.all("entry")
    empty = {f"items-{one}": text("this must be filled in") for one in entries if not visit.form.all(f"items-{one}")}
    if empty:
        raise Misfilled(empty)
    given = visit.form.read(Common)
    wishes = [
        Wish(
            entry=one,
            items=visit.form.all(f"items-{one}"),
            purposes=given.purposes,
            legal_basis=given.legal_basis,
            scenario=given.scenario,
            scope=given.scope,
            methods=frozenset(given.methods),
            systems=given.systems,
            starts=given.starts,
            ends=given.ends,
            quota_per_day=given.quota_per_day,
        )
        for one in entries
    ]
    with visit.desk() as desk:
        requests = sharing.draft_batch(desk, wishes)
    return done(desk, f"/requests/batches/{requests[0].batch}")


@shown("/requests/batches/{application_id:str}", guard="pages.requests")
def show_batch(visit: TheVisit, application_id: Ulid) -> Answer:
    """Show how far each request of an application has come."""
    with visit.house.reading() as db:
        requests = sharing.requests_of_batch(db, application_id, visit.acting)
        titles = titles_of_entries(db, (one.entry for one in requests))
        names = names_of_bodies(db, (one.provider for one in requests))
        calendar = registers.calendar(db)
    lefts = {one.id: calendar.left(visit.today, one.due) if one.due else None for one in requests}
    mine = requests[0].consumer == visit.acting.org
    first = requests[0]
    return page(
        visit,
        "sharing/batch.html",
        title=text("Entries of one application: {count}", count=len(requests)),
        crumbs=(FIRST, REQUESTS),
        batch=application_id,
        first=first,
        rows=[
            (
                one,
                titles[one.entry],
                names[one.provider],
                STAGE_TONES[one.stage],
                left_words(lefts[one.id]),
                left_tone(lefts[one.id]),
            )
            for one in requests
        ],
        answered=sum(one.stage in {Stage.AGREED, Stage.REFUSED, Stage.WITHDRAWN} for one in requests),
        may_sign=mine and visit.may("sharing.sign_request") and any(one.stage in SIGNABLE for one in requests),
        may_submit=mine and visit.may("sharing.submit_request") and any(one.stage in SUBMITTABLE for one in requests),
    )


@acted("/requests/batches/{application_id:str}/signature", guard="pages.requests", again=show_batch)
def sign_batch(visit: TheVisit, application_id: Ulid) -> Answer:
    """Sign every draft of an application; each signature is a line of its own."""
    with visit.desk() as desk:
        for one in _at(desk.db, visit, application_id, SIGNABLE):
            sharing.sign_request(desk, one.id)
    return done(desk, f"/requests/batches/{application_id}")


@acted("/requests/batches/{application_id:str}/submission", guard="pages.requests", again=show_batch)
def submit_batch(visit: TheVisit, application_id: Ulid) -> Answer:
    """Submit every signed request of an application; each provider's clock starts."""
    with visit.desk() as desk:
        for one in _at(desk.db, visit, application_id, SUBMITTABLE):
            sharing.submit_request(desk, one.id)
    return done(desk, f"/requests/batches/{application_id}")


@shown("/requests/templates", guard="pages.request_form")
def list_templates(visit: TheVisit) -> Answer:
    """List the words that the visitor's body keeps."""
    with visit.house.reading() as db:
        kept = sharing.templates(db, visit.acting.org)
    return page(
        visit, "sharing/templates.html", title=text("Templates of requests"), crumbs=(FIRST, REQUESTS), kept=kept
    )


@acted("/requests/{request_id:str}/template", guard="pages.requests", again=show_request)
def keep_template(visit: TheVisit, request_id: Ulid) -> Answer:
    """Keep the words of a request for the next one."""
    given = visit.form.read(Naming)
    with visit.desk() as desk:
        sharing.keep_template(desk, request_id, given.name)
    return done(desk, "/requests/templates")


@acted("/requests/templates/{template_id:str}/removal", guard="pages.request_form", again=list_templates)
def drop_template(visit: TheVisit, template_id: Ulid) -> Answer:
    """Forget a template."""
    with visit.desk() as desk:
        sharing.drop_template(desk, template_id)
    return done(desk, "/requests/templates")


def _at(db: Reading, visit: Visit, batch_id: str, stages: frozenset[Stage]) -> list[Request]:
    mine = [one for one in sharing.requests_of_batch(db, batch_id, visit.acting) if one.consumer == visit.acting.org]
    if not mine:
        raise NotFound("application", batch_id)
    return [one for one in mine if one.stage in stages] or mine[:1]


def _choose(db: Reading, visit: Visit, chosen: tuple[str, ...]) -> Answer:
    sought = visit.asked("q")[:200]
    found = list(catalogue.published(db, contains=sought, limit=SHOWN))
    entries = [one for one in found if one.provider != visit.acting.org and one.share_type is not ShareType.NOT_SHARED]
    names = names_of_bodies(db, (one.provider for one in entries))
    return page(
        visit,
        "sharing/batch_choose.html",
        title=text("Ask for several entries"),
        crumbs=(FIRST, REQUESTS),
        entries=[(one.id, one.title, names[one.provider], "") for one in entries],
        chosen=chosen,
        sought=sought,
        most=sharing.BATCH_LIMIT,
        kept=sharing.templates(db, visit.acting.org),
        begun_with=visit.asked("template"),
    )


def _shared_purposes(entries: list[Entry]) -> tuple[Purpose, ...]:
    """Return the purposes for which every one of the entries is shared."""
    return tuple(one for one in Purpose if all(one in (entry.terms.purposes or tuple(Purpose)) for entry in entries))


PAGES = [
    new_batch,
    draft_batch,
    show_batch,
    sign_batch,
    submit_batch,
    list_templates,
    keep_template,
    drop_template,
]
