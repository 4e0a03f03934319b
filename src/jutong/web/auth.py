"""Who is calling: the bearer credential of a post."""

from __future__ import annotations

from typing import Any

from litestar import Request

from jutong import registers
from jutong.desk import House
from jutong.kernel.errors import NotKnown
from jutong.kernel.text import text
from jutong.terms import Actor

SCHEME = "bearer "


def actor_of(request: Request[Any, Any, Any], house: House) -> Actor:
    """Return the actor behind the request's credential, or refuse."""
    given = request.headers.get("authorization", "")
    if not given.lower().startswith(SCHEME):
        raise NotKnown(
            text("this address needs a credential"),
            basis=text("default deny"),
            remedy=text("send the credential of your post as 'Authorization: Bearer ...'"),
        )
    with house.reading() as db:
        return registers.actor_of(db, given[len(SCHEME) :].strip(), house.clock())
