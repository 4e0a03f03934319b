"""Whether this actor may do this, and with what attached.

Nouns: Label, Permit, Policy, Mask, Handling.
"""

from .grades import HANDLING, Durability, Handling, Method, allows, handling, require
from .mask import Mask, Masked, parse_mask
from .permit import Label, Permit, assurance_for, decide
from .policy import POLICIES, Policy, Tie

__all__ = [
    "HANDLING",
    "POLICIES",
    "Durability",
    "Handling",
    "Label",
    "Mask",
    "Masked",
    "Method",
    "Permit",
    "Policy",
    "Tie",
    "allows",
    "assurance_for",
    "decide",
    "handling",
    "parse_mask",
    "require",
]
