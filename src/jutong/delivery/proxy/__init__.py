"""Departments' own services: asked by their OpenAPI document, through the node, and no further than an agreement goes.

Nouns: Proxy, Operation, Parameter, Field; of a call: Question, Reply, Cut; Breaker.
"""

from ..opening import State
from .acts import (
    ask_proxy,
    declare_proxy,
    end_proxy,
    open_proxy,
    release_proxy,
    renew_secret,
    try_proxy,
)
from .breaker import Breaker, Flow
from .declaring import fields_in
from .operation import Operation, Outcome, Parameter, Where, document_of, keys_of, operations_of
from .proxy import Asks, Field, Proxy
from .right import Offer, given_items, offer_of, refusal_of
from .sight import proxy_shown, sees_all, service_at
from .store import agreements_of, find_proxy, live_proxies, openings, proxies_of, proxies_open_to
from .telling import Told, told_in
from .trying import ANSWERED, Door, Tried, Wish, door_of
from .ways import Ways

__all__ = [
    "ANSWERED",
    "Asks",
    "Breaker",
    "Door",
    "Field",
    "Flow",
    "Offer",
    "Operation",
    "Outcome",
    "Parameter",
    "Proxy",
    "State",
    "Told",
    "Tried",
    "Ways",
    "Where",
    "Wish",
    "agreements_of",
    "ask_proxy",
    "declare_proxy",
    "document_of",
    "door_of",
    "end_proxy",
    "fields_in",
    "find_proxy",
    "given_items",
    "keys_of",
    "live_proxies",
    "offer_of",
    "open_proxy",
    "openings",
    "operations_of",
    "proxies_of",
    "proxies_open_to",
    "proxy_shown",
    "refusal_of",
    "release_proxy",
    "renew_secret",
    "sees_all",
    "service_at",
    "told_in",
    "try_proxy",
]
