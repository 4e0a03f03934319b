"""Disputes about sharing and the ladder on which they are settled (Order 809, art. 28).

Nouns: Dispute, Opinion, Proposal, Ruling, Rung, State.
"""

from .acts import (
    accept_ruling,
    decide_dispute,
    escalate_disputes,
    open_dispute,
    propose_ruling,
    refer_dispute,
    state_opinion,
    take_up_dispute,
    withdraw_dispute,
)
from .ladder import arbiter_of, government_of
from .noun import Dispute, Opinion, Proposal, Ruling, Rung, State
from .store import dispute_on, disputes_listed, disputes_waiting, find_dispute, key_of_dispute

__all__ = [
    "Dispute",
    "Opinion",
    "Proposal",
    "Ruling",
    "Rung",
    "State",
    "accept_ruling",
    "arbiter_of",
    "decide_dispute",
    "dispute_on",
    "disputes_listed",
    "disputes_waiting",
    "escalate_disputes",
    "find_dispute",
    "government_of",
    "key_of_dispute",
    "open_dispute",
    "propose_ruling",
    "refer_dispute",
    "state_opinion",
    "take_up_dispute",
    "withdraw_dispute",
]
