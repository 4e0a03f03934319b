"""The secret under which a node makes pseudonyms and tokens."""

from __future__ import annotations

import hashlib

from jutong.kernel.crypto import SigningKey


def node_secret(key: SigningKey) -> bytes:
    """Return the secret under which this node makes pseudonyms: derived from its key, used for nothing else."""
    return hashlib.sha256(key.sign(b"jutong delivery: secret for pseudonyms, version 1")).digest()
