"""In which encoding a list is written, told by how everyday its characters are."""

from __future__ import annotations

import codecs
import re

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

# Each with the bytes that begin its everyday characters: text read as what it is not is full of rare ones.
ENCODINGS = {"utf-8": "utf-8-sig", "gb18030": "gb18030", "big5": "cp950"}
EVERYDAY = {"gb18030": ("gb2312", range(0xB0, 0xD8)), "big5": ("big5", range(0xA4, 0xC7))}
EVERYDAY_LEAST = 0.7
HAN = re.compile("[\u4e00-\u9fff]")


def encoding_of(sample: bytes) -> str:
    """Return the encoding in which a sample reads as text of everyday characters; refuse one that reads in none.

    >>> [encoding_of("标题".encode()), encoding_of("标题".encode("gb18030")), encoding_of("標題".encode("cp950"))]
    ['utf-8', 'gb18030', 'big5']
    """
    if _read(sample, "utf-8") is not None:
        return "utf-8"
    found = {name: _everyday(sample, name) for name in EVERYDAY}
    best = max(found, key=lambda name: found[name])
    if found[best] < EVERYDAY_LEAST:
        raise Invalid(
            text("the file is not written in any encoding that is read here"),
            remedy=text("save it in UTF-8, and look whether it reads well before it is imported"),
        )
    return best


def _everyday(sample: bytes, name: str) -> float:
    codec, leads = EVERYDAY[name]
    characters = HAN.findall(_read(sample, name) or "")
    common = sum(one.encode(codec, "replace")[0] in leads for one in characters)
    return common / len(characters) if characters else 0.0


def _read(sample: bytes, name: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(ENCODINGS[name])().decode(sample)  # a last character may be cut
    except UnicodeDecodeError:
        return None
