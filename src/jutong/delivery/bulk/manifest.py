"""The manifest of what is handed over: which files with which digests, of what, for whom; signed by the node.

It is a JWS by Ed25519. Where the node's suite is ``sm``, its head has one name more, which others pass over: ``sm2``, a
signature over the same payload under the head {"alg": "sm2-sm3", "kid": node, "typ": kind}; and files have their SM3.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from jutong.catalogue.entry import Entry
from jutong.kernel.canon import Fact, canonical
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid
from jutong.kernel.httpsig import ED25519, SM2
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.text import text
from jutong.sharing.agreement import Agreement

from .form import Form, Handed
from .view import Part, View

ALGORITHM = "Ed25519"  # RFC 9864
KIND = "jutong-manifest+jwt"


def manifest_of(
    agreement: Agreement,
    parts: Iterable[Part],
    *,
    version: int,
    terms: str,
    made: datetime,
    changes: Iterable[Part] | None = None,
) -> dict[str, Fact]:
    """Return what is handed over, in plain values; the agreement's digest ties it to its words."""
    return {
        "agreement": agreement.id,
        "agreement_digest": agreement.digest(),
        "entry": agreement.entry,
        "provider": agreement.provider,
        "consumer": agreement.consumer,
        "version": version,
        "terms": terms,
        "made": made.isoformat(timespec="seconds"),
        "files": [_told(part) for part in parts],
        "changes": None if changes is None else [_told(part) for part in changes],
    }


def manifest_of_file(
    agreement: Agreement, view: View, *, form: str, rows: int, size: int, content: str, sm3: str = ""
) -> dict[str, Fact]:
    """Return what one file is: of which version of which view, with which digest."""
    file: dict[str, Fact] = {"form": form, "rows": rows, "size": size, "sha256": content}
    return {
        "agreement": agreement.id,
        "agreement_digest": agreement.digest(),
        "entry": agreement.entry,
        "provider": agreement.provider,
        "consumer": agreement.consumer,
        "version": view.version,
        "made": view.made.isoformat(timespec="seconds"),
        "view": view.digest(),
        "file": {**file, "sm3": sm3} if sm3 else file,
    }


def handed_of(
    agreement: Agreement,
    entry: Entry,
    view: View,
    form: Form,
    path: str,
    size: int,
    content: str,
    *,
    key: SigningKey,
    node: str,
    sm2: Sm2SigningKey | None = None,
    sm3: str = "",
) -> Handed:
    """Return a file with its signed manifest."""
    told = manifest_of_file(agreement, view, form=form.value, rows=view.rows, size=size, content=content, sm3=sm3)
    return Handed(
        path=path,
        name=f"{entry.service or 'rows'}-v{view.version}.{form.value}",
        form=form,
        version=view.version,
        rows=view.rows,
        size=size,
        digest=content,
        manifest=sign(told, key, node, sm2),
    )


def sign(manifest: Mapping[str, Fact], key: SigningKey, node: str, sm2: Sm2SigningKey | None = None) -> str:
    """Return the manifest as a compact JWS (RFC 7515), which any library of that standard verifies."""
    told = _spell(canonical(manifest))
    head: dict[str, Fact] = {"alg": ALGORITHM, "kid": node, "typ": KIND}
    if sm2 is not None:
        head["sm2"] = _spell(sm2.sign(_signed_by_sm2(node, told)))
    signed = f"{_spell(canonical(head))}.{told}"
    return f"{signed}.{_spell(key.sign(signed.encode()))}"


def read(spelled: str, *keys: AnyPublicKey) -> Mapping[str, Any]:
    """Return what a manifest says, or refuse one that not each of ``keys`` signed; nothing in its head is believed."""
    signed, _, signature = spelled.strip().rpartition(".")
    head, _, told = signed.partition(".")
    try:
        for key in keys:
            if key.alg == ED25519 and not key.verifies(_read(signature), signed.encode()):
                raise _unsound()
            if key.alg == SM2 and not _holds_by_sm2(head, told, key):
                raise _unsigned_by_sm2()
        said = msgspec.json.decode(_read(told))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _unsound() from error
    if not keys or not isinstance(said, dict):
        raise _unsound()
    return said


def _holds_by_sm2(head: str, told: str, key: AnyPublicKey) -> bool:
    said = msgspec.json.decode(_read(head))
    if not isinstance(said, dict) or not isinstance(said.get("sm2"), str) or not isinstance(said.get("kid"), str):
        return False
    return key.verifies(_read(said["sm2"]), _signed_by_sm2(said["kid"], told))


def _signed_by_sm2(node: str, told: str) -> bytes:
    return f"{_spell(canonical({'alg': SM2, 'kid': node, 'typ': KIND}))}.{told}".encode()


def _told(part: Part) -> dict[str, Fact]:
    told: dict[str, Fact] = {"id": part.name, "size": part.size, "rows": part.rows, "sha256": part.digest}
    return {**told, "sm3": part.sm3} if part.sm3 else told


def _unsound() -> Invalid:
    return Invalid(
        text("the manifest was not signed by this node's key"),
        remedy=text("use nothing of this delivery; ask the node's administrators for its key"),
    )


def _unsigned_by_sm2() -> Invalid:
    return Invalid(
        text("the manifest bears no signature by this node's SM2 key"),
        basis=text("GB/T 39786-2021, the suite of this node"),
        remedy=text("use nothing of this delivery; ask the node's administrators for its key"),
    )


def _spell(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(spelled: str) -> bytes:
    return base64.b64decode(spelled + "=" * (-len(spelled) % 4), altchars=b"-_", validate=True)
