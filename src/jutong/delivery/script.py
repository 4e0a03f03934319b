"""A call as a person can run it: with our own command, or with curl and openssl alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from jutong.guard.grades import Method

KEY_FILE = "system.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """What a call needs, apart from the key that is asked for and the private key, which only the caller has."""

    base: str
    path: str
    client: str
    node_key: str
    agreement: str
    purpose: str
    method: Method
    items: Sequence[str]

    def command(self) -> str:
        """Return the call by ``jutong call``, which signs, asks, and checks the node's answer."""
        facts = [f"--fact {quote(item + '=VALUE')}" for item in self.items or ("ITEM",)]
        asked = [f"--item {quote(item)}" for item in self.items]
        lines = [
            f"jutong call {quote(self.path)} KEY",
            f"--url {quote(self.base)} --client {quote(self.client)} --key {KEY_FILE}",
            f"--node-key {quote(self.node_key)}",
            f"--agreement {quote(self.agreement)} --purpose {quote(self.purpose)}",
            " ".join(facts if self.method is Method.VERIFY else asked),
        ]
        return " \\\n  ".join(line for line in lines if line)

    def script(self) -> str:
        """Return the same as a shell script for machines without Jutong: RFC 9421 by openssl, sent by curl."""
        query = f"?items={percent(','.join(self.items), safe=',')}" if self.items else ""
        verify = self.method is Method.VERIFY
        facts = ", ".join(f'"{item}": "VALUE"' for item in self.items or ("ITEM",))
        body = f'{{"key": "KEY", "facts": {{{facts}}}}}'
        covered = ["@method", "@authority", "@path", "@query", *(["content-digest"] if verify else [])]
        covered += ["x-road-client", "jutong-agreement", "jutong-purpose"]
        values = {
            "@method": "POST" if verify else "GET",
            "@authority": "$HOST",
            "@path": "$TARGET",
            "@query": "?" if verify or not query else "$QUERY",
            "content-digest": "$DIGEST",
            "x-road-client": "$CLIENT",
            "jutong-agreement": "$AGREEMENT",
            "jutong-purpose": "$PURPOSE",
        }
        named = " ".join(f'\\"{name}\\"' for name in covered)
        base = [f'printf \'"{name}": %s\\n\' "{values[name]}"' for name in covered]
        headers = ["X-Road-Client: $CLIENT", "Jutong-Agreement: $AGREEMENT", "Jutong-Purpose: $PURPOSE"]
        headers += ["Content-Digest: $DIGEST"] if verify else []
        headers += ["Signature-Input: sig1=$PARAMS", "Signature: sig1=:$SIGNATURE:"]
        sent = [f'-H "{header}"' for header in headers] + (['--data-binary "$BODY"'] if verify else [])
        target = f"/r1/{self.path}/" + ("verify" if verify else "KEY")
        lines = [
            "#!/bin/sh",
            f"set -eu; PEM={KEY_FILE}; BASE={quote(self.base)}; HOST={quote(urlsplit(self.base).netloc.lower())}",
            f"TARGET={quote(target)}; QUERY={quote('' if verify else query)}",
            f"CLIENT={quote(self.client)}; AGREEMENT={quote(self.agreement)}; PURPOSE={quote(self.purpose)}",
            *([f"BODY={quote(body)}"] if verify else []),
            *(
                ['DIGEST="sha-256=:$(printf %s "$BODY" | openssl dgst -sha256 -binary | openssl base64 -A):"']
                if verify
                else []
            ),
            f'PARAMS="({named});created=$(date +%s);keyid=\\"$CLIENT\\";nonce=\\"$(openssl rand -hex 16)\\"'
            ';alg=\\"ed25519\\";tag=\\"jutong\\""',
            "SIGNED=$(mktemp); trap 'rm -f \"$SIGNED\"' EXIT",
            "{",
            *(f"  {line}" for line in base),
            '  printf \'"@signature-params": %s\' "$PARAMS"',
            '} > "$SIGNED"',
            'SIGNATURE=$(openssl pkeyutl -sign -rawin -inkey "$PEM" -in "$SIGNED" | openssl base64 -A)',
            'curl -sS -D - "$BASE$TARGET$QUERY" \\',
            *(f"  {one} \\" for one in sent[:-1]),
            f"  {sent[-1]}",
        ]
        return "\n".join(lines) + "\n"
