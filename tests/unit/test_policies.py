"""Policies in Cedar: as Cedar decides, checked before they count, the same of a row in SQL and in Python."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from jutong.delivery import policies
from jutong.delivery.subjects import BATCH_SCOPE, SCHEMA
from jutong.guard.cedar import Record, Request, Residual, Uid, compiled, decide, parse, residual_of, row_faults, row_sql
from jutong.guard.cedar.check import faults_of
from jutong.guard.cedar.parse import SOURCE_LIMIT
from jutong.guard.cedar.residual import number_of
from jutong.kernel.errors import Invalid
from jutong.pools import DuckEngine, Lake
from tests.cedar import a_policy, differences

ASKING = Request(
    principal=Uid("System", "a"), action=Uid("Action", "query"), resource=Uid("Agreement", "x"), context=Record({})
)


def condition(words: str, effect: str = "permit") -> str:
    """Return a policy of one condition."""
    return f"{effect} (principal, action, resource) when {{ {words} }};"


def test_cedar_itself_decides_the_same() -> None:
    """Answer, reasons and errors are those of Cedar's own evaluator for three thousand drawn requests."""
    draw = random.Random(47)
    compared = 0
    while compared < 3000:
        count, wrong = differences([a_policy(draw) for _ in range(6)], 40, draw)
        assert not wrong, wrong[0]
        compared += count


def test_what_nobody_permits_is_denied_and_forbid_wins() -> None:
    """No policy is no permission; one prohibition outweighs every permit; what fails is left aside."""
    permit, forbid = compiled("permit (principal, action, resource);"), compiled(condition("true", "forbid"))
    broken = compiled(condition("context.absent", "forbid"))
    assert not decide([], ASKING).allowed
    assert decide([permit], ASKING).allowed
    assert decide([permit, forbid], ASKING).reasons == (1,)
    assert decide([permit, broken], ASKING) == decide([permit, broken], ASKING).__class__(True, (0,), (1,))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "permit",
        "permit (principal, action, resource)",
        "permit (principal, action, resource); forbid (principal, action, resource);",
        'permit (principal, action == System::"a", resource);',
        "permit (principal == ?principal, action, resource);",
        condition('__import__("os")'),
        condition('context.tag("x")'),
        condition("1 < 2 < 3"),
        condition("9223372036854775808 > 0"),
        condition('"\\q" == ""'),
        condition("{a: 1, a: 2}.a == 1"),
        condition("(" * 60 + "true" + ")" * 60),
        condition(" && ".join(["true"] * 300)),
        condition("true") + " " * SOURCE_LIMIT,
        "\x00",
        condition('"unclosed'),
    ],
)
def test_what_is_no_policy_is_refused(source: str) -> None:
    """It says where; nothing of it is ever run, and nothing is too deep to be read."""
    with pytest.raises(Invalid):
        parse(source)


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ('context.purpose == "credit"', True),
        ("context.purpose == 1", False),
        ('context.colour == "red"', False),
        ('context.address.isInRange(ip("10.0.0.0/8"))', False),
        ('context has address && context.address.isInRange(ip("10.0.0.0/8"))', True),
        ("context has address || context.address.isLoopback()", False),
        ('context has address && context.address.isInRange(ip("10.0.0/8"))', False),
        ("principal is Person && principal has acr && principal.acr >= 2", True),
        ('principal.duties.contains("requests")', False),
        ("resource.entry.grade >= 3", True),
        ('resource.items.contains(Item::"e/name")', True),
        ('resource.items.contains("name")', False),
        ('resource in Entry::"e"', True),
        ('resource in System::"e"', False),
        ('principal == User::"x"', False),
        ("if context has rows then context.rows < 10 else true", True),
        ("context.hour", False),
        ("context.hour + true == 3", False),
        ('context.row has city && context.row.city like "重庆*"', True),
        ('context.row.city == "重庆"', False),
        ("context.row has city && context.row.city > 3", False),
        ("context.number has age && context.number.age < 18", True),
    ],
)
def test_the_schema_finds_what_could_never_be_asked(words: str, right: bool) -> None:
    """An attribute that is not there, another type, an optional one without has: found before anybody relies on it."""
    assert (not faults_of(parse(condition(words)), SCHEMA)) == right


@pytest.mark.parametrize(
    ("source", "right"),
    [
        (condition('context.row has city && ["\\0"].contains(context.row.city)', "forbid"), False),
        (condition('context.row has city && context.row.city == "x"', "forbid"), True),
        (condition("context.row has city && context.row.city == context.purpose", "forbid"), False),
        (condition('context.row has city && principal in Body::"x"', "forbid"), False),
        (condition("[context.row].contains(context.row)", "forbid"), False),
        (condition("context.number has age && context.number.age + 1 > 3", "forbid"), False),
        ('forbid (principal, action == Action::"file", resource) when { context.row has city };', False),
        (
            'forbid (principal, action == Action::"query", resource) when { context.row has c && context.hour > 8 };',
            True,
        ),
        ("forbid (principal is System, action, resource) when { context.row has city };", False),
        ('forbid (principal in Body::"b", action in Action::"batch", resource) when { context.row has city };', True),
    ],
)
def test_one_view_serves_all_readers_alike(source: str, right: bool) -> None:
    """What cuts rows of batch delivery may not depend on who reads, nor when; what cuts single records may."""
    assert (not list(row_faults(parse(source), batch=BATCH_SCOPE))) == right


ROWS = [
    {"city": city, "age": age, "name": name}
    for city in ("重庆市渝中区", "重庆", "成都市", "50%", "a_b", "it's", "", None)
    for age in ("17", "18", "-3", "07", "1.5", "x", "999999999999999999999", "", None)
    for name in ("a!b", "x\\y", None)
]
CONDITIONS = (
    *(
        'row has city && row.city like "重庆*"',
        'row has city && row.city like "*区"',
        'row has city && row.city == "it\'s"',
    ),
    *(
        'row has city && row.city like "50%"',
        'row has city && row.city like "a_b"',
        'row has name && row.name like "*!*"',
    ),
    *("number has age && number.age < 18", "row has age && !(number has age)", 'row.city == "重庆" || true'),
    *(
        '(row.city == "重庆" && false) || true',
        '!(row.city == "成都市")',
        'if row has city then row.city != "成都市" else true',
    ),
    *('row has city && ["重庆", "成都市"].contains(row.city)', "number has age && [17, 7].contains(number.age)"),
    *(
        'row has city && (row.city == "重庆" || (number has age && number.age >= 18))',
        "number has age && number.age == 7",
    ),
    *('row has name && row.name == "x\\\\y"', 'row has absent || row has city && row.city != ""', 'row.absent == "x"'),
    *('row has city && resource == Agreement::"x" && row.city != "重庆"', 'row has city && resource == Agreement::"y"'),
)


def test_sql_keeps_the_rows_that_the_gateway_shows(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of every row the condition says the same in SQL, in Python, and as Cedar with the row in its context."""
    folder = tmp_path_factory.mktemp("rows")
    engine = DuckEngine(Lake(str(folder / "lake"), {}, folder / "scratch"), folder / "scratch", threads=1)
    held = {name: pa.array([row[name] for row in ROWS], pa.string()) for name in ("city", "age", "name")}
    table = pa.table(held | {"n": list(range(len(ROWS)))})
    for words in CONDITIONS:
        spelled = (
            words.replace("row", "context.row")
            .replace("number", "context.number")
            .replace("context.context", "context")
        )
        policy = compiled(condition(spelled))
        left = residual_of(policy, ASKING)
        told = [{name: value for name, value in row.items() if value is not None} for row in ROWS]
        if not isinstance(left, Residual):
            assert all((left is True) == whole(policy, row) for row in told), words
            continue
        assert not list(row_faults(parse(condition(spelled)), batch=BATCH_SCOPE)), words
        sql = row_sql(left, lambda name: f'"{name}"' if name in held else "")
        found = set(engine.query(f"SELECT n FROM t WHERE {sql}", {"t": table}).read_all()["n"].to_pylist())
        assert found == {place for place, row in enumerate(told) if left.holds(row)}, words
        assert found == {place for place, row in enumerate(told) if whole(policy, row)}, words


def whole(policy: object, row: dict[str, str]) -> bool:
    """Decide with the row in the context, as Cedar itself would."""
    numbers = {name: number_of(words) for name, words in row.items() if number_of(words) is not None}
    context = Record({"row": Record(row), "number": Record(numbers)})  # type: ignore[arg-type]
    asking = Request(principal=ASKING.principal, action=ASKING.action, resource=ASKING.resource, context=context)
    return decide([policy], asking).allowed  # type: ignore[list-item]


def test_only_the_tier_replaces_the_built_in_permit() -> None:
    """A provider narrows; what is permitted where nobody speaks is the tier's to say, and only by a permit."""
    source = '@replaces("agreement-holds") permit (principal, action in Action::"record", resource);'
    assert not policies.faults(source, whole=True)
    assert policies.faults(source, whole=False)
    assert policies.faults(source.replace("permit", "forbid"), whole=True)
    assert policies.faults(source.replace("holds", "held"), whole=True)
