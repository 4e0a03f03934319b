"""An SFTP server of the tests: paramiko's server side, one account, one folder, and what it is told to do wrong."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

from jutong.collection.sources.sftp import fingerprint

USER, WORD = "reader", "a-word"


@dataclass
class Server:
    """Where it listens, what its key is, and what was asked of it."""

    folder: Path
    port: int = 0
    key: paramiko.PKey = field(default_factory=lambda: paramiko.RSAKey.generate(2048))
    accepts: paramiko.PKey | None = None
    breaks_after: int = 0  # bytes of one connection
    written: int = 0
    tried: list[str] = field(default_factory=list)
    read_from: list[int] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Its key, as a plan names it."""
        return fingerprint(self.key.asbytes())


class _Door(paramiko.ServerInterface):
    def __init__(self, server: Server) -> None:
        self.server = server

    def check_auth_password(self, username: str, password: str) -> int:
        self.server.tried.append(username)
        fine = (username, password) == (USER, WORD)
        return paramiko.AUTH_SUCCESSFUL if fine else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.server.tried.append(username)
        fine = username == USER and self.server.accepts is not None and key.asbytes() == self.server.accepts.asbytes()
        return paramiko.AUTH_SUCCESSFUL if fine else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    given = 0

    def __init__(self, server: Server, path: Path) -> None:
        super().__init__()
        self.server, self.path = server, path
        self.first = True

    def write(self, offset: int, data: bytes) -> int:
        self.server.written += len(data)
        if self.server.breaks_after and self.server.written > self.server.breaks_after:
            return int(paramiko.SFTP_FAILURE)
        with self.path.open("r+b") as stream:
            stream.seek(offset)
            stream.write(data)
        return int(paramiko.SFTP_OK)

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(self.path.stat())

    def read(self, offset: int, length: int) -> Any:
        if self.first:
            self.server.read_from.append(offset)
            self.first = False
        if self.server.breaks_after and self.given >= self.server.breaks_after:
            return paramiko.SFTP_FAILURE
        self.given += length
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length) or paramiko.SFTP_EOF


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, door: _Door, *args: Any, **more: Any) -> None:
        super().__init__(door, *args, **more)
        self.server = door.server

    def open(self, path: str, flags: int, attr: Any) -> Any:
        at = self._at(path)
        if flags & os.O_CREAT:
            if not at.parent.is_dir():
                return paramiko.SFTP_NO_SUCH_FILE
            at.write_bytes(b"")
        return _Handle(self.server, at) if at.exists() else paramiko.SFTP_NO_SUCH_FILE

    def stat(self, path: str) -> Any:
        at = self._at(path)
        return paramiko.SFTPAttributes.from_stat(at.stat()) if at.exists() else paramiko.SFTP_NO_SUCH_FILE

    def mkdir(self, path: str, attr: Any) -> int:
        return self._done(lambda: self._at(path).mkdir())

    def rmdir(self, path: str) -> int:
        return self._done(lambda: self._at(path).rmdir())

    def remove(self, path: str) -> int:
        return self._done(lambda: self._at(path).unlink())

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._done(lambda: self._at(oldpath).replace(self._at(newpath)))

    def _at(self, path: str) -> Path:
        return self.server.folder / path.lstrip("/")

    def _done(self, do: Callable[[], object]) -> int:
        try:
            do()
        except FileNotFoundError:
            return int(paramiko.SFTP_NO_SUCH_FILE)
        except OSError:
            return int(paramiko.SFTP_FAILURE)
        return int(paramiko.SFTP_OK)


@contextmanager
def sftp_server(folder: Path) -> Iterator[Server]:
    """Run a server over a folder until the block ends."""
    told = Server(folder)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told.port = listening.getsockname()[1]
        open_lines: list[paramiko.Transport] = []

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                transport = paramiko.Transport(line)
                transport.add_server_key(told.key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
                open_lines.append(transport)
                try:
                    transport.start_server(server=_Door(told))
                except (paramiko.SSHException, EOFError, OSError):  # whoever knocked has gone
                    continue

        threading.Thread(target=serve, daemon=True).start()
        yield told
        listening.shutdown(socket.SHUT_RDWR)
    for transport in open_lines:
        transport.close()
