"""A circuit breaker: after failures no question goes out for a while; then a single one finds out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

IN_A_ROW = 5  # failures after which it opens
OF_LAST = 20  # answers that are remembered; half of them failed opens it too
REST_SECONDS = 10.0  # for so long nothing goes out after it opened
LONGEST_REST = 120.0  # a service that goes on failing is asked more and more seldom, but never less often than this


class Flow(StrEnum):
    """Whether questions go out."""

    CLOSED = "closed"  # as a circuit: they do
    OPEN = "open"
    HALF_OPEN = "half-open"  # one is under way, to find out


@dataclass(frozen=True, slots=True)
class Breaker:
    """How one service has answered lately, and what follows; seconds are of a clock that never goes back.

    Each opening and closing begins a new ``turn``. A question carries the turn in which it went out, so that what comes
    back late from an earlier one decides nothing.
    """

    flow: Flow = Flow.CLOSED
    turn: int = 0
    in_a_row: int = 0
    last: tuple[bool, ...] = ()  # whether each of the last answers was one
    opened: float = 0.0
    rest: float = REST_SECONDS
    probed: float = 0.0  # when the one question of a half-open breaker went out

    def asked(self, now: float) -> tuple[Breaker, int | None]:
        """Return the breaker with a question on its way, and the turn that it carries; None where none may go.

        >>> breaker, turn = Breaker().asked(0.0)
        >>> for _ in range(IN_A_ROW):
        ...     breaker = breaker.failed(turn, 0.0)
        >>> breaker.asked(9.0)[1] is None, breaker.asked(10.0)[1] is None, breaker.asked(10.0)[0].asked(10.0)[1] is None
        (True, False, True)
        """
        if self.flow is Flow.CLOSED:
            return self, self.turn
        if self.wait(now) > 0:
            return self, None
        probing = replace(self, flow=Flow.HALF_OPEN, turn=self.turn + 1, probed=now)
        return probing, probing.turn

    def wait(self, now: float) -> float:
        """Return for how many seconds no question may go out."""
        if self.flow is Flow.OPEN:
            return max(0.0, self.opened + self.rest - now)
        # A probe whose end nobody told is forgotten after as long.
        return max(0.0, self.probed + self.rest - now) if self.flow is Flow.HALF_OPEN else 0.0

    def answered(self, turn: int) -> Breaker:
        """Return the breaker after an answer; that of a probe closes it."""
        if turn != self.turn:
            return self
        if self.flow is Flow.HALF_OPEN:
            return Breaker(turn=self.turn + 1)
        return replace(self, in_a_row=0, last=(*self.last, True)[-OF_LAST:])

    def failed(self, turn: int, now: float) -> Breaker:
        """Return the breaker after a failure; too many open it, and that of a probe opens it for longer."""
        if turn != self.turn:
            return self
        if self.flow is Flow.HALF_OPEN:
            longer = min(self.rest * 2, LONGEST_REST)
            return Breaker(flow=Flow.OPEN, turn=self.turn + 1, opened=now, rest=longer)
        row, last = self.in_a_row + 1, (*self.last, False)[-OF_LAST:]
        if row >= IN_A_ROW or (len(last) == OF_LAST and last.count(False) * 2 >= OF_LAST):
            return Breaker(flow=Flow.OPEN, turn=self.turn + 1, opened=now)
        return replace(self, in_a_row=row, last=last)

    def given_up(self, turn: int, now: float) -> Breaker:
        """Return the breaker after a question that came to no end of its own; a probe may follow it at once."""
        if turn == self.turn and self.flow is Flow.HALF_OPEN:
            return replace(self, flow=Flow.OPEN, opened=now - self.rest)
        return self
