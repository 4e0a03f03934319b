"""What officials do with several entries at once, and with words that they use again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jutong import catalogue
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import NotFound, Refused, TooMuch
from jutong.kernel.text import text

from .. import store as sharing
from ..drafting import drafted
from ..request import Request
from ..wish import Wish
from . import store
from .batch import Faulty, check_batch
from .template import TEMPLATES_LIMIT, Template, template_of


def draft_batch(desk: Desk, wishes: Sequence[Wish]) -> tuple[Request, ...]:
    """Draft one request for each of several entries, or none: every fault is told at its entry.

    From here on each goes its own way: it has a provider, clocks and an answer of its own. One number holds them
    together, by which they are signed in one pass and followed in one place.
    """
    check_batch(wishes)
    batch, faults = desk.new_id(), dict[str, Refused]()
    requests = []
    for wish in wishes:
        try:
            entry = catalogue.visible_to(desk.db, wish.entry, desk.actor)
        except NotFound as unknown:
            faults[wish.entry] = unknown
            continue
        desk.allow("sharing.draft_request", Label(owner=entry.provider))
        try:
            requests.append(replace(drafted(desk, wish, entry), batch=batch))
        except Refused as refusal:
            faults[wish.entry] = refusal
    if faults:
        raise Faulty(faults)
    for request in requests:
        sharing.save_request(desk.db, request)
        desk.record("sharing.drafted", on=request.id, application=batch, **request.facts())
    told = digest(canonical([request.wish.digest() for request in requests]))
    desk.record("sharing.batch_drafted", on=batch, consumer=desk.actor.org, requests=len(requests), told=told)
    return tuple(requests)


def keep_template(desk: Desk, request_id: str, name: str) -> Template:
    """Keep the words of one of the body's requests under a name; the same name again takes its place."""
    request = sharing.find_request(desk.db, request_id, desk.actor)
    desk.allow("sharing.keep_template", Label(owner=request.consumer))
    if request.consumer != desk.actor.org:
        raise NotFound("request", request_id)
    entry = catalogue.at_version(desk.db, request.entry, request.entry_version)
    fresh = template_of(request.wish, entry, id=desk.new_id(), body=desk.actor.org, name=name)
    known = store.templates(desk.db, fresh.body)
    twin = next((one for one in known if one.name == fresh.name), None)
    if twin is not None:
        fresh = replace(fresh, id=twin.id)
    elif len(known) >= TEMPLATES_LIMIT:
        raise TooMuch(
            text("a body keeps at most {most} templates", most=TEMPLATES_LIMIT),
            remedy=text("remove one that is not used any more"),
        )
    if fresh != twin:
        store.save_template(desk.db, fresh)
        desk.record("sharing.template_kept", on=fresh.id, told=fresh.digest())
    return fresh


def drop_template(desk: Desk, template_id: str) -> Template:
    """Forget a template of the actor's body; requests that began with it stay as they are."""
    found = store.find_template(desk.db, template_id, desk.actor.org)
    desk.allow("sharing.drop_template", Label(owner=found.body))
    store.remove_template(desk.db, found)
    desk.record("sharing.template_dropped", on=found.id)
    return found
