"""A department's own HTTP service on this machine: it keeps what it was asked, and answers as a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FIRM = {
    "data": [
        {
            "name": "重庆长江（集团）有限公司",
            "uscc": "915000002028033215",
            "address": "重庆市渝中区人民路232号",
            "scope": "秘密经营",
        }
    ],
    "total": 1,
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "企业登记", "version": "1"},
    "paths": {
        "/firms": {
            "get": {
                "summary": "Find firms",
                "parameters": [
                    {"name": "since", "in": "query", "schema": {"type": "string", "pattern": "^[0-9-]{10}$"}},
                    {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                    {"name": "kind", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                    {"name": "X-Region", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {"200": {"$ref": "#/components/responses/Firms"}, "404": {"description": "none"}},
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}},
                },
                "responses": {"200": {"$ref": "#/components/responses/Firms"}},
            },
        },
        "/firms/{code}": {
            "parameters": [{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"$ref": "#/components/responses/Firms"}, "404": {"description": "none"}}},
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
    },
    "components": {
        "responses": {
            "Firms": {
                "description": "firms",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Firms"}}},
            }
        },
        "schemas": {
            "Firms": {
                "type": "object",
                "required": ["data"],
                "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Firm"}}},
            },
            "Firm": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "address": {"type": "string", "nullable": True}},
            },
            "Wish": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 20},
                    "tags": {"type": "array", "uniqueItems": True},
                },
            },
        },
    },
}


@dataclass
class Came:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Department:
    """The service: what it was asked, and how it answers."""

    port: int = 0
    came: list[Came] = field(default_factory=list)
    status: int = 200
    answer: Any = field(default_factory=lambda: FIRM)  # bytes go out as they are
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    waits: list[float] = field(default_factory=list)  # of single requests, in order, before ``wait``
    raw: bytes = b""  # instead of all

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}/v1"


@contextmanager
def a_department() -> Iterator[Department]:
    """Run it."""
    told = Department()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            with lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                told.came.append(Came(self.command, self.path, headers, body))
                wait = told.waits.pop(0) if told.waits else told.wait
            time.sleep(wait)
            try:
                self._answer()
            except OSError:
                self.close_connection = True

        def _answer(self) -> None:
            if told.raw:
                self.wfile.write(told.raw)
                self.close_connection = True
                return
            content = told.answer if isinstance(told.answer, bytes) else json.dumps(told.answer).encode()
            self.send_response(told.status)
            if told.media:
                self.send_header("content-type", told.media)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
