"""A record of use: scene, process, effect, storage and destruction of data that was shared (Order 809, art. 29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.deadline import Deadline
from jutong.terms.duty import Duty

from ..agreement import Agreement
from ..wish import check_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the consumer tells of its use in a period; both days are part of it."""

    since: date
    until: date
    scene: str
    process: str
    effect: str
    storage: str
    destruction: str = ""  # empty: nothing was destroyed in the period

    def check(self, agreement: Agreement, today: date) -> None:
        """Refuse what tells too little, of days before the data was there, or of days that are not yet."""
        for name, words in (
            (text("scene of use"), self.scene),
            (text("process of use"), self.process),
            (text("effect of use"), self.effect),
            (text("storage"), self.storage),
        ):
            check_words(name, words)
        if self.destruction:
            check_words(text("destruction"), self.destruction)
        if agreement.delivered is None:
            raise WrongMoment(
                text("agreement {id} has not been delivered: there is no use to record", id=agreement.id),
                basis=text("Order 809, art. 29"),
                remedy=text("record the use once the service answers"),
            )
        if not agreement.delivered <= self.since <= self.until <= today:
            raise Invalid(
                text("the period of use lies between {first} and today", first=agreement.delivered),
                basis=text("Order 809, art. 29"),
                remedy=text("give the first and the last day of the use that you record"),
            )

    def digest(self) -> str:
        """Return the digest of all that is told."""
        said = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        words = {name: getattr(self, name) for name in ("scene", "process", "effect", "storage", "destruction")}
        return digest(canonical({**said, **words}))


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRecord:
    """One entry of the consumer's book, never changed; what was wrong is put right by a further one."""

    id: str
    agreement: str
    consumer: str
    provider: str
    entry: str
    usage: Usage
    recorded: date
    by: str  # the person
    kept: Deadline  # until the end of this day it is kept, whatever anybody wants

    def visible_to(self, actor: Actor) -> bool:
        """Say whether the actor may read it: provider and authority may inspect the consumer's records."""
        return actor.org in {self.provider, self.consumer} or bool(actor.duties & {Duty.OVERSIGHT, Duty.HOUSE})

    def check_discard(self, today: date) -> None:
        """Refuse to let a record go before its time is over."""
        if not self.kept.overdue(today):
            raise WrongMoment(
                text("a record of use is kept through {day}", day=self.kept.due),
                basis=text("Order 809, art. 29: records are kept for at least 3 years"),
                remedy=text("put right what is wrong in it by a further record"),
            )

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of the record: identifiers, days and a digest of its words."""
        return {
            "record": self.id,
            "entry": self.entry,
            "provider": self.provider,
            "consumer": self.consumer,
            "since": self.usage.since.isoformat(),
            "until": self.usage.until.isoformat(),
            "kept": self.kept.due.isoformat(),
            "told": self.usage.digest(),
        }


def record_of(usage: Usage, agreement: Agreement, *, id: str, by: str, kept: Deadline) -> UseRecord:
    """Return the record of a use, made on the day on which ``kept`` starts."""
    usage.check(agreement, kept.started)
    return UseRecord(
        id=id,
        agreement=agreement.id,
        consumer=agreement.consumer,
        provider=agreement.provider,
        entry=agreement.entry,
        usage=usage,
        recorded=kept.started,
        by=by,
        kept=kept,
    )
