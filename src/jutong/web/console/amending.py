"""The form by which a consumer applies to use more, or otherwise, than was agreed."""

from __future__ import annotations

from jutong import catalogue, sharing
from jutong.desk import Reading
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.text import text
from jutong.sharing import Agreement, Delta

from ..wiring import Name, Ulid
from .frame import Answer, TheVisit, acted, done, shown
from .papers import papers_of
from .sharing import UPLOAD_LIMIT
from .wishing import Begun, TermsForm, begun_with, wish_form


class ChangeForm(TermsForm, kw_only=True):
    """What is wanted from now on, whole, and why."""

    items: tuple[Name, ...]
    divisions: tuple[Name, ...] = ()


@shown("/agreements/{agreement_id:str}/application", guard="pages.request_form")
def new_change(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show the form with the agreement as it stands."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        if agreement.consumer != visit.acting.org:
            raise NotFound("agreement", agreement_id)
        if "draft_amendment" not in sharing.moves_of_agreement(agreement, visit.acting.org, visit.today):
            raise WrongMoment(
                text("only an agreement that is in force can be changed"),
                remedy=text("ask for the data anew when it has ended"),
            )
        entry = catalogue.find(db, agreement.entry)
        action = f"/agreements/{agreement_id}/application"
        return wish_form(db, visit, entry, _as_it_stands(db, agreement), action, changing=agreement.id)


@acted(
    "/agreements/{agreement_id:str}/application",
    guard="pages.request_form",
    again=new_change,
    request_max_body_size=UPLOAD_LIMIT,
)
def draft_change(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Draft the application."""
    papers = papers_of(visit)
    given = visit.form.read(ChangeForm)
    delta = Delta(
        legal_basis=given.legal_basis,
        scenario=given.scenario,
        scope=given.scope,
        items=given.items,
        purposes=given.purposes,
        methods=frozenset(given.methods),
        systems=given.systems,
        divisions=given.divisions,
        quota_per_day=given.quota_per_day,
        ends=given.ends,
        papers=papers,
    )
    with visit.desk() as desk:
        request = sharing.draft_amendment(desk, agreement_id, delta)
    return done(desk, f"/requests/{request.id}")


def _as_it_stands(db: Reading, agreement: Agreement) -> Begun:
    words = sharing.find_request(db, agreement.worded_by).wish
    return begun_with(sharing.terms_of(agreement, words), papers=False)


PAGES = [new_change, draft_change]
