"""Hand over what was agreed, and no more: queries and yes/no verification by key, each call on record.

Nouns: Service, Plan, Refusal, CallRecord.
"""

from .acts import open_service, refresh, serve_entry
from .client import Answer, Consumer
from .gateway import PROTOCOL, Gateway, Journal, Names, gateway_of
from .plan import Call, Plan, Refusal
from .quota import Spent, used_on
from .script import Spelled
from .service import Service
from .store import find_service, service_for, services, services_of
from .verdict import verdict_of
from .wire import CallRecord

__all__ = [
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
    "find_service",
    "gateway_of",
    "open_service",
    "refresh",
    "serve_entry",
    "service_for",
    "services",
    "services_of",
    "used_on",
    "verdict_of",
]
