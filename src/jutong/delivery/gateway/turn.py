"""Gathers the records of calls that come together, so that one write of the journal serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from jutong.kernel.errors import Unavailable

WINDOW_SECONDS = 0.05  # within which the record of a call of the lowest grade is on disk
QUIET_TURNS = 2
GROUP_AT_MOST = 256  # calls in one write


class Journal(Protocol):
    """Where a call is written down before its answer leaves."""

    def write(self, records: Sequence[bytes]) -> None:
        """Return when the records would outlive a power cut; a disk that fails is ``Unavailable``."""
        ...

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        ...


class _Group:
    """Records that one write makes durable, and the one future on which all their calls wait."""

    __slots__ = ("done", "records", "settled")

    def __init__(self, done: asyncio.Future[None]) -> None:
        self.records: list[bytes] = []
        self.done = done
        self.settled = False

    def settle(self, failure: Unavailable | None) -> None:
        """Let the calls go on, or refuse them all."""
        self.settled = True
        if self.done.done():
            return
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)


class Turns:
    """The journal of one worker as its event loop uses it: one write for all calls that are under way.

    The loop itself waits for the disk, so a slow disk holds up everything that this worker does. Handing each group to
    a thread was measured: it costs 15 microseconds more of processor time a call and hides no wait, because the calls
    that are under way all wait for the same write. It writes when its turns bring no new call.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._group: _Group | None = None
        self._late: list[bytes] = []
        self._failure: Unavailable | None = None

    def append(self, record: bytes) -> None:
        """Take a record in that may reach the disk within the window; a disk that failed is told to the next call."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        self._late.append(record)
        if len(self._late) == 1:
            asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._write)

    async def durable(self, record: bytes) -> None:
        """Return when the record would outlive a power cut; a disk that fails is ``Unavailable``."""
        group = self._group
        if group is None:
            loop = asyncio.get_running_loop()
            group = self._group = _Group(loop.create_future())
            loop.call_soon(self._look, loop, 1, QUIET_TURNS)
        group.records.append(record)
        try:
            await group.done
        except asyncio.CancelledError:
            await self._alone(group)

    def close(self) -> None:
        """Write what waits, and let go of the journal."""
        self._write()
        self._journal.close()

    async def _alone(self, group: _Group) -> None:
        """Go on after one call of the group was cancelled, and with it what all waited on: the others are still due."""
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise asyncio.CancelledError
        if not group.settled and group is self._group:
            self._write()
        if self._failure is not None:
            raise self._failure

    def _look(self, loop: asyncio.AbstractEventLoop, seen: int, quiet: int) -> None:
        held = len(self._group.records) if self._group is not None else 0
        if held > seen and held < GROUP_AT_MOST:
            loop.call_soon(self._look, loop, held, QUIET_TURNS)
        elif quiet > 1:
            loop.call_soon(self._look, loop, held, quiet - 1)
        else:
            self._write()

    def _write(self) -> None:
        group, self._group = self._group, None
        late, self._late = self._late, []
        records = late if group is None else [*late, *group.records]
        if not records:
            return
        failure = None
        try:
            self._journal.write(records)
        except Unavailable as error:
            failure = self._failure = error
        if group is not None:
            group.settle(failure)
