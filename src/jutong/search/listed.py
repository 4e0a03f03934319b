"""Words that a search treats in a way of their own, as the product ships them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


def listed(name: str) -> tuple[str, ...]:
    """Return the words of one list, in its order."""
    return tuple(_lists()[name].split())


@cache
def _lists() -> Mapping[str, str]:
    return tomllib.loads(files("jutong.data").joinpath("search_words.toml").read_text("utf-8"))
