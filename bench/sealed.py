"""Sealed serving copies beside an open one of the same rows, and signatures by SM2: what sealing costs."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jutong.delivery.likeness import key_bytes
from jutong.delivery.sealed import LABEL, Opening, Sealing
from jutong.delivery.service import pairs
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.suite import Suite
from jutong.kernel.vault import Vault
from jutong.pools.lookup import LmdbLookup

ROWS = 50_000
LOOKED_UP, SIGNED = 20_000, 1_000
OPEN = {"address": "重庆市渝中区人民路232号", "city": "500103", "street": "x" * 100}
GRAVE = {"id": "500103199001011234", "name": "张三", "phone": "13800000000"}


def run(*, rows: int = ROWS) -> dict[str, Any]:
    """Measure by processor time, rows at hand; in memory stand the rows once."""
    keys = [f"5001{number * 7919 % 10**14:014}" for number in range(rows)]
    asked = [key_bytes(key) for key in keys[:: max(1, rows // LOOKED_UP)]]
    figures: dict[str, Any] = {"rows": rows}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lookup = LmdbLookup(folder)
        whole = json.dumps(OPEN | GRAVE, ensure_ascii=False)
        open_copy = _rate(rows, lambda: lookup.build("open", pairs((key, whole) for key in keys), version="1"))
        reader = lookup.open("open")
        open_look = 1e6 / _rate(len(asked), lambda: [reader.get(key) for key in asked])
        figures |= {"open_rows_a_second": open_copy, "open_look_up_us": open_look}
        for suite in Suite:
            sealed = _sealed(folder, lookup, suite, keys, asked)
            figures |= {f"{suite.value}_{what}": value for what, value in sealed.items()}
            figures[f"{suite.value}_of_open"] = sealed["rows_a_second"] / open_copy
    figures |= _signatures()
    wanted = (
        ("written by AES, of an open copy's speed", figures["international_of_open"], 0.1),
        ("written by SM4, of an open copy's speed", figures["sm_of_open"], 0.04),
    )
    reach = [
        {"what": what, "value": value, "target": f">= {least}", "holds": value >= least}
        for what, value, least in wanted
    ]
    return {"name": "sealed", "figures": figures, "reach": reach}


def _sealed(
    folder: Path, lookup: LmdbLookup, suite: Suite, keys: Sequence[str], asked: Sequence[bytes]
) -> dict[str, float]:
    vault, items, copy = Vault(folder / f"keys-{suite.value}", suite), tuple(GRAVE), f"sealed_{suite.value}"
    sealing = Sealing(suite, vault.make(), copy=copy, table="t", version="v", items=items)
    clear = json.dumps(OPEN, ensure_ascii=False)
    cells = [json.dumps({item: value}, ensure_ascii=False) for item, value in GRAVE.items()]

    def rows() -> Iterator[tuple[object, ...]]:
        for key in keys:
            yield key, clear, *cells

    told = {"rows_a_second": _rate(len(keys), lambda: lookup.build(copy, sealing.rows(rows()), version="v"))}
    reader = lookup.open(copy)
    opening = Opening(vault.find, reader.get(LABEL) or b"", copy=copy, version="v")

    def look(wanted: tuple[str, ...]) -> None:
        for key in asked:
            place = opening.place_of(key)
            held = reader.get(place)
            assert held is not None, "each key that was sealed is found"
            opening.row(place, held, wanted)

    for wanted in (items[:1], items):
        told[f"look_up_{len(wanted)}_us"] = 1e6 / _rate(len(asked), lambda wanted=wanted: look(wanted))  # type: ignore[misc]
    return told


def _signatures() -> dict[str, float]:
    key = Sm2SigningKey.new()
    messages = [str(number).encode() for number in range(SIGNED)]
    signatures: list[bytes] = []
    signed = _rate(SIGNED, lambda: signatures.extend(map(key.sign, messages)))
    told = zip(signatures, messages, strict=True)
    verified = _rate(SIGNED, lambda: [key.public.verifies(signature, message) for signature, message in told])
    return {"sm2_signatures_a_second": signed, "sm2_verifications_a_second": verified}


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return count / (time.process_time() - began)
