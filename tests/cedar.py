"""Policies and requests drawn by a seed, and what Cedar's own evaluator decides of them."""

from __future__ import annotations

import ipaddress
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from jutong.guard.cedar import Compiled, Entity, OfMany, Record, Request, Uid, Value, compiled, decide
from jutong.guard.cedar.values import Address, Decimal, Set, Wrong, address_of, decimal_of, members, quoted, set_of

TYPES = ("System", "Item", "Body", "Agreement", "Entry")
ACTIONS = ("query", "verify", "table", "record", "batch")
STRINGS = ("", "a", "ab", "城", "重庆市", "a*b", 'q"q', "back\\slash", "new\nline", "tab\t", "🏛", "credit")
NUMBERS = (0, 1, -1, 2, 7, 20260105, 2**63 - 1, -(2**63), 4611686018427387904)
DECIMALS = ("0.0", "1.5", "-1.25", "12.3456", "922337203685477.5807", "-922337203685477.5808", "1.50")
BAD_DECIMALS = ("1", "1.23456", "a", ".5", "1.", "922337203685477.5808", "+1.0")
ADDRESSES = (
    *("10.0.0.1", "10.1.2.3", "10.0.0.0/8", "127.0.0.1", "127.0.0.0/8", "224.0.0.1", "0.0.0.0/0", "10.0.0.1/8"),
    *("::1", "fe80::1", "ff02::1", "2001:db8::/32", "::/0", "ff00::/8", "1:2:3:4:5:6:7:8", "255.255.255.255/32"),
)
BAD_ADDRESSES = ("10.0.0", "010.0.0.1", "10.0.0.1/33", "::ffff:1.2.3.4", "1.2.3.4/08", "fe80::1%eth0", "x", "1.1.1.1/")
ATTRS = ("name", "age", "open", "body", "tags", "more", "from", "rate", "城", "absent")
ELEMENTS = ("resident-id", "phone", "credit-code")
PIECES = ("*", "a", "b", "\\*", "城", "ab", "credit", "?")
DEPTH = 3


@dataclass(frozen=True)
class World:
    """Entities as both sides take them."""

    entities: dict[Uid, Entity]
    theirs: cedarpy.Entities


def a_world(draw: random.Random) -> World:
    """Return some entities in a hierarchy, with attributes of any kind."""
    uids = [Uid(kind, name) for kind in TYPES for name in ("a", "b", "c")]
    entities: dict[Uid, Entity] = {}
    told: list[dict[str, Any]] = []
    for place, uid in enumerate(uids):
        parents = [one for one in uids[place + 1 :] if draw.random() < 0.15]
        attrs = {name: a_value(draw, 2) for name in ATTRS if draw.random() < 0.6 and name != "absent"}
        if uid.type == "Item":
            attrs |= _item_attrs(draw)
            parents.append(Uid("Entry", draw.choice("abc")))
        if draw.random() < 0.1:
            continue  # named, but not known
        above = frozenset(parents)
        entities[uid] = Entity(uid, Record(attrs), above)
        told.append(
            {
                "uid": _uid(uid),
                "attrs": {k: as_json(v) for k, v in attrs.items()},
                "parents": [_uid(p) for p in parents],
            }
        )
    for name in ACTIONS:
        uid, group = Uid("Action", name), Uid("Action", "record" if name in ("query", "verify") else "batch")
        above = frozenset({group} if name not in ("record", "batch") else ())
        entities[uid] = Entity(uid, Record({}), above)
        told.append({"uid": _uid(uid), "attrs": {}, "parents": [_uid(p) for p in above]})
    for uid in reversed(uids):  # all above, however far
        if uid in entities:
            known = entities[uid]
            far = {one for each in known.ancestors if each in entities for one in entities[each].ancestors}
            entities[uid] = Entity(uid, known.attrs, known.ancestors | far)
    return World(entities, cedarpy.Entities.from_json_str(json.dumps(told)))


def _item_attrs(draw: random.Random) -> dict[str, Value]:
    """Return what is always known of an item, of the right kinds; its element only of some."""
    attrs: dict[str, Value] = {"grade": draw.randrange(1, 5), "personal": draw.random() < 0.5}
    attrs["entry"] = Uid("Entry", draw.choice("abc"))
    return attrs | ({"element": draw.choice(ELEMENTS)} if draw.random() < 0.7 else {})


def a_request(draw: random.Random, world: World) -> tuple[Request, dict[str, Any]]:
    """Return a request as both sides take it; two of five are about an item."""
    who, what = Uid(draw.choice(TYPES), draw.choice("abcd")), Uid(draw.choice(TYPES), draw.choice("abcd"))
    if draw.random() < 0.25:
        what = Uid("Item", draw.choice("abcd"))
    act = Uid("Action", draw.choice(ACTIONS[:3]))
    held = {name: a_value(draw, 2) for name in ATTRS if draw.random() < 0.7 and name != "absent"}
    request = Request(principal=who, action=act, resource=what, context=Record(held), entities=world.entities)
    theirs = {
        "principal": _uid(who),
        "action": _uid(act),
        "resource": _uid(what),
        "context": {name: as_json(value) for name, value in held.items()},
    }
    return request, theirs


def a_value(draw: random.Random, depth: int) -> Value:
    """Return a value of any kind; attributes of one name are mostly of one kind."""
    made: list[Callable[[], Value]] = [
        lambda: draw.choice(STRINGS),
        lambda: draw.choice(NUMBERS),
        lambda: draw.random() < 0.5,
        lambda: Uid(draw.choice(TYPES), draw.choice("abcd")),
        lambda: _decimal(draw.choice(DECIMALS)),
        lambda: _address(draw.choice(ADDRESSES)),
    ]
    if depth:
        made.append(lambda: set_of([a_value(draw, depth - 1) for _ in range(draw.randrange(4))]))
        made.append(lambda: Record({name: a_value(draw, depth - 1) for name in ATTRS[:9] if draw.random() < 0.3}))
    return draw.choice(made)()


def a_policy(draw: random.Random) -> str:
    """Return a policy; most are of one piece, some ask what is not there or mix types, a third is about items."""
    if draw.random() < 0.33:
        return an_item_policy(draw)
    conditions = "".join(
        f" {draw.choice(('when', 'unless'))} {{ {_bool(draw, DEPTH)} }}" for _ in range(draw.choice((0, 1, 1, 1, 2)))
    )
    effect = "permit" if draw.random() < 0.7 else "forbid"
    return f"{effect} ({_scope(draw, 'principal')}, {_action(draw)}, {_scope(draw, 'resource')}){conditions};"


def an_item_policy(draw: random.Random) -> str:
    """Return a policy on items: by grade, element, what the call is, in one conjunction or in any condition."""
    of_item = f'resource == Item::"{draw.choice("abcd")}"'
    heads = ("resource is Item", "resource is Item", f'resource is Item in Entry::"{draw.choice("abc")}"', of_item)
    parts = (
        lambda: f"resource.grade {draw.choice(('>=', '<', '=='))} {draw.randrange(1, 5)}",
        lambda: "resource.personal",
        lambda: f'resource has element && resource.element == "{draw.choice(ELEMENTS)}"',
        lambda: f'resource.entry in Entry::"{draw.choice("abc")}"',
        lambda: "context has age && context.age >= resource.grade",
        lambda: 'principal in Body::"a"',
        lambda: f"({_bool(draw, 2)})",
        lambda: "context.open",
    )
    told = " && ".join(draw.choice(parts)() for _ in range(draw.randrange(1, 4)))
    mask = draw.choice(("", "", '@mask("keep:1:1") '))
    effect = "permit" if draw.random() < 0.3 else "forbid"
    condition = f"{draw.choice(('when', 'when', 'unless'))} {{ {told} }}"
    return f"{mask}{effect} ({_scope(draw, 'principal')}, {_action(draw)}, {draw.choice(heads)}) {condition};"


def differences(policies: Sequence[str], requests: int, draw: random.Random) -> tuple[int, list[str]]:
    """Return how many decisions were compared, and where ours is another than Cedar's: answer, reasons or errors.

    Of items also whether a policy asked of many at once hits the same as one by one.
    """
    world = a_world(draw)
    drawn = [a_request(draw, world) for _ in range(requests)]
    theirs = cedarpy.is_authorized_batch(
        [one for _, one in drawn], cedarpy.PolicySet.from_str("\n".join(policies)), world.theirs
    )
    ours = [compiled(one) for one in policies]
    items = [Uid("Item", name) for name in "abcd"]
    at_once = [OfMany(one, items, world.entities) for one in ours]
    wrong = []
    for (request, told), answer in zip(drawn, theirs, strict=True):
        if mine(ours, request) != said(answer):
            wrong.append(
                f"{policies}\n{told}\nours {mine(ours, request)}\ntheirs {said(answer)} {answer.diagnostics.errors}"
            )
        if request.resource.type == "Item":
            hits = [request.resource in many.hit(request) for many in at_once]
            if hits != [_applies(one, request) for one in ours]:
                wrong.append(f"{policies}\n{told}\nat once {hits}")
    return len(drawn), wrong


def _applies(one: Compiled, request: Request) -> bool:
    try:
        return one.applies(request)
    except Wrong:
        return False


def mine(policies: Sequence[Compiled], request: Request) -> tuple[bool, tuple[int, ...], tuple[int, ...]]:
    """Return our decision in a form that can be compared."""
    decision = decide(policies, request)
    return decision.allowed, decision.reasons, decision.errors


def said(answer: cedarpy.AuthzResult) -> tuple[bool, tuple[int, ...], tuple[int, ...]]:
    """Return Cedar's decision in a form that can be compared."""
    reasons = sorted(int(name.removeprefix("policy")) for name in answer.diagnostics.reasons)
    errors = sorted(_place(str(error)) for error in answer.diagnostics.errors)
    return answer.allowed, tuple(reasons), tuple(errors)


def _place(error: str) -> int:
    return int(error.partition("policy")[2].lstrip("` id:").partition("`")[0].removeprefix("policy"))


def as_json(value: Value) -> Any:
    """Return a value as Cedar's JSON has it."""
    match value:
        case Uid():
            return {"__entity": _uid(value)}
        case Set():
            return [as_json(one) for one in members(value)]
        case Record():
            return {name: as_json(one) for name, one in value.items()}
        case Decimal():
            return {"__extn": {"fn": "decimal", "arg": spelled_decimal(value)}}
        case Address():
            return {"__extn": {"fn": "ip", "arg": spelled_address(value)}}
    return value


def spelled_decimal(value: Decimal) -> str:
    """Return a decimal as it is written."""
    whole, parts = divmod(abs(value.parts), 10_000)
    return f"{'-' if value.parts < 0 else ''}{whole}.{parts:04}"


def spelled_address(value: Address) -> str:
    """Return an address as it is written."""
    return f"{ipaddress.ip_address(value.bits.to_bytes(value.width // 8, 'big'))}/{value.prefix}"


def _uid(uid: Uid) -> dict[str, str]:
    return {"type": uid.type, "id": uid.id}


def _decimal(words: str) -> Value:
    return decimal_of(words)


def _address(words: str) -> Value:
    return address_of(words)


def _scope(draw: random.Random, name: str) -> str:
    uid, kind = _entity_literal(draw), draw.choice(TYPES)
    forms = (
        name,
        name,
        name,
        f"{name} == {uid}",
        f"{name} in {uid}",
        f"{name} is {kind}",
        f"{name} is {kind} in {uid}",
    )
    return draw.choice(forms)


def _action(draw: random.Random) -> str:
    one, other = (f'Action::"{draw.choice(ACTIONS)}"' for _ in range(2))
    return draw.choice(("action", "action", f"action == {one}", f"action in {one}", f"action in [{one}, {other}]"))


def _entity_literal(draw: random.Random) -> str:
    return f'{draw.choice(TYPES)}::"{draw.choice("abcd")}"'


def _any(draw: random.Random, depth: int) -> str:
    kinds = (_bool, _long, _string, _entity, _set, _record, _decimals, _addresses)
    return draw.choice(kinds)(draw, depth)


def _or_wrong(draw: random.Random, depth: int, right: Callable[[random.Random, int], str]) -> str:
    return _any(draw, depth) if draw.random() < 0.04 else right(draw, depth)


def _attr(draw: random.Random, depth: int) -> str:
    on = draw.choice(("principal", "resource", "context", "context", _entity_literal(draw)))
    name = draw.choice(ATTRS)
    spelled = f"[{quoted(name)}]" if not name.isascii() or draw.random() < 0.2 else f".{name}"
    return f"{on}{spelled}" if depth or draw.random() < 0.9 else f"{on}.more{spelled}"


def _bool(draw: random.Random, depth: int) -> str:
    if depth <= 0:
        return draw.choice(("true", "false", _attr(draw, 0), "context has name", "principal in resource"))
    less = depth - 1
    b, n, s = (
        (lambda: _or_wrong(draw, less, _bool)),
        (lambda: _or_wrong(draw, less, _long)),
        (lambda: _or_wrong(draw, less, _string)),
    )
    e, t = (lambda: _or_wrong(draw, less, _entity)), (lambda: _or_wrong(draw, less, _set))
    d, a = (lambda: _or_wrong(draw, less, _decimals)), (lambda: _or_wrong(draw, less, _addresses))
    name = draw.choice(ATTRS)
    named = quoted(name) if not name.isascii() or draw.random() < 0.3 else name
    return draw.choice(
        (
            lambda: f"({b()}) && ({b()})",
            lambda: f"{_plain(draw)} {draw.choice(('&&', '||'))} {_plain(draw)} && {_plain(draw)}",
            lambda: f"({b()}) || ({b()})",
            lambda: f"!({b()})",
            lambda: f"if {b()} then {b()} else {b()}",
            lambda: f"({n()}) {draw.choice(('<', '<=', '>', '>=', '==', '!='))} ({n()})",
            lambda: f"({_any(draw, less)}) {draw.choice(('==', '!='))} ({_any(draw, less)})",
            lambda: f"({e()}) in ({draw.choice((e, t))()})",
            lambda: f"({e()}) is {draw.choice(TYPES)}",
            lambda: f"({e()}) is {draw.choice(TYPES)} in ({e()})",
            lambda: f"({s()}) like {_pattern(draw)}",
            lambda: f"{draw.choice(('context', 'principal', 'resource', _entity_literal(draw)))} has {named}",
            lambda: f"context has {named} && ({_any(draw, less)}) == context[{quoted(name)}]",
            lambda: "context has more.name",
            lambda: f"({_record(draw, less)}) has {named}",
            lambda: f"({t()}).contains({_any(draw, less)})",
            lambda: f"({t()}).{draw.choice(('containsAll', 'containsAny'))}({t()})",
            lambda: f"({t()}).isEmpty()",
            lambda: (
                f"({d()}).{draw.choice(('lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'))}({d()})"
            ),
            lambda: f"({a()}).{draw.choice(('isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'))}()",
            lambda: f"({a()}).isInRange({a()})",
            lambda: _attr(draw, less),
        )
    )()


def _plain(draw: random.Random) -> str:
    return draw.choice(
        ("!true", "1 + 2 * 3 < 7", "principal in resource", "context has name", "context.open", "!!false")
    )


def _long(draw: random.Random, depth: int) -> str:
    if depth <= 0:
        return draw.choice((str(draw.choice(NUMBERS)), str(draw.choice(NUMBERS[:6])), _attr(draw, 0)))
    n = lambda: _or_wrong(draw, depth - 1, _long)  # noqa: E731
    return draw.choice(
        (
            lambda: f"({n()}) {draw.choice('+-*')} ({n()})",
            lambda: f"-({n()})",
            lambda: f"if {_bool(draw, depth - 1)} then {n()} else {n()}",
            lambda: _long(draw, 0),
            lambda: _long(draw, 0),
        )
    )()


def _string(draw: random.Random, depth: int) -> str:
    if depth > 1 and draw.random() < 0.1:
        return f"if {_bool(draw, depth - 1)} then {_string(draw, depth - 1)} else {_string(draw, depth - 1)}"
    return draw.choice(
        (quoted(draw.choice(STRINGS)), quoted(draw.choice(STRINGS)), _attr(draw, 0), '"\\u{57ce}\\x41\\\'"')
    )


def _entity(draw: random.Random, depth: int) -> str:
    return draw.choice(
        (_entity_literal(draw), "principal", "resource", "action", 'Action::"record"', _attr(draw, depth))
    )


def _set(draw: random.Random, depth: int) -> str:
    if depth <= 0 or draw.random() < 0.3:
        return draw.choice(
            ("context.tags", "principal.tags", "[]", '["a", "ab"]', '[System::"a", Body::"b"]', "[1, true]")
        )
    return f"[{', '.join(_any(draw, depth - 1) for _ in range(draw.randrange(4)))}]"


def _record(draw: random.Random, depth: int) -> str:
    if depth <= 0:
        return draw.choice(("context", "context.more", "{}", "{name: 1}", "principal.more"))
    names = draw.sample(ATTRS, draw.randrange(3))
    return "{" + ", ".join(f"{quoted(name)}: {_any(draw, depth - 1)}" for name in names) + "}"


def _decimals(draw: random.Random, depth: int) -> str:
    known = f'decimal("{draw.choice(BAD_DECIMALS if draw.random() < 0.1 else DECIMALS)}")'
    return draw.choice((known, known, f"decimal({_string(draw, 0)})" if depth > 1 else known, "context.rate"))


def _addresses(draw: random.Random, depth: int) -> str:
    known = f'ip("{draw.choice(BAD_ADDRESSES if draw.random() < 0.15 else ADDRESSES)}")'
    return draw.choice((known, known, known, "context.from"))


def _pattern(draw: random.Random) -> str:
    return '"' + "".join(draw.choice(PIECES) for _ in range(draw.randrange(6))) + '"'
