"""Calling a tier's management API as one of its people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.text import text

from ..output import language
from .tiers import Tier

T = TypeVar("T")
WAIT_SECONDS = 180
PAUSE_SECONDS = 0.1
CALL_SECONDS = 600


class Caller:
    """One person of one tier."""

    def __init__(self, tier: Tier, account: str) -> None:
        self.tier = tier
        headers = {"authorization": f"Bearer {tier.tokens[account]}", "accept-language": language()}
        self._http = httpx.Client(base_url=tier.url, headers=headers, timeout=CALL_SECONDS, trust_env=False)

    def get(self, path: str, **query: str | int) -> Any:
        """Look something up."""
        return self._read(lambda: self._http.get(path, params=query)).json()

    def words(self, path: str) -> str:
        """Look a text up."""
        return self._read(lambda: self._http.get(path)).text

    def post(self, path: str, body: object = None) -> Any:
        """Do an act."""
        content = msgspec.json.encode({} if body is None else body)
        return self._read(lambda: self._http.post(path, content=content)).json()

    def put(self, path: str, body: object) -> Any:
        """Set something."""
        return self._read(lambda: self._http.put(path, content=msgspec.json.encode(body))).json()

    def send(self, path: str, file: Path, **query: str) -> Any:
        """Deliver a file."""
        with file.open("rb") as stream:
            return self._read(lambda: self._http.post(path, params=query, content=stream)).json()

    def find(self, path: str, **query: str | int) -> Any | None:
        """Look something up that may not be there yet."""
        answer = self._answer(lambda: self._http.get(path, params=query))
        return None if answer.status_code == 404 else _checked(answer).json()

    def line(self, word: str, on: str) -> int:
        """Wait until the act ``word`` on a thing stands in the tier's log, and return its place."""

        def placed() -> int | None:
            found = [one["place"] for one in self.get("/api/ledger", act=word, on=on) if one["place"] is not None]
            return max(found) if found else None

        return until(placed, what=word)

    def _answer(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            return ask()
        except httpx.HTTPError as error:
            raise Unavailable(text("the tier {name} does not answer", name=self.tier.plan.node)) from error

    def _read(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        return _checked(self._answer(ask))


def until(asked: Callable[[], T | None], *, what: str) -> T:
    """Ask again and again until there is an answer."""
    begun = time.monotonic()
    while time.monotonic() - begun < WAIT_SECONDS:
        found = asked()
        if found is not None:
            return found
        time.sleep(PAUSE_SECONDS)
    raise Unavailable(text("waited {seconds} seconds for {what}", seconds=WAIT_SECONDS, what=what))


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    problem: Mapping[str, str] = {}
    if "json" in answer.headers.get("content-type", ""):
        problem = answer.json()
    raise Refused(
        problem.get("detail", "") or f"{answer.status_code}",
        basis=problem.get("basis", ""),
        remedy=problem.get("remedy", ""),
    )
