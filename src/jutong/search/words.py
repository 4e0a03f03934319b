"""What a text is to a search: folded, in characters and pairs of characters; the same for records and questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import pairwise

from opencc import OpenCC

BREAK = "_"  # stands between two runs, so that no phrase reaches across
PAIR = "_"  # what a pair of characters begins with, so that it is no word
TEXT_LIMIT = 4000

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[.\-+&][a-z0-9]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_YEAR = re.compile(r"(?<!\d)((?:19[5-9]|20[0-4])\d)(?!\d)")
_SHORT_YEAR = re.compile(r"(?<![\d.])(\d\d)年")
_SPOKEN_YEAR = re.compile(r"[二一][〇零○九][〇零○一二三四五六七八九]{2}年?")
_DIGITS = {"〇": "0", "零": "0", "○": "0", **{sign: str(place) for place, sign in enumerate("一二三四五六七八九", 1)}}


def fold(given: str) -> str:
    """Return the text as it is compared: NFKC, lower case, simplified characters.

    >>> fold("ＧＤＰ　圖書館")
    'gdp 图书馆'
    """
    plain = unicodedata.normalize("NFKC", given[:TEXT_LIMIT]).lower()
    return plain if plain.isascii() else "".join(map(_simplified, plain))


def runs(folded: str) -> tuple[str, ...]:
    """Return the stretches of Chinese characters, and the words of letters and digits.

    >>> runs("2021年pm2.5监测(日均)")
    ('2021', '年', 'pm2.5', '监测', '日均')
    """
    return tuple(_RUN.findall(folded))


def is_han(run: str) -> bool:
    """Say whether a run is of Chinese characters."""
    return bool(_HAN.match(run))


def pairs(run: str) -> tuple[str, ...]:
    """Return every two neighbouring characters.

    >>> pairs("图书馆")
    ('图书', '书馆')
    """
    return tuple(first + second for first, second in pairwise(run))


def tokens(folded: str, words: Iterable[str]) -> str:
    """Return what the index keeps of a text: its words, then its pairs in their order, so that phrases can be found."""
    kept = [*words]
    for run in runs(folded):
        kept += (BREAK * 2, *(PAIR + pair for pair in pairs(run))) if is_han(run) else (BREAK * 2, spelled(run))
    return " ".join(kept)


def spelled(run: str) -> str:
    """Return a word of letters and digits as one token."""
    return re.sub(r"[^a-z0-9]", "_", run)


def phrase(term: str) -> str:
    """Return the index's expression for a term that stands in a text, character by character.

    >>> phrase("图书馆"), phrase("gdp")
    ('"_图书 _书馆"', '"gdp"')
    """
    found = []
    for run in runs(term):
        if not is_han(run):
            found.append(f'"{spelled(run)}"')
        elif len(run) > 1:
            found.append('"' + " ".join(PAIR + pair for pair in pairs(run)) + '"')
        else:
            found.append(f'"{PAIR}{run}" *')  # the pairs that begin with it
    return found[0] if len(found) == 1 else f"({' AND '.join(found)})" if found else '""'


def years(folded: str) -> tuple[str, ...]:
    """Return the years that a text names.

    >>> years("二〇二一年至2023年 21年 电话20211234")
    ('2021', '2023')
    """
    spoken = ["".join(_DIGITS.get(sign, "") or "2" for sign in one.rstrip("年")) for one in _spoken(folded)]
    short = ["20" + two if int(two) < 50 else "19" + two for two in _SHORT_YEAR.findall(folded)]
    return tuple(dict.fromkeys([*spoken, *_YEAR.findall(folded), *short]))


def without_years(folded: str) -> str:
    """Return a text without the years that it names."""
    for pattern in (_SPOKEN_YEAR, re.compile(r"(?<!\d)(?:19[5-9]|20[0-4])\d(?!\d)年?度?"), _SHORT_YEAR):
        folded = pattern.sub(" ", folded)
    return folded


def _spoken(folded: str) -> Iterator[str]:
    for one in _SPOKEN_YEAR.findall(folded):
        digits = one.rstrip("年")
        if digits[:2] in ("二〇", "二零", "二○", "一九"):
            yield digits


@cache
def _conversion() -> OpenCC:
    return OpenCC("t2s")


# Character by character: a whole phrase would be turned in one way in a record and in another in a question.
@lru_cache(maxsize=1 << 15)
def _simplified(sign: str) -> str:
    return str(_conversion().convert(sign)) if sign >= "\u3400" else sign
