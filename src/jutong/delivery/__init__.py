"""Hand over what was agreed, and no more: record by record through the gateway, or as a whole (``bulk``), on record.

Nouns: Service, Plan, Refusal, CallRecord.
"""

from .acts import open_service, refresh, serve_entry
from .bulk import keep_views, remake_views, sharing_of
from .bulk.outflow import end_outflows, run_outflows
from .bulk.telling import end_subscriptions, tell_subscribers
from .call import Call
from .client import Answer, Consumer
from .copies import look_at_copies, make_sealing_key, renew_copies
from .gateway import LOOP, PROTOCOL, Gateway, Journal, Names, gateway_of
from .listing import keep_listings, remake_listings
from .plan import Plan
from .quota import Spent, used_on
from .refusal import Refusal
from .script import Spelled
from .service import Service
from .store import find_service, service_for, services, services_of
from .verdict import verdict_of
from .wire import CallRecord

__all__ = [
    "LOOP",
    "PROTOCOL",
    "Answer",
    "Call",
    "CallRecord",
    "Consumer",
    "Gateway",
    "Journal",
    "Names",
    "Plan",
    "Refusal",
    "Service",
    "Spelled",
    "Spent",
    "end_outflows",
    "end_subscriptions",
    "find_service",
    "gateway_of",
    "keep_listings",
    "keep_views",
    "look_at_copies",
    "make_sealing_key",
    "open_service",
    "refresh",
    "remake_listings",
    "remake_views",
    "renew_copies",
    "run_outflows",
    "serve_entry",
    "service_for",
    "services",
    "services_of",
    "sharing_of",
    "tell_subscribers",
    "used_on",
    "verdict_of",
]
