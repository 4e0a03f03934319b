"""Oversight endpoints: scorecards from the ledger alone, what is waiting."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar.params import FromQuery, JSONBody

from jutong import oversight
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.text import preferred_language
from jutong.oversight import Indicator, Owed, Scorecard, Snapshot

from .wiring import Code, TheActor, TheHouse, TheRequest, act, look

TAGS = ["oversight"]


class ProofView(msgspec.Struct, kw_only=True):
    """A line of the log behind a number."""

    place: int
    id: str


class IndicatorView(msgspec.Struct, kw_only=True):
    """One number, what it counts, by which rule, and every line behind it; ratios in thousandths."""

    code: str
    title: str
    formula: str
    basis: str
    weight: int
    value: int | None
    numerator: int
    denominator: int
    evidence: tuple[ProofView, ...]


class CountView(msgspec.Struct, kw_only=True):
    """A plain count and every line behind it."""

    code: str
    value: int
    evidence: tuple[ProofView, ...]


class ScorecardView(msgspec.Struct, kw_only=True):
    """One department, one period, from so many leaves of the log."""

    provider: str
    since: date
    until: date
    size: int
    total: int | None
    missing: tuple[str, ...]
    indicators: tuple[IndicatorView, ...]
    counts: tuple[CountView, ...]
    digest: str


class Period(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Both days belong to the period."""

    since: date
    until: date


@look("/api/scorecards/{code:str}", tags=TAGS)
def show_scorecard(
    house: TheHouse,
    actor: TheActor,
    request: TheRequest,
    code: Code,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
) -> ScorecardView:
    """Count a department's scorecard from the ledger; nobody can type a number in."""
    today = house.clock().astimezone(LEGAL_TIME).date()
    last = until or today
    with house.desk(actor) as desk:
        card = oversight.score(desk, code, since or oversight.usual_since(last), last)
    return view_of(card, preferred_language(request.headers.get("accept-language")))


@act("/api/scorecards/{code:str}/snapshots", tags=TAGS)
def freeze_scorecard(house: TheHouse, actor: TheActor, code: Code, data: JSONBody[Period]) -> Snapshot:
    """Freeze a scorecard of a period that is over."""
    with house.desk(actor) as desk:
        return oversight.freeze(desk, code, data.since, data.until)


@look("/api/waiting", tags=TAGS)
def list_waiting(house: TheHouse, actor: TheActor) -> list[Owed]:
    """List every answer, delivery and correction that is owed in this tier, the most overdue first."""
    with house.desk(actor) as desk:
        return list(oversight.waiting(desk))


def view_of(card: Scorecard, language: str) -> ScorecardView:
    """Return the scorecard in the reader's language."""
    return ScorecardView(
        provider=card.provider,
        since=card.since,
        until=card.until,
        size=card.size,
        total=card.score,
        missing=card.missing,
        indicators=tuple(_indicator(one, language) for one in card.indicators),
        counts=tuple(
            CountView(
                code=one.code,
                value=one.value,
                evidence=_proofs(one.evidence),
            )
            for one in card.counts
        ),
        digest=card.digest(),
    )


def _indicator(one: Indicator, language: str) -> IndicatorView:
    meant = one.definition
    return IndicatorView(
        code=one.code,
        title=meant.title.said_in(language),
        formula=meant.formula.said_in(language),
        basis=meant.basis.said_in(language),
        weight=meant.weight,
        value=one.value,
        numerator=one.numerator,
        denominator=one.denominator,
        evidence=_proofs(one.evidence),
    )


def _proofs(evidence: tuple[oversight.Proof, ...]) -> tuple[ProofView, ...]:
    return tuple(ProofView(place=one.place, id=one.evidence) for one in evidence)


ENDPOINTS = [show_scorecard, freeze_scorecard, list_waiting]
