"""On a child's path: ends it with SIGKILL at named places, each once, so that the process started after it lives on.

``JUTONG_STRIKES`` holds one strike a line, ``process module:function:before|after:nth``; the process is a home's
folder name and ``work`` or ``face``. ``JUTONG_STRUCK`` is the folder where each strike leaves its mark.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import inspect
import itertools
import os
import signal
import sys
from pathlib import Path

STRIKES = os.environ.get("JUTONG_STRIKES", "").split("\n")
STRUCK = Path(os.environ.get("JUTONG_STRUCK", "/nonexistent"))


def process_name() -> str:
    """Name this process by its home and its half."""
    argv = sys.orig_argv
    if "--home" not in argv or "serve" not in argv:
        return "test"
    return f"{Path(argv[argv.index('--home') + 1]).name}-{'work' if '--no-face' in argv else 'face'}"


def strike_once(strike: str) -> None:
    """Leave the mark and die, unless the mark is there already."""
    try:
        os.close(os.open(STRUCK / strike.replace("/", "_"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def arm(module: object, strike: str) -> None:
    """Put the strike around a function of a module that has just been loaded."""
    _, _, place = strike.partition(" ")
    _, path, when, nth = place.split(":")
    *owners, name = path.split(".")
    owner = functools.reduce(getattr, owners, module)
    function = getattr(owner, name)
    numbers = itertools.count(1)

    def now(moment: str, number: int) -> None:
        if moment == when and number == int(nth):
            strike_once(strike)

    if inspect.iscoroutinefunction(function):

        async def struck(*args: object, **more: object) -> object:
            number = next(numbers)
            now("before", number)
            result = await function(*args, **more)
            now("after", number)
            return result

    else:

        def struck(*args: object, **more: object) -> object:
            number = next(numbers)
            now("before", number)
            result = function(*args, **more)
            now("after", number)
            return result

    setattr(owner, name, functools.wraps(function)(struck))


class Striker(importlib.abc.MetaPathFinder):
    """Finds modules as usual and arms those that are to be struck, before anybody takes a name from them."""

    def __init__(self, strikes: dict[str, list[str]]) -> None:
        self._strikes = strikes

    def find_spec(self, fullname: str, path: object, target: object = None) -> object:
        """Return the usual spec with a loader that arms."""
        if fullname not in self._strikes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        usual = spec.loader.exec_module

        def loading(module: object) -> None:
            usual(module)
            for strike in self._strikes[fullname]:
                arm(module, strike)

        spec.loader.exec_module = loading
        return spec


def begin() -> None:
    """Arm this process if any strike is for it."""
    wanted: dict[str, list[str]] = {}
    for strike in filter(None, STRIKES):
        process, _, place = strike.partition(" ")
        if process == process_name():
            wanted.setdefault(place.partition(":")[0], []).append(strike)
    if wanted:
        sys.meta_path.insert(0, Striker(wanted))


begin()
