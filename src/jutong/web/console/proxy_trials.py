"""The pages on which a department's own service is asked by hand: by its provider, or under an agreement."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from jutong import catalogue, sharing
from jutong.delivery import proxy
from jutong.delivery.proxy import Operation, Proxy, State, Tried, Wish
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text

from ..wiring import Ulid
from .agreements import AGREEMENTS
from .delivery import SERVICES
from .form import Form
from .frame import Answer, TheVisit, acted, page, shown
from .proxy_words import FAILURES
from .sharing import FIRST
from .visit import Visit

SHOWN_MOST = 20_000  # characters of an answer on a page


@shown("/proxies/{proxy_id:str}/trial", guard="pages.services")
def show_trial(visit: TheVisit, proxy_id: Ulid) -> Answer:
    """Show the form of one operation, by which the provider tries its service."""
    return _trial(visit, proxy_id)


@acted("/proxies/{proxy_id:str}/trial", guard="pages.services", again=show_trial)
def try_proxy(visit: TheVisit, proxy_id: Ulid) -> Answer:
    """Ask the service once, as its provider; what comes back is shown masked, and that is on record."""
    wish = _wish(visit.form)
    with visit.desk() as desk:
        tried = proxy.try_proxy(desk, proxy_id, wish, door=proxy.door_of(visit.house))
    return _trial(visit, proxy_id, tried=tried)


@shown("/agreements/{agreement_id:str}/proxies/{proxy_id:str}/trial", guard="pages.agreements")
def show_question(visit: TheVisit, agreement_id: Ulid, proxy_id: Ulid) -> Answer:
    """Show the form of one operation, by which an official of the using body asks under its agreement."""
    return _trial(visit, proxy_id, agreement_id=agreement_id)


@acted("/agreements/{agreement_id:str}/proxies/{proxy_id:str}/trial", guard="pages.agreements", again=show_question)
def ask_proxy(visit: TheVisit, agreement_id: Ulid, proxy_id: Ulid) -> Answer:
    """Ask the service once by hand: counted, cut, masked and on record as any call."""
    wish = _wish(visit.form)
    quota = visit.house.home.folder / "gateway" / "quota"
    with visit.desk() as desk:
        tried = proxy.ask_proxy(desk, proxy_id, agreement_id, wish, door=proxy.door_of(visit.house), quota=quota)
    return _trial(visit, proxy_id, agreement_id=agreement_id, tried=tried)


def _trial(visit: Visit, proxy_id: str, *, agreement_id: str = "", tried: Tried | None = None) -> Answer:
    with visit.house.reading() as db:
        kept = proxy.proxy_shown(db, proxy_id, visit.acting)
        entry = catalogue.find(db, kept.entry)
        agreement = sharing.find_agreement(db, agreement_id, visit.acting) if agreement_id else None
        if agreement_id and agreement_id not in proxy.agreements_of(db, kept.id):
            raise NotFound("proxied service", proxy_id)
    live = kept.state is State.LIVE
    crumbs = (FIRST, AGREEMENTS) if agreement else (FIRST, SERVICES)
    may = (
        visit.may("delivery.ask_proxy", Label(owner=agreement.consumer))
        if agreement
        else visit.may("delivery.try_proxy", entry.label)
    )
    return page(
        visit,
        "delivery/proxy_trial.html",
        title=text("Ask by hand: {title}", title=kept.title),
        crumbs=crumbs,
        proxy=kept,
        agreement=agreement,
        chosen=_operation(visit, kept),
        here=f"/agreements/{agreement.id}/proxies/{kept.id}/trial" if agreement else f"/proxies/{kept.id}/trial",
        may=may and live,
        tried=tried,
        outcome=_outcome(tried) if tried else "",
        answered=tried is not None and tried.code == proxy.ANSWERED,
        body=_readable(tried) if tried else "",
    )


def _operation(visit: Visit, kept: Proxy) -> Operation:
    named = visit.form.get("operation") or visit.asked("operation")
    return kept.operation(named) or kept.operations[0]


def _outcome(tried: Tried) -> Text:
    return FAILURES.get(tried.code) or text("answered")


def _readable(tried: Tried) -> str:
    """Return an answer as it is read: JSON with a line for each value, all else as text; no more than a page holds."""
    words = tried.body.decode("utf-8", "replace")
    with suppress(msgspec.DecodeError):
        words = msgspec.json.format(tried.body, indent=2).decode() if tried.body else ""
    return words[:SHOWN_MOST]


def _wish(form: Form) -> Wish:
    values = {
        name.removeprefix("value/"): typed[0].strip()
        for name, typed in form.fields.items()
        if name.startswith("value/") and typed
    }
    return Wish(operation=form.get("operation"), values=values, body=form.get("question_body"))


PAGES = [show_trial, try_proxy, show_question, ask_proxy]
