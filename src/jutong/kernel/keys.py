"""Private keys in files that only their owner reads."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .crypto import SigningKey
from .errors import Invalid, Unavailable
from .files import write_whole
from .sm2 import Sm2SigningKey, is_here, is_sm2
from .text import text

_SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


AnySigningKey = SigningKey | Sm2SigningKey


def load_any_key(path: Path) -> AnySigningKey:
    """Read an Ed25519 or SM2 key from a PEM file; one that others may read is refused."""
    data = read_own(path)
    return Sm2SigningKey.of_pem(data) if is_sm2(data) else load_key(path)


def load_key(path: Path) -> SigningKey:
    """Read a key from a PEM file (PKCS #8); a file that others may read is refused."""
    data = read_own(path)
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid(text("the key file {path} holds no Ed25519 key", path=path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(text("the key file {path} holds no Ed25519 key", path=path))
    return SigningKey(key)


def make_key(path: Path) -> SigningKey:
    """Return the key in ``path``; the first time, make it there, readable by its owner alone."""
    if path.exists():
        return load_key(path)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    write_whole(path, pem, mode=0o600)
    return SigningKey(key)


def make_sm2_key(path: Path) -> Sm2SigningKey:
    """Return the SM2 key in ``path``; the first time, make it there, readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        write_whole(path, Sm2SigningKey.new().pem(), mode=0o600)
    return Sm2SigningKey.of_pem(read_own(path))


def load_sm2_key(path: Path) -> Sm2SigningKey:
    """Read the SM2 key by which a node signs beside Ed25519; without it, or without SM2 here, no node starts."""
    if not is_here():
        raise Unavailable(
            text("`[crypto] suite` asks this node to sign by SM2, and the OpenSSL of this machine has none"),
            basis=text("GB/T 39786-2021, the suite of this node"),
            remedy=text("install libcrypto 3 with SM2"),
        )
    if not path.exists():
        raise Unavailable(
            text("`[crypto] suite` asks this node to sign by SM2, and it has no SM2 key"),
            basis=text("GB/T 39786-2021, the suite of this node"),
            remedy=text("make one with `jutong migrate`, or put the old one back: {path}", path=path),
        )
    return Sm2SigningKey.of_pem(read_own(path))


def read_own(path: Path) -> bytes:
    """Return what a file holds that only its owner may read; one that others may read is refused."""
    try:
        data, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise Unavailable(text("the key file {path} cannot be read", path=path)) from error
    if mode & 0o077:
        raise Invalid(
            text("the key file {path} can be read by others", path=path), remedy=text("chmod 600 {path}", path=path)
        )
    return data


def read_secret(folder: Path, name: str) -> str:
    """Read a password from its file in ``folder``, without the line's end; a file that others may read is refused."""
    if not _SECRET_NAME.fullmatch(name):
        raise Invalid(text("a secret is named by 1 to 63 letters, digits, - or _"))
    path = folder / name
    try:
        told, mode = path.read_text("utf-8"), path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(text("the key file {path} cannot be read", path=path)) from error
    if mode & 0o077:
        raise Invalid(
            text("the key file {path} can be read by others", path=path), remedy=text("chmod 600 {path}", path=path)
        )
    return told.rstrip("\r\n")
