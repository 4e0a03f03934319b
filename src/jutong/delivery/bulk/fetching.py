"""A consumer's side of a one-off delivery: fetch the file, go on after a break, check it, confirm it, keep proofs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, Refused, TooMuch, Unavailable
from jutong.kernel.files import refusing_full_disk, sm3_of_file, write_whole
from jutong.kernel.outward import Outward
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from . import manifest
from .form import Form

_CHUNK = 1 << 20
_AGAIN_SECONDS = 0.5
_FAMILY: Mapping[int, type[Refused]] = {400: Invalid, 401: NotKnown, 403: NotAllowed, 429: TooMuch}
Progress = Callable[[int, int], None]


class ProfileText(msgspec.Struct, frozen=True, rename="camel"):
    """A recipient's profile as its file has it; further keys are passed over."""

    endpoint: str
    bearer_token: str
    share_credentials_version: int = 1


learn(ProfileText)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that has arrived, and what proves it."""

    path: str
    version: int
    rows: int
    size: int
    digest: str
    call: str
    receipt: str  # the ledger's, empty where it was not to be had in time


class Fetcher:
    """Fetches as the system whose profile it holds."""

    def __init__(
        self, profile: Path, outward: Outward, *, node_keys: Sequence[AnyPublicKey], language: str = "en"
    ) -> None:
        try:
            told = msgspec.json.decode(profile.read_bytes(), type=ProfileText)
        except (OSError, msgspec.MsgspecError) as error:
            raise Invalid(text("the file {path} is not a profile", path=profile.name)) from error
        self._base, self._outward, self._node_keys = told.endpoint.rstrip("/"), outward, node_keys
        self._headers = {"authorization": f"Bearer {told.bearer_token}", "accept-language": language}

    def tables(self) -> list[dict[str, str]]:
        """Return the tables that the profile reads."""
        found: list[dict[str, str]] = []
        shares, token = [], ""
        while True:
            answer = self._asked("GET", f"/shares?pageToken={token}" if token else "/shares").json()
            shares += [str(one["name"]) for one in answer.get("items", [])]
            token = answer.get("nextPageToken", "")
            if not token:
                break
        for share in shares:
            found += self._asked("GET", f"/shares/{share}/all-tables").json().get("items", [])
        return found

    def fetch(
        self,
        table: Mapping[str, str],
        form: Form,
        target: Path,
        *,
        patience: float = 10,
        progress: Progress | None = None,
    ) -> Fetched:
        """Fetch the whole of a table into ``target``; what had arrived before a break is not fetched again.

        Beside it come its signed manifest and, when the node has sealed the call, the receipt of the ledger.
        """
        path = f"/shares/{table['share']}/schemas/{table['schema']}/tables/{table['name']}"
        head = self._asked("HEAD", f"{path}/file?form={form.value}")
        spelled = head.headers.get("jutong-manifest", "")
        said = manifest.read(spelled, *self._node_keys)
        file = said["file"]
        part = target.with_name(f".{target.name}.{file['sha256'][:16]}.part")
        call = self._bytes(f"{path}/file?form={form.value}", part, file, progress)
        with part.open("rb") as stream:
            intact = hashlib.file_digest(stream, "sha256").hexdigest() == file["sha256"]
        intact = intact and file.get("sm3", "") in ("", sm3_of_file(part))
        confirmed = {"version": said["version"], "manifest": hashlib.sha256(spelled.encode()).hexdigest()}
        self._asked("POST", f"{path}/receipt", msgspec.json.encode(confirmed | {"intact": intact}))
        if not intact:
            part.unlink()
            raise Invalid(
                text("what arrived is not what the manifest says; it was thrown away"), remedy=text("fetch it again")
            )
        part.replace(target)
        write_whole(target.with_name(target.name + ".manifest"), spelled.encode())
        receipt = self._receipt(call, patience)
        if receipt:
            write_whole(target.with_name(target.name + ".receipt"), receipt.encode())
        return Fetched(
            path=str(target),
            version=said["version"],
            rows=file["rows"],
            size=file["size"],
            digest=file["sha256"],
            call=call,
            receipt=str(target) + ".receipt" if receipt else "",
        )

    def _bytes(self, path: str, part: Path, file: Mapping[str, Any], progress: Progress | None) -> str:
        """Fetch what is missing of a file; return the call by which the last of it came."""
        held, size = part.stat().st_size if part.exists() else 0, int(file["size"])
        if held >= size:
            part.unlink(missing_ok=True)
            held = 0
        headers = {"range": f"bytes={held}-", "if-range": f'"{file["sha256"]}"'} if held else {}
        answer = self._outward.stream("GET", self._base + path, headers={**self._headers, **headers})
        try:
            if answer.status_code not in (200, 206):
                answer.read()
                raise _refusal(answer)
            if answer.status_code == 200:
                held = 0
            with refusing_full_disk(), part.open("r+b" if held else "wb") as stream:
                stream.seek(held)
                for block in answer.iter_bytes(_CHUNK):
                    stream.write(block)
                    held += len(block)
                    if held > size:
                        break
                    if progress is not None:
                        progress(held, size)
        except httpx.HTTPError as error:
            raise Unavailable(
                text("the node broke off"), remedy=text("the same command goes on from where it stopped")
            ) from error
        finally:
            answer.close()
        return str(answer.headers.get("jutong-call", ""))

    def _receipt(self, call: str, patience: float) -> str:
        until = time.monotonic() + patience
        while True:
            try:
                return self._asked("GET", f"/receipts/{call}").text
            except (NotFound, Invalid, Unavailable):
                # The record is sealed and given its place within a second; then there is a receipt.
                if time.monotonic() >= until:
                    return ""
                time.sleep(_AGAIN_SECONDS)

    def _asked(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        answer = self._outward.request(method, self._base + path, headers=self._headers, content=body)
        if answer.status_code != 200:
            raise _refusal(answer)
        return answer


def _refusal(answer: httpx.Response) -> Refused | Unavailable:
    """Return what the node said, as one of the house's families."""
    try:
        told = answer.json()
        words, basis, remedy = (str(told.get(name, "")) for name in ("message", "basis", "remedy"))
    except (ValueError, AttributeError):
        words, basis, remedy = "", "", ""
    if answer.status_code == 404:
        return NotFound("share", text("under this address"))
    if answer.status_code >= 500:
        return Unavailable(words or text("the node does not answer"), basis=basis, remedy=remedy)
    family = _FAMILY.get(answer.status_code, Refused)
    return family(words or text("the node does not answer"), basis=basis, remedy=remedy)
