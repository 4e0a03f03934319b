"""The gateway: consumers' systems ask here for what was agreed, and get no more."""

from .accept import LOOP
from .app import Gateway, gateway_of
from .naming import Names
from .protocol import PROTOCOL
from .turn import Journal

__all__ = ["LOOP", "PROTOCOL", "Gateway", "Journal", "Names", "gateway_of"]
