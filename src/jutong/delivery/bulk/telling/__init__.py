"""Tell consumers' systems of each new version of a view: numbered events, to be pulled, or told by webhook in order.

Nouns: Event, Subscription.
"""

from .acts import end_subscription, end_subscriptions, send_again, subscribe
from .event import PAGE, Event, cloud_event
from .sending import tell_subscribers, teller
from .store import events_after, newest_number, subscriptions_of
from .subscription import Failure, State, Subscription

__all__ = [
    "PAGE",
    "Event",
    "Failure",
    "State",
    "Subscription",
    "cloud_event",
    "end_subscription",
    "end_subscriptions",
    "events_after",
    "newest_number",
    "send_again",
    "subscribe",
    "subscriptions_of",
    "tell_subscribers",
    "teller",
]
