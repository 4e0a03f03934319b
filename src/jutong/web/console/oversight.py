"""Pages of oversight: scorecards with the evidence behind every number, and what is owed by which day."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from litestar.params import FromPath

from jutong import ledger, oversight, quality, registers
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import Text, text
from jutong.ledger import Evidence
from jutong.oversight import Count, Indicator, Kind, Owed, Proof, Ranked, Scorecard
from jutong.terms import Calendar

from ..wiring import Code, Ulid
from .deeds import Names, deed_of
from .frame import Answer, TheVisit, acted, done, page, shown
from .ledger import HOME, PLACE
from .table import Asked, Column, Table, table_page
from .visit import Visit

SCORECARDS = ("/scorecards", text("Scorecards"))
EVIDENCE_ROWS = 100
Behind = tuple[Proof, Evidence | None]
COUNTS: dict[str, Text] = {
    "calls": text("calls answered or refused"),
    "refusals": text("calls refused"),
    "days_late": text("days late, all together"),
}
LAWS: dict[Kind, Text] = {
    Kind.ANSWER: text("Order 809, art. 21"),
    Kind.DELIVERY: text("Order 809, art. 22"),
    Kind.CORRECTION: text("Order 809, art. 26"),
    Kind.UPDATE: text("Order 809, art. 17"),
    Kind.AUDIT: text("Order 809, art. 17"),
    Kind.RESPONSIBILITY: text("Order 809, art. 19"),
}


class Period(msgspec.Struct, kw_only=True):
    """Both days belong to the period."""

    since: date
    until: date


@shown("/scorecards", guard="pages.oversight")
def list_scorecards(visit: TheVisit) -> Answer:
    """List the bodies with their scores of the last year."""
    until = visit.today
    since = oversight.usual_since(until)
    table: Table[Ranked] = Table(
        name="scorecards",
        title=text("Scorecards"),
        columns=(
            Column(
                key="name",
                title=text("Body"),
                value=lambda row: row.body.name,
                href=lambda row: f"/scorecards/{row.body.code}",
                options="text",
                sort=True,
                place=lambda row: row.body.name,
            ),
            Column(key="code", title=text("Credit code"), value=lambda row: row.body.code, kind="code", shown=False),
            Column(
                key="total",
                title=text("Score of 100"),
                value=lambda row: _of_100(row.card.score),
                kind="number",
                sort=True,
                place=lambda row: row.worth,
            ),
            Column(key="band", title=text("Band"), value=lambda row: _band(row.card)),
            Column(key="missing", title=text("Could not be counted"), value=lambda row: "、".join(row.card.missing)),
        ),
        key=lambda row: (row.body.division, row.body.code),
        empty=text("No body stands in the register yet."),
    )

    def fetch(ask: Asked) -> list[Ranked]:
        with visit.house.reading() as db:
            return oversight.scorecards_page(
                db,
                visit.acting,
                since,
                until,
                sought=ask.filter("name"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit,
        table,
        fetch,
        "oversight/scorecards.html",
        title=text("Scorecards"),
        crumbs=(HOME,),
        since=since,
        until=until,
    )


@shown("/scorecards/{code:str}", guard="pages.oversight")
def show_scorecard(visit: TheVisit, code: Code) -> Answer:
    """Show a body's scorecard: every number opens the lines that it was counted from."""
    since, until = _period(visit)
    with visit.house.reading() as db:
        card = oversight.score_for(db, visit.acting, code, since, until, today=visit.today)
        body = registers.find_body(db, code)
        frozen = sorted(oversight.snapshots(db, provider=code, limit=500), key=lambda one: (one.until, one.since))
    asked = f"?since={card.since}&until={card.until}"
    return page(
        visit,
        "oversight/scorecard.html",
        title=body.name,
        crumbs=(HOME, SCORECARDS),
        body=body,
        card=card,
        score=_of_100(card.score),
        band=_band(card),
        indicators=[(one, _href(code, one.code, asked)) for one in card.indicators],
        missing="；".join(
            f"{one.code} {visit.say(one.definition.title)}" for one in card.indicators if one.value is None
        ),
        charted=[
            (f"{one.code} {visit.say(one.definition.title)}", (one.value / 10, _href(code, one.code, asked)))
            for one in card.indicators
            if one.value is not None
        ],
        counts=[(COUNTS[one.code], one, _href(code, one.code, asked)) for one in card.counts],
        frozen=frozen,
        trend=[
            (
                f"{one.since} – {one.until}",
                (_of_100(one.score), f"/scorecards/{code}?since={one.since}&until={one.until}"),
            )
            for one in frozen
            if one.score is not None
        ],
        may_freeze=_may_freeze(visit),
        freeze_until=min(card.until, visit.today - timedelta(days=1)),
    )


@acted("/scorecards/{code:str}/snapshots", guard="pages.oversight", again=show_scorecard)
def freeze(visit: TheVisit, code: Code) -> Answer:
    """Freeze the scorecard of a period that is over."""
    given = visit.form.read(Period)
    with visit.desk() as desk:
        oversight.freeze(desk, code, given.since, given.until)
    return done(desk, f"/scorecards/{code}?since={given.since}&until={given.until}")


@shown("/scorecards/{code:str}/snapshots/{snapshot_id:str}", guard="pages.oversight")
def show_snapshot(visit: TheVisit, code: Code, snapshot_id: Ulid) -> Answer:
    """Show a frozen scorecard: its numbers, the line that holds its digest, and what is counted today."""
    with visit.house.reading() as db:
        snapshot = oversight.snapshot_for(db, visit.acting, snapshot_id)
        if snapshot.provider != code:
            raise NotFound("frozen scorecard", snapshot_id)
        body = registers.find_body(db, code)
        today = oversight.score_for(db, visit.acting, code, snapshot.since, snapshot.until, today=visit.today)
        line = ledger.newest_on(db, snapshot.id, "oversight.scored")
    asked = f"?since={snapshot.since}&until={snapshot.until}"
    now = {one.code: one.value for one in today.indicators}
    return page(
        visit,
        "oversight/snapshot.html",
        title=text("Frozen scorecard"),
        crumbs=(HOME, SCORECARDS, (f"/scorecards/{code}", body.name)),
        body=body,
        snapshot=snapshot,
        frozen=snapshot.frozen,
        score=_of_100(snapshot.score),
        counted_today=_of_100(today.score),
        indicators=[
            (oversight.DEFINITIONS[one.code], one, now.get(one.code), _href(code, one.code, asked))
            for one in snapshot.frozen.indicators
        ],
        counts=[(COUNTS[one.code], one) for one in snapshot.frozen.counts],
        line=line,
    )


@shown("/scorecards/{code:str}/{indicator:str}/evidence", guard="pages.oversight")
def show_evidence(visit: TheVisit, code: Code, indicator: FromPath[str]) -> Answer:
    """List every line behind one number."""
    since, until = _period(visit)
    with visit.house.reading() as db:
        card = oversight.score_for(db, visit.acting, code, since, until, today=visit.today)
        body = registers.find_body(db, code)
    number = _number(card, indicator)
    names = Names(visit.house)

    def fetch(ask: Asked) -> list[Behind]:
        beyond = int(ask.after[0]) if ask.after and PLACE.fullmatch(ask.after[0]) else None
        with visit.house.reading() as db:
            return oversight.lines_behind(
                db, visit.acting, number.evidence, beyond=beyond, descending=ask.descending, limit=ask.limit
            )

    title = number.definition.title if isinstance(number, Indicator) else COUNTS[number.code]
    return table_page(
        visit,
        _evidence_table(names),
        fetch,
        "oversight/evidence.html",
        title=title,
        crumbs=(HOME, SCORECARDS, (f"/scorecards/{code}?since={card.since}&until={card.until}", body.name)),
        number=number,
        card=card,
        scored=isinstance(number, Indicator),
    )


@shown("/owed", guard="pages.oversight")
def list_owed(visit: TheVisit) -> Answer:
    """List what is owed and by which day, the most overdue first."""
    names = Names(visit.house)
    with visit.house.reading() as db:
        calendar = registers.calendar(db)

    def fetch(ask: Asked) -> list[Owed]:
        with visit.house.reading() as db:
            return oversight.owed_before(
                db,
                visit.acting,
                today=visit.today,
                kind=ask.filter("kind"),
                provider=ask.filter("provider"),
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(
        visit,
        _owed_table(visit, names, calendar),
        fetch,
        "oversight/owed.html",
        title=text("What is owed"),
        crumbs=(HOME,),
    )


def _evidence_table(names: Names) -> Table[Behind]:
    return Table(
        name="evidence",
        title=text("Lines behind the number"),
        columns=(
            Column(key="place", title=text("Place"), value=lambda row: str(row[0].place)),
            Column(
                key="at", title=text("When"), value=lambda row: row[1].at if row[1] else None, kind="instant", sort=True
            ),
            Column(
                key="act",
                title=text("What was done"),
                value=lambda row: deed_of(row[1].act) if row[1] else text("a line of another body, not shown to you"),
                href=lambda row: f"/ledger/lines/{row[1].id}" if row[1] else "",
            ),
            Column(key="body", title=text("Body"), value=lambda row: names.body(row[1].org) if row[1] else ""),
            Column(key="on", title=text("On"), value=lambda row: row[1].on if row[1] else "", kind="code"),
        ),
        key=lambda row: (str(row[0].place),),
        sort="at",
        empty=text("Nothing was counted here."),
        rows=EVIDENCE_ROWS,
    )


def _owed_table(visit: Visit, names: Names, calendar: Calendar) -> Table[Owed]:
    return Table(
        name="owed",
        title=text("What is owed"),
        columns=(
            Column(key="due", title=text("Due on"), value=lambda owed: owed.due, kind="day", sort=True),
            Column(
                key="clock",
                title=text("Clock"),
                value=lambda owed: _clock(owed, visit.today, calendar)[0],
                tone=lambda owed: _clock(owed, visit.today, calendar)[1],
            ),
            Column(key="kind", title=text("What is owed"), value=lambda owed: owed.kind, options=Kind),
            Column(key="law", title=text("Law"), value=lambda owed: LAWS[owed.kind]),
            Column(
                key="provider",
                title=text("Owed by"),
                value=lambda owed: names.body(owed.provider),
                options=tuple(names.bodies.items()),
            ),
            Column(key="consumer", title=text("Owed to"), value=lambda owed: names.body(owed.consumer)),
            Column(
                key="on",
                title=text("On"),
                value=_thing_of,
                kind="code",
                href=lambda owed: f"/ledger?on={_thing_of(owed)}",
            ),
        ),
        key=lambda owed: (owed.due.isoformat() if owed.due else "", owed.on),
        sort="due",
        empty=text("Nothing is owed."),
        then=text("Every answer, delivery and correction is done."),
    )


def _thing_of(owed: Owed) -> str:
    return owed.entry if owed.kind is Kind.AUDIT else owed.on


def _clock(owed: Owed, today: date, calendar: Calendar) -> tuple[Text, str]:
    """Return what a clock says, and its tone."""
    if owed.due is None:
        return text("stands still: waits for the asker's papers"), "plain"
    left = calendar.left(today, owed.due)
    if left < 0:
        return text("{days} working days late", days=-left), "dark-red"
    if left == 0:
        return text("due today"), "red"
    tone = "red" if left <= 1 else "amber" if left <= 3 else "green"
    return text("{days} working days left", days=left), tone


def _period(visit: Visit) -> tuple[date, date]:
    """Return the period that was asked for; the year up to today where none was."""
    try:
        until = date.fromisoformat(visit.asked("until") or visit.today.isoformat())
        since = date.fromisoformat(visit.asked("since") or oversight.usual_since(until).isoformat())
    except ValueError:
        raise Invalid(
            text("a day is needed here, such as 2026-01-31"), remedy=text("ask for the scorecard without a period")
        ) from None
    return since, until


def _number(card: Scorecard, code: str) -> Indicator | Count:
    numbers: dict[str, Indicator | Count] = {one.code: one for one in card.indicators}
    numbers |= {one.code: one for one in card.counts}
    if code not in numbers:
        raise NotFound("indicator", code)
    return numbers[code]


def _href(code: str, number: str, asked: str) -> str:
    return f"/scorecards/{code}/{number}/evidence{asked}"


def _of_100(score: int | None) -> float | None:
    return None if score is None else score / 10


def _band(card: Scorecard) -> quality.Band | None:
    return None if card.score is None else quality.band_of(card.score)


def _may_freeze(visit: Visit) -> bool:
    with visit.house.reading() as db:
        return visit.may("oversight.freeze", oversight.label_of_tier(db, visit.acting))


PAGES = [list_scorecards, show_scorecard, freeze, show_snapshot, show_evidence, list_owed]
