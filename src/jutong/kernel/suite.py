"""Algorithms for what lies at rest, by suite: AES-256-GCM with SHA-256, or SM4-GCM with SM3 (GB/T 32907, 32905)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from hmac import trans_5C, trans_36
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Ciphering
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SM3, Hash

KEY_BYTES = 32  # of every key, in either suite; SM4 takes the first half of one
TAG_BYTES = 16


class Suite(StrEnum):
    """Which family of algorithms a node uses where it has the choice."""

    INTERNATIONAL = "international"
    SM = "sm"


class Cipher(Protocol):
    """Seals bytes under one key; a nonce of 12 bytes is used once, or what it sealed lies open."""

    def seal(self, nonce: bytes, data: bytes, of: bytes) -> bytes:
        """Return ``data`` sealed, its tag at the end; it opens only as that ``of`` the same thing."""
        ...

    def open(self, nonce: bytes, given: bytes, of: bytes) -> bytes | None:
        """Return what was sealed; None where a byte of it, of its nonce or of its ``of`` is another."""
        ...


def cipher(suite: Suite, key: bytes) -> Cipher:
    """Return the suite's cipher under a key of 32 bytes.

    >>> aes = cipher(Suite.INTERNATIONAL, bytes(32))
    >>> aes.open(bytes(12), aes.seal(bytes(12), b"5001", b"row 1"), b"row 2") is None
    True
    """
    return _Sm4Gcm(key) if suite is Suite.SM else _AesGcm(key)


def sm3(data: bytes) -> bytes:
    """Return the SM3 of ``data``: 32 bytes (GB/T 32905-2016).

    >>> sm3(b"abc").hex()[:16]
    '66c7f0f462eeedd9'
    """
    hashing = Hash(SM3())
    hashing.update(data)
    return hashing.finalize()


class Sm3:
    """An SM3 that grows with what passes."""

    def __init__(self) -> None:
        self._hashing = Hash(SM3())

    def update(self, block: bytes) -> None:
        """Take more bytes in."""
        self._hashing.update(block)

    def digest(self) -> bytes:
        """Return the SM3 of all that passed: 32 bytes."""
        return self._hashing.copy().finalize()

    def hexdigest(self) -> str:
        """Return it in hex."""
        return self.digest().hex()


def keyed_hash(suite: Suite, key: bytes) -> Callable[[bytes], bytes]:
    """Return the suite's HMAC (RFC 2104) under a key of up to 64 bytes: 32 bytes for any words.

    Its two halves know the key already, so that each call pays for its own words only.

    >>> import hmac
    >>> keyed_hash(Suite.INTERNATIONAL, b"k")(b"words") == hmac.digest(b"k", b"words", "sha256")
    True
    """
    block = key.ljust(64, b"\0")
    return (_sm3_halves if suite is Suite.SM else _sha256_halves)(block.translate(trans_36), block.translate(trans_5C))


def secret_of(suite: Suite, key: bytes, purpose: str) -> bytes:
    """Return the 32 secret bytes that belong to a random key and one purpose (HKDF-Expand, RFC 5869, one block)."""
    return keyed_hash(suite, key)(f"jutong {purpose}".encode() + b"\x01")


class VaultKey:
    """A key under which data keys are wrapped: its place in the order in which keys were made, and its name."""

    def __init__(self, number: int, secret: bytes) -> None:
        self.number, self._secret = number, secret
        self.id = secret_of(Suite.INTERNATIONAL, secret, "name of a vault's key")[:4].hex()

    def wrapping(self, suite: Suite) -> Cipher:
        """Return the cipher that wraps data keys; what follows from this key serves nothing else."""
        return cipher(suite, secret_of(suite, self._secret, "wrapping of data keys"))


class _AesGcm:
    def __init__(self, key: bytes) -> None:
        self._key = AESGCM(key)
        self.seal = self._key.encrypt

    def open(self, nonce: bytes, given: bytes, of: bytes) -> bytes | None:
        try:
            return self._key.decrypt(nonce, given, of)
        except (InvalidTag, ValueError):
            return None


class _Sm4Gcm:
    def __init__(self, key: bytes) -> None:
        self._key = SM4(key[:16])

    def seal(self, nonce: bytes, data: bytes, of: bytes) -> bytes:
        sealing = Ciphering(self._key, GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(of)
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def open(self, nonce: bytes, given: bytes, of: bytes) -> bytes | None:
        try:
            opening = Ciphering(self._key, GCM(nonce, given[-TAG_BYTES:])).decryptor()
            opening.authenticate_additional_data(of)
            return opening.update(given[:-TAG_BYTES]) + opening.finalize()
        except (InvalidTag, ValueError):
            return None


def _sha256_halves(inner_pad: bytes, outer_pad: bytes) -> Callable[[bytes], bytes]:
    inner, outer = sha256(inner_pad), sha256(outer_pad)

    def hashed(words: bytes) -> bytes:
        one, two = inner.copy(), outer.copy()
        one.update(words)
        two.update(one.digest())
        return two.digest()

    return hashed


def _sm3_halves(inner_pad: bytes, outer_pad: bytes) -> Callable[[bytes], bytes]:
    inner, outer = Hash(SM3()), Hash(SM3())
    inner.update(inner_pad)
    outer.update(outer_pad)

    def hashed(words: bytes) -> bytes:
        one, two = inner.copy(), outer.copy()
        one.update(words)
        two.update(one.finalize())
        return two.finalize()

    return hashed
