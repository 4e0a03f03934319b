"""Makes the terminal pictures of the documents: runs the commands that the README names and draws what they print.

``.venv/bin/python tools/make_pictures.py`` from the repository's root; it walks the demo in ``var/demo`` on the made
register, so that everybody gets the same pictures but for identifiers, days and seconds.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 100
# Rich counts characters where a Chinese one is as wide as two; without the attribute a browser sets them right.
LENGTH = re.compile(r' textLength="[0-9.]+"')
FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
COMMANDS = {
    "demo": "demo --once",
    "verify": "verify var/demo/city/receipt.txt --key var/demo/city/keys.txt --witnesses 2",
}


def printed(command: str, language: str) -> str:
    """Return what the command prints, with its colours."""
    surroundings = {
        **os.environ,
        "JUTONG_LANGUAGE": language,
        "JUTONG_DATA": os.fspath(ROOT / "var" / "none"),
        "FORCE_COLOR": "1",
        "COLUMNS": str(WIDTH),
        "PYTHONPATH": os.fspath(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "jutong", *command.split()],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def drawn(command: str, words: str) -> str:
    """Return the SVG of a terminal in which the command was typed."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ jutong {command}", style="bold"))
    console.print(Text.from_ansi(words.rstrip("\n")))
    svg = console.export_svg(title="jutong", unique_id=command.split(maxsplit=1)[0])
    # A reader's browser asks nobody else for a font.
    return LENGTH.sub("", FONT.sub("", svg))


def main() -> None:
    """Draw every picture in both languages."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for language in ("en", "zh-CN"):
        for name, command in COMMANDS.items():
            picture = drawn(command, printed(command, language))
            (PICTURES / f"{name}.{language}.svg").write_text(picture, "utf-8")


if __name__ == "__main__":
    main()
