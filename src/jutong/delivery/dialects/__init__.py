"""Callers that cannot sign: shared secrets in two domestic header profiles, and our own calls of such platforms.

Nouns: SharedSecret.
"""

from jutong.kernel.httpmac import HeaderProfile

from .acts import issue_secret, revoke_secret
from .platform import Platform
from .secret import LONGEST_DAYS, OVERLAP_DAYS, SharedSecret, sealing_of
from .store import live_secrets, secrets_epoch

__all__ = [
    "LONGEST_DAYS",
    "OVERLAP_DAYS",
    "HeaderProfile",
    "Platform",
    "SharedSecret",
    "issue_secret",
    "live_secrets",
    "revoke_secret",
    "sealing_of",
    "secrets_epoch",
]
