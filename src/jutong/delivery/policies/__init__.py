"""Policies on deliveries: written by one person, tried, put in force by another; they narrow what was agreed.

Nouns: DeliveryPolicy; of a draft: Consequence; of a try: Sample, Answer; of who sees what: Seen.
"""

from .acts import draft_policy, enforce_policy, try_policy, withdraw_policy
from .policy import DeliveryPolicy, Stage, faults
from .seeing import Seen, Sight, items_seen
from .store import Standing, epoch, find_policy, in_force, latest_policy, policies_shown, versions_of
from .trying import Answer, Consequence, Sample, answer_to, consequences

__all__ = [
    "Answer",
    "Consequence",
    "DeliveryPolicy",
    "Sample",
    "Seen",
    "Sight",
    "Stage",
    "Standing",
    "answer_to",
    "consequences",
    "draft_policy",
    "enforce_policy",
    "epoch",
    "faults",
    "find_policy",
    "in_force",
    "items_seen",
    "latest_policy",
    "policies_shown",
    "try_policy",
    "versions_of",
    "withdraw_policy",
]
