"""Public keys of either suite, as people and registers spell them."""

from __future__ import annotations

from .crypto import PublicKey
from .sm2 import Sm2PublicKey

SM2_HEX = (66, 128, 130)  # characters: a compressed point, x and y, a whole point
AnyPublicKey = PublicKey | Sm2PublicKey


def read_public_key(spelled: str) -> AnyPublicKey:
    """Read an Ed25519 key in base64, or an SM2 key in base64, hex or PEM; or refuse.

    >>> str(read_public_key("04" + "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    ...     + "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"))
    'AjLEriwfGYEZX5kERmo5yZSP4wu/8mYL4XFaRYkzTHTH'
    """
    given = spelled.strip()
    # Of 44 characters of base64 the 32 bytes of an Ed25519 key leave a place at the end, the 33 of a point none.
    of_point = len(given) == 44 and not given.endswith("=")
    sm2 = of_point or len(given) in SM2_HEX or given.startswith("-----BEGIN PUBLIC KEY-----")
    return Sm2PublicKey.read(given) if sm2 else PublicKey.read(given)
