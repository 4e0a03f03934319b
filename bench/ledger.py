"""The log: appends beside a hand loop, what SM2 adds to them, proofs at a million leaves, calls made durable."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from jutong.kernel.crypto import SigningKey
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.suite import sm3
from jutong.ledger import Journal, Log, Tiles, verify_folder

LEAF_BYTES = 300
LEAVES = 1_000_000
BATCHES = {1: 300, 100: 300, 1000: 200}  # batch size -> batches
PROOFS = 2000
SM_BATCHES = 50
CALLERS, CALLS_EACH = 32, 1000


def run(*, rows: int = LEAVES) -> dict[str, Any]:
    """Measure append, proof, audit and the journal; the floor writes one file, flushes it and hashes twice a leaf."""
    figures: dict[str, Any] = {"leaf_bytes": LEAF_BYTES}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        log = Log(place / "log", "bench.example/log", SigningKey.new())
        for size, batches in BATCHES.items():
            leaves = [[os.urandom(LEAF_BYTES) for _ in range(size)] for _ in range(batches)]
            began = time.perf_counter()
            for batch in leaves:
                log.append(batch)
            rate = size * batches / (time.perf_counter() - began)
            floor = _floor(place / f"floor{size}", leaves)
            figures[f"appends_per_s_batch_{size}"] = rate
            figures[f"floor_per_s_batch_{size}"] = floor
            figures[f"ratio_to_floor_batch_{size}"] = rate / floor
        figures |= _by_sm(place)
        while log.size < rows:
            log.append([b"%0300d" % at for at in range(log.size, min(rows, log.size + 50_000))])
        figures["leaves"] = log.size
        figures |= _proofs(Tiles(place / "log"), log.size)
        began = time.perf_counter()
        holds = verify_folder(place / "log", [log.verifier]).holds
        figures["audited_leaves_per_s"] = log.size / (time.perf_counter() - began)
        figures["audit_holds"] = holds
        figures["durable_calls_per_s_32_callers"] = asyncio.run(_calls(place / "journal"))
    wanted = (
        ("appends a second at batch 1000, flushed", figures["appends_per_s_batch_1000"], ">= 50000", 50_000, 1),
        ("proof at a million leaves, ms, median", figures["proof_ms_median"], "< 1", 1, -1),
        ("durable calls a second, 32 callers", figures["durable_calls_per_s_32_callers"], ">= 10000", 10_000, 1),
    )
    reach = [
        {"what": what, "value": value, "target": target, "holds": (value - limit) * sense >= 0}
        for what, value, target, limit, sense in wanted
    ]
    return {"name": "ledger", "figures": figures, "reach": reach}


def _by_sm(place: Path) -> dict[str, float]:
    """Return what a leaf costs (microseconds of processor) without the suite ``sm``, with its signature, with its tree.

    The tree is one that this log does not keep: two hashes a leaf, as a second Merkle tree would take at least.
    """
    figures = {}
    for size in (4, 1000):
        leaves = [[os.urandom(LEAF_BYTES) for _ in range(size)] for _ in range(SM_BATCHES)]
        for name, key in (("ed25519", None), ("sm2_beside", Sm2SigningKey.new())):
            log = Log(place / f"{name}{size}", "bench.example/log", SigningKey.new(), key)
            began = time.process_time()
            for batch in leaves:
                log.append(batch)
            figures[f"append_us_batch_{size}_{name}"] = (time.process_time() - began) / size / SM_BATCHES * 1e6
    many = [leaf for batch in leaves for leaf in batch]
    began = time.process_time()
    for leaf in many:
        sm3(b"\x01" + sm3(b"\x00" + leaf) * 2)
    figures["tree_of_sm3_us"] = (time.process_time() - began) / len(many) * 1e6
    began = time.process_time()
    for batch in leaves:
        sm3(b"".join(batch))
    figures["flat_sm3_us"] = (time.process_time() - began) / len(many) * 1e6
    return figures


def _floor(path: Path, batches: list[list[bytes]]) -> float:
    count, began = 0, time.perf_counter()
    with path.open("wb", buffering=0) as stream:
        for batch in batches:
            for leaf in batch:
                sha256(b"\x01" + sha256(b"\x00" + leaf).digest() * 2).digest()
            stream.write(b"".join(batch))
            os.fsync(stream.fileno())
            count += len(batch)
    return count / (time.perf_counter() - began)


def _proofs(tiles: Tiles, size: int) -> dict[str, float]:
    """Time proofs for leaves all over a log that was just opened: no tile is in memory at first."""
    spent = []
    for at in range(PROOFS):
        began = time.perf_counter()
        tiles.inclusion(at * 7_919_317 % size, size)
        spent.append((time.perf_counter() - began) * 1000)
    ordered = sorted(spent)
    return {
        "proof_ms_first": spent[0],
        "proof_ms_median": statistics.median(ordered),
        "proof_ms_p99": ordered[len(ordered) * 99 // 100],
    }


async def _calls(folder: Path) -> float:
    journal = Journal(folder, "bench")
    records = [
        json.dumps({"id": f"{at:026}", "agreement": "A", "code": "ok", "rest": "x" * 250}).encode()
        for at in range(CALLS_EACH)
    ]

    async def caller() -> None:
        for record in records:
            await journal.durable(record)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    rate = CALLERS * CALLS_EACH / (time.perf_counter() - began)
    journal.close()
    return rate
