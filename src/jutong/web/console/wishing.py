"""The form of a request: filled in on one page, put aside and taken up again, with the law beside each choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

import msgspec

from jutong import catalogue, registers, sharing
from jutong.catalogue import Entry, Item, Purpose, ShareType
from jutong.desk import Reading
from jutong.guard import Method
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.text import Text, text
from jutong.sharing import Paper, Request, Template, Wish
from jutong.terms import Actor

from ..wiring import Name, Ulid, Words
from .door import CSRF_FIELD
from .form import SEEN_FIELD, Form
from .frame import Answer, TheVisit, acted, done, page, see, shown
from .known_names import entry_page, mask_words
from .overtaken import Faster, sketch_overtaken, wish_overtaken
from .papers import papers_of
from .sharing import FIRST, REQUESTS, UPLOAD_LIMIT
from .visit import Visit
from .words import word_of

ENTRIES_SHOWN = 50
CITED_BEFORE = 5
BLANK_PAPERS = 2
USUAL_TERM_DAYS = 365
USUAL_QUOTA = 1000
COUNTRY = "000000"
FILLERS = frozenset({"市辖区", "县"})  # stand in the tables where a municipality has no prefectures
NOT_TYPED = frozenset({CSRF_FIELD, "later", "entry", SEEN_FIELD})
Choices = list[tuple[str, Text | str, Text | str, Text | str]]


class TermsForm(msgspec.Struct, kw_only=True):
    """What every application names, be it for one entry, for several, or for a change (Order 809, art. 20)."""

    purposes: tuple[Purpose, ...]
    legal_basis: Words
    scenario: Words
    scope: Words
    methods: tuple[Method, ...]
    systems: tuple[Name, ...]
    ends: date
    quota_per_day: Annotated[int, msgspec.Meta(ge=1, le=sharing.QUOTA_LIMIT)]


class WishForm(TermsForm, kw_only=True):
    """What a request for one entry names."""

    items: tuple[Name, ...]
    starts: date
    divisions: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """What the form shows before anybody typed: a draft's wish, or what is usual."""

    items: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    legal_basis: str = ""
    scenario: str = ""
    scope: str = ""
    methods: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    quota_per_day: int = USUAL_QUOTA
    divisions: tuple[str, ...] = ()
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """What a new form begins with, and the template of it, if it is one."""

    begun: Begun
    template: Template | None


@shown("/requests/new", guard="pages.request_form")
def new_request(visit: TheVisit) -> Answer:
    """Show the form for an entry; without one, the entries that can be asked for."""
    entry_id = visit.form.get("entry") or visit.asked("entry")
    if not entry_id:
        return _choose(visit)
    with visit.house.reading() as db:
        entry = askable(db, entry_id, visit.acting)
        kept = sharing.sketch_for(db, visit.acting, entry.id)
        if kept is not None and not visit.form:
            visit.form = Form(kept.fields)
        return wish_form(db, visit, entry, begun_by(db, visit, entry).begun, "/requests/new", kept=kept)


@acted("/requests/new", guard="pages.request_form", again=new_request, request_max_body_size=UPLOAD_LIMIT)
def draft_request(visit: TheVisit) -> Answer:
    """Keep what was typed for later, or draft the request."""
    entry_id = visit.form.get("entry")
    papers = papers_of(visit)
    if visit.form.get("later"):
        typed = {name: values for name, values in visit.form.fields.items() if name not in NOT_TYPED}
        with visit.desk() as desk:
            sharing.sketch_request(desk, entry_id, typed, seen=visit.form.seen)
        return done(desk, f"/requests/new?entry={entry_id}")
    wish = _wish(visit, entry_id, papers)
    with visit.desk() as desk:
        request = sharing.draft_request(desk, wish, sketched=visit.form.seen)
    return done(desk, f"/requests/{request.id}") if desk.left else see(f"/requests/{request.id}")


@shown("/requests/{request_id:str}/draft", guard="pages.request_form")
def show_draft(visit: TheVisit, request_id: Ulid) -> Answer:
    """Show a draft's form again."""
    with visit.house.reading() as db:
        request = sharing.find_request(db, request_id, visit.acting)
        if request.consumer != visit.acting.org:
            raise NotFound("request", request_id)
        if "redraft_request" not in sharing.moves_of(request):
            raise WrongMoment(
                text("a request that is signed is no longer changed"),
                remedy=text("take it back and draft a new one"),
            )
        entry = askable(db, request.entry, visit.acting)
        begun, action = begun_with(request.wish), f"/requests/{request.id}/draft"
        return wish_form(db, visit, entry, begun, action, request=request, changing=request.amends)


@acted(
    "/requests/{request_id:str}/draft",
    guard="pages.request_form",
    again=show_draft,
    request_max_body_size=UPLOAD_LIMIT,
)
def redraft_request(visit: TheVisit, request_id: Ulid) -> Answer:
    """Change a draft."""
    with visit.house.reading() as db:
        request = sharing.find_request(db, request_id, visit.acting)
    wish = _wish(visit, request.entry, papers_of(visit))
    with visit.desk() as desk:
        sharing.redraft_request(desk, request_id, wish, seen=visit.form.seen)
    return done(desk, f"/requests/{request_id}")


def _choose(visit: Visit) -> Answer:
    sought = visit.asked("q")[:200]
    with visit.house.reading() as db:
        found = list(catalogue.published(db, contains=sought, limit=ENTRIES_SHOWN))
    entries = [one for one in found if one.provider != visit.acting.org and one.share_type is not ShareType.NOT_SHARED]
    return page(
        visit,
        "sharing/choose.html",
        title=text("New request"),
        crumbs=(FIRST, REQUESTS),
        entries=entries,
        sought=sought,
        begun_with=visit.asked("template"),
    )


def wish_form(
    db: Reading,
    visit: Visit,
    entry: Entry,
    begun: Begun,
    action: str,
    *,
    request: Request | None = None,
    kept: sharing.Sketch | None = None,
    changing: str = "",
) -> Answer:
    """Return the form of a wish for an entry; ``changing`` is the agreement that it would change."""
    title = text("New request: {title}", title=entry.title)
    if request is not None:
        title = text("Change the draft")
    elif changing:
        title = text("Apply for a change: {title}", title=entry.title)
    own = registers.systems(db, visit.acting.org)
    shared = [item for item in entry.items if item.share_type is not ShareType.NOT_SHARED]
    papers = _papers(visit, begun)
    return page(
        visit,
        "sharing/form.html",
        title=title,
        crumbs=(FIRST, REQUESTS),
        action=action,
        entry=entry,
        entry_page=entry_page(entry.id),
        provider=registers.find_body(db, entry.provider),
        begun=begun,
        items=item_choices(shared),
        not_shared=[item for item in entry.items if item.share_type is ShareType.NOT_SHARED],
        purposes=entry.terms.purposes or tuple(Purpose),
        methods=_method_choices(entry),
        systems=[(str(one.name), one.title, str(one.name), key_words(one)) for one in own],
        cited=_cited(db, visit.acting, entry),
        divisions=_parts_of(registers.find_body(db, entry.provider).division),
        papers=papers,
        request=request,
        kept=kept,
        changing=changing,
        seen=request.wish.digest() if request else kept.digest() if kept else "",
        overtaken=_overtaken(visit, request, kept),
        unconditional=entry.share_type_of(item.name for item in shared) is ShareType.UNCONDITIONAL,
    )


def _overtaken(visit: Visit, request: Request | None, kept: sharing.Sketch | None) -> Faster | None:
    if request is not None:
        return wish_overtaken(visit, request.id, request.wish, lambda: _wish(visit, request.entry, papers_of(visit)))
    return sketch_overtaken(visit, kept) if kept else None


def askable(db: Reading, entry_id: str, actor: Actor) -> Entry:
    """Return a published entry that the actor may see."""
    entry = catalogue.visible_to(db, entry_id, actor)
    if entry.stage is not catalogue.Stage.PUBLISHED:
        raise NotFound("catalogue entry", entry_id)
    return entry


def _wish(visit: Visit, entry_id: str, papers: tuple[Paper, ...]) -> Wish:
    given = visit.form.read(WishForm)
    return Wish(
        entry=entry_id,
        items=given.items,
        purposes=given.purposes,
        legal_basis=given.legal_basis,
        scenario=given.scenario,
        scope=given.scope,
        methods=frozenset(given.methods),
        systems=given.systems,
        starts=given.starts,
        ends=given.ends,
        quota_per_day=given.quota_per_day,
        divisions=given.divisions,
        papers=papers,
    )


def begun_by(db: Reading, visit: Visit, entry: Entry | None = None) -> Started:
    """Return what a new form begins with: a template, a former request of the same body, or what is usual."""
    usual = Begun(
        methods=tuple(method.value for method in _offered(entry)) if entry else (),
        starts=visit.today.isoformat(),
        ends=(visit.today + timedelta(days=USUAL_TERM_DAYS)).isoformat(),
    )
    kept = _template(db, visit)
    if kept is None:
        return Started(usual, None)
    begun = replace(
        usual,
        items=kept.items_of(entry) if entry else (),
        purposes=tuple(one.value for one in kept.purposes),
        legal_basis=kept.legal_basis,
        scenario=kept.scenario,
        scope=kept.scope,
        methods=tuple(one.value for one in kept.methods),
        quota_per_day=kept.quota_per_day,
    )
    return Started(begun, kept)


def _template(db: Reading, visit: Visit) -> Template | None:
    org = visit.acting.org
    if wanted := visit.asked("template"):
        return sharing.find_template(db, wanted, org)
    if former := visit.asked("like"):
        request = sharing.find_request(db, former, visit.acting)
        if request.consumer != org:
            raise NotFound("request", former)
        entry = catalogue.at_version(db, request.entry, request.entry_version)
        return sharing.template_of(request.wish, entry, id="", body=org, name=request.id)
    return None


def begun_with(wish: Wish, *, papers: bool = True) -> Begun:
    """Return what the form of a wish shows that was made before."""
    return Begun(
        items=wish.items,
        purposes=tuple(one.value for one in wish.purposes),
        legal_basis=wish.legal_basis,
        scenario=wish.scenario,
        scope=wish.scope,
        methods=tuple(one.value for one in wish.methods),
        systems=wish.systems,
        starts=wish.starts.isoformat(),
        ends=wish.ends.isoformat(),
        quota_per_day=wish.quota_per_day,
        divisions=wish.divisions,
        papers=wish.papers if papers else (),
    )


def _papers(visit: Visit, begun: Begun) -> list[tuple[str, str, str]]:
    """Return rows for papers: number, title, digest; what was typed, then what the draft has, then blank ones."""
    typed = sorted(
        {name.rpartition("-")[2] for name in visit.form.fields if name.startswith("paper-title-")},
        key=lambda place: (len(place), place),
    )
    if typed:
        rows = [
            (place, visit.form.get(f"paper-title-{place}"), visit.form.get(f"paper-digest-{place}")) for place in typed
        ]
    else:
        rows = [(str(place), one.title, one.digest) for place, one in enumerate(begun.papers, 1)]
    filled = [row for row in rows if row[1] or row[2]]
    blank = len(filled) + BLANK_PAPERS - len(rows)
    return rows + [(str(len(rows) + place), "", "") for place in range(1, blank + 1)]


def item_choices(items: list[Item]) -> Choices:
    """Return items as boxes to tick: each with its sharing, grade and mask."""
    return [
        (
            item.name,
            item.title,
            text(
                "{share}; {grade}; seen: {mask}",
                share=word_of(item.share_type),
                grade=word_of(item.grade),
                mask=mask_words(item.standing_mask),
            ),
            "",
        )
        for item in items
    ]


def _offered(entry: Entry) -> tuple[Method, ...]:
    return tuple(one for one in Method if one in sharing.OFFERED and (not entry.methods or one in entry.methods))


def _method_choices(entry: Entry) -> Choices:
    helps: Mapping[Method, Text] = {
        Method.QUERY: text("your system names a key and receives the agreed items of that record"),
        Method.VERIFY: text("your system states something about a record and learns yes or no, nothing more"),
        Method.TABLE: text("your system reads all agreed rows and items, and what changed, by shares (Delta Sharing)"),
        Method.FILE: text("your body downloads all agreed rows and items as one file"),
    }
    return [(one.value, word_of(one), helps[one], "") for one in _offered(entry)]


def key_words(system: registers.System) -> Text:
    """Return whether a system can call."""
    return text("its key is registered") if system.key else text("it has no key yet and cannot call")


def _cited(db: Reading, actor: Actor, entry: Entry) -> list[str]:
    """Return citations to take up: those of the entry, and those that the body used before."""
    of_entry = [f"《{one.title}》{one.article}" for one in entry.legal_basis]
    before = sharing.requests_listed(db, actor, side=sharing.Side.ASKED, sort="id", descending=True, limit=20)
    used = list(dict.fromkeys(one.wish.legal_basis for one in before))[:CITED_BEFORE]
    return list(dict.fromkeys((*used, *of_entry)))


def _parts_of(division: str) -> list[tuple[str, str]]:
    """Return the divisions right below one: districts of a municipality, prefectures of a province, and so on."""
    known = registers.divisions()
    now = {one.code: one.name for one in known.spans if one.until is None and not one.registry}
    province, prefecture = division[:2], division[2:4]
    if division == COUNTRY:
        below = [code for code in now if code.endswith("0000")]
    elif prefecture == "00":
        cities = [code for code in now if code.startswith(province) and code.endswith("00") and code[2:4] != "00"]
        fillers = {code[:4] for code in cities if now[code] in FILLERS}
        below = [code for code in cities if code[:4] not in fillers]
        below += [code for code in now if code[:4] in fillers and code[4:] != "00"]
    else:
        below = [code for code in now if code.startswith(division[:4]) and code[4:] != "00" and division.endswith("00")]
    return [(code, now[code]) for code in sorted(below)]


PAGES = [new_request, draft_request, show_draft, redraft_request]
