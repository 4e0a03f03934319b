"""A dispute about sharing, the rung on which it stands, and the ruling that binds what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.deadline import Deadline
from jutong.terms.duty import Duty

from ..request import Stage
from ..standing import Standing
from ..wish import check_words

LAW = text("Order 809, art. 28")


class Rung(StrEnum):
    """How high a dispute has come."""

    NEGOTIATION = "negotiation"  # the two bodies between themselves
    MEDIATION = "mediation"  # the authority of their tier, or the nearest above both
    DECISION = "decision"  # the government of that authority's tier


class State(StrEnum):
    """Whether it is still open, and how it ended."""

    OPEN = "open"
    SETTLED = "settled"  # both bodies accepted a ruling
    DECIDED = "decided"  # the government decided
    WITHDRAWN = "withdrawn"


class Ruling(StrEnum):
    """What becomes of the request or agreement that the dispute is about."""

    SHARE = "share"  # a refused request is answered anew, and cannot be refused again
    RESUME = "resume"  # a suspended agreement is in force again
    END = "end"  # an agreement ends; its copies are disposed of
    STAND = "stand"  # it stays as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a body said, on which rung and day."""

    body: str
    rung: Rung
    day: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A ruling that is offered; it stands when both parties have accepted it."""

    body: str
    rung: Rung
    day: date
    ruling: Ruling
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Two bodies, the request or agreement between them, and each step that was taken, with its day."""

    id: str
    about: str  # the identifier of the request or agreement
    on_agreement: bool
    entry: str
    provider: str
    consumer: str
    opened_by: str
    opened: date
    arbiter: str  # the authority that mediates
    same_tier: bool  # it is that of the parties' own tier and area
    government: str = ""  # that decides; empty: it does not sit here, the authority enters its paper
    clock: Deadline
    rung: Rung = Rung.NEGOTIATION
    state: State = State.OPEN
    opinions: tuple[Opinion, ...] = ()
    proposal: Proposal | None = None
    ruling: Ruling | None = None
    paper: str = ""  # number of the government's paper
    ended: date | None = None
    reported: bool = False  # that the clock of this rung ran out has been told
    late: bool = False

    @property
    def parties(self) -> frozenset[str]:
        """The two bodies."""
        return frozenset({self.provider, self.consumer})

    @property
    def judge(self) -> str:
        """The body that leads on this rung; empty while the two negotiate."""
        return {Rung.NEGOTIATION: "", Rung.MEDIATION: self.arbiter, Rung.DECISION: self.government or self.arbiter}[
            self.rung
        ]

    @property
    def turns(self) -> frozenset[str]:
        """The bodies that must act now: whoever has not accepted a proposal, else the judge, else both parties."""
        if self.state is not State.OPEN:
            return frozenset()
        if self.proposal is not None:
            return self.parties - set(self.proposal.accepted)
        return frozenset({self.judge}) if self.judge else self.parties

    def visible_to(self, actor: Actor) -> bool:
        """Say whether the actor may learn of it."""
        return actor.org in self.parties | {self.arbiter, self.government} or Duty.HOUSE in actor.duties

    def moves(self, body: str) -> frozenset[str]:
        """Return the acts that the dispute leaves open to somebody of ``body``, if the guard allows them as well."""
        if self.state is not State.OPEN:
            return frozenset()
        party, judge = body in self.parties, bool(self.judge) and body == self.judge
        found = {"state_opinion"} if party or judge else set()
        found |= {"withdraw_dispute"} if body == self.opened_by else set()
        if self.rung is Rung.NEGOTIATION and party:
            found |= {"propose_ruling", "take_up_dispute"}
        if self.rung is Rung.MEDIATION and judge:
            found |= {"propose_ruling", "refer_dispute"}
        if self.rung is Rung.DECISION and judge:
            found.add("decide_dispute")
        if self.proposal is not None and party and body not in self.proposal.accepted:
            found.add("accept_ruling")
        return frozenset(found)

    def say(self, body: str, words: str, today: date) -> Dispute:
        """Return the dispute with an opinion."""
        self._must(body, "state_opinion")
        return self._with(body, words, today)

    def propose(self, body: str, ruling: Ruling, words: str, today: date) -> Dispute:
        """Return the dispute with a ruling offered in the place of any before; a party accepts its own by offering."""
        self._must(body, "propose_ruling")
        check_ruling(ruling, on_agreement=self.on_agreement)
        accepted = (body,) if body in self.parties else ()
        offered = Proposal(body=body, rung=self.rung, day=today, ruling=ruling, accepted=accepted)
        return replace(self._with(body, words, today), proposal=offered)

    def accept(self, body: str, today: date) -> Dispute:
        """Return the dispute with the offered ruling accepted; with both parties' word it is settled."""
        self._must(body, "accept_ruling")
        if self.proposal is None:
            raise WrongMoment(text("no ruling is offered"), basis=LAW)
        offered = replace(self.proposal, accepted=(*self.proposal.accepted, body))
        after = replace(self, proposal=offered)
        return after._ended(State.SETTLED, offered.ruling, today) if self.parties <= set(offered.accepted) else after

    def take_up(self, body: str, words: str, clock: Deadline) -> Dispute:
        """Return the dispute before the authority that mediates: negotiation came to nothing."""
        self._must(body, "take_up_dispute")
        return self._climbed(Rung.MEDIATION, body, words, clock)

    def refer(self, body: str, words: str, clock: Deadline) -> Dispute:
        """Return the dispute before the government: mediation brought no agreement."""
        self._must(body, "refer_dispute")
        return self._climbed(Rung.DECISION, body, words, clock)

    def decide(self, body: str, ruling: Ruling, words: str, paper: str, today: date) -> Dispute:
        """Return the dispute as decided; where the government does not sit here, its paper is named."""
        self._must(body, "decide_dispute")
        check_ruling(ruling, on_agreement=self.on_agreement)
        if not self.government or paper:
            check_words(text("number of the government's paper"), paper)
        return replace(self._with(body, words, today)._ended(State.DECIDED, ruling, today), paper=paper)

    def withdraw(self, body: str, today: date) -> Dispute:
        """Return the dispute as taken back by whoever opened it."""
        self._must(body, "withdraw_dispute")
        return replace(self, state=State.WITHDRAWN, ended=today, late=self.late or self.overdue(today))

    def overdue(self, today: date) -> bool:
        """Say whether the clock of the rung has run out."""
        return self.state is State.OPEN and self.clock.overdue(today)

    def report(self) -> Dispute:
        """Return the dispute with its overdue rung marked as reported."""
        return replace(self, reported=True, late=True)

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of it: identifiers, days, words of enumerations, a digest of what was said."""
        return {
            "dispute": self.id,
            "entry": self.entry,
            "provider": self.provider,
            "consumer": self.consumer,
            "arbiter": self.government if self.rung is Rung.DECISION and self.government else self.arbiter,
            "rung": self.rung.value,
            "rule": self.clock.rule_id,
            "due": self.clock.due.isoformat(),
            "ruling": None if self.ruling is None else self.ruling.value,
            "late": self.late,
            "told": digest(canonical([[one.body, one.day.isoformat(), one.words] for one in self.opinions])),
        }

    def _with(self, body: str, words: str, today: date) -> Dispute:
        check_words(text("opinion"), words)
        said = Opinion(body=body, rung=self.rung, day=today, words=words)
        return replace(self, opinions=(*self.opinions, said))

    def _climbed(self, rung: Rung, body: str, words: str, clock: Deadline) -> Dispute:
        late = self.late or self.overdue(clock.started)
        after = replace(self._with(body, words, clock.started), late=late)
        return replace(after, rung=rung, clock=clock, proposal=None, reported=False)

    def _ended(self, state: State, ruling: Ruling, today: date) -> Dispute:
        return replace(self, state=state, ruling=ruling, ended=today, late=self.late or self.overdue(today))

    def _must(self, body: str, move: str) -> None:
        if self.state is not State.OPEN:
            raise WrongMoment(text("the dispute has ended"), basis=LAW, remedy=text("keep to what was settled"))
        if body not in self.parties | {self.arbiter, self.government}:
            raise NotAllowed(text("the dispute is another's"), basis=LAW, remedy=text("leave it to its parties"))
        if move not in self.moves(body):
            raise WrongMoment(
                text("on this rung that is another body's to do, or done already"),
                basis=LAW,
                remedy=text("the page of the dispute says whose turn it is"),
            )


def check_ruling(ruling: Ruling, *, on_agreement: bool) -> None:
    """Refuse a ruling that cannot be carried out on such a thing."""
    fitting = {Ruling.RESUME, Ruling.END, Ruling.STAND} if on_agreement else {Ruling.SHARE, Ruling.STAND}
    if ruling not in fitting:
        raise Invalid(
            text("such a ruling does not fit what the dispute is about"),
            basis=LAW,
            remedy=text("choose from: {rulings}", rulings=", ".join(sorted(fitting))),
        )


def must_be_disputable(stage: Stage | Standing, others: Iterable[Dispute]) -> None:
    """Refuse to open what is open already, was settled for good, or is about nothing that binds anybody."""
    for other in others:
        if other.state is State.OPEN:
            raise WrongMoment(
                text("a dispute about this is open"), basis=LAW, remedy=text("go on with it: {id}", id=other.id)
            )
        if other.state is State.DECIDED:
            raise WrongMoment(text("the government has decided about this"), basis=LAW)
    if stage in {Stage.DRAFT, Stage.CONSUMER_OFFICE_SIGNED, Stage.WITHDRAWN, Stage.AGREED}:
        raise WrongMoment(
            text("there is nothing to dispute yet, or any more"),
            basis=LAW,
            remedy=text("a dispute is about a request that was received, or about its agreement"),
        )
