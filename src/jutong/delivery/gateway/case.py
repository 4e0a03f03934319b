"""One call of a known client, and what becomes of it."""

from __future__ import annotations

import msgspec

from ..board import Client
from ..plan import ANSWERED, Plan
from ..service import Service
from .instant import Instant


class Case(msgspec.Struct, gc=False):
    """One call of a known client, and what becomes of it; this is what goes on record."""

    id: str
    request_id: str
    client: Client
    at: Instant
    request_hash: bytes = b""
    road_id: str = ""
    user: str = ""
    issue: str = ""
    purpose: str = ""
    plan: Plan | None = None
    service: Service | None = None
    about: str = ""  # what was asked for, where it is no service
    subject: str = ""
    rows: int = 0
    code: str = ANSWERED
    alg: str = ""  # by which the call itself is signed; empty for a token
