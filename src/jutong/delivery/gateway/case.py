"""One call of a known client, and what becomes of it."""

from __future__ import annotations

import msgspec

from ..board import Client
from ..plan import ANSWERED, Plan
from ..ruling import RowRule
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
    part: str = ""  # which part of the service, where it is a declared one
    about: str = ""  # what was asked for, where it is no service
    subject: str = ""
    key: str = ""  # by which public key the caller is known, as it is spelled
    by_secret: bool = False  # known by a shared secret instead
    rows: int = 0
    code: str = ANSWERED
    kept: RowRule | None = None  # which rows policies let it see; None: all
    alg: str = ""  # by which the call itself is signed; empty for a token
    media: str = ""  # of the answer, where it is another service's; empty: our JSON
    wait: int = 0  # seconds after which asking again may help
