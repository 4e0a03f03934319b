"""A manifest checked where it lies, without its node: who signed it, and that the files beside it are what it tells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import sm3_of_file
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.text import text

from . import manifest

SUFFIX = ".manifest"
_FAMILIES = {"ed25519": "Ed25519", "sm2-sm3": "SM2"}


def is_manifest(spelled: str) -> bool:
    """Say whether a text has the form of a manifest: a compact JWS."""
    return spelled.startswith("eyJ") and spelled.count(".") == 2


def proved(path: Path, spelled: str, keys: Sequence[AnyPublicKey]) -> dict[str, str | int]:
    """Return what a manifest proves, or refuse one that a key did not sign, or whose files are others.

    ``rows.csv`` lies beside ``rows.csv.manifest``, the files of ``v00000003.manifest`` in ``v00000003``; where neither
    is there, the manifest alone is checked, and it says so: no file.
    """
    said = manifest.read(spelled, *keys)
    beside, checked = path.with_name(path.name.removesuffix(SUFFIX)), 0
    if isinstance(said.get("file"), dict) and beside.is_file() and beside != path:
        _check(beside, said["file"])
        checked = 1
    elif isinstance(said.get("files"), list) and beside.is_dir():
        for one in said["files"]:
            _check(beside / Path(str(one["id"])).name, one)
            checked += 1
    return {
        "agreement": str(said.get("agreement", "")),
        "version": int(said.get("version", 0)),
        "signed_by": ", ".join(sorted({_FAMILIES[key.alg] for key in keys})),
        "files": checked,
    }


def _check(path: Path, told: Mapping[str, Any]) -> None:
    if not path.is_file():
        raise NotFound("file", path.name)
    with path.open("rb") as stream:
        same = hashlib.file_digest(stream, "sha256").hexdigest() == told["sha256"]
    if not same or told.get("sm3", "") not in ("", sm3_of_file(path)):
        raise Invalid(
            text("the file {name} is not the one that its manifest names", name=path.name),
            remedy=text("use nothing of it; fetch it again"),
        )
