"""What every endpoint is given and how it is declared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import litestar
import msgspec
from litestar.di import NamedDependency
from litestar.params import Parameter, SkipValidation

from jutong.desk import House
from jutong.terms import Actor

from .problems import REFUSALS

# Handed in by the application, never by the caller.
TheHouse = NamedDependency[SkipValidation[House]]
TheActor = NamedDependency[SkipValidation[Actor]]
# The message as it came, beside what was read from it.
TheMessage = NamedDependency[SkipValidation[Any]]
TheRequest = litestar.Request[Any, Any, Any]


def the_house(request: TheRequest) -> House:
    """Return the house for which a request is answered."""
    house: House = request.scope["state"]["house"]
    return house


NO_NUL = r"^[^\u0000]*$"

Ulid = Annotated[str, Parameter(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$", description="identifier (ULID)")]
Code = Annotated[str, Parameter(pattern="^[0-9A-HJ-NP-RT-UW-Y]{18}$", description="unified social credit code")]
# Of a body beyond the file in it: what is longer by its own word is refused before its first byte.
SLACK = 1 << 20
Limit = Annotated[int, Parameter(ge=1, le=500, description="at most so many")]
After = Annotated[int, Parameter(ge=-1, le=2**53, description="only what stands after this place")]
AfterUlid = Annotated[
    str, Parameter(pattern="^([0-7][0-9A-HJKMNP-TV-Z]{25})?$", description="only what stands after this identifier")
]
Sought = Annotated[str, Parameter(max_length=200, pattern=NO_NUL)]

# What a form may hold before a room looks at it: PostgreSQL keeps no NUL, and its columns end.
UlidField = Annotated[str, msgspec.Meta(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
CodeField = Annotated[str, msgspec.Meta(pattern="^[0-9A-HJ-NP-RT-UW-Y]{18}$")]
Name = Annotated[str, msgspec.Meta(max_length=300, pattern=NO_NUL)]
Words = Annotated[str, msgspec.Meta(max_length=4000, pattern=NO_NUL)]

Declared = Callable[..., Callable[..., Any]]

# An act runs in a thread of its own, because it waits for the database and the lake.
act: Declared = partial(litestar.post, responses=REFUSALS, sync_to_thread=True)
replacing: Declared = partial(litestar.put, responses=REFUSALS, sync_to_thread=True)
removing: Declared = partial(litestar.delete, responses=REFUSALS, sync_to_thread=True)
look: Declared = partial(litestar.get, responses=REFUSALS, sync_to_thread=True, cache_control=None)
