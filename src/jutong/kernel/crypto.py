"""Signatures and seals: the international suite (Ed25519, RFC 8032; AES-GCM, NIST SP 800-38D)."""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import Invalid
from .text import text

NONCE_BYTES = 12


def sealed(key: bytes, secret: bytes, *, of: str) -> bytes:
    """Return ``secret`` so that it can lie in the open: only the key opens it, and only as that ``of`` the same thing.

    ``key`` is of 32 bytes.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, of.encode())


def opened(key: bytes, given: bytes, *, of: str) -> bytes | None:
    """Return what was sealed, or nothing where it was sealed by another key, for another thing, or not at all.

    >>> key = bytes(32)
    >>> opened(key, sealed(key, b"91500000", of="conflicts"), of="conflicts")
    b'91500000'
    >>> opened(key, sealed(key, b"91500000", of="conflicts"), of="bonds")
    """
    try:
        return AESGCM(key).decrypt(given[:NONCE_BYTES], given[NONCE_BYTES:], of.encode())
    except (InvalidTag, ValueError):
        return None


class SigningKey:
    """A private key; it can be asked to sign, for its public half, and for secrets that only it can make again."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())

    @classmethod
    def new(cls) -> SigningKey:
        """Make a key from the machine's random source."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def of_seed(cls, seed: bytes) -> SigningKey:
        """Return the key of 32 secret bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature of ``data``."""
        return self._key.sign(data)

    def secret_for(self, purpose: str) -> bytes:
        """Return 32 secret bytes that belong to this key and one purpose (HKDF, RFC 5869)."""
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"jutong {purpose}".encode())
        return derive.derive(self._key.private_bytes_raw())


class PublicKey:
    """A public key of 32 bytes, spelled in base64."""

    __slots__ = ("_key", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    @classmethod
    def read(cls, spelled: str) -> PublicKey:
        """Read the base64 spelling, or refuse."""
        try:
            raw = base64.b64decode(spelled, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid(text("a public key is 32 bytes in base64")) from error
        if len(raw) != 32:
            raise Invalid(text("a public key is 32 bytes in base64"))
        return cls(raw)

    def __str__(self) -> str:
        return base64.b64encode(self.raw).decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Say whether ``signature`` was made over ``data`` by the private half."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True
