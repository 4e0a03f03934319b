"""The form of a package on any medium: head in the open, rows sealed to one node, one signature over all of it.

A fresh key of 32 bytes is sealed to the node's X25519 key by HPKE in base mode (RFC 9180: DHKEM(X25519, HKDF-SHA256),
HKDF-SHA256, AES-256-GCM) with the head as its info. The rows follow in blocks of 1 MiB under AES-256-GCM (NIST SP
800-38D) by the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): the nonce is the block's number and a
mark of the last one, so that a block moved, doubled, left out or cut off at the end does not open. The sender's
Ed25519 key (RFC 8032) signs the SHA-256 of all that stands before the signature. Who strips the signature to put an
own one there changes the head, and then nothing opens. Memory: two blocks, whatever the size.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jutong.kernel.crypto import WRAPPED_BYTES, OpeningKey
from jutong.kernel.errors import Invalid, NotFound, NotKnown, TooMuch
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.httpsig import Signs, Verifies
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from ..contract import Limits
from ..layout import Layout
from ..sources.packed import too_large
from .package import Bill, Destination, Head

MAGIC = b"jutong-package/1\n"
SIGNED = b"jutong-package/1 signature\n"
SIGNATURE_BYTES = 64
HEAD_MOST = 4096
BLOCK, TAG_BYTES = 1024**2, 16
BILL_MOST = BLOCK // 2
_HEAD = msgspec.json.Decoder(Head)
_BILL = msgspec.json.Decoder(Bill)


def seal(source: Path, bill: Bill, head: Head, *, to: Destination, key: Signs, at: Path) -> str:
    """Write the package of a file at ``at``, durably, and return the digest of the package."""
    hashed, told = hashlib.sha256(), msgspec.json.encode(bill)
    if len(told) > BILL_MOST:
        raise TooMuch(text("what is declared of the file is too long"))
    secret, spelled = secrets.token_bytes(32), head.spelled()
    handle = os.open(at, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with refusing_full_disk(), open(handle, "wb") as out, source.open("rb") as rows:
        for part in (MAGIC, len(spelled).to_bytes(4), spelled, to.key.wrap(secret, of=spelled)):
            _put(out, hashed, part)
        shut, number = AESGCM(secret), 0
        block = len(told).to_bytes(4) + told
        while True:
            more = rows.read(BLOCK)
            block += more
            if more and len(block) <= BLOCK:
                continue
            last = not more and len(block) <= BLOCK
            _put(out, hashed, shut.encrypt(_nonce(number, last=last), block[:BLOCK], None))
            block, number = block[BLOCK:], number + 1
            if last:
                break
        _put(out, hashed, key.sign(SIGNED + hashed.digest()))
        out.flush()
        os.fsync(out.fileno())
    return hashed.hexdigest()


def read_head(path: Path) -> tuple[Head, int]:
    """Return what a package says of itself and where its sealed part begins; nothing of it is proven yet."""
    try:
        with path.open("rb") as stream:
            begun, size = stream.read(len(MAGIC)), int.from_bytes(stream.read(4))
            if begun != MAGIC or not 0 < size <= HEAD_MOST:
                raise _no_package()
            spelled = stream.read(size)
    except OSError as error:
        raise NotFound("file", path.name) from error
    try:
        head = _HEAD.decode(spelled)
    except msgspec.MsgspecError as error:
        raise _no_package() from error
    if head.spelled() != spelled:
        raise _no_package()
    return head, len(MAGIC) + 4 + size


def digest_of_signed(path: Path, key: Verifies, limits: Limits) -> str:
    """Return the digest of a package, or refuse one that ``key`` did not sign, byte by byte as it is here."""
    hashed, size = hashlib.sha256(), path.stat().st_size
    if size > limits.max_bytes:
        raise too_large(limits.max_bytes)
    with path.open("rb") as stream:
        left = size - SIGNATURE_BYTES
        while left > 0 and (block := stream.read(min(BLOCK, left))):
            hashed.update(block)
            left -= len(block)
        signed, signature = hashed.digest(), stream.read(SIGNATURE_BYTES)
    hashed.update(signature)
    if not key.verifies(signature, SIGNED + signed):
        raise NotKnown(
            text("the package was not signed by the system that it names, or was altered since"),
            basis=text("RFC 8032, signature over the whole package"),
            remedy=text("have it copied again from the department; compare the key in the register with its own"),
        )
    return hashed.hexdigest()


def unseal(path: Path, key: OpeningKey, *, at: Path) -> Bill:
    """Write the file that is in a package to ``at`` and return its bill, or refuse and leave nothing there."""
    head, begins = read_head(path)
    try:
        with refusing_full_disk(), open(os.open(at, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            return _unsealed(path, key, head, begins, out)
    except BaseException:
        at.unlink(missing_ok=True)
        raise


def _unsealed(path: Path, key: OpeningKey, head: Head, begins: int, out: IO[bytes]) -> Bill:
    hashed, size, bill = hashlib.sha256(), 0, None
    for block in _blocks(path, key, head, begins):
        rows = block
        if bill is None:
            # The bill is at the front of the first block, which it never fills.
            length = int.from_bytes(block[:4])
            try:
                bill = _BILL.decode(block[4 : 4 + length])
            except msgspec.MsgspecError as error:
                raise _no_package() from error
            rows = block[4 + length :]
        hashed.update(rows)
        size += len(rows)
        out.write(rows)
    if bill is None or (bill.size, bill.content) != (size, hashed.hexdigest()):
        raise _no_package()
    return bill


def _blocks(path: Path, key: OpeningKey, head: Head, begins: int) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(begins)
        left = path.stat().st_size - begins - WRAPPED_BYTES - SIGNATURE_BYTES
        secret = key.unwrap(stream.read(WRAPPED_BYTES), of=head.spelled())
        if secret is None or left <= 0:
            raise _no_package()
        shut, number = AESGCM(secret), 0
        while left > 0:
            block = stream.read(min(BLOCK + TAG_BYTES, left))
            left -= len(block)
            try:
                yield shut.decrypt(_nonce(number, last=left <= 0), block, None)
            except InvalidTag as error:
                raise _no_package() from error
            number += 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def _put(out: IO[bytes], hashed: hashlib._Hash, part: bytes) -> None:
    out.write(part)
    hashed.update(part)


def _no_package() -> Invalid:
    return Invalid(
        text("this is no package of an edge agent, or not one that this node can open"),
        basis=text("RFC 9180, sealed to the key of one node"),
        remedy=text("have it packed for this node: `jutong edge key` prints the key"),
    )


learn(Head, Bill, Layout)
