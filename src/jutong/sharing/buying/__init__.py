"""Data that a body bought from society: bought once, found by all, used by those whom the licence allows."""

from .acts import declare_purchase, end_purchases, share_purchase
from .purchase import PriceClass, Purchase, Terms
from .store import find_purchase, purchases, purchases_like, purchases_to_share

__all__ = [
    "PriceClass",
    "Purchase",
    "Terms",
    "declare_purchase",
    "end_purchases",
    "find_purchase",
    "purchases",
    "purchases_like",
    "purchases_to_share",
    "share_purchase",
]
