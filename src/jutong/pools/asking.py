"""Files laid into a bucket with the request that the store encrypt them; by delta-rs, because Arrow cannot ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

import pyarrow as pa
from deltalake._internal import DeltaFileSystemHandler

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")  # as x-amz-server-side-encryption spells them


class Asking:
    """Writes below one URL; each request bears what the options ask of the store."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        self._handler = DeltaFileSystemHandler(url, dict(options))

    def open_output_stream(self, path: str, /) -> pa.NativeFile:
        """Return a stream into a new file, which is there when it is closed."""
        stream = self._handler.open_output_stream(path)
        return pa.PythonFile(_Whole(stream), mode="w")  # type: ignore[arg-type]  # its stub leaves out flush and close

    def move(self, path: str, to: str, /) -> None:
        """Give a file another name; the store encrypts the copy too."""
        self._handler.move_file(path, to)


class _Whole:
    """Hands on bytes, whatever kind of buffer Arrow writes."""

    closed = False

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, data: pa.Buffer | bytes) -> int:
        return self._stream.write(bytes(data))

    def flush(self) -> None:
        self._stream.flush()

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        self.closed = True


def encryption_in(given: Mapping[str, str]) -> str:
    """Return by what a store is asked to encrypt, empty where by nothing, or refuse what cannot be asked.

    >>> encryption_in({"server_side_encryption": "aws:kms"})
    'aws:kms'
    """
    asked = given.get("server_side_encryption", "")
    alone = asked not in ENCRYPTIONS[1:] and given.get("sse_kms_key_id")
    if asked not in ("", *ENCRYPTIONS) or alone or given.get("sse_customer_key_base64"):
        raise Invalid(
            text("a bucket encrypts by {kinds}; a key is named for the latter two", kinds=", ".join(ENCRYPTIONS)),
            remedy=text("correct AWS_SERVER_SIDE_ENCRYPTION and AWS_SSE_KMS_KEY_ID of [lake_options] in jutong.toml"),
        )
    return asked
