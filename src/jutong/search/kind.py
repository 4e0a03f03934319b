"""What a part of a question is."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a part of a question is."""

    WORD = "word"
    PLACE = "place"
    YEAR = "year"
    ORGAN = "organ"
