"""How long each layer of the lake keeps what was replaced: declared days, each with its basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.pools.layout import LAYERS, layer_of

FEWEST_DAYS = 7  # whoever reads a version is done with it by then
UNUSED = timedelta(days=1)  # a file that no version knows after a day was left by a landing that died
_RECORDS = text(
    "records of use and of handing over stay for three years (Order 809 art. 29; Network Data Regulation 12)"
)
_DERIVED = text("made anew from the layer before, so no longer than its purpose needs (PIPL, art. 19)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many days back every instant of a layer's tables can be read, and why so long."""

    layer: str
    days: int
    basis: Text


DECLARED: Mapping[str, Retention] = {
    one.layer: one
    for one in (
        Retention(layer="raw", days=1095, basis=_RECORDS),
        Retention(layer="withdrawn", days=1095, basis=_RECORDS),
        Retention(layer="quarantine", days=1095, basis=_RECORDS),
        Retention(layer="finding", days=1095, basis=_RECORDS),
        Retention(layer="standard", days=365, basis=_DERIVED),
        Retention(layer="library", days=1095, basis=_RECORDS),
        Retention(layer="theme", days=365, basis=_DERIVED),
    )
}


def retentions(own: Mapping[str, int]) -> Mapping[str, Retention]:
    """Return the retention of every layer: what a node's settings declare, else what is declared for all.

    >>> retentions({"theme": 30})["theme"].days, retentions({})["raw"].days
    (30, 1095)
    """
    for layer, days in own.items():
        if layer not in LAYERS or not FEWEST_DAYS <= days <= 36_500:
            raise Invalid(
                text("[retention] {layer} = {days} cannot be kept", layer=layer, days=days),
                basis=text("a layer keeps {fewest} to 36500 days; layers: {layers}",
                           fewest=FEWEST_DAYS, layers=", ".join(LAYERS)),
                remedy=text("correct `retention` in jutong.toml"),
            )  # fmt: skip
    return {
        layer: Retention(layer=layer, days=own[layer], basis=text("settings of this node")) if layer in own else one
        for layer, one in DECLARED.items()
    }


def kept_since(table: str, declared: Mapping[str, Retention], now: datetime) -> datetime:
    """Return the instant from which on a table must be readable."""
    return now - timedelta(days=declared[layer_of(table)].days)
