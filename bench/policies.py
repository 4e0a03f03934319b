"""Policies: a hundred thousand decisions beside Cedar's own evaluator, of items too; what a call pays for them."""

from __future__ import annotations

import random
import time
import timeit
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cedarpy
from tests.cedar import a_policy, a_request, a_world, differences
from tests.gateway import a_market

from jutong import catalogue, sharing
from jutong.catalogue import Entry
from jutong.delivery.call import Call
from jutong.delivery.plan import Plan, compile, judge, plan_for
from jutong.delivery.ruling import InForce
from jutong.guard import Method
from jutong.guard.cedar import compiled, decide, slice_of
from jutong.guard.cedar.values import Entity, Uid
from jutong.kernel.db import connection
from jutong.sharing import Agreement

DECISIONS = 100_000
POLICIES, REQUESTS = 6, 40  # of one drawn set
CALLS, ITEMS_US = 10_000, 20
_POLICY = InForce(id="", version=1, title="-", basis="-", source="", body="", whole=True, starts=date.min)
STANDING, ASKED = 200, 2_000  # the set whose speed is measured


def run(*, rows: int = DECISIONS) -> dict[str, Any]:
    """Compare ``rows`` decisions (answer, reasons, errors), then measure one set of 200 policies, whole and sliced.

    Then what one call under an agreement on twenty items pays (microseconds) with no policies on items, and with ten.
    """
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
    figures |= _of_items()
    remembered = max(figures["item_policies_10_us"], figures["item_policies_10_by_hour_us"])
    wanted = (
        ("decisions compared with Cedar's own", compared, rows, compared >= rows),
        ("differences", different, 0, different == 0),
        ("microseconds a call, ten policies on items", remembered, ITEMS_US, remembered <= ITEMS_US),
        ("decisions a second, sliced", figures["ours_per_s_sliced"], 10_000, figures["ours_per_s_sliced"] >= 10_000),
    )
    reach = [
        {"what": what, "value": float(value), "target": target, "holds": holds} for what, value, target, holds in wanted
    ]
    return {"name": "policies", "figures": figures, "reach": reach}


def _of_items() -> dict[str, float]:
    """Return what a call pays to be judged and to have its plan narrowed."""
    heads = 'forbid (principal, action in Action::"record", resource is Item) when { '
    sets = {
        "item_policies_0_us": (),
        "item_policies_10_us": tuple(f'{heads}resource.name like "item_{n}" }};' for n in range(10)),
        "item_policies_10_by_hour_us": tuple(
            f'{heads}resource.name like "item_{n}" && context.hour >= 8 }};' for n in range(10)
        ),
    }
    with TemporaryDirectory() as folder:
        agreement, entry = _twenty_items(Path(folder))
    call = Call(agreement.systems[0], Method.QUERY, agreement.purposes[0].value, (), agreement.starts, 10, records=1)
    figures = {}
    for name, sources in sets.items():
        told = [replace(_POLICY, id=str(place), source=source) for place, source in enumerate(sources)]
        plan = replace(compile(agreement, entry, secret=bytes(32), policies=told), delivered=True)
        figures[name] = _microseconds(plan, call)
        if sources:
            assert len(plan_for(plan, call).columns) == 10
    return figures


def _microseconds(plan: Plan, call: Call) -> float:
    def one() -> None:
        assert judge(plan, call) is None
        plan_for(plan, call)

    return min(timeit.repeat(one, timer=time.process_time, number=CALLS, repeat=5)) / CALLS * 1e6


def _twenty_items(folder: Path) -> tuple[Agreement, Entry]:
    market = a_market(folder)
    with connection(market.town.engine) as db:
        agreement = sharing.find_agreement(db, market.agreement.id)
        entry = catalogue.find(db, agreement.entry)
    market.town.engine.dispose()
    names = [f"item_{place}" for place in range(20)]
    granted, item = agreement.items[0], entry.items[0]
    return (
        replace(agreement, items=tuple(replace(granted, name=name, mask="none") for name in names)),
        replace(entry, items=tuple(replace(item, name=name, key=name == names[0]) for name in names)),
    )


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
