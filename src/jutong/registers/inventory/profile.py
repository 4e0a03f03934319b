"""What a system is for, where it runs, and what keeps its rows: the census sheet of a system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

PURPOSE_LIMIT = 500
ADDRESS_LIMIT = 300


class Cloud(StrEnum):
    """Where a system runs, as scorecards of clouds count it (domain rules, K1)."""

    ON_CLOUD = "on-cloud"
    OWN_ROOM = "own-room"
    MOVING = "moving"
    CLOSING = "closing"
    EXEMPT = "exempt"


class DatabaseKind(StrEnum):
    """What keeps a system's rows."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    ORACLE = "oracle"
    SQL_SERVER = "sql-server"
    DAMENG = "dameng"
    KINGBASE = "kingbase"
    SQLITE = "sqlite"
    FILES = "files"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemProfile:
    """The sheet of one system, by its name in the network."""

    system: str
    body: str
    purpose: str
    cloud: Cloud
    database: DatabaseKind
    address: str = ""  # where people open it; never with a password

    def checked(self) -> SystemProfile:
        """Return the sheet, or refuse one that is too long, empty, or carries a password in its address."""
        if not 1 <= len(self.purpose.strip()) <= PURPOSE_LIMIT or len(self.address) > ADDRESS_LIMIT:
            raise Invalid(
                text(
                    "a system's purpose has 1 to {purpose} characters, its address at most {address}",
                    purpose=PURPOSE_LIMIT,
                    address=ADDRESS_LIMIT,
                )
            )
        if "@" in self.address.partition("://")[2].partition("/")[0]:
            raise Invalid(
                text("the address of a system carries a name or a password"),
                remedy=text("leave it out: the register is read by many"),
            )
        return self
