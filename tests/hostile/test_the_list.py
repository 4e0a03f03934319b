"""The list of attacks is true: every test that it names is there, and every hostile test stands in it."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.hostile import ATTACKS

ROOT = Path(__file__).parents[2]
NAMED = {one for tests in ATTACKS.values() for one in tests}


def names_in(path: Path) -> set[str]:
    """Return the tests of a file by their names."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_named_test_is_there() -> None:
    """A test that was renamed or removed leaves no attack that only seems to be tried."""
    missing = [one for one in NAMED if one.partition("::")[2] not in names_in(ROOT / one.partition("::")[0])]
    assert not missing


def test_every_file_of_this_folder_is_named() -> None:
    """Whoever writes a hostile test says which attack it tries."""
    files = {path.relative_to(ROOT).as_posix() for path in Path(__file__).parent.glob("test_*.py")}
    assert files - {one.partition("::")[0] for one in NAMED} == {"tests/hostile/test_the_list.py"}


def test_the_page_on_security_points_here() -> None:
    """Who reads how safe the product is finds what was tried."""
    assert "tests/hostile" in (ROOT / "SECURITY.md").read_text("utf-8")
