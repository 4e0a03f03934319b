"""How portals spell what we mean, as the product ships it: fields, cycles, open types, formats, themes, bodies."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jutong.kernel.canon import canonical, digest

SIGNS = re.compile(r"[\s_\-:：.。/／、,，()（）\[\]【】*＊'\"“”‘’·|]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every spelling that is known, and the digest by which a later edition is told apart."""

    names: Mapping[str, tuple[tuple[float, re.Pattern[str]], ...]]  # idea -> weight and pattern of a field's name
    cycles: Mapping[str, str]  # spelling -> code
    opens: Mapping[str, str]
    formats: Mapping[str, str]  # spelling -> family
    themes: tuple[tuple[str, str], ...]  # word and code, the longest word first
    theme_names: Mapping[str, str]  # code -> its own name
    bodies: Mapping[str, str]  # short name -> long name, without the place
    digest: str


@cache
def vocabulary() -> Vocabulary:
    """Return the shipped vocabulary; read once."""
    raw = files("jutong.data").joinpath("harvest.toml").read_text("utf-8")
    found = tomllib.loads(raw)
    words = [(word, code) for code, listed in found["themes"].items() for word in listed]
    return Vocabulary(
        names={
            one["name"]: tuple((weight, re.compile(pattern)) for weight, pattern in one["names"])
            for one in found["idea"]
        },
        cycles=_spellings(found["cycles"]),
        opens=_spellings(found["opens"]),
        formats=_spellings(found["formats"]),
        themes=tuple(sorted(words, key=lambda one: (-len(one[0]), one))),
        theme_names={code: listed[0] for code, listed in found["themes"].items()},
        bodies=found["bodies"],
        digest=digest(canonical(raw)),
    )


@cache
def _simplified() -> Mapping[int, int]:
    given = tomllib.loads(files("jutong.data").joinpath("harvest.toml").read_text("utf-8"))["characters"]
    return str.maketrans(given["traditional"], given["simplified"])


def theme_names() -> Mapping[str, str]:
    """Return the themes' own names by their codes."""
    return vocabulary().theme_names


def folded(words: str) -> str:
    """Return words as they are compared: one width, lower case, simplified, without blanks and signs.

    >>> folded(" 資料_名稱（Name）")
    '资料名称name'
    """
    return SIGNS.sub("", unicodedata.normalize("NFKC", words).lower().translate(_simplified()))


def _spellings(listed: Mapping[str, list[str]]) -> Mapping[str, str]:
    return {folded(word): code for code, words in listed.items() for word in words}
