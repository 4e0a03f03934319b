"""What the documents promise is there."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import typer.main

from jutong import app as product
from jutong.cli import app as commands

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"\bjutong ([a-z]+)\b")
TARGET = re.compile(r"\bmake ([a-z]+)\b")


def documents() -> list[Path]:
    """Return every document of the repository."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def readmes() -> list[str]:
    """Return the README in each language."""
    return [(ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")]


def test_every_link_leads_somewhere() -> None:
    """A reader who follows a link inside the repository finds something."""
    dead = [
        f"{document.name}: {link}"
        for document in documents()
        for link in LINK.findall(document.read_text("utf-8"))
        if not (document.parent / link).exists()
    ]
    assert not dead, dead


def test_every_command_of_the_readme_exists() -> None:
    """A newcomer who types what the README says never meets an unknown command, and no command goes unmentioned."""
    assert product.serve  # the composition adds its own command
    known = set(typer.main.get_command(commands).commands)  # type: ignore[attr-defined]
    for readme in readmes():
        named = set(
            COMMAND.findall("\n".join(re.findall(r"`[^`\n]+`|^jutong .*$|^JUTONG_TOKEN.*$", readme, re.MULTILINE)))
        )
        assert named == known


def test_every_make_target_of_the_documents_exists() -> None:
    """Nobody is sent to a target that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = (
        re.findall(r"`make [^`]+`|^make .*$", document.read_text("utf-8"), re.MULTILINE) for document in documents()
    )
    assert {target for line in chain(*named) for target in TARGET.findall(line)} <= targets


def test_both_readmes_have_the_same_parts() -> None:
    """A Chinese reader is told as much as an English one: the same headings at the same depths, the same examples."""
    english, chinese = (FENCED.sub("", readme) for readme in readmes())
    assert HEADING.findall(english) == HEADING.findall(chinese)
    assert len(FENCED.findall(readmes()[0])) == len(FENCED.findall(readmes()[1]))


def test_every_dependency_has_its_reason() -> None:
    """Nothing is installed without its licence and its reason on record."""
    told = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text("utf-8")
    named = (
        re.split(r"[\[<>=]", line.strip())[0]
        for name in ("run.in", "dev.in")
        for line in (ROOT / "requirements" / name).read_text("utf-8").splitlines()
        if line.strip() and not line.startswith(("-", "#"))
    )
    assert not [one for one in named if f"| {one} " not in told]
