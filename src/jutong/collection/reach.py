"""How a source outside this node is reached, and how much of it is read each time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

NAME_MOST = 200
PAGE_MOST = 10_000
OVERLAP_MOST = 366 * 86_400
_SECRET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_WORD = re.compile(r"[A-Za-z0-9_.$\[\]-]{1,100}")
_PUBLICATION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
PORTS = {"postgresql": 5432, "mysql": 3306, "sftp": 22}
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class ReachKind(StrEnum):
    """What answers at the other end."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    API = "api"
    SFTP = "sftp"  # a file on a server


class Mode(StrEnum):
    """How much is read each time."""

    FULL = "full"  # all rows, in one snapshot
    INCREMENTAL = "incremental"  # rows whose watermark is new, and an overlap for those that came late
    STREAM = "stream"  # what changed, from the database's own log


class Paging(StrEnum):
    """How an API parts its rows."""

    NONE = "none"
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a source is and as whom it is read; of its password or token it knows the name, never the word."""

    kind: ReachKind
    secret: str = ""  # in the credential store, under the provider's own prefix
    host: str = ""
    port: int = 0
    database: str = ""
    schema: str = ""
    table: str = ""
    user: str = ""
    url: str = ""
    rows_at: str = ""  # path of the list in an answer, such as data.list
    total_at: str = ""  # path of the count that the source tells
    paging: Paging = Paging.NONE
    page_parameter: str = "page"
    size_parameter: str = "size"
    size: int = 500
    first_page: int = 1
    cursor_at: str = ""
    header: str = "Authorization"  # carries the token
    prefix: str = "Bearer "
    encoding: str = "utf-8"
    path: str = ""  # of a file on a server
    fingerprint: str = ""  # of the server's key, as SHA256:base64
    delimiter: str = ","

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault is not None:
            raise Invalid(fault, remedy=text("correct how the source is reached"))

    def _fault(self) -> Text | None:
        if self.secret and not _SECRET.fullmatch(self.secret):
            return text("a password is named by 1 to 41 letters, digits, - or _; the word itself is never typed here")
        if self.kind is ReachKind.API:
            return self._fault_of_api()
        if not _HOST.fullmatch(self.host) or not 0 <= self.port <= 65535:
            return text("a database is reached by the name or address of its machine and a port")
        if self.kind is ReachKind.SFTP:
            return self._fault_of_file()
        if not all(1 <= len(word) <= NAME_MOST for word in (self.database, self.table, self.user)):
            return text("a database is read by its name, a table and an account")
        return None

    def _fault_of_file(self) -> Text | None:
        plain = self.path.startswith("/") and ".." not in self.path.split("/") and self.path.isprintable()
        if not plain or len(self.path) > NAME_MOST or not 1 <= len(self.user) <= NAME_MOST or not self.secret:
            return text("a file is read by its whole path, an account and the name of its word")
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            return text("a server is known by its key: SHA256: and 43 characters, as ssh-keygen -lf prints it")
        if self.delimiter not in (",", ";", "|", "tab", "\t"):
            return text("a delimiter is one of , ; | or tab")
        return None

    def _fault_of_api(self) -> Text | None:
        if not self.url.startswith(("http://", "https://")) or len(self.url) > 2000:
            return text("an API is reached by an http or https address")
        words = (self.page_parameter, self.size_parameter)
        paths = [path for path in (self.rows_at, self.total_at, self.cursor_at) if path]
        if not all(map(_WORD.fullmatch, (*words, *paths))) or not _HEADER.fullmatch(self.header):
            return text("parameters, paths and headers of an API are short words")
        if not self.prefix.isprintable() or len(self.prefix) > 40:
            return text("parameters, paths and headers of an API are short words")
        if not 1 <= self.size <= PAGE_MOST or not 0 <= self.first_page <= 1:
            return text("a page holds 1 to {most} rows, and the first is 0 or 1", most=PAGE_MOST)
        if self.paging is Paging.CURSOR and not self.cursor_at:
            return text("say where an answer carries the cursor of the next page")
        return None

    @property
    def place(self) -> str:
        """What a person calls it: host, database and table, or the address without its query.

        >>> Reach(kind=ReachKind.API, url="https://a.example/rows?x=1").place
        'https://a.example/rows'
        """
        if self.kind is ReachKind.API:
            return self.url.partition("?")[0][:NAME_MOST]
        if self.kind is ReachKind.SFTP:
            return f"{self.host}{self.path}"[:NAME_MOST]
        return f"{self.host}/{self.database}/{self.table}"[:NAME_MOST]

    @property
    def real_port(self) -> int:
        """The port that was named, or the usual one."""
        return self.port or PORTS.get(self.kind.value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which rows are read, and from where on."""

    mode: Mode = Mode.FULL
    watermark: str = ""  # the column that grows with every change
    overlap: int = 0  # seconds of an instant, or steps of a number, that are read again for what came late
    checksum: bool = True  # the source reckons a checksum over the same rows, and it must be ours
    loss_share: int = 20  # percent of its rows that a source may take back at once before somebody is asked
    publication: str = ""  # of a stream from PostgreSQL: what the source's owner made for it

    def __post_init__(self) -> None:
        streamed = self.mode is Mode.STREAM
        if (self.publication and not (streamed and _PUBLICATION.fullmatch(self.publication))) or (
            streamed and self.overlap
        ):
            raise Invalid(
                text("a publication is named only where changes are read from the log, and then without an overlap"),
                remedy=text("name the publication that the source's owner made, and neither watermark nor overlap"),
            )
        if (self.mode is Mode.INCREMENTAL) != bool(self.watermark) or len(self.watermark) > NAME_MOST:
            raise Invalid(
                text("rows are read by what is new of them exactly if a column tells it"),
                remedy=text("name the watermark of an incremental plan, and none of a full one"),
            )
        if not 0 <= self.loss_share <= 100:
            raise Invalid(text("the share of rows that may go by themselves is 0 to 100 percent"))
        if not 0 <= self.overlap <= OVERLAP_MOST:
            raise Invalid(text("an overlap is 0 to {most} seconds or steps", most=OVERLAP_MOST))

    @classmethod
    def of(
        cls,
        watermark: str,
        *,
        overlap: int = 0,
        checksum: bool = True,
        publication: str = "",
        stream: bool = False,
        loss_share: int = 20,
    ) -> Reading:
        """Return the reading of what is new by a watermark or by the log, or of everything without either."""
        mode = Mode.INCREMENTAL if watermark else Mode.STREAM if publication or stream else Mode.FULL
        return cls(
            mode=mode,
            watermark=watermark,
            overlap=overlap,
            checksum=checksum,
            publication=publication,
            loss_share=loss_share,
        )
