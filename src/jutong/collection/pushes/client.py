"""A department's side of a push: announce, send in parts from where the node has got, land, keep the receipt."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, Refused, TooMuch, Unavailable, WrongMoment
from jutong.kernel.httpsig import Signs, Target, sign_request
from jutong.kernel.outward import Outward
from jutong.kernel.text import text

from ..flow import Progress
from .push import Parcel

PART = 4 * 1024**2
LONGEST_PAUSE_SECONDS = 30.0
_FAMILY: Mapping[int, type[Refused]] = {
    400: Invalid,
    401: NotKnown,
    403: NotAllowed,
    409: WrongMoment,
    413: TooMuch,
    422: Invalid,
    429: TooMuch,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of a file: the node's own word, and the receipt of its ledger."""

    id: str
    batch: str
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    rows_digest: str
    receipt: str


@dataclass(slots=True)
class Landing:
    """A file that the node is landing, and how many rows it had landed when we last looked."""

    push: str
    rows: int = -1


class Moving(Unavailable):
    """The node is at work on what we wait for, and has come further: our patience begins anew."""


@dataclass(slots=True)
class Sender:
    """A system that pushes files to one node; a node that is away is waited for, ``patience`` seconds at a stretch."""

    url: str
    system: str
    key: Signs
    outward: Outward
    patience: float = 600
    part: int = PART
    language: str = "en"
    sleep: Callable[[float], None] = time.sleep

    def send(self, path: Path, parcel: Parcel, *, progress: Progress | None = None) -> Sent:
        """Send a file and return its receipt; a file that was sent in part, or landed before, is only taken up."""
        view = self._brought(path, parcel, progress)
        if view["stage"] == "open":
            seen = Landing(view["id"])
            view = self._patiently(lambda: self._landing(seen))
        if view["stage"] != "landed":
            raise Invalid(view["reason"] or "refused", remedy=view["remedy"])
        receipt = self._patiently(lambda: self._receipt(view["id"]))
        names = ("id", "batch", "rows_read", "rows_landed", "rows_quarantined", "rows_digest")
        return Sent(**{name: view[name] for name in names}, receipt=receipt)

    def hand_over(self, path: Path, parcel: Parcel, package: str, *, progress: Progress | None = None) -> Any:
        """Send a package of an edge agent, and return how it stands at the node; again is only asking."""
        view = self._brought(path, parcel, progress)
        return self._patiently(lambda: self._json("POST", f"/push/files/{view['id']}/packages/{package}"))

    def receipt_of(self, package: str) -> str:
        """Return the receipt of a package that has landed."""

        def ask() -> str:
            try:
                return self._call("GET", f"/push/packages/{package}/receipt").text
            except WrongMoment as early:
                raise Unavailable(early.reason) from early

        return str(self._patiently(ask))

    def _brought(self, path: Path, parcel: Parcel, progress: Progress | None) -> Any:
        view = self._patiently(lambda: self._json("POST", "/push/files", _announced(parcel)))
        while view["stage"] == "open" and view["offset"] < view["size"]:
            view = self._patiently(lambda at=view: self._part(path, at))  # type: ignore[misc]
            if progress:
                progress(view["offset"], view["size"])
        return view

    def _part(self, path: Path, view: Mapping[str, Any]) -> Any:
        offset = int(view["offset"])
        try:
            with path.open("rb") as stream:
                stream.seek(offset)
                block = stream.read(min(self.part, int(view["part_most"])))
        except OSError as error:
            raise NotFound("file", path.name) from error
        if not block:
            raise Invalid(
                text("{name} became shorter while it was sent", name=path.name), remedy=text("send it as it is now")
            )
        try:
            return self._json("PUT", f"/push/files/{view['id']}/parts/{offset}", block)
        except WrongMoment:
            # An answer was lost, or another process of ours sends the same file: the node knows where it stands.
            return self._elsewhere(view)

    def _elsewhere(self, view: Mapping[str, Any]) -> Any:
        told = self._json("GET", f"/push/files/{view['id']}")
        if told["stage"] == "open" and told["offset"] == view["offset"]:
            raise Unavailable(text("another connection is busy with this push"))
        return told

    def _landing(self, seen: Landing) -> Any:
        try:
            return self._json("POST", f"/push/files/{seen.push}/landing")
        except WrongMoment:
            told = self._json("GET", f"/push/files/{seen.push}")
            if told["stage"] != "open":
                return told
            moved, seen.rows = told["landing_rows"] != seen.rows, told["landing_rows"]
            raise (Moving if moved else Unavailable)(text("the rows are still landing")) from None

    def _receipt(self, push_id: str) -> str:
        try:
            return self._call("GET", f"/push/files/{push_id}/receipt").text
        except WrongMoment as early:
            raise Unavailable(early.reason) from early

    def _patiently(self, do: Callable[[], Any]) -> Any:
        begun, pause = time.monotonic(), 0.25
        while True:
            try:
                return do()
            except Unavailable as error:
                if isinstance(error, Moving):
                    begun, pause = time.monotonic(), 1.0
                if time.monotonic() - begun + pause > self.patience:
                    raise
            self.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _json(self, method: str, path: str, body: bytes = b"") -> Any:
        return self._call(method, path, body).json()

    def _call(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        base = urlsplit(self.url)
        whole = base.path.rstrip("/") + path
        signed = sign_request(
            self.key,
            Target(method, base.netloc, whole),
            {},
            body,
            keyid=self.system,
            nonce=secrets.token_urlsafe(18),
            created=int(time.time()),
        )
        kind = "application/json" if method == "POST" else "application/octet-stream"
        headers = {**signed, "accept-language": self.language, **({"content-type": kind} if body else {})}
        answer = self.outward.request(
            method, f"{base.scheme}://{base.netloc}{whole}", headers=headers, content=body or None
        )
        if answer.is_success:
            return answer
        try:
            said = answer.json()
            reason, basis, remedy = (str(said.get(name, "")) for name in ("detail", "basis", "remedy"))
        except (ValueError, AttributeError):
            reason, basis, remedy = "", "", ""
        if answer.status_code >= 500 or answer.status_code not in {*_FAMILY, 404}:
            raise Unavailable(reason or text("the node answers with status {status}", status=answer.status_code))
        raise _FAMILY.get(answer.status_code, Refused)(reason or "refused", basis=basis, remedy=remedy)


def digest_of(path: Path, *, progress: Progress | None = None) -> str:
    """Return the SHA-256 of a file, in hex."""
    hashed, done = hashlib.sha256(), 0
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            while block := stream.read(PART):
                hashed.update(block)
                done += len(block)
                if progress:
                    progress(done, size)
    except OSError as error:
        raise NotFound("file", path.name) from error
    return hashed.hexdigest()


def _announced(parcel: Parcel) -> bytes:
    layout = parcel.layout
    return msgspec.json.encode(
        {
            "entry": parcel.entry,
            "name": parcel.name,
            "size": parcel.size,
            "content": parcel.content,
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "table": layout.table,
            "rows_at": layout.rows_at,
            "headers": [{"column": column, "item": item} for column, item in layout.headers.items()],
            "castable": sorted(layout.castable),
            "width": layout.width,
            "width_column": layout.width_column,
        }
    )
