"""An identity provider that does what it is told, honest or not: what tests of signing in by one share."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT, SECRET = "jutong-node", "an:odd secret"
Head, Said = dict[str, Any], dict[str, Any]


@dataclass
class AProvider:
    """What it says of whom; ``bend`` changes claims, ``forge`` makes the whole token."""

    issuer: str = ""
    subject: str = "248289761001"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    more: Said = field(default_factory=dict)
    bend: Callable[[Said], Said] = lambda said: said
    forge: Callable[[AProvider, Said], str] | None = None
    document: Said = field(default_factory=dict)
    codes: dict[str, Said] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def sign_in(self, way: str) -> str:
        """Do what the provider does when somebody signs in there: return the address that leads back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(way).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token_for(self, asked: Said) -> str:
        """Return what the provider says of the person who signed in."""
        now = int(time.time())
        said = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "nonce": asked["nonce"]}
        said = self.bend({**said, "iat": now, "exp": now + 300, "auth_time": now, **self.more})
        if self.forge:
            return self.forge(self, said)
        return signed(said, self.key)


def signed(said: Said, key: RSAKey, **head: Any) -> str:
    """Return a token that a key has signed."""
    return jws.serialize_compact({"alg": "RS256", "kid": key.kid, **head}, json.dumps(said), key, algorithms=["RS256"])


@contextmanager
def a_provider() -> Iterator[AProvider]:
    """Serve a provider on a free port of this machine."""
    told = AProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
                found = {name: told.issuer + path for name, path in places.items()}
                self._answer(200, {"issuer": told.issuer, **found, **told.document})
            elif self.path.startswith("/authorize?"):  # somebody is signed in here, and sent back at once
                self.send_response(302)
                self.send_header("location", told.sign_in(self.path))
                self.send_header("content-length", "0")
                self.end_headers()
            else:
                self._answer(200, {"keys": [told.key.as_dict(private=False)]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            asked = told.codes.pop(form.get("code", ""), None)
            proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            spelled = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
            known = base64.b64encode(f"{CLIENT}:an%3Aodd%20secret".encode()).decode()
            if (
                asked is None
                or self.headers.get("authorization") != f"Basic {known}"
                or form.get("redirect_uri") != asked["redirect_uri"]
                or spelled != asked["code_challenge"]
            ):
                self._answer(400, {"error": "invalid_grant"})
                return
            self._answer(200, {"access_token": "a", "token_type": "Bearer", "id_token": told.token_for(asked)})

        def _answer(self, status: int, said: Said) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
