"""Signatures and seals: the international suite (Ed25519, RFC 8032; AES-GCM, NIST SP 800-38D; HPKE, RFC 9180)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import Invalid
from .httpsig import Verifies
from .text import text

NONCE_BYTES = 12
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
WRAPPED_BYTES = 32 + 32 + 16  # the ephemeral public key, 32 secret bytes, the tag


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

    alg = "ed25519"

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

    def opening_key(self) -> OpeningKey:
        """Return the key that opens what was sealed for the holder of this key; it too is made again from this one."""
        return OpeningKey(X25519PrivateKey.from_private_bytes(self.secret_for("opening packages")))

    def secret_for(self, purpose: str) -> bytes:
        """Return 32 secret bytes that belong to this key and one purpose (HKDF, RFC 5869)."""
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"jutong {purpose}".encode())
        return derive.derive(self._key.private_bytes_raw())


class PublicKey:
    """A public key of 32 bytes, spelled in base64."""

    __slots__ = ("_key", "raw")
    alg = "ed25519"

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


class EitherKey:
    """The public keys of one holder that count at one time: two in a rotation, and at least one."""

    def __init__(self, keys: Iterable[Verifies]) -> None:
        self._keys = tuple(keys)
        self.alg = self._keys[0].alg

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Say whether ``signature`` was made over ``data`` by one of them."""
        return any(key.verifies(signature, data) for key in self._keys)


class SealingKey:
    """The public half of a key to which 32 secret bytes are sealed: X25519 (RFC 7748), spelled in base64."""

    __slots__ = ("_key", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._key = X25519PublicKey.from_public_bytes(raw)

    @classmethod
    def read(cls, spelled: str) -> SealingKey:
        """Read the base64 spelling, or refuse."""
        return cls(PublicKey.read(spelled).raw)

    def __str__(self) -> str:
        return base64.b64encode(self.raw).decode()

    @property
    def id(self) -> str:
        """The key's name: the first eight bytes of its SHA-256, in hex."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def wrap(self, secret: bytes, *, of: bytes) -> bytes:
        """Return 32 secret bytes sealed to this key (HPKE base mode, RFC 9180, 5.1.1), ``of`` as its info."""
        return _HPKE.encrypt(secret, self._key, of)


class OpeningKey:
    """The private half: opens what was sealed to its public one."""

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.public = SealingKey(key.public_key().public_bytes_raw())

    def unwrap(self, given: bytes, *, of: bytes) -> bytes | None:
        """Return the secret bytes, or nothing where they were sealed to another key or as of another thing."""
        try:
            return _HPKE.decrypt(given, self._key, of)
        except (InvalidTag, ValueError):
            return None
