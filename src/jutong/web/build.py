"""The management API: every room's endpoints in one application, with its OpenAPI document and page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import JSONBody
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope

from jutong import __version__, delivery
from jutong.desk import House
from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.text import preferred_language
from jutong.terms import Actor

from . import (
    acceptance,
    atlas,
    auth,
    callers,
    catalogue,
    census,
    collection,
    custody,
    disputes,
    harvest,
    layers,
    ledger,
    library,
    listings,
    lists,
    neighbours,
    outflows,
    oversight,
    packages,
    page,
    plans,
    policies,
    proxies,
    purchases,
    pushes,
    quality,
    registers,
    search,
    sharing,
    subscriptions,
    uses,
    whole,
)
from .console import PAGES, Doorkeeper, doors, failure_page, seated, wants_page
from .exact import close_messages
from .problems import broken, malformed, refused, unreadable
from .wiring import TheHouse, the_house

BODY_LIMIT = 1 << 20
HEADER_LIMIT = 16 << 10
REPLAY_SLOTS = 1 << 14  # signed requests of neighbours in 64 seconds
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
}
Answered = Callable[[Request[Any, Any, Any], Any], Response[Any]]
ROOMS = (
    registers,
    callers,
    catalogue,
    search,
    harvest,
    census,
    atlas,
    lists,
    collection,
    plans,
    quality,
    layers,
    library,
    custody,
    acceptance,
    sharing,
    purchases,
    uses,
    disputes,
    whole,
    outflows,
    subscriptions,
    policies,
    listings,
    proxies,
    oversight,
    ledger,
)


@dataclass(frozen=True, slots=True)
class Faces:
    """The management API and the pages of one house: the rooms, which know of none, and what each request is given."""

    rooms: Litestar
    given: Mapping[str, Any]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request on behalf of the house."""
        if scope["type"] == "lifespan":
            await _nothing_to_begin(receive, send)
        else:
            asked: Any = {**scope, "state": {**scope.get("state", {}), **self.given}}
            await self.rooms(asked, receive, send)


def build(house: House, doorkeeper: Doorkeeper = seated, pages: Sequence[HTTPRouteHandler] = PAGES) -> Faces:
    """Return the ASGI application of a house; ``doorkeeper`` knows who stands behind a session of the pages."""

    @cache
    def replays() -> delivery.Spent:
        # One file for all worker processes: a signed request that one of them answered is spent for the others too.
        return delivery.Spent(house.home.locks / "neighbours.map", slots=REPLAY_SLOTS)

    @cache
    def spent() -> delivery.Spent:
        return delivery.Spent(house.home.locks / "systems.map", slots=REPLAY_SLOTS)

    given = {"house": house, "doorkeeper": doorkeeper, "replays": replays, "spent": spent}
    return Faces(_rooms(tuple(pages)), given)


@cache
def _rooms(pages: tuple[HTTPRouteHandler, ...]) -> Litestar:
    """Return every room with its doors, put together once a process, whichever house it answers for."""

    def the_replays(request: Request[Any, Any, Any]) -> delivery.Spent:
        replays: delivery.Spent = request.scope["state"]["replays"]()
        return replays

    def the_spent(request: Request[Any, Any, Any]) -> delivery.Spent:
        spent: delivery.Spent = request.scope["state"]["spent"]()
        return spent

    def the_actor(request: Request[Any, Any, Any]) -> Actor:
        return auth.actor_of(request, the_house(request))

    def the_message(data: JSONBody[Any]) -> Any:
        return data

    def to_people(answer: Answered) -> Answered:
        def answered(request: Request[Any, Any, Any], error: Any) -> Response[Any]:
            return failure_page(request, the_house(request), error) if wants_page(request) else answer(request, error)

        return answered

    rooms = [Router("/", route_handlers=room.ENDPOINTS, security=[{"credential": []}]) for room in ROOMS]
    return Litestar(
        [
            *rooms,
            *neighbours.ENDPOINTS,
            *pushes.ENDPOINTS,
            *packages.ENDPOINTS,
            healthy,
            openapi_page,
            style,
            doors(pages),
        ],
        dependencies={
            "house": Provide(the_house, sync_to_thread=False),
            "actor": Provide(the_actor, sync_to_thread=True),
            "replays": Provide(the_replays, sync_to_thread=False),
            "spent": Provide(the_spent, sync_to_thread=False),
            "message": Provide(the_message, sync_to_thread=False),
        },
        exception_handlers={
            Refused: to_people(refused),
            Unavailable: to_people(refused),
            HTTPException: to_people(malformed),
            RecursionError: unreadable,
            UnicodeDecodeError: unreadable,
            Exception: to_people(broken),
        },
        request_max_body_size=BODY_LIMIT,
        before_request=_bounded,
        before_send=[_secured],
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Jutong (聚通)",
            version=__version__,
            description="The management API of one node. Errors are RFC 9457 problem documents.",
            path="/schema",
            render_plugins=[WholeDocument()],
            use_handler_docstrings=True,
            components=Components(
                security_schemes={
                    "credential": SecurityScheme(
                        type="http", scheme="bearer", description="The credential of a post: jt_..."
                    )
                }
            ),
        ),
    )


async def _nothing_to_begin(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


class WholeDocument(JsonRenderPlugin):
    """Gives the OpenAPI document at ``/schema/openapi.json`` as :func:`document` makes it."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the document as JSON."""
        return self.render_json(request, document(request.app))


def document(api: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document of an application; made when somebody first asks, for few ever do."""
    made: dict[str, Any] | None = api.state.get("document")
    if made is None:
        close_messages(api.openapi_schema, _messages(api))
        made = api.state["document"] = api.openapi_schema.to_schema()
    return made


def _messages(api: Litestar) -> Mapping[tuple[str, str], Any]:
    """Return the type of each message that a program may send, by path and method."""
    return {
        (route.path_format, method.lower()): handler.parsed_data_field.annotation
        for route in api.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.resolve_include_in_schema() and handler.parsed_data_field is not None
        for method in handler.http_methods
    }


@get("/healthz", sync_to_thread=True, include_in_schema=False, media_type=MediaType.JSON)
def healthy(house: TheHouse) -> dict[str, str | int]:
    """Say that the node answers, and how long its log is."""
    return {"node": house.home.settings.name, "version": __version__, "ledger_size": house.log.refresh()}


@get("/api", sync_to_thread=False, include_in_schema=False, media_type=MediaType.HTML)
def openapi_page(request: Request[Any, Any, Any], house: TheHouse) -> Response[str]:
    """Show the API to a person, in the reader's language, without a script."""
    language = preferred_language(request.headers.get("accept-language"), default=house.home.settings.language)
    return Response(
        page.rendered(document(request.app), house.home.settings, language),
        media_type=MediaType.HTML,
        headers={"content-language": language},
    )


@get("/style.css", sync_to_thread=False, include_in_schema=False, media_type="text/css")
def style() -> str:
    """Give the page its form."""
    return page.STYLE


async def _bounded(request: Request[Any, Any, Any]) -> None:
    # The server itself takes header fields of any size.
    if sum(len(name) + len(value) for name, value in request.scope["headers"]) > HEADER_LIMIT:
        raise HTTPException(status_code=431)


async def _secured(message: Message, scope: Scope) -> None:
    # Not after_request: that never sees a refusal.
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
