"""Words for departments' own services: what they ask for, and how they answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.delivery import proxy
from jutong.kernel.text import Text, text

PROXIES: Mapping[type[Enum], Mapping[Any, Text]] = {
    proxy.Asks: {
        proxy.Asks.NOTHING: text("no credential"),
        proxy.Asks.HEADER: text("a secret in a field of its own"),
        proxy.Asks.BASIC: text("name and password (RFC 7617)"),
    },
    proxy.Flow: {
        proxy.Flow.CLOSED: text("questions go out"),
        proxy.Flow.OPEN: text("nothing is asked for the moment"),
        proxy.Flow.HALF_OPEN: text("one question finds out"),
    },
    proxy.Where: {
        proxy.Where.PATH: text("in the path"),
        proxy.Where.QUERY: text("in the query"),
        proxy.Where.HEADER: text("in a header field"),
    },
}
FAILURES: Mapping[str, Text] = {
    "unreachable": text("it cannot be reached"),
    "slow": text("it did not answer in time"),
    "failing": text("it failed (5xx)"),
    "too-large": text("its answer is larger than declared, or packed"),
    "unlike": text("it answered otherwise than declared"),
    "unavailable": text("it is not asked at this moment"),
    "suspended": text("the right to ask it went meanwhile"),
}
