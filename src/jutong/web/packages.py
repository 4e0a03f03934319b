"""Packages of edge agents over the network: brought by a push, then asked about, and proven."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post

from jutong import ledger
from jutong.collection import packages
from jutong.collection.packages import Package
from jutong.desk import House
from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text

from .problems import REFUSALS, language_of
from .pushes import TAGS, TheSpent, system_behind
from .wiring import TheHouse, Ulid


class PackageView(msgspec.Struct, kw_only=True):
    """How a package stands: ``waits_for`` is the number that is missing before it, 0 where none is."""

    id: str
    entry: str
    number: int
    digest: str
    stage: str
    waits_for: int
    came: datetime
    ended: datetime | None
    batch: str
    line: str
    reason: str
    remedy: str


@post("/push/files/{push_id:str}/packages/{package_id:str}", responses=REFUSALS, sync_to_thread=True, tags=TAGS)
def take_package(
    request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, push_id: Ulid, package_id: Ulid
) -> PackageView:
    """Take a pushed file in as a package of an edge agent; it lands when every earlier number has."""
    actor = system_behind(request, house, spent)
    return _view(request, house, packages.hand_over(house, actor, push_id, package_id))


@get("/push/packages/{package_id:str}", responses=REFUSALS, sync_to_thread=True, tags=TAGS, cache_control=None)
def show_package(request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, package_id: Ulid) -> PackageView:
    """Say how a package stands, and for which number it waits."""
    actor = system_behind(request, house, spent)
    return _view(request, house, packages.sent_package(house, actor, package_id))


@get(
    "/push/packages/{package_id:str}/receipt",
    responses=REFUSALS,
    sync_to_thread=True,
    tags=TAGS,
    media_type=MediaType.TEXT,
)
def show_package_receipt(
    request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, package_id: Ulid
) -> Response[str]:
    """Hand out the ledger's receipt for a package that has ended; it verifies offline, with public keys alone."""
    package = packages.sent_package(house, system_behind(request, house, spent), package_id)
    if not package.over:
        raise WrongMoment(text("this package has not landed"), remedy=text("bring the package that is missing first"))
    receipt = ledger.receipt_of(house.engine, house.home.ledger, package.line)
    return Response(receipt, media_type="text/plain; charset=utf-8", headers={"cache-control": "no-store"})


def _view(request: Request[Any, Any, Any], house: House, package: Package) -> PackageView:
    language = language_of(request)
    return PackageView(
        id=package.id,
        entry=package.entry,
        number=package.number,
        digest=package.digest,
        stage=package.stage.value,
        waits_for=packages.waits_for(house, package),
        came=package.came,
        ended=package.ended,
        batch=package.batch,
        line=package.line,
        reason=package.reason.said_in(language),
        remedy=package.remedy.said_in(language),
    )


ENDPOINTS = [take_package, show_package, show_package_receipt]
