"""Terms that the law sets: who must act, within how many working days of what, and when a given one ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text

from .calendar import Calendar, DueDay

# Far from the ends of the calendar, so that every term that begins here also ends here.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 12, 31)

LOCAL_DAYS_MOST = 250  # about a year
INSTRUMENT_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """One term; ``jurisdiction`` is the prefix of the divisions that it binds ("" is the whole country)."""

    id: str
    event: str
    who: str
    instrument: str
    article: str
    since: date
    until: date | None = None
    working_days: int | None = None
    years: int | None = None
    extension_days: int = 0
    extension_needs: str = ""
    jurisdiction: str = ""

    @property
    def basis(self) -> str:
        """The provision, as it is cited."""
        return f"{self.instrument}第{self.article}条" if self.article else self.instrument

    def binds(self, division: str, on: date) -> bool:
        """Say whether the rule is in force on that day in that division."""
        in_time = self.since <= on and (self.until is None or on <= self.until)
        return in_time and division.startswith(self.jurisdiction)

    def due(self, calendar: Calendar, started: date, *, extension_days: int = 0) -> Deadline:
        """Return when this term ends if it began on ``started``; refuse more extension than the rule gives."""
        if not FIRST_DAY <= started <= LAST_DAY:
            raise Invalid(
                text("terms are counted for days from {first} to {last}", first=FIRST_DAY, last=LAST_DAY),
                remedy=text("check the day on which the term began"),
            )
        if extension_days > self.extension_days or extension_days < 0:
            raise Invalid(
                text("{rule} can be extended by {most} working days at most", rule=self.id, most=self.extension_days),
                basis=self.basis,
            )
        if self.working_days is not None:
            return self._deadline(started, calendar.after(started, self.working_days + extension_days))
        if self.years is not None:
            return self._deadline(started, DueDay(day=_years_after(started, self.years), provisional=False, notice=""))
        raise Invalid(
            text("{rule} sets no number of days", rule=self.id),
            basis=self.basis,
            remedy=text("agree on a day with the other body"),
        )

    def _deadline(self, started: date, last: DueDay) -> Deadline:
        return Deadline(
            rule_id=self.id,
            started=started,
            due=last.day,
            provisional=last.provisional,
            basis=self.basis,
            notice=last.notice,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When something must be done, by which provision, counted on which notices' calendar."""

    rule_id: str
    started: date
    due: date
    provisional: bool
    basis: str
    notice: str

    def overdue(self, today: date) -> bool:
        """Say whether the last day has passed; on the day itself one is still in time."""
        return today > self.due


def choose(rules: Iterable[DeadlineRule], rule_id: str, *, division: str = "", on: date) -> DeadlineRule:
    """Return the strictest rule of that name that binds ``division`` on that day; local rules may only be stricter."""
    binding = [rule for rule in rules if rule.id == rule_id and rule.binds(division, on)]
    if not binding:
        raise NotFound("deadline rule", rule_id)
    return min(binding, key=_strictness)


def local_rule(
    rules: Iterable[DeadlineRule],
    rule_id: str,
    *,
    division: str,
    working_days: int,
    since: date,
    until: date | None = None,
    instrument: str,
    article: str = "",
    today: date,
) -> DeadlineRule:
    """Return a place's own term for an event that a known rule names, or refuse it.

    A place may be stricter than the country, not laxer, and binds what begins after its rule was entered: no clock
    that runs is changed. Of a rule that stands already only the last day may be set anew.
    """
    known = [rule for rule in rules if rule.id == rule_id and rule.working_days is not None]
    if not known:
        raise NotFound("deadline rule", rule_id[:64])
    jurisdiction = division
    while len(jurisdiction) > 2 and jurisdiction.endswith("00"):
        jurisdiction = jurisdiction[:-2]
    model = min(known, key=lambda rule: len(rule.jurisdiction))
    made = replace(
        model,
        jurisdiction=jurisdiction,
        working_days=working_days,
        since=since,
        until=until,
        instrument=instrument.strip(),
        article=article.strip(),
    )
    if not 1 <= working_days <= LOCAL_DAYS_MOST:
        raise Invalid(text("a term has 1 to {most} working days", most=LOCAL_DAYS_MOST))
    if not (made.instrument.isprintable() and 1 <= len(made.instrument) <= INSTRUMENT_MOST):
        raise Invalid(text("a local term names the instrument that sets it"))
    over = [rule for rule in known if not rule.jurisdiction and rule.binds(division, since)]
    if any(working_days > (rule.working_days or 0) for rule in over):
        raise Invalid(
            text(
                "a place may set a shorter term than the country's {days} working days, no longer one",
                days=over[0].working_days,
            ),
            basis=over[0].basis,
        )
    standing = [rule for rule in known if (rule.jurisdiction, rule.since) == (jurisdiction, since)]
    only_ends = any(replace(rule, until=until) == made for rule in standing)
    if since <= today and not only_ends:
        raise Invalid(
            text("a local term binds what begins after today; clocks that run are not changed"),
            remedy=text("name a first day after today"),
        )
    if until is not None and (until < since or until < today):
        raise Invalid(text("the last day of a term lies before its first, or before today"))
    return made


def _strictness(rule: DeadlineRule) -> tuple[int, int, int]:
    # Fewer days first; a kept-for-years duty is stricter when longer; of equals the more local one is cited.
    days = 1_000_000 if rule.working_days is None else rule.working_days
    return days, -(rule.years or 0), -len(rule.jurisdiction)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, month=3, day=1) - timedelta(days=1)
