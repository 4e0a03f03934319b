"""Words of the base library's values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.kernel.text import Text, text
from jutong.library import Verdict
from jutong.library.kind import Nature
from jutong.library.subject import Unkeyed
from jutong.terms.address import Reading

SUBJECTS: Mapping[type[Enum], Mapping[Any, Text]] = {
    Reading: {
        Reading.WHOLE: text("the whole address"),
        Reading.PART: text("a part of it"),
        Reading.NONE: text("nothing of it"),
    },
    Verdict: {
        Verdict.SAME: text("one and the same"),
        Verdict.APART: text("not the same"),
    },
    Nature: {
        Nature.IDENTIFYING: text("identifying field"),
        Nature.CHANGING: text("changing field"),
    },
    Unkeyed: {
        Unkeyed.EMPTY: text("the key is empty"),
        Unkeyed.OLD_NUMBER: text("an old registration number"),
        Unkeyed.CENTURY: text("a number of somebody born before 1900"),
        Unkeyed.INVALID: text("not a valid key"),
    },
}
