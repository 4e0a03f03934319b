"""What an identity provider says of somebody, and every reason not to believe it (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from jutong.kernel.errors import NotKnown
from jutong.kernel.text import text
from jutong.terms.assurance import Assurance

# By asymmetric keys alone: neither "none", nor a code that whoever knows the public key could make himself.
KEY_KINDS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    "RS256": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
    "Ed25519": OKPKey,
    "EdDSA": OKPKey,
}
SLACK_SECONDS = 60  # that two clocks may differ
OLDEST_SECONDS = 600  # of a token that was just asked for
LONGEST = 16 << 10  # characters of a token
_SUBJECT_LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a token must say to be the answer to one question."""

    issuer: str
    client: str
    nonce: str = field(repr=False)
    longest_ago_seconds: int = 0  # since its person signed in there; 0: however long ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who somebody is at the provider, and how it was found out there."""

    issuer: str
    subject: str = field(repr=False)
    acr: str = ""
    amr: frozenset[str] = frozenset()

    def level(self, *, two: Collection[str], three: Collection[str]) -> Assurance:
        """Return what the provider's word is worth here, by the ``acr`` and ``amr`` values that the node was told of.

        >>> claims = Claims(issuer="https://i", subject="s", acr="gold", amr=frozenset({"pwd", "mfa"}))
        >>> [int(claims.level(two=two, three=three)) for two, three in (((), ()), (["mfa"], []), ([], ["gold"]))]
        [1, 2, 3]
        """
        said = self.amr | {self.acr} - {""}
        return Assurance.THREE if said & set(three) else Assurance.TWO if said & set(two) else Assurance.ONE


def key_named(token: str, keys: KeySet) -> RSAKey | ECKey | OKPKey | None:
    """Return the provider's key that a token names, of the kind that its algorithm needs; None where there is none.

    Of the head only ``alg`` and ``kid`` are read: a key that travels with its token (``jwk``, ``jku``, ``x5u``)
    proves nothing. Without ``kid`` a key is found only where there is no choice.
    """
    head = _head(token)
    kind = KEY_KINDS.get(str(head.get("alg")))
    if kind is None:
        raise not_believed()
    able = [one for one in keys.keys if isinstance(one, kind) and one.as_dict(private=False).get("use", "sig") == "sig"]
    named = [one for one in able if one.kid == head["kid"]] if "kid" in head else able
    return named[0] if len(named) == 1 else None


def believed(token: str, key: RSAKey | ECKey | OKPKey, wanted: Wanted, now: datetime) -> Claims:
    """Return what a token says, if ``key`` has signed it and all in it is as ``wanted``; refuse it otherwise."""
    if len(token) > LONGEST:
        raise not_believed()
    alg = str(_head(token).get("alg"))
    if not isinstance(key, KEY_KINDS.get(alg, ())):
        raise not_believed()
    try:
        said = json.loads(jws.deserialize_compact(token, key, algorithms=[alg]).payload)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise not_believed() from error
    if not isinstance(said, dict) or not _is_answer(said, wanted, int(now.timestamp())):
        raise not_believed()
    amr = said.get("amr", [])
    acr = said.get("acr", "")
    return Claims(
        issuer=wanted.issuer,
        subject=said["sub"],
        acr=acr if isinstance(acr, str) else "",
        amr=frozenset(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else frozenset(),
    )


def not_believed() -> NotKnown:
    """Return the one refusal of what comes back from the provider: it does not tell what was wrong with it."""
    return NotKnown(
        text("what the identity provider sent back does not prove who you are"),
        basis=text("OpenID Connect Core 1.0, 3.1.3.7"),
        remedy=text("begin anew; if it stays so, sign in with your password and tell the system administrator"),
    )


def _is_answer(said: Mapping[str, Any], wanted: Wanted, now: int) -> bool:
    audience = said.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    party = said.get("azp")
    subject, nonce = said.get("sub"), said.get("nonce")
    signed_in, ago = said.get("auth_time"), wanted.longest_ago_seconds
    return (
        said.get("iss") == wanted.issuer
        and isinstance(subject, str)
        and 0 < len(subject) <= _SUBJECT_LONGEST
        and wanted.client in audiences
        and (party == wanted.client or (party is None and len(audiences) == 1))
        and _number(said.get("exp"))
        and said["exp"] > now - SLACK_SECONDS
        and _number(said.get("iat"))
        and now - OLDEST_SECONDS < said["iat"] <= now + SLACK_SECONDS
        and ("nbf" not in said or (_number(said["nbf"]) and said["nbf"] <= now + SLACK_SECONDS))
        and isinstance(nonce, str)
        and hmac.compare_digest(nonce.encode("utf-8", "replace"), wanted.nonce.encode())
        and (signed_in is None or (_number(signed_in) and signed_in <= now + SLACK_SECONDS))
        and (not ago or (signed_in is not None and now - signed_in <= ago + SLACK_SECONDS))
    )


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _head(token: str) -> Mapping[str, Any]:
    try:
        return jws.extract_compact(token[:LONGEST].encode("ascii")).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise not_believed() from error
