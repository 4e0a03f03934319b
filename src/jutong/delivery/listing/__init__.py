"""Services by declaration: rows found by the parameters, in the order and to the items that their provider declared.

Nouns: Listing, Parameter, Order; of a call: Wish, Question, Place.
"""

from ..opening import State
from .acts import (
    Trial,
    copy_listing,
    declare_listing,
    end_listing,
    open_listing,
    release_listing,
    try_listing,
)
from .clause import Prepared, prepared
from .keeping import keep_listings, remake_listings
from .listing import Listing, Operator, Order, Parameter, Type
from .question import Question, Wish, question_of
from .right import given_items, refusal_of
from .sight import listing_shown, sees_all
from .store import agreements_of, find_listing, listings_of, listings_open_to, live_listings, openings

__all__ = [
    "Listing",
    "Operator",
    "Order",
    "Parameter",
    "Prepared",
    "Question",
    "State",
    "Trial",
    "Type",
    "Wish",
    "agreements_of",
    "copy_listing",
    "declare_listing",
    "end_listing",
    "find_listing",
    "given_items",
    "keep_listings",
    "listing_shown",
    "listings_of",
    "listings_open_to",
    "live_listings",
    "open_listing",
    "openings",
    "prepared",
    "question_of",
    "refusal_of",
    "release_listing",
    "remake_listings",
    "sees_all",
    "try_listing",
]
