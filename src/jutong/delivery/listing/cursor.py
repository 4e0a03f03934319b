"""A place in an answer: sealed, so that it tells nothing, and good for one caller and one question alone."""

from __future__ import annotations

import base64
import binascii

import msgspec

from jutong.kernel.crypto import opened, sealed
from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import text

PURPOSE = "places in the answers of declared services"  # of the secret under which places are sealed
SECONDS = 3600
LONGEST = 4000  # characters


class Place(msgspec.Struct, frozen=True):
    """After which row the next page begins, how many rows were given before, until when it serves (since 1970)."""

    values: list[str | float]
    given: int
    until: int


learn(Place)
_places = msgspec.json.Decoder(Place)


def sealed_place(secret: bytes, place: Place, *, client: str, agreement: str, question: str) -> str:
    """Spell a place for one caller."""
    held = sealed(secret, msgspec.json.encode(place), of=_bound(client, agreement, question))
    return base64.urlsafe_b64encode(held).decode().rstrip("=")


def opened_place(secret: bytes, spelled: str, *, client: str, agreement: str, question: str, now: int) -> Place:
    """Read a place, or refuse one of another caller, another question, another node or an hour ago."""
    try:
        held = base64.b64decode(spelled + "=" * (-len(spelled) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        held = b""
    read = opened(secret, held, of=_bound(client, agreement, question)) if len(spelled) <= LONGEST else None
    place = None if read is None else _places.decode(read)
    if place is None or place.until < now:
        raise Invalid(
            text("the cursor is no place in the answer to this question"),
            remedy=text("ask without a cursor, then go on with the one that each page names; it serves an hour"),
        )
    return place


def _bound(client: str, agreement: str, question: str) -> str:
    return f"place {client} {agreement} {question}"
