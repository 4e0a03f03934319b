"""The console's pages put together: every room's pages, and how their failures are shown."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from ..wiring import TheRequest, the_house
from . import (
    acceptance,
    account,
    administration,
    agreements,
    amending,
    audit,
    authorities,
    batching,
    bonds,
    callers,
    calls,
    catalogue,
    census,
    collection,
    deciding,
    delivering,
    delivery,
    demands,
    desk,
    disputes,
    entries,
    erasures,
    grading,
    harvest,
    harvested,
    identities,
    inventory,
    lake,
    language,
    layers,
    ledger,
    library,
    listings,
    map,
    network,
    objections,
    outflows,
    oversight,
    packages,
    passkeys,
    people,
    plans,
    policies,
    portal,
    profiles,
    projects,
    proxies,
    proxy_trials,
    purchases,
    pushes,
    quality,
    reported,
    responsibilities,
    revisions,
    rulebooks,
    search,
    sharing,
    sheets,
    signing,
    style,
    surveys,
    themes,
    traces,
    uses,
    way_in,
    whole,
    wishing,
    wizard,
    wizard_items,
)
from .assets import asset
from .door import TheForm, form_of, visit_of
from .failures import failure_page, wants_page
from .visit import Doorkeeper, Visit

ROOMS = (
    portal,
    profiles,
    desk,
    acceptance,
    language,
    way_in,
    whole,
    account,
    passkeys,
    identities,
    catalogue,
    entries,
    wizard,
    wizard_items,
    census,
    surveys,
    demands,
    grading,
    harvest,
    harvested,
    identities,
    inventory,
    lake,
    map,
    projects,
    responsibilities,
    revisions,
    rulebooks,
    search,
    sheets,
    collection,
    delivering,
    plans,
    packages,
    purchases,
    pushes,
    quality,
    reported,
    objections,
    layers,
    library,
    erasures,
    sharing,
    deciding,
    batching,
    signing,
    purchases,
    wishing,
    agreements,
    amending,
    uses,
    disputes,
    whole,
    outflows,
    policies,
    listings,
    proxies,
    proxy_trials,
    delivery,
    calls,
    ledger,
    oversight,
    audit,
    authorities,
    bonds,
    people,
    administration,
    network,
    callers,
    style,
    themes,
    traces,
)


PAGES = tuple(page for room in ROOMS for page in room.PAGES)


def doors(pages: Sequence[HTTPRouteHandler] = PAGES) -> Router:
    """Return every page; each request brings its house, and the doorkeeper who says who stands behind a session."""

    def the_visit(request: TheRequest, form: TheForm) -> Visit:
        return visit_of(request, the_house(request), the_keeper(request), form)

    def the_keeper(request: TheRequest) -> Doorkeeper:
        keeper: Doorkeeper = request.scope["state"]["doorkeeper"]
        return keeper

    return Router(
        "/",
        route_handlers=[asset, *pages],
        dependencies={
            "form": Provide(form_of),
            "keeper": Provide(the_keeper, sync_to_thread=False),
            "visit": Provide(the_visit, sync_to_thread=True),
        },
    )


__all__ = ["doors", "failure_page", "wants_page"]
