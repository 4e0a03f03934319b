"""A device that makes passkeys and signs with them, written from WebAuthn's own text: what tests of passkeys share."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Device:
    """One device with one passkey; every field that an attacker would bend can be bent."""

    origin: str = "https://data.example.gov.cn"
    host: str = "data.example.gov.cn"
    flags: int = UP | UV
    count: int = 0
    counts: bool = True
    person: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: Mapping[str, Any], *, kind: str = "webauthn.create") -> str:
        """Return what a browser hands in for a new passkey."""
        asked = options["publicKey"]
        self.person = self.person or _read(asked["user"]["id"]).decode()
        numbers = self.key.public_key().public_numbers()
        cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21" + _bytes(numbers.x.to_bytes(32, "big"))
        cose += b"\x22" + _bytes(numbers.y.to_bytes(32, "big"))
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(self.flags | AT) + attested
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + _bytes(data)
        response = {"clientDataJSON": _spell(self._client(asked, kind)), "attestationObject": _spell(attestation)}
        return self._credential(response)

    def sign(self, options: Mapping[str, Any], *, kind: str = "webauthn.get", **client: Any) -> str:
        """Return what a browser hands in when the device signs."""
        self.count += self.counts
        told = self._client(options["publicKey"], kind, **client)
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": _spell(told),
                "authenticatorData": _spell(data),
                "signature": _spell(signature),
                "userHandle": _spell(self.person.encode()),
            }
        )

    def _client(self, asked: Mapping[str, Any], kind: str, **more: Any) -> bytes:
        told = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False, **more}
        return json.dumps(told).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _credential(self, response: Mapping[str, str]) -> str:
        name = _spell(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _bytes(value: bytes) -> bytes:
    return (b"\x58" + bytes([len(value)]) if len(value) < 256 else b"\x59" + len(value).to_bytes(2, "big")) + value


def _spell(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _read(spelled: str) -> bytes:
    return base64.urlsafe_b64decode(spelled + "=" * (-len(spelled) % 4))
