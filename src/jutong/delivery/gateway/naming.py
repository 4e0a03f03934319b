"""Names: by which the gateway is called, and those that it gives to calls, thousands of them a second."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from jutong.kernel.ids import spell

# The last two letters of every ULID of a block, in order.
_LAST = tuple(spell(number)[-2:] for number in range(1024))
_CHANCE_BYTES = 16 << 10
_VARIANT = {letter: "89ab"[int(letter, 16) & 3] for letter in "0123456789abcdef"}


@dataclass(frozen=True, slots=True)
class Names:
    """By which names this gateway is called: what it signs as, and the authorities (``host:port``) it answers to.

    A signed call that names another authority was meant for another node.
    """

    node: str
    authorities: frozenset[str]


class Naming:
    """Makes the names of one worker's calls.

    Calls of one millisecond share a block of 1,024 ULIDs that chance has chosen, as the ULID specification lets them.
    A request id is all chance: it keeps the digests on record from being guessed.
    """

    def __init__(self) -> None:
        self._block: Iterator[str] = iter(())
        self._millisecond = -1
        self._beginning = ""
        self._chance: Iterator[str] = iter(())

    def call_id(self, millisecond: int) -> str:
        """Return a new identifier for a call at ``millisecond`` (since 1970)."""
        last = next(self._block, None) if millisecond == self._millisecond else None
        if last is None:
            self._block, self._millisecond = iter(_LAST), millisecond
            self._beginning = spell((millisecond << 70 | secrets.randbits(70)) << 10)[:24]
            last = next(self._block)
        return self._beginning + last

    def request_id(self) -> str:
        """Return a new UUID, version 4 (RFC 9562)."""
        said = next(self._chance, None)
        if said is None:
            self._chance = _uuids(os.urandom(_CHANCE_BYTES))
            said = next(self._chance)
        return said


def _uuids(chance: bytes) -> Iterator[str]:
    said = chance.hex()
    for at in range(0, len(said), 32):
        variant = _VARIANT[said[at + 16]]
        yield (
            f"{said[at : at + 8]}-{said[at + 8 : at + 12]}-4{said[at + 13 : at + 16]}"
            f"-{variant}{said[at + 17 : at + 20]}-{said[at + 20 : at + 32]}"
        )
