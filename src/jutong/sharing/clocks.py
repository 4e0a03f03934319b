"""The clocks of requests and agreements, each by the rules of its provider's division."""

from __future__ import annotations

from datetime import date

from jutong import registers
from jutong.desk import Desk
from jutong.kernel.errors import NotFound
from jutong.terms.deadline import Deadline

from .request import Request, days_used

PRECHECK = "REQ_PRECHECK"


def of(
    desk: Desk, rule: str, provider: str, started: date, extension_days: int = 0, on: date | None = None
) -> Deadline:
    """Return the clock of a rule that started on a day; ``on`` is the day whose rules count, else that one."""
    division = registers.find_body(desk.db, provider).division
    return registers.deadline(desk.db, rule, started, division, extension_days=extension_days, on=on)


def of_precheck(desk: Desk, request: Request) -> Deadline | None:
    """Return the clock of the authority's check by the rule of the day of asking; None where none is set."""
    asked = desk.today if request.precheck is None else request.precheck.clock.started
    try:
        return of(desk, PRECHECK, request.provider, desk.today, on=asked)
    except NotFound:
        return None


def of_answer(desk: Desk, request: Request, extension_days: int) -> Deadline:
    """Return the answer clock of a request, from the day on which it started."""
    started = desk.today if request.clock is None else request.clock.started
    return of(desk, request.answer_rule, request.provider, started, extension_days)


def used(desk: Desk, clock: Deadline | None) -> int:
    """Return how many working days of a clock have passed."""
    return 0 if clock is None else days_used(clock, registers.calendar(desk.db), desk.today)
