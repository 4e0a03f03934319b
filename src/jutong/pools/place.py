"""Where a lake stands: a folder of this machine, or a bucket behind an S3 URL."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pyarrow as pa
from deltalake.exceptions import DeltaError, TableNotFoundError
from pyarrow import fs

from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.kernel.files import sync_folder
from jutong.kernel.text import text

from .asking import Asking, encryption_in

# A store that is away must be told within seconds, not after delta-rs's three minutes of trying.
_PATIENCE = {"connect_timeout": "5s", "timeout": "60s", "max_retries": "3", "retry_timeout": "20s"}
_FULL = ("No space left", "os error 28", "Disk quota", "os error 122", "File too large", "os error 27")


class Writes(Protocol):
    """What lays new files into a place."""

    def open_output_stream(self, path: str, /) -> pa.NativeFile:
        """Return a stream into a new file."""
        ...

    def move(self, path: str, to: str, /) -> object:
        """Give a file another name."""
        ...


class Place(Protocol):
    """The folder or bucket in which tables are; ``files`` takes paths below it."""

    files: fs.FileSystem
    new_files: Writes  # the same, for whoever writes
    encrypted_by: str  # what a store is asked to encrypt each file by; empty where it is not asked
    options: dict[str, str]
    settled: bool  # whether a write that failed can no longer happen

    def url(self, table: str) -> str:
        """Return where delta-rs and other engines find the table."""
        ...

    def make_room(self, table: str) -> None:
        """Make ready for the first file of a table."""
        ...

    def make_durable(self, path: str) -> None:
        """Return when the file ``path`` outlives a power cut."""
        ...


class Folder:
    """Tables in a folder of this machine."""

    settled = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.options: dict[str, str] = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.files: fs.FileSystem = fs.SubTreeFileSystem(str(self.folder), fs.LocalFileSystem())
        self.new_files: Writes = self.files
        self.encrypted_by = ""

    def url(self, table: str) -> str:
        """Return the table's folder."""
        return str(self.folder / table)

    def make_room(self, table: str) -> None:
        """Make the table's folder."""
        (self.folder / table).mkdir(parents=True, exist_ok=True)

    def make_durable(self, path: str) -> None:
        """Flush the file and the folder that names it (delta-rs does neither)."""
        handle = os.open(self.folder / path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder((self.folder / path).parent)


class Bucket:
    """Tables under ``s3://bucket/prefix``; options as delta-rs spells them (``AWS_ENDPOINT_URL``, ...).

    The commit is a conditional put (``If-None-Match: *``), which S3, MinIO, Ceph and OSS-compatible stores answer.
    With ``AWS_SERVER_SIDE_ENCRYPTION`` each file is written with the request that the store encrypt it; Arrow's own
    client of S3 cannot ask that, so files then go by that of delta-rs.
    """

    settled = False  # a request that timed out may still arrive

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        self._url, self.options = url, {**_PATIENCE, **options}
        at, given = urlsplit(url), {name.lower().removeprefix("aws_"): value for name, value in options.items()}
        endpoint = urlsplit(given.get("endpoint_url") or given.get("endpoint") or "")
        store = fs.S3FileSystem(
            access_key=given.get("access_key_id"),
            secret_key=given.get("secret_access_key"),
            session_token=given.get("session_token"),
            region=given.get("region") or given.get("default_region"),
            endpoint_override=endpoint.netloc or None,
            scheme=endpoint.scheme or "https",
            force_virtual_addressing=given.get("virtual_hosted_style_request", "").lower() == "true",
            connect_timeout=5,
            request_timeout=60,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
        )
        self.files: fs.FileSystem = fs.SubTreeFileSystem(f"{at.netloc}{at.path}".rstrip("/"), store)
        self.encrypted_by = encryption_in(given)
        self.new_files: Writes = Asking(url, self.options) if self.encrypted_by else self.files

    def url(self, table: str) -> str:
        """Return the table's URL."""
        return f"{self._url}/{table}"

    def make_room(self, table: str) -> None:
        """Do nothing: a bucket has no folders."""

    def make_durable(self, path: str) -> None:
        """Do nothing: what a bucket has taken is durable."""


def place_at(url: str, options: Mapping[str, str]) -> Place:
    """Return the place that ``url`` names, or refuse a kind of URL that no lake can have."""
    scheme = urlsplit(url).scheme
    if scheme == "s3":
        return Bucket(url.rstrip("/"), options)
    if scheme == "file":
        return Folder(Path(urlsplit(url).path))
    if scheme and len(scheme) > 1:
        raise Invalid(
            text("a lake cannot stand at a {scheme} URL", scheme=scheme), remedy=text("give a folder or an s3:// URL")
        )
    return Folder(Path(url))


@contextmanager
def answering(table: str, options: Mapping[str, str]) -> Iterator[None]:
    """Say in the house's words what delta-rs, Arrow or the disk failed at; secrets of ``options`` are left out."""
    try:
        yield
    except TableNotFoundError as error:
        raise NotFound("table", table) from error
    except (DeltaError, pa.ArrowException, OSError) as error:
        why = _without_secrets(str(error), options)
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if full or any(sign in why for sign in _FULL):
            raise Unavailable(
                text("the lake's disk is full; nothing of this landing was kept, all earlier ones stand"),
                remedy=text("free space, then repeat the act"),
            ) from None
        if "No files in log segment" in why or "Not a Delta table" in why:
            raise NotFound("table", table) from None
        # Not chained: an S3 server may repeat the caller's key in its answer, and chains end in logs.
        raise Unavailable(
            text("the lake does not answer at table {table}: {why}", table=table, why=why),
            remedy=text("check `lake` and `lake_options` in jutong.toml and that the store runs; then repeat the act"),
        ) from None


def _without_secrets(words: str, options: Mapping[str, str]) -> str:
    for name, value in options.items():
        if any(part in name.lower() for part in ("key", "secret", "token", "password")) and value:
            words = words.replace(value, "***")
    return " ".join(words.split())[:500]
