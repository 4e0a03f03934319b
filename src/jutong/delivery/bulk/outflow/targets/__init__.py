"""Targets by their kind: what writes rows into a consumer's database, folder, server or receiver."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..target import Target, TargetKind
from ..ways import Ways
from .folder import FolderTarget
from .http import HttpTarget
from .mysql import MysqlTarget
from .postgres import PostgresTarget
from .seam import Into
from .sftp import SftpTarget

TARGETS: Mapping[TargetKind, Callable[[Target, str, Ways], Into]] = {
    TargetKind.POSTGRESQL: PostgresTarget,
    TargetKind.MYSQL: MysqlTarget,
    TargetKind.FOLDER: FolderTarget,
    TargetKind.SFTP: SftpTarget,
    TargetKind.HTTP: HttpTarget,
}

__all__ = ["TARGETS", "Into"]
