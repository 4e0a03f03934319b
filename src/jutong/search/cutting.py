"""Words and sounds of Chinese texts, by the dictionaries of jieba and pypinyin; only what makes an index needs them.

Both weigh about a second and 100 MB, so they are loaded when the first text is cut, once in a process: never by a
worker that answers questions or calls, because the index brings its vocabulary along.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from .words import is_han, runs

LONGEST_WORD = 8


def words(folded: str) -> tuple[str, ...]:
    """Return the words in a text, long ones also in their parts (jieba's search mode), without single characters."""
    found: list[str] = []
    for run in runs(folded):
        if is_han(run):
            found += [one for one in _cutter().cut_for_search(run, HMM=False) if len(one) > 1]
    return tuple(found)


def sound(term: str) -> str:
    """Return how a term is read, in syllables without tones."""
    return " ".join(_pinyin().lazy_pinyin(term, errors="ignore"))


def sounds_of_characters() -> Mapping[str, str]:
    """Return how each common character is read for itself."""
    signs = [chr(code) for code in range(0x4E00, 0x9FA6)]
    read: Mapping[int, str] = import_module("pypinyin.pinyin_dict").pinyin_dict
    style = _pinyin().Style.NORMAL
    convert = import_module("pypinyin.style").convert
    toned = {one: read[ord(one)].split(",")[0] for one in signs if ord(one) in read}
    bare = {one: convert(one, style, strict=False) for one in set(toned.values())}
    return {one: bare[tone] for one, tone in toned.items()}


@cache
def _cutter() -> Any:
    cutter = import_module("jieba").Tokenizer()
    # Read from the package itself: jieba's own cache is an unsigned marshal file in a folder that everybody may write.
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return cutter


@cache
def _pinyin() -> Any:
    return import_module("pypinyin")
