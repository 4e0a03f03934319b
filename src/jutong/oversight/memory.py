"""What a process remembers of a log between two pages, so that it reads only what is new and shows nothing stale."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import date
from threading import Lock

from . import owed, tally
from .owed import Owed
from .reading import Placed, in_order
from .scorecard import Scorecard
from .tally import Tally

LINES_AT_MOST = 500_000  # a longer log is counted anew each time: slower, and no less right
ANSWERS_AT_MOST = 512
# Yields the lines whose place is above a given one, in order.
Read = Callable[[int], Iterator[Placed]]


class Memory:
    """The tally of one log and what was answered from it; every answer is kept under the size that it was made of.

    A line's place never changes, so a tally is right for as long as the last line that it holds still stands there.
    """

    def __init__(self) -> None:
        self._turn = Lock()
        self._tally = Tally()
        self._cards: OrderedDict[tuple[int, str, date, date], Scorecard] = OrderedDict()
        self._waiting: tuple[int, date, tuple[Owed, ...]] | None = None

    def scorecard(self, read: Read, *, provider: str, since: date, until: date) -> Scorecard:
        """Return a department's scorecard as the log stands now."""
        tally.check_period(since, until)
        with self._turn:
            whole = self._caught_up(read)
            if whole is None:
                return tally.score_of(read(-1), provider=provider, since=since, until=until)
            key = (whole.size, provider, since, until)
            card = self._cards.get(key)
            if card is None:
                # A period of the past is counted from the lines that stood by then.
                card = (
                    whole.scorecard(provider=provider, since=since, until=until)
                    if until >= whole.newest
                    else tally.score_of(read(-1), provider=provider, since=since, until=until)
                )
                self._cards[key] = card
                while len(self._cards) > ANSWERS_AT_MOST:
                    self._cards.popitem(last=False)
            self._cards.move_to_end(key)
            return card

    def waiting(self, read: Read, today: date) -> tuple[Owed, ...]:
        """Return what is owed today as the log stands now."""
        with self._turn:
            whole = self._caught_up(read)
            if whole is None or whole.newest > today:
                return owed.waiting(owed.debts(in_order(read(-1), until=today)), today)
            if self._waiting is None or self._waiting[:2] != (whole.size, today):
                self._waiting = whole.size, today, owed.waiting(whole.owed.values(), today)
            return self._waiting[2]

    def _caught_up(self, read: Read) -> Tally | None:
        """Return the tally with what is new in it; None for a log too long to be remembered."""
        last = self._tally.last
        lines = read(last.place - 1 if last else -1)
        if last is not None:
            first = next(lines, None)
            if first is None or (first[0], first[1].id) != (last.place, last.evidence):
                # Another log stands here now: a database that was put back from a copy.
                self._tally, self._waiting = Tally(), None
                self._cards.clear()
                lines = read(-1)
        try:
            for placed in lines:
                self._tally.take((placed,))
                if self._tally.lines > LINES_AT_MOST:
                    self._tally = Tally()
                    return None
        except BaseException:
            self._tally = Tally()
            raise
        return self._tally
