"""A key that was stolen and given up while its thief calls; the last call of a day, asked for by many at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx

from tests.hostile.standing import Standing

SOON = 1.0  # seconds within which a right that was taken away is gone
SLACK = 2.0  # for a busy machine


def test_a_stolen_key_is_worth_nothing_a_second_after_it_was_given_up(node: Standing) -> None:
    """The thief's session over a connection that it holds open, its signatures and its new sessions: all end."""
    path = f"/r1/{node.service}/{node.code}"
    with httpx.Client(base_url=f"http://{node.authority}", timeout=60) as thief:
        session = thief.post("/r1/session", headers=node.signed("POST", "/r1/session")).json()["token"]
        known = {"x-road-client": node.shared.system, "jutong-purpose": "social-security"}
        known["authorization"] = f"Bearer {session}"
        assert thief.get(path, headers=known).status_code == 200
        stolen = node.give_key()
        given_up = time.monotonic()
        answers: list[tuple[float, int]] = []
        while time.monotonic() < given_up + SOON + SLACK:
            began = time.monotonic()
            answers.append((began - given_up, thief.get(path, headers=known).status_code))
            time.sleep(0.02)
        assert {status for began, status in answers if began > SOON + SLACK / 2} == {401}
        statuses = [status for _, status in answers]
        assert statuses == sorted(statuses), "what has ended does not begin again"
        assert thief.get(path, headers=node.signed("GET", path, key=stolen)).status_code == 401
        assert thief.post("/r1/session", headers=node.signed("POST", "/r1/session", key=stolen)).status_code == 401
        assert thief.get(path, headers=node.signed("GET", path)).status_code == 200


def test_the_last_call_of_a_day_is_one_callers(node: Standing) -> None:
    """Thirty-two at once over two workers, one call left: one is answered, thirty-one are told why not."""
    path = f"/r1/{node.service}/{node.code}"
    node.left(1)
    together = Barrier(32)

    def ask(number: int) -> int:
        door = node.doors[number % len(node.doors)]
        with httpx.Client(base_url=f"http://127.0.0.1:{door}", timeout=60) as caller:
            together.wait(60)
            return caller.get(path, headers=node.signed("GET", path)).status_code

    with ThreadPoolExecutor(32) as many:
        statuses = sorted(many.map(ask, range(32)))
    node.left(5_000)
    assert statuses == [200] + [429] * 31
