"""A target: the consumer's own table, folder or receiver into which rows are delivered, named without any secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from jutong.guard.grades import Method
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

from ..telling.subscription import check_address

NAME_MOST = 63  # bytes of an identifier in PostgreSQL; MySQL takes 64 characters
NOTED = "_jutong_delivery"  # the table in which a database keeps what was delivered
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_SECRET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_STEP = re.compile(r"[^/\x00-\x1f]{1,200}")


class TargetKind(StrEnum):
    """What takes the rows at the other end."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"  # or MariaDB
    FOLDER = "folder"  # of this node, such as a mounted share
    SFTP = "sftp"
    HTTP = "http"


DATABASES = frozenset({TargetKind.POSTGRESQL, TargetKind.MYSQL})
PORTS = {TargetKind.POSTGRESQL: 5432, TargetKind.MYSQL: 3306, TargetKind.SFTP: 22}


class FileForm(StrEnum):
    """In which form files are laid down."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where it is and as whom it is written to; of the password it knows the name in this node, never the word."""

    kind: TargetKind
    host: str = ""
    port: int = 0
    database: str = ""
    schema: str = ""
    table: str = ""
    user: str = ""
    secret: str = ""
    create: bool = False  # the table may be made where it is missing
    path: str = ""  # of a folder, here or on a server
    fingerprint: str = ""  # of an SFTP server's key
    url: str = ""
    form: FileForm = FileForm.PARQUET

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault is not None:
            raise Invalid(fault, remedy=text("correct the target"))

    @property
    def method(self) -> Method:
        """By which agreed method rows reach it: a table is exchanged, files are handed over (Order 809, art. 22)."""
        return Method.TABLE if self.kind in DATABASES else Method.FILE

    @property
    def real_port(self) -> int:
        """The port that was named, or the usual one."""
        return self.port or PORTS.get(self.kind, 0)

    @property
    def place(self) -> str:
        """What a person calls it.

        >>> Target(kind=TargetKind.POSTGRESQL, host="db", database="claims", table="firms", user="jt", secret="s").place
        'db/claims/public.firms'
        """
        match self.kind:
            case TargetKind.POSTGRESQL:
                return f"{self.host}/{self.database}/{self.schema or 'public'}.{self.table}"
            case TargetKind.MYSQL:
                return f"{self.host}/{self.database}/{self.table}"
            case TargetKind.FOLDER:
                return self.path
            case TargetKind.SFTP:
                return f"{self.host}{self.path}"
            case TargetKind.HTTP:
                return self.url

    def _fault(self) -> Text | None:
        if self.secret and not _SECRET.fullmatch(self.secret):
            return text("a password is named by 1 to 41 letters, digits, - or _; the word itself is never typed here")
        if self.kind is TargetKind.HTTP:
            check_address(self.url)
            return None
        if self.kind is TargetKind.FOLDER:
            return self._fault_of_path()
        if not _HOST.fullmatch(self.host) or not 0 <= self.port <= 65535:
            return text("a target is reached by the name or address of its machine and a port")
        if not self.secret or not 1 <= len(self.user) <= NAME_MOST or not self.user.isprintable():
            return text("a target is written to by an account and the name of its word")
        if self.kind is TargetKind.SFTP:
            if not _FINGERPRINT.fullmatch(self.fingerprint):
                return text("a server is known by its key: SHA256: and 43 characters, as ssh-keygen -lf prints it")
            return self._fault_of_path()
        names = (self.database, self.table, *([self.schema] if self.schema else []))
        if not all(1 <= len(name.encode()) <= NAME_MOST and name.isprintable() for name in names):
            return text("a database, a schema and a table are named by 1 to {most} bytes", most=NAME_MOST)
        if self.table.lower().startswith("_jutong"):
            return text("a table whose name begins with _jutong is kept for the node's own notes")
        return None

    def _fault_of_path(self) -> Text | None:
        steps = self.path.split("/")[1:]
        fine = self.path.startswith("/") and all(one not in (".", "..") and _STEP.fullmatch(one) for one in steps)
        return None if fine and len(self.path) <= 500 else text("a folder is named by its whole path, without .. in it")
