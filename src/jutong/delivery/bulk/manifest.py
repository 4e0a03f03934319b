"""The manifest of what is handed over: which files with which digests, of what, for whom; signed by the node."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from jutong.catalogue.entry import Entry
from jutong.kernel.canon import Fact, canonical
from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.errors import Invalid
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
    agreement: Agreement, view: View, *, form: str, rows: int, size: int, content: str
) -> dict[str, Fact]:
    """Return what one file is: of which version of which view, with which digest."""
    return {
        "agreement": agreement.id,
        "agreement_digest": agreement.digest(),
        "entry": agreement.entry,
        "provider": agreement.provider,
        "consumer": agreement.consumer,
        "version": view.version,
        "made": view.made.isoformat(timespec="seconds"),
        "view": view.digest(),
        "file": {"form": form, "rows": rows, "size": size, "sha256": content},
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
) -> Handed:
    """Return a file with its signed manifest."""
    told = manifest_of_file(agreement, view, form=form.value, rows=view.rows, size=size, content=content)
    return Handed(
        path=path,
        name=f"{entry.service or 'rows'}-v{view.version}.{form.value}",
        form=form,
        version=view.version,
        rows=view.rows,
        size=size,
        digest=content,
        manifest=sign(told, key, node),
    )


def sign(manifest: Mapping[str, Fact], key: SigningKey, node: str) -> str:
    """Return the manifest as a compact JWS (RFC 7515), which any library of that standard verifies."""
    head = {"alg": ALGORITHM, "kid": node, "typ": KIND}
    signed = f"{_spell(canonical(head))}.{_spell(canonical(manifest))}"
    return f"{signed}.{_spell(key.sign(signed.encode()))}"


def read(spelled: str, key: PublicKey) -> Mapping[str, Any]:
    """Return what a manifest says, or refuse one that ``key`` did not sign; nothing in its head is believed."""
    signed, _, signature = spelled.rpartition(".")
    _, _, told = signed.partition(".")
    try:
        if not key.verifies(_read(signature), signed.encode()):
            raise _unsound()
        said = msgspec.json.decode(_read(told))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _unsound() from error
    if not isinstance(said, dict):
        raise _unsound()
    return said


def _told(part: Part) -> dict[str, Fact]:
    return {"id": part.name, "size": part.size, "rows": part.rows, "sha256": part.digest}


def _unsound() -> Invalid:
    return Invalid(
        text("the manifest was not signed by this node's key"),
        remedy=text("use nothing of this delivery; ask the node's administrators for its key"),
    )


def _spell(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(spelled: str) -> bytes:
    return base64.b64decode(spelled + "=" * (-len(spelled) % 4), altchars=b"-_", validate=True)
