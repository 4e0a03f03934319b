"""A file on an SFTP server (SSH, RFC 4251-4254): fetched whole, from where a broken fetch had got, from one known host.

The plan names the SHA-256 fingerprint of the server's key; another key ends the connection before the account or its
word is named, and there is no first use that is trusted. What was fetched so far counts as long as the file at the
server has the same size and hour, and the bytes here have the digest that was noted. Memory: one block of 8 MiB.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import paramiko

from jutong.kernel.errors import Invalid, NotFound, NotKnown, Unavailable
from jutong.kernel.files import refusing_full_disk, write_whole
from jutong.kernel.foreign import Connection
from jutong.kernel.outward import Resolver, resolve
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from ..contract import Contract, Limits
from ..layout import Layout
from ..reach import Reach
from ..source import Source
from .packed import too_large
from .pulled import Pulled

BLOCK = 8 * 1024**2
WAITING_SECONDS = 30.0
LOOKED_AT = 64 * 1024**2
# Its own words quote names and addresses, and a failure here is told by ours.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a fetch has come: of which file, how many bytes, and their SHA-256."""

    size: int
    changed: int
    offset: int
    digest: str


_MARK = msgspec.json.Decoder(Mark)


@dataclass(frozen=True, slots=True)
class SftpFile:
    """One file at one server; ``secret`` is a password, or a private key in PEM or OpenSSH's form."""

    reach: Reach
    secret: str
    resolver: Resolver = resolve

    def fetch(self, path: Path, *, limits: Limits, since: str = "") -> str:
        """Bring the file to ``path`` and return its position; nothing and the same position where it did not change."""
        with self._opened() as (told, remote):
            size, changed = _state(told)
            if since.startswith(f"{size}:{changed}:"):
                return since
            if size > limits.max_bytes:
                raise too_large(limits.max_bytes)
            digest = self._brought(remote, path, size, changed)
            if _state(remote.stat()) != (size, changed):
                raise Unavailable(
                    text("{name} changed while it was read", name=self.reach.place),
                    remedy=text("the next run begins where the last one ended"),
                )
        return f"{size}:{changed}:{digest}"

    def _brought(self, remote: Any, path: Path, size: int, changed: int) -> str:
        part, mark = path.with_name("fetched.part"), path.with_name("fetched.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        hashed, offset = _resumed(part, mark, size, changed)
        with refusing_full_disk(), open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as out:
            out.truncate(offset)
            out.seek(offset)
            remote.seek(offset)
            while offset < size:
                block = remote.read(min(BLOCK, size - offset))
                if not block:
                    raise Unavailable(
                        text("{name} broke off while it was read; nothing was kept", name=self.reach.place)
                    )
                out.write(block)
                hashed.update(block)
                offset += len(block)
                out.flush()
                os.fsync(out.fileno())
                told = Mark(size=size, changed=changed, offset=offset, digest=hashed.hexdigest())
                write_whole(mark, msgspec.json.encode(told))
        part.replace(path)
        mark.unlink(missing_ok=True)
        return hashed.hexdigest()

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        reach = self.reach
        told = Connection(
            host=reach.host,
            port=reach.real_port,
            database="",
            user=reach.user,
            password=self.secret,
            resolver=self.resolver,
        )
        with (
            client_at(replace(told, host=told.address()), reach.fingerprint, reach.place) as client,
            client.open(reach.path, "rb") as remote,
        ):
            state = remote.stat()
            if not stat.S_ISREG(state.st_mode or 0):
                raise Invalid(text("{name} is not an ordinary file", name=reach.place))
            yield state, remote


@contextmanager
def client_at(told: Connection, known: str, place: str) -> Iterator[Any]:
    """Lend a client of a server at an address that was checked, whose key has the fingerprint ``known``.

    The password of ``told`` may be a private key in PEM or OpenSSH's form; ``place`` is what people call the server.
    """
    try:
        with (
            closing(socket.create_connection((told.host, told.port), WAITING_SECONDS)) as line,
            closing(paramiko.Transport(line)) as transport,
        ):
            transport.banner_timeout = transport.auth_timeout = WAITING_SECONDS
            transport.start_client(timeout=WAITING_SECONDS)
            _refuse_stranger(transport.get_remote_server_key(), known, place)
            if told.password.startswith("-----BEGIN"):
                transport.auth_publickey(told.user, _private(told.password))
            else:
                transport.auth_password(told.user, told.password, fallback=False)
            with closing(paramiko.SFTPClient.from_transport(transport)) as client:
                client.get_channel().settimeout(WAITING_SECONDS)
                yield client
    except paramiko.AuthenticationException as error:
        raise NotKnown(
            text("the server of {name} does not let the account in", name=place),
            remedy=text("check the account and its word, which is kept among the keys of this node"),
        ) from error
    except FileNotFoundError as error:
        raise NotFound("file", place.rpartition("/")[2]) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise Unavailable(
            text("the server of {name} does not answer as it should", name=place),
            remedy=text("check address, port, account and path"),
        ) from error


def _refuse_stranger(key: Any, known: str, place: str) -> None:
    if not hmac.compare_digest(fingerprint(key.asbytes()), known):
        raise NotKnown(
            text("the server of {name} has another key than was named", name=place),
            basis=text("RFC 4251, 4.1: the host key is checked"),
            remedy=text("ask its administrators by another way which key it has; do not go on until they answer"),
        )


def fingerprint(key: bytes) -> str:
    """Return a host key's fingerprint as OpenSSH spells it.

    >>> fingerprint(b"key")
    'SHA256:LHDhK3oGRvkiefQnx7OOczTY5Tic/xZ6HcMOc/gmtoM'
    """
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def fetch(file: SftpFile, contract: Contract, path: Path, *, layout: Layout, limits: Limits, since: str,
          opened: Any) -> Pulled:  # fmt: skip
    """Bring the file to ``path``, and count its rows; none where it did not change since it last landed."""
    until = file.fetch(path, limits=limits, since=since)
    if until == since:
        return Pulled(path=path, rows=0, until=since)
    source: Source = opened(path, layout, limits)
    try:
        survey = source.survey(contract)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Pulled(path=path, rows=survey.rows, left_aside=survey.left_aside, until=until)


def first_rows(file: SftpFile, contract: Contract, *, layout: Layout, most: int,
               opened: Any) -> tuple[list[dict[str, str | None]], tuple[str, ...]]:  # fmt: skip
    """Bring a file of bearable size for a look: its first rows by item, and the columns left aside."""
    with TemporaryDirectory() as folder:
        path, limits = Path(folder) / "look", Limits(max_bytes=LOOKED_AT)
        file.fetch(path, limits=limits)
        source: Source = opened(path, layout, limits)
        survey = source.survey(contract)
        for portion in islice(source.portions(contract), 1):
            return portion.rows.select(list(contract.names)).slice(0, most).to_pylist(), survey.left_aside
    return [], survey.left_aside


def _state(told: Any) -> tuple[int, int]:
    return int(told.st_size or 0), int(told.st_mtime or 0)


def _resumed(part: Path, mark: Path, size: int, changed: int) -> tuple[hashlib._Hash, int]:
    """Return the digest and the length of what was fetched of this very file, or nothing of both."""
    hashed = hashlib.sha256()
    try:
        told = _MARK.decode(mark.read_bytes())
        left = told.offset if (told.size, told.changed) == (size, changed) else 0
        with part.open("rb") as stream:
            while left and (block := stream.read(min(BLOCK, left))):
                hashed.update(block)
                left -= len(block)
    except (OSError, msgspec.MsgspecError):
        return hashlib.sha256(), 0
    if left or hashed.hexdigest() != told.digest:
        return hashlib.sha256(), 0
    return hashed, told.offset


def _private(spelled: str) -> Any:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(spelled))
        except (paramiko.SSHException, ValueError):
            continue
    raise Invalid(text("the private key of this source cannot be read"), remedy=text("keep one without a password"))


learn(Mark)
