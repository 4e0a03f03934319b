"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature): read, print, sign, verify."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jutong.kernel.errors import Invalid
from jutong.kernel.sm2 import POINT_BYTES, Sm2PublicKey
from jutong.kernel.text import text

from .merkle import HASH_BYTES

SIGNATURES_AT_MOST = 64
NOTE_BYTES_AT_MOST = 65_536
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+]+")
# C2SP has assigned no byte to SM2: after 0xff, which is left for such kinds, stands a name that no other bears.
SM2_KIND = b"jutong/sm2-sm3/v1"

Sign = Callable[[bytes], bytes]


class KeyKind(IntEnum):
    """What a key signs: the byte that C2SP mixes into its identifier."""

    NOTE = 0x01  # the note's text itself: the log
    COSIGNATURE = 0x04  # a time and the note's text: a witness
    SM2 = 0xFF  # the note's text itself, by SM2 with SM3: the log's second signature


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who claims to have signed, with which key, and the bytes."""

    name: str
    key_id: bytes
    value: bytes

    @classmethod
    def read(cls, line: str) -> Signature:
        """Read a line without its newline."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not _NAME.fullmatch(parts[1]):
            raise Invalid(text("a signature line is `— name base64`"))
        data = debased(parts[2])
        if len(data) < 5:
            raise Invalid(text("a signature line holds a key identifier of four bytes and a signature"))
        return cls(parts[1], data[:4], data[4:])

    def __str__(self) -> str:
        return f"— {self.name} {based(self.key_id + self.value)}"

    @property
    def time(self) -> int:
        """When a cosignature was made, in seconds since 1970."""
        return int.from_bytes(self.value[:8], "big")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, spelled ``name+identifier+base64`` (a vkey).

    A key of SM2 also says above how many leaves each checkpoint of its log bears its signature: ``...@since``.
    """

    name: str
    kind: KeyKind
    public: bytes
    since: int = 0

    @classmethod
    def read(cls, spelled: str) -> VerifierKey:
        """Read a vkey, or refuse.

        >>> VerifierKey.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").key_id.hex()
        'c74f20a3'
        """
        name, _, rest = spelled.strip().partition("+")
        key_id, _, coded = rest.partition("+")
        coded, parted, since = coded.partition("@")
        data = debased(coded)
        kind, public = (KeyKind(data[0]), data[1:]) if data and data[0] in tuple(KeyKind) else (None, b"")
        if kind is KeyKind.SM2 and public.startswith(SM2_KIND):
            public = public.removeprefix(SM2_KIND)
            sound = len(public) == POINT_BYTES
        else:
            sound = kind in (KeyKind.NOTE, KeyKind.COSIGNATURE) and len(public) == 32 and not parted
        if kind is None or not sound or not _NAME.fullmatch(name):
            raise Invalid(
                text("a verifier key is `name+identifier+base64` of an Ed25519 key (kind 1 or 4) or of an SM2 key")
            )
        key = cls(name, kind, public, number(since) if parted else 0)
        if kind is KeyKind.SM2:
            _point(public)
        if key.key_id.hex() != key_id:
            raise Invalid(text("the identifier in this verifier key does not belong to its name and key"))
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names this key."""
        return sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def _typed(self) -> bytes:
        return bytes([self.kind]) + (SM2_KIND if self.kind is KeyKind.SM2 else b"") + self.public

    def __str__(self) -> str:
        since = f"@{self.since}" if self.since else ""
        return f"{self.name}+{self.key_id.hex()}+{based(self._typed)}{since}"

    def matches(self, signature: Signature) -> bool:
        """Say whether ``signature`` claims to be by this key."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verifies(self, signature: Signature, body: str) -> bool:
        """Say whether ``signature`` is by this key over the note text ``body``."""
        value, message = signature.value, body.encode()
        if self.kind is KeyKind.SM2:
            return _point(self.public).verifies(value, message) and self.matches(signature)
        if self.kind is KeyKind.COSIGNATURE:
            value, message = value[8:], _cosigned(body, signature.time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except (InvalidSignature, ValueError):
            return False
        return self.matches(signature)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it; trust nothing of the text before ``verified``."""

    body: str
    signatures: tuple[Signature, ...]

    @classmethod
    def read(cls, data: bytes) -> Note:
        """Read a signed note, or refuse a form that two readers might understand differently."""
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise Invalid(text("a signed note is UTF-8 text")) from error
        if len(data) > NOTE_BYTES_AT_MOST or _CONTROL.search(whole) or not whole.endswith("\n"):
            raise Invalid(
                text("a signed note is text of at most 64 KiB, without control characters, ending in a newline")
            )
        body, parted, lines = whole.rpartition("\n\n")
        signatures = tuple(Signature.read(line) for line in lines.removesuffix("\n").split("\n"))
        if not parted or not body or len(signatures) > SIGNATURES_AT_MOST:
            raise Invalid(text("a signed note is a text, an empty line and signature lines"))
        return cls(body + "\n", signatures)

    def __str__(self) -> str:
        return f"{self.body}\n" + "".join(f"{signature}\n" for signature in self.signatures)

    def verified(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Return the keys that signed; refuse when a known key's signature is false, or when no known key signed."""
        signed: dict[bytes, VerifierKey] = {}
        # One pair of keys speaks once; a log that cosigns itself stays the log and is nobody's witness.
        for key in sorted(keys, key=lambda key: key.kind):
            for signature in filter(key.matches, self.signatures):
                if not key.verifies(signature, self.body):
                    raise Invalid(text("the signature of {name} does not verify", name=key.name))
                signed.setdefault(key.public, key)
        if not signed:
            raise Invalid(text("none of the known keys signed this note"))
        return tuple(signed.values())

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """Return the note with further signatures; a newer one by the same key takes the older one's place."""
        merged = {(one.name, one.key_id): one for one in (*self.signatures, *more)}
        return Note(self.body, tuple(merged.values()))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's whole state in three lines: which log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def of_body(cls, body: str) -> Checkpoint:
        """Read the text of a checkpoint; lines after the third are allowed and carry no meaning here."""
        lines = body.removesuffix("\n").split("\n")
        if len(lines) < 3 or "" in lines or not _NUMBER.fullmatch(lines[1]):
            raise Invalid(text("a checkpoint is three lines: origin, size, root"))
        root = debased(lines[2])
        if len(root) != HASH_BYTES:
            raise Invalid(text("the root of a checkpoint is 32 bytes in base64"))
        return cls(lines[0], int(lines[1]), root)

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{based(self.root)}\n"


def sign(body: str, key: VerifierKey, by: Sign) -> Signature:
    """Return a log's signature over a note text."""
    return Signature(key.name, key.key_id, by(body.encode()))


def cosign(body: str, key: VerifierKey, by: Sign, *, at: int) -> Signature:
    """Return a witness's signature over a note text at a time (seconds since 1970)."""
    return Signature(key.name, key.key_id, at.to_bytes(8, "big") + by(_cosigned(body, at)))


def signed_by(note: Note, origin: str, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return the keys that signed a checkpoint; refuse unless the log's own is among them, one of each family given.

    Who holds the log's SM2 key takes no checkpoint without its signature, but those of before it signed by SM2: a line
    that was taken away is then as bad as a false one.
    """
    known = tuple(keys)
    own = [key for key in known if key.name == origin and key.kind is not KeyKind.COSIGNATURE]
    if not own:
        raise Invalid(text("no key of the log {origin} was given", origin=origin))
    signed = note.verified(known)
    size = Checkpoint.of_body(note.body).size
    notes = [key for key in own if key.kind is KeyKind.NOTE]
    if not set(signed) & set(notes or own):
        raise Invalid(text("the log {origin} did not sign this checkpoint", origin=origin))
    asked = [key for key in own if key.kind is KeyKind.SM2 and key.since < size]
    newest = max((key.since for key in asked), default=0)
    if asked and not any(key in signed for key in asked if key.since == newest):
        raise Invalid(
            text(
                "the log {origin} did not sign this checkpoint by SM2, as it does since leaf {since}",
                origin=origin,
                since=newest,
            ),
            basis=text("GB/T 39786-2021, the suite of this log"),
        )
    return signed


def families(signed: Iterable[VerifierKey]) -> str:
    """Return by which algorithms a log signed, of the keys that ``signed_by`` found."""
    kinds = {key.kind for key in signed}
    return ", ".join(name for kind, name in ((KeyKind.NOTE, "Ed25519"), (KeyKind.SM2, "SM2")) if kind in kinds)


def number(spelled: str) -> int:
    """Read a decimal number that has one spelling only, or refuse.

    >>> number("007")
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: a number here is decimal digits without leading zeros
    """
    if not _NUMBER.fullmatch(spelled):
        raise Invalid(text("a number here is decimal digits without leading zeros"))
    return int(spelled)


def based(data: bytes) -> str:
    """Spell bytes in base64."""
    return base64.b64encode(data).decode()


def debased(spelled: str) -> bytes:
    """Read base64 that has the one canonical spelling, or refuse."""
    try:
        data = base64.b64decode(spelled, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(text("these bytes are not spelled in base64")) from error
    # Spare bits in the last character would let a byte change without a reader noticing.
    if based(data) != spelled:
        raise Invalid(text("these bytes are not spelled in canonical base64"))
    return data


@lru_cache(64)
def _point(public: bytes) -> Sm2PublicKey:
    return Sm2PublicKey(public)


def _cosigned(body: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{body}".encode()
