"""One served node for all attacks: none of them changes it, and whatever does makes good."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.standing import Standing, a_standing


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A node that is served."""
    with a_standing(tmp_path_factory.mktemp("hostile") / "home") as standing:
        yield standing
