"""A watch over an agreement in use: since when nothing was recorded, and when its consumer is reminded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jutong.kernel.canon import Fact
from jutong.terms.deadline import Deadline

from ..agreement import Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One agreement whose use is to be recorded; the clock starts anew with each record and each reminder."""

    agreement: str
    consumer: str
    provider: str
    entry: str
    clock: Deadline
    reminded: int = 0  # times since the last record

    def recorded(self, clock: Deadline) -> Watch:
        """Return the watch after a record."""
        return replace(self, clock=clock, reminded=0)

    def remind(self, clock: Deadline) -> Watch:
        """Return the watch after a reminder; the next one comes a whole period later."""
        return replace(self, clock=clock, reminded=self.reminded + 1)

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of it."""
        return {
            "entry": self.entry,
            "provider": self.provider,
            "consumer": self.consumer,
            "rule": self.clock.rule_id,
            "since": self.clock.started.isoformat(),
            "due": self.clock.due.isoformat(),
            "times": self.reminded,
        }


def watch_of(agreement: Agreement, clock: Deadline) -> Watch:
    """Return the watch over an agreement."""
    return Watch(
        agreement=agreement.id,
        consumer=agreement.consumer,
        provider=agreement.provider,
        entry=agreement.entry,
        clock=clock,
    )
