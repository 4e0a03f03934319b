"""What bodies do about a dispute: negotiate, have it mediated, have it decided; and what a ruling brings about."""

from __future__ import annotations

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.terms.actor import Actor
from jutong.terms.deadline import Deadline

from .. import store as sharing
from ..agreement import Agreement
from ..request import Request
from . import store
from .ladder import arbiter_of, government_of
from .noun import Dispute, Ruling, State, check_ruling, must_be_disputable

NEGOTIATE, MEDIATE, DECIDE = "DISPUTE_NEGOTIATED", "DISPUTE_MEDIATED", "DISPUTE_DECIDED"


def open_dispute(desk: Desk, about: str, ruling: Ruling, words: str) -> Dispute:
    """Open a dispute about a request or an agreement with the ruling that one wants: both bodies negotiate first."""
    thing = _thing(desk, about, desk.actor)
    desk.allow("sharing.open_dispute", Label(owner=thing.provider, parties=frozenset({thing.consumer})))
    known = store.dispute_on(desk.db, about)
    for other in known:
        mine = other.state is State.OPEN and other.opened_by == desk.actor.org
        if mine and other.opinions and other.opinions[0].words == words:
            return other
    must_be_disputable(thing.stage, known)
    check_ruling(ruling, on_agreement=isinstance(thing, Agreement))
    bodies = tuple(registers.bodies(desk.db))
    sides = [one for one in bodies if one.code in {thing.provider, thing.consumer}]
    arbiter = arbiter_of(sides, bodies)
    government = government_of(arbiter, bodies)
    dispute = Dispute(
        id=desk.new_id(),
        about=about,
        on_agreement=isinstance(thing, Agreement),
        entry=thing.entry,
        provider=thing.provider,
        consumer=thing.consumer,
        opened_by=desk.actor.org,
        opened=desk.today,
        arbiter=arbiter.code,
        same_tier=all(one.division == arbiter.division for one in sides),
        government="" if government is None else government.code,
        clock=_clock(desk, NEGOTIATE, arbiter.code),
    )
    dispute = store.save_dispute(desk.db, dispute.propose(desk.actor.org, ruling, words, desk.today))
    desk.record("sharing.dispute_opened", on=dispute.id, about=about, wanted=ruling.value, **dispute.facts())
    return dispute


def state_opinion(desk: Desk, dispute_id: str, words: str) -> Dispute:
    """Say what one's body holds, as a party or as the one that leads on this rung."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.state_opinion", _label(dispute))
    if dispute.opinions and (dispute.opinions[-1].body, dispute.opinions[-1].words) == (desk.actor.org, words):
        return dispute
    dispute = store.save_dispute(desk.db, dispute.say(desk.actor.org, words, desk.today))
    desk.record("sharing.opinion_stated", on=dispute.id, **dispute.facts())
    return dispute


def propose_ruling(desk: Desk, dispute_id: str, ruling: Ruling, words: str) -> Dispute:
    """Offer a ruling: a party while they negotiate, the authority when it mediates."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.propose_ruling", _label(dispute))
    dispute = store.save_dispute(desk.db, dispute.propose(desk.actor.org, ruling, words, desk.today))
    desk.record("sharing.ruling_proposed", on=dispute.id, wanted=ruling.value, **dispute.facts())
    return dispute


def accept_ruling(desk: Desk, dispute_id: str) -> Dispute:
    """Accept the ruling that is offered; with both parties' word it binds at once."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.accept_ruling", Label(owner=dispute.provider, parties=frozenset({dispute.consumer})))
    if dispute.proposal is not None and desk.actor.org in dispute.proposal.accepted:
        return dispute
    dispute = store.save_dispute(desk.db, dispute.accept(desk.actor.org, desk.today))
    desk.record("sharing.ruling_accepted", on=dispute.id, settled=dispute.state is State.SETTLED, **dispute.facts())
    _carry_out(desk, dispute)
    return dispute


def take_up_dispute(desk: Desk, dispute_id: str, words: str) -> Dispute:
    """Bring the dispute before the authority, as a party: negotiation came to nothing (art. 28)."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.take_up_dispute", Label(owner=dispute.provider, parties=frozenset({dispute.consumer})))
    clock = _clock(desk, MEDIATE, dispute.arbiter)
    dispute = store.save_dispute(desk.db, dispute.take_up(desk.actor.org, words, clock))
    desk.record("sharing.dispute_taken_up", on=dispute.id, **dispute.facts())
    return dispute


def refer_dispute(desk: Desk, dispute_id: str, words: str) -> Dispute:
    """Bring the dispute before the government, as the authority: mediation brought no agreement (art. 28)."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.refer_dispute", Label(owner=dispute.arbiter))
    clock = _clock(desk, DECIDE, dispute.arbiter)
    dispute = store.save_dispute(desk.db, dispute.refer(desk.actor.org, words, clock))
    desk.record("sharing.dispute_referred", on=dispute.id, **dispute.facts())
    return dispute


def decide_dispute(desk: Desk, dispute_id: str, ruling: Ruling, words: str, *, paper: str = "") -> Dispute:
    """Decide the dispute, as the government, or enter its paper as the authority where it does not sit here."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.decide_dispute", Label(owner=dispute.government or dispute.arbiter))
    if dispute.state is State.DECIDED and (dispute.ruling, dispute.paper) == (ruling, paper):
        return dispute
    dispute = store.save_dispute(desk.db, dispute.decide(desk.actor.org, ruling, words, paper, desk.today))
    desk.record("sharing.dispute_decided", on=dispute.id, **dispute.facts())
    _carry_out(desk, dispute)
    return dispute


def withdraw_dispute(desk: Desk, dispute_id: str) -> Dispute:
    """Take a dispute back, as the body that opened it; what it was about stays as it is."""
    dispute = _held(desk, dispute_id)
    desk.allow("sharing.withdraw_dispute", Label(owner=dispute.opened_by))
    if dispute.state is State.WITHDRAWN:
        return dispute
    dispute = store.save_dispute(desk.db, dispute.withdraw(desk.actor.org, desk.today))
    desk.record("sharing.dispute_withdrawn", on=dispute.id, **dispute.facts())
    return dispute


def escalate_disputes(desk: Desk) -> tuple[str, ...]:
    """Report each rung whose clock has run out, once (art. 41: an authority that leaves disputes lying)."""
    desk.allow("sharing.escalate_disputes", Label(owner=desk.actor.org))
    told = []
    for dispute in store.disputes_late(desk.db, desk.today):
        if not dispute.reported:
            late = store.save_dispute(desk.db, dispute.report())
            desk.record("sharing.dispute_overdue", on=late.id, **late.facts())
            told.append(late.id)
    return tuple(told)


def _carry_out(desk: Desk, dispute: Dispute) -> None:
    """Let the ruling bind what the dispute is about, in the same transaction."""
    if dispute.ruling is None:
        return
    thing = _thing(desk, dispute.about)
    if isinstance(thing, Request):
        if dispute.ruling is Ruling.SHARE:
            division = registers.find_body(desk.db, thing.provider).division
            clock = registers.deadline(desk.db, thing.answer_rule, desk.today, division)
            request = thing.bind(dispute.id, clock)
            sharing.save_request(desk.db, request)
            desk.record("sharing.bound", on=request.id, dispute=dispute.id, **request.facts())
        return
    if dispute.ruling is Ruling.RESUME:
        agreement = sharing.save_agreement(desk.db, thing.resume(by=dispute.arbiter))
        desk.record("sharing.resumed", on=agreement.id, dispute=dispute.id, **agreement.facts())
    elif dispute.ruling is Ruling.END:
        division = registers.find_body(desk.db, thing.provider).division
        disposal = registers.deadline(desk.db, "DISPOSAL_CERTIFIED", desk.today, division)
        agreement = sharing.save_agreement(desk.db, thing.conclude(dispute.opinions[-1].words, disposal))
        by = disposal.due.isoformat()
        desk.record("sharing.concluded", on=agreement.id, dispute=dispute.id, dispose_by=by, **agreement.facts())


def _thing(desk: Desk, about: str, actor: Actor | None = None) -> Request | Agreement:
    # Without an actor: what a ruling changes is changed in its name, whether or not its judge may see all of the thing.
    try:
        thing: Request | Agreement = sharing.find_request(desk.db, about, actor, hold=True)
    except NotFound:
        thing = sharing.find_agreement(desk.db, about, actor, hold=True)
    return thing


def _held(desk: Desk, dispute_id: str) -> Dispute:
    return store.find_dispute(desk.db, dispute_id, desk.actor, hold=True)


def _label(dispute: Dispute) -> Label:
    return Label(owner=dispute.provider, parties=frozenset({dispute.consumer, dispute.judge} - {""}))


def _clock(desk: Desk, rule: str, arbiter: str) -> Deadline:
    return registers.deadline(desk.db, rule, desk.today, registers.find_body(desk.db, arbiter).division)
