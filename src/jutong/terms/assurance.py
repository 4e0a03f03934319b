"""How surely it is known who acts: what was shown at the door, from the least to the most."""

from __future__ import annotations

from enum import IntEnum


class Assurance(IntEnum):
    """Levels of a session (after NIST SP 800-63B's three, and the two factors of GB/T 22239-2019 level 3)."""

    ONE = 1  # a password, or an identity provider's word alone
    TWO = 2  # a password and a code of the phone, or a provider that vouches for two factors
    THREE = 3  # a passkey that verified its user, or a provider that vouches for as much
