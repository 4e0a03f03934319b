"""Policies: a hundred thousand decisions beside Cedar's own evaluator, and decisions a second of both."""

from __future__ import annotations

import random
import time
from typing import Any

import cedarpy
from tests.cedar import a_policy, a_request, a_world, differences

from jutong.guard.cedar import compiled, decide, slice_of
from jutong.guard.cedar.values import Entity, Uid

DECISIONS = 100_000
POLICIES, REQUESTS = 6, 40  # of one drawn set
STANDING, ASKED = 200, 2_000  # the set whose speed is measured


def run(*, rows: int = DECISIONS) -> dict[str, Any]:
    """Compare ``rows`` decisions (answer, reasons, errors), then measure one set of 200 policies, whole and sliced."""
    draw = random.Random(2026)
    compared, different, first = 0, 0, ""
    while compared < rows:
        count, wrong = differences([a_policy(draw) for _ in range(POLICIES)], REQUESTS, draw)
        compared, different = compared + count, different + len(wrong)
        first = first or next(iter(wrong), "")
    figures: dict[str, Any] = {"decisions_compared": compared, "differences": different, "first": first[:500]}
    world = a_world(draw)
    sources = [_of_one(draw, place) for place in range(STANDING)]
    drawn = [a_request(draw, world) for _ in range(ASKED)]
    ours = [compiled(one) for one in sources]
    figures["ours_per_s_200_policies"] = _rate(lambda: [decide(ours, one) for one, _ in drawn])
    slices = {one.resource: _slice(ours, one.resource, world.entities) for one, _ in drawn}
    sliced = {uid: [ours[place] for place in places] for uid, places in slices.items()}
    figures["policies_in_a_slice"] = sum(map(len, sliced.values())) / max(len(sliced), 1)
    figures["ours_per_s_sliced"] = _rate(lambda: [decide(sliced[one.resource], one) for one, _ in drawn])
    theirs = cedarpy.PolicySet.from_str("\n".join(sources))
    asked = [told for _, told in drawn]
    figures["cedarpy_per_s_200_policies"] = _rate(lambda: cedarpy.is_authorized_batch(asked, theirs, world.theirs))
    figures["ratio_to_cedarpy"] = figures["ours_per_s_200_policies"] / figures["cedarpy_per_s_200_policies"]
    figures["ratio_to_cedarpy_sliced"] = figures["ours_per_s_sliced"] / figures["cedarpy_per_s_200_policies"]
    wanted = (
        ("decisions compared with Cedar's own", compared, rows, compared >= rows),
        ("differences", different, 0, different == 0),
        ("decisions a second, sliced", figures["ours_per_s_sliced"], 10_000, figures["ours_per_s_sliced"] >= 10_000),
    )
    reach = [
        {"what": what, "value": float(value), "target": target, "holds": holds} for what, value, target, holds in wanted
    ]
    return {"name": "policies", "figures": figures, "reach": reach}


def _of_one(draw: random.Random, place: int) -> str:
    """Return a policy of one kind of resource, as most are: of some provider's one entry."""
    scope = f'resource == {draw.choice(("Agreement", "Entry"))}::"{draw.choice("abcdefgh")}"'
    condition = 'context has name && context.name == "a" || principal in Body::"a"'
    effect = "forbid" if place % 20 == 0 else "permit"
    action = draw.choice(("query", "verify", "table"))
    return f'{effect} (principal, action == Action::"{action}", {scope}) when {{ {condition} }};'


def _slice(policies: list[Any], resource: Uid, entities: dict[Uid, Entity]) -> tuple[int, ...]:
    known = entities.get(resource, Entity(resource))
    actions = [Entity(Uid("Action", name)) for name in ("query", "verify", "table")]
    return slice_of(policies, resource=known, principals=list(entities.values()), actions=actions)


def _rate(work: Any) -> float:
    began = time.process_time()
    work()
    return ASKED / (time.process_time() - began)
