"""The identity provider that a node trusts: asked for its addresses and keys, and for a token against a code."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from jutong.kernel.errors import Unavailable
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Oidc
from jutong.kernel.text import text

from .claims import Claims, Wanted, believed, key_named, not_believed

KEPT_SECONDS = 600  # how long addresses and keys are believed to stand
ASKED_AGAIN_SECONDS = 30  # at the earliest, when a token names a key that is not known
LONGEST = 256 << 10  # bytes of an answer
CONFIGURATION = "/.well-known/openid-configuration"


class Provider:
    """One provider, as this node is registered there; safe to share among threads."""

    def __init__(self, settings: Oidc, secret: str, outward: Outward, *, steady: Callable[[], float] = time.monotonic):
        self.settings, self._secret, self._outward, self._steady = settings, secret, outward, steady
        self._lock = threading.Lock()
        self._document: Mapping[str, Any] = {}
        self._keys: KeySet = KeySet([])
        self._asked = self._keys_asked = float("-inf")

    def way_there(self, *, back: str, state: str, nonce: str, verifier: str, fresh_seconds: int = 0) -> str:
        """Return the address at the provider where somebody signs in (code flow, PKCE by S256: RFC 7636, 9700)."""
        asked = {
            "response_type": "code",
            "client_id": self.settings.client,
            "redirect_uri": back,
            "scope": " ".join(("openid", *self.settings.scopes)),
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            **({"max_age": str(fresh_seconds)} if fresh_seconds else {}),
        }
        address = self._address("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked, quote_via=quote)}"

    def check_sender(self, issuer: str) -> None:
        """Refuse an answer that another provider sent (RFC 9207)."""
        told = self._configuration().get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (issuer or told):
            raise not_believed()

    def redeem(self, code: str, *, back: str, verifier: str, wanted: Wanted, now: datetime) -> Claims:
        """Return who signed in, against the code that came back with them."""
        told = self._sent(code, back=back, verifier=verifier)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise not_believed()
        key = key_named(token, self._known_keys(again=False)) or key_named(token, self._known_keys(again=True))
        if key is None:
            raise not_believed()
        return believed(token, key, wanted, now)

    def _sent(self, code: str, *, back: str, verifier: str) -> Mapping[str, Any]:
        client, secret = self.settings.client, self._secret
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        ways = self._configuration().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if not secret:
            form["client_id"] = client
        elif "client_secret_basic" in ways:
            named = f"{quote(client, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {b64encode(named.encode()).decode()}"
        else:
            form |= {"client_id": client, "client_secret": secret}
        return self._answer("POST", self._address("token_endpoint"), headers, urlencode(form).encode())

    def _known_keys(self, *, again: bool) -> KeySet:
        with self._lock:
            now = self._steady()
            if now - self._keys_asked > (ASKED_AGAIN_SECONDS if again else KEPT_SECONDS):
                told = self._answer("GET", self._address("jwks_uri"), {"accept": "application/json"}, None)
                self._keys, self._keys_asked = _keys_in(told), now
            return self._keys

    def _configuration(self) -> Mapping[str, Any]:
        if not self._document or self._steady() - self._asked > KEPT_SECONDS:
            told = self._answer("GET", self.settings.issuer.rstrip("/") + CONFIGURATION, {}, None)
            if told.get("issuer") != self.settings.issuer:
                raise _strange()
            self._document, self._asked = told, self._steady()
        return self._document

    def _address(self, name: str) -> str:
        """Return one of the provider's addresses; one that was declared over TLS never names one without."""
        found = self._configuration().get(name)
        scheme = urlsplit(found).scheme if isinstance(found, str) else ""
        if scheme != "https" and (scheme != "http" or self.settings.issuer.startswith("https:")):
            raise _strange()
        return str(found)

    def _answer(self, method: str, url: str, headers: dict[str, str], content: bytes | None) -> Mapping[str, Any]:
        with closing(self._outward.stream(method, url, headers=headers, content=content)) as answer:
            body = b""
            try:
                for block in answer.iter_bytes(16 << 10):
                    body += block
                    if len(body) > LONGEST:
                        raise _strange()
            except httpx.HTTPError as error:
                raise _strange() from error
        if method == "POST" and 400 <= answer.status_code < 500:
            raise not_believed()
        try:
            told = json.loads(body) if answer.status_code == 200 else None
        except (ValueError, RecursionError) as error:
            raise _strange() from error
        if not isinstance(told, dict):
            raise _strange()
        return told


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _keys_in(told: Mapping[str, Any]) -> KeySet:
    """Return the keys of a set that we can use; kinds that we do not know are left aside, secrets above all."""
    found = []
    for one in told.get("keys", []) if isinstance(told.get("keys"), list) else []:
        if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP"):
            try:
                found += KeySet.import_key_set({"keys": [one]}).keys
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    return KeySet(found)


def _strange() -> Unavailable:
    return Unavailable(
        text("the identity provider does not answer as it should"),
        remedy=text("sign in with your password; the system administrator looks at [oidc] in jutong.toml"),
    )
