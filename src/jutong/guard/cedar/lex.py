"""The words of Cedar's grammar: names, numbers, strings and signs, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

CEDAR = text("Cedar policy language, grammar")
_WORD = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*)+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[0-9]+)
      | (?P<string>"(?:\\.|[^"\\])*")
      | (?P<sign>::|==|!=|<=|>=|&&|\|\||[@(){}\[\],;.<>+*!?:-])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_PART = re.compile(r"\\(?:([nrt0\\'\"*])|x([0-7][0-9A-Fa-f])|u\{([0-9A-Fa-f]{1,6})\})|\\|\*|[^\\*]+")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"'}
_TOP = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its kind (name, number, string, sign, end), its spelling, its line and column from 1."""

    kind: str
    spelled: str
    line: int
    column: int


def words_of(source: str) -> Iterator[Word]:
    """Yield the words of a source, and an end."""
    at, line, start = 0, 1, 0
    while at < len(source):
        found = _WORD.match(source, at)
        if found is None:
            raise fault(text("this sign belongs to no policy"), Word("", source[at], line, at - start + 1))
        kind = str(found.lastgroup)
        if kind != "space":
            yield Word(kind, found[0], line, at - start + 1)
        if "\n" in found[0]:
            line += found[0].count("\n")
            start = at + found[0].rindex("\n") + 1
        at = found.end()
    yield Word("end", "", line, at - start + 1)


def string_of(word: Word) -> str:
    """Return what a string says."""
    return "".join(_pieces(word, star=False))


def pattern_of(word: Word) -> tuple[str, ...]:
    r"""Return the pieces of a pattern between its stars; ``\*`` is a star itself.

    >>> pattern_of(Word("string", '"a*b\\*"', 1, 1))
    ('a', 'b*')
    """
    return _pieces(word, star=True)


def fault(reason: Text, word: Word) -> Invalid:
    """Return the refusal of a text at one of its words."""
    return Invalid(
        text(
            "line {line}, column {column}: {reason} ({word})",
            line=word.line,
            column=word.column,
            reason=reason,
            word=word.spelled[:20] or "…",
        ),
        basis=CEDAR,
    )


def _pieces(word: Word, *, star: bool) -> tuple[str, ...]:
    pieces, said = [], ""
    for found in _PART.finditer(word.spelled[1:-1]):
        if found[0] == "*" and star:
            pieces.append(said)
            said = ""
        else:
            said += _escaped(found, word, star=star) if found[0].startswith("\\") else found[0]
    return (*pieces, said)


def _escaped(found: re.Match[str], word: Word, *, star: bool) -> str:
    plain, byte, point = found[1], found[2], found[3]
    if plain == "*" and star:
        return "*"
    if plain is not None and plain in _PLAIN:
        return _PLAIN[plain]
    if byte is not None:
        return chr(int(byte, 16))
    if point is not None and int(point, 16) <= _TOP and not 0xD800 <= int(point, 16) <= 0xDFFF:
        return chr(int(point, 16))
    raise fault(text("a string has an escape that Cedar does not know"), word)
