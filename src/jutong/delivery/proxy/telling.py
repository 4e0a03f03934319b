"""How departments' services answer, as the gateway's workers on this machine tell it: one small file a worker."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from jutong.kernel.shape import learn

from .breaker import Flow
from .upstream import Health

FRESH = timedelta(minutes=10)
log = logging.getLogger(__name__)


class Told(msgspec.Struct, frozen=True):
    """What one worker tells of one service: of the last ten minutes."""

    worker: str
    at: datetime
    flow: Flow
    asked: int
    failed: int
    last: str


learn(dict[str, Told])


def tell(folder: Path, worker: str, now: datetime, health: Mapping[str, Health]) -> None:
    """Put down how services answer this worker, whole or not at all; a disk that is full holds up no call."""
    told = {name: Told(worker, now, one.flow, one.asked, one.failed, one.last) for name, one in health.items()}
    path = folder / f"{worker}.json"
    beside = folder / f".{worker}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(msgspec.json.encode(told))
        beside.replace(path)
    except OSError as error:
        log.warning("how departments' services answer could not be put down: %s", error)


def told_in(folder: Path, proxy_id: str, now: datetime) -> tuple[Told, ...]:
    """Return what the workers have told of a service within the last ten minutes, by worker."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            one = msgspec.json.decode(path.read_bytes(), type=dict[str, Told]).get(proxy_id)
        except (OSError, msgspec.DecodeError):
            continue  # a worker that ends takes its file with it
        if one is not None and one.at.astimezone(UTC) >= now - FRESH:
            found.append(one)
    return tuple(found)
