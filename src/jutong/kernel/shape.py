"""Types into which messages are read: learnt while a module is loaded, before two threads meet at one of them."""

from __future__ import annotations

import msgspec


def learn(*types: object) -> None:
    """Let msgspec take these types apart now, in the one thread that loads the module.

    It does so at the first use otherwise, and two threads that use a type for the first time at the same moment bring
    the whole process down: one finds what the other has not finished (seen with msgspec 0.22).
    """
    for one in types:
        msgspec.json.Decoder(one)
