"""What stood when a form was shown: a change is made to that, or not at all."""

from __future__ import annotations

import msgspec

from .canon import digest
from .errors import Overtaken


def mark_of(standing: object) -> str:
    """Return the mark that a form carries of what it shows; empty where nothing stands.

    >>> mark_of(None), mark_of("") == mark_of(None), mark_of("a") == mark_of("b")
    ('', True, False)
    """
    if not standing:
        return ""
    # In one order: a set has another one in every process.
    told = msgspec.to_builtins(standing, str_keys=True, enc_hook=str, order="deterministic")
    return digest(msgspec.json.encode(told))


def check_mark(seen: str | None, standing: object) -> None:
    """Refuse to go on from anything else than what stands now; None: nobody says what was seen, so nobody is asked.

    >>> check_mark(None, "a"), check_mark("", None), check_mark(mark_of("a"), "a")
    (None, None, None)
    """
    if seen is not None and seen != mark_of(standing):
        raise Overtaken
