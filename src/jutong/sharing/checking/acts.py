"""What the authority does about a request before its provider receives it: pass it on, or send it back once."""

from __future__ import annotations

from collections.abc import Sequence

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import Fact

from .. import store, waiting
from ..request import Request, Stage

NO_BODY = ""


def pass_precheck(desk: Desk, request_id: str) -> Request:
    """Pass a request on, as the authority: its provider receives it today, and the answer clock starts."""
    request = _held(desk, request_id)
    desk.allow("sharing.pass_precheck", _label(desk))
    if request.precheck is not None and request.precheck.passed is not None:
        return request
    division = registers.find_body(desk.db, request.provider).division
    request = request.pass_precheck(registers.deadline(desk.db, request.answer_rule, desk.today, division))
    store.save_request(desk.db, request)
    missed = request.precheck is not None and request.precheck.late
    desk.record("sharing.precheck_passed", on=request.id, missed=missed, **request.facts())
    desk.record("sharing.submitted", on=request.id, **request.facts())  # from here on the provider owes an answer
    return request


def return_precheck(desk: Desk, request_id: str, missing: Sequence[str]) -> Request:
    """Send a request back to the asking body, once, with the whole list of what is missing."""
    request = _held(desk, request_id)
    desk.allow("sharing.return_precheck", _label(desk))
    check = request.precheck
    if request.stage is Stage.PRECHECK_RETURNED and check is not None and check.missing == tuple(missing):
        return request
    request = request.return_precheck(missing, desk.today)
    store.save_request(desk.db, request)
    desk.record("sharing.precheck_returned", on=request.id, missing=len(missing), **request.facts())
    return request


def escalate_prechecks(desk: Desk) -> tuple[str, ...]:
    """Report each check whose day has passed, once; nothing passes by silence."""
    desk.allow("sharing.escalate_prechecks", Label(owner=desk.actor.org))
    told = []
    for request in waiting.requests_at(desk.db, Stage.PRECHECK):
        check = request.precheck
        if check is not None and check.overdue(desk.today) and not check.escalated:
            request = request.escalate_precheck()
            store.save_request(desk.db, request)
            due: dict[str, Fact] = {"rule": check.clock.rule_id, "due": check.clock.due.isoformat()}
            desk.record("sharing.escalated", on=request.id, clock="precheck", **{**request.facts(), **due})
            told.append(request.id)
    return tuple(told)


def _held(desk: Desk, request_id: str) -> Request:
    return store.find_request(desk.db, request_id, desk.actor, hold=True)


def _label(desk: Desk) -> Label:
    return Label(owner=NO_BODY, parties=registers.authorities(desk.db))
