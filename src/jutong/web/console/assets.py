"""Files that pages load: found by name, served under a name that carries their digest, so that they never change."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from litestar import MediaType, Response, get
from litestar.params import FromPath

from jutong.kernel.errors import NotFound

from ..wiring import TheRequest

log = logging.getLogger(__name__)
ADDRESS = "/static/"
DIGITS = 16
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
OWN = (".css", ".mjs", ".svg")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    served_as: str
    kind: str
    plain: bytes
    packed: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """Return every file that pages may load, by its name in the source."""
    folder = files("jutong.web").joinpath("static")
    return {name: _asset(name, body) for name, body in _found(folder)}


def address_of(name: str) -> str:
    """Return the address of a file for a template."""
    found = assets().get(name)
    return ADDRESS + (found.served_as if found else f"not-built/{name}")


@cache
def _by_address() -> Mapping[str, Asset]:
    return {one.served_as: one for one in assets().values()}


def _found(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if one.is_file() and one.name.endswith(OWN):
            yield one.name, one.read_bytes()
    built = folder.joinpath("dist", "manifest.json")
    if not built.is_file():
        log.warning("the pages' assets are not built: run `python hatch_build.py`")
        return
    for name, kept_as in json.loads(built.read_text("utf-8"))["files"].items():
        yield name, folder.joinpath("dist", kept_as).read_bytes()


def _asset(name: str, body: bytes) -> Asset:
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:DIGITS]
    kind = TYPES.get(f".{ending}") or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"{stem}.{digest}.{ending}", kind, body, gzip.compress(body, 9, mtime=0))


@get("/static/{name:str}", sync_to_thread=False, include_in_schema=False, media_type=MediaType.TEXT)
def asset(request: TheRequest, name: FromPath[str]) -> Response[bytes]:
    """Hand out one file; a name that is not in the table does not exist."""
    found = _by_address().get(name)
    if found is None:
        raise NotFound("file", name)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {**IMMUTABLE, "content-encoding": "gzip"} if packed else dict(IMMUTABLE)
    return Response(found.packed if packed else found.plain, media_type=found.kind, headers=headers)
