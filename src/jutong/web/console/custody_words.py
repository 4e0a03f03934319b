"""Words of the keeping of the lake: grounds and phases of an erasure, layers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.custody import Ground, Phase
from jutong.kernel.text import Text, text

CUSTODY: Mapping[type[Enum], Mapping[Any, Text]] = {
    Ground: {
        Ground.PURPOSE_OVER: text("(1) the purpose is reached, or the data is no longer needed for it"),
        Ground.TERM_OVER: text("(2) the service or the storage term has ended"),
        Ground.CONSENT_WITHDRAWN: text("(3) consent was withdrawn"),
        Ground.UNLAWFUL: text("(4) handled against the law or an agreement"),
        Ground.OTHER_LAW: text("(5) another law or administrative regulation says so"),
    },
    Phase: {
        Phase.ASKED: text("asked for, not confirmed"),
        Phase.CONFIRMED: text("confirmed, not carried out yet"),
        Phase.DONE: text("carried out"),
    },
}
LAYERS: Mapping[str, Text] = {
    "raw": text("raw rows"),
    "withdrawn": text("keys taken back"),
    "quarantine": text("quarantine"),
    "finding": text("findings of rules"),
    "standard": text("standard table"),
    "library": text("base library"),
    "theme": text("theme library"),
}
