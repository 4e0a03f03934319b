"""What becomes of an agreement: suspended, put right, changed by two keys, ended, disposed of."""

from .acts import (
    agree_change,
    certify_disposal,
    conclude,
    decline_change,
    end_terms,
    judge_rectification,
    propose_change,
    rectify,
    resume,
    suspend,
    take_back_change,
    tell_doubt,
    terminate,
)

__all__ = [
    "agree_change",
    "certify_disposal",
    "conclude",
    "decline_change",
    "end_terms",
    "judge_rectification",
    "propose_change",
    "rectify",
    "resume",
    "suspend",
    "take_back_change",
    "tell_doubt",
    "terminate",
]
