"""How far something has come, told in a small file to whoever looks, from any process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from .text import Text, told_again

Told = TypeVar("Told")


def tell(path: Path, at: object) -> None:
    """Replace what was told before, at once, so that nobody reads half of it.

    It is not made durable, because after a power cut it is over.
    """
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(msgspec.json.encode(at, enc_hook=str))
    beside.replace(path)


def told(path: Path, reader: msgspec.json.Decoder[Told]) -> Told | None:
    """Return what was told last; nothing if it ended between two looks. Its sentences: ``whole``."""
    try:
        return reader.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def whole(words: Text) -> Text:
    """Return a sentence that was read back, with the sentences inside it as sentences."""
    return told_again({"template": words.template, "values": words.values})
