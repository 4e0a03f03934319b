"""A use that goes beyond what was agreed is applied for anew (Order 809, arts 20 and 25): the consumer's own change."""

from .acts import draft_amendment, drop_amendments
from .delta import Delta

__all__ = ["Delta", "draft_amendment", "drop_amendments"]
