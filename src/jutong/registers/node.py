"""Nodes of other tiers that this one trusts, each known by its key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from jutong.kernel.crypto import PublicKey
from jutong.kernel.errors import Invalid
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.sm2 import Sm2PublicKey
from jutong.kernel.text import text
from jutong.terms.division import lies_in
from jutong.terms.org import BodyKind, Org

# The name is also the signer's name on checkpoints (C2SP signed-note): no blank, no plus.
_NAME = re.compile(r"[a-z0-9][a-z0-9./-]{0,99}")


class Relation(StrEnum):
    """Where the other node stands as seen from here."""

    PARENT = "parent"
    CHILD = "child"
    PEER = "peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A neighbour: its name, where it is reached, its keys, its relation, and the body that runs it.

    It cosigns by its Ed25519 key, always; a node that signs by SM2 itself hears and tells one with an SM2 key by that.

    A child or peer speaks for that body alone; one whose body is an authority speaks for its whole division.
    """

    name: str
    url: str
    key: PublicKey
    relation: Relation = Relation.PEER
    body: str = ""
    sm2_key: Sm2PublicKey | None = None

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise Invalid(text("a node's name is 1 to 100 of a-z, 0-9, point, hyphen and slash"))
        if not _is_web_address(self.url):
            raise Invalid(text("a node is reached at http(s)://host[:port][/path], without user, query or fragment"))


def key_of(node: Node, *, by_sm2: bool) -> AnyPublicKey:
    """Return the one key by which a neighbour's calls and answers count here; ``by_sm2``: this node signs so itself."""
    return node.sm2_key if by_sm2 and node.sm2_key is not None else node.key


def speaks_for(node: Node, provider: Org | None, runs: Org | None) -> bool:
    """Say whether what ``node`` tells of the provider's data counts; ``runs`` is the body that runs the node.

    What the parent tells was audited there. A body that is not in this tier's register has nobody to speak for it.
    """
    if node.relation is Relation.PARENT:
        return True
    if provider is None or runs is None:
        return False
    own_area = runs.kind is BodyKind.AUTHORITY and lies_in(provider.division, runs.division)
    return provider.code == runs.code or own_area


def _is_web_address(url: str) -> bool:
    if re.fullmatch(r"https?://[!-~]{1,1000}", url) is None:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0 and not (parts.username or parts.query or parts.fragment)
