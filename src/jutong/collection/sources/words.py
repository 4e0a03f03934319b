"""Text of a declared encoding as UTF-8, block by block; which encoding a text may be in is proposed, never assumed."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..contract import UNREADABLE, Limits
from .packed import unpacked

# What the declared names mean here: cp950 is the Big5 that is written in practice.
ENCODINGS = {"utf-8": "utf-8", "gb18030": "gb18030", "big5": "cp950"}
BOM = "\ufeff"
MARKED = "jutong.unreadable"
LOOKED_AT = 4 * 1024**2
COMMON_BIG5 = range(0xA440, 0xC67F)  # the frequent characters of Big5, by its own order
COMMON_GB = range(0xB0A1, 0xD7FA)  # the first level of GB 2312


def _marked(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return UNREADABLE, error.end


codecs.register_error(MARKED, _marked)


def utf8_blocks(
    path: Path, limits: Limits, encoding: str, hashed: hashlib._Hash, *, refuse: bool = True
) -> Iterator[bytes]:
    """Yield the text of a file as UTF-8 without a byte order mark; ``hashed`` takes in the bytes that stand there."""
    decoder = codecs.getincrementaldecoder(ENCODINGS[encoding])("strict" if refuse else MARKED)
    seen, lines, first = 0, 1, True
    for block in unpacked(path, limits):
        hashed.update(block)
        waiting = len(decoder.getstate()[0])
        try:
            words = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _unreadable(path, limits, encoding, seen - waiting, lines, error) from None
        seen, lines = seen + len(block), lines + block.count(b"\n")
        if first:
            words, first = words.removeprefix(BOM), not words
        if words:
            yield words.encode()
    try:
        if words := decoder.decode(b"", final=True):
            yield words.encode()
    except UnicodeDecodeError as error:
        raise _unreadable(path, limits, encoding, seen - len(error.object), lines, error) from None


def proposed_encodings(head: bytes) -> tuple[str, ...]:
    """Return the encodings in which a text can be read, the likeliest first; a person says which one it is.

    >>> proposed_encodings("重慶市".encode("cp950"))
    ('big5', 'gb18030')
    >>> proposed_encodings("重庆市".encode("gb18030"))
    ('gb18030', 'big5')
    """
    read = {name: _decoded(head, codec) for name, codec in ENCODINGS.items()}
    possible = [name for name, words in read.items() if words is not None]
    if "utf-8" in possible:
        return ("utf-8",)  # nothing else looks like it by chance; plain ASCII is the same in all of them
    return tuple(sorted(possible, key=lambda name: -_commonness(read[name] or "", name)))


def _decoded(head: bytes, codec: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return None


def _commonness(words: str, encoding: str) -> float:
    """Return the share of characters that are frequent in the writing for which the encoding was made."""
    common = COMMON_BIG5 if encoding == "big5" else COMMON_GB
    codec = ENCODINGS["big5"] if encoding == "big5" else "gb2312"
    wide = [one for one in words[:20_000] if one > "\x7f"]
    told = (one.encode(codec, "ignore") for one in wide)
    found = sum(len(one) == 2 and int.from_bytes(one, "big") in common for one in told)
    return found / len(wide) if wide else 0.0


def _unreadable(
    path: Path, limits: Limits, encoding: str, before: int, lines: int, error: UnicodeDecodeError
) -> Invalid:
    others = [name for name in proposed_encodings(_head(path, limits)) if name != encoding]
    return Invalid(
        text(
            "{name} is not {encoding}: byte {offset}, in line {line}, cannot be read",
            name=path.name,
            encoding=encoding,
            offset=before + error.start,
            line=lines + error.object[: error.start].count(b"\n"),
        ),
        basis=text("declared encoding"),
        remedy=text("it can be read as {others}: declare that if its words are right then", others=" / ".join(others))
        if others
        else text("declare the encoding in which the file was written, or have such rows quarantined"),
    )


def _head(path: Path, limits: Limits) -> bytes:
    return next(unpacked(path, limits), b"")[:LOOKED_AT]
