"""Words for services by declaration: how they stand, and how a parameter finds rows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.delivery import listing
from jutong.kernel.text import Text, text

LISTINGS: Mapping[type[Enum], Mapping[Any, Text]] = {
    listing.State: {
        listing.State.LIVE: text("declared service stands"),
        listing.State.ENDED: text("declared service over"),
    },
    listing.Operator: {
        listing.Operator.EQUALS: text("is just that"),
        listing.Operator.PREFIX: text("begins with it"),
        listing.Operator.FROM: text("is that or more, or later"),
        listing.Operator.TO: text("is that or less, or earlier"),
        listing.Operator.IN: text("is one of a list"),
        listing.Operator.CONDITION: text("stands in the condition"),
    },
    listing.Type: {
        listing.Type.TEXT: text("a text"),
        listing.Type.NUMBER: text("a number"),
        listing.Type.DAY: text("a day"),
    },
}
