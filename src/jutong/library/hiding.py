"""What a theme's question sees of hidden values: what pages show; codes alone tie rows as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from jutong.guard.mask import Mask, parse_mask
from jutong.guard.mask_sql import mask_sql
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.quality.capital import CAPITAL_COLUMNS
from jutong.quality.reading import quoted

from .golden import current_sql
from .kind import KINDS, LEGAL_PERSON, LICENCE, NATURAL_PERSON, Kind

WRITTEN = " as written"  # what a column is called that only an equality of codes reads; no question can name it
_NUMBERS = {"capital_amount": "DECIMAL(28, 8)", "capital_unit": "BIGINT"}
# By these rows of two libraries are tied although they are hidden: whose licence it is. Names, addresses and telephones
# are not among them, for whatever stands open in another library and equals them would show them.
_TIES = {(NATURAL_PERSON.name, NATURAL_PERSON.key), (LEGAL_PERSON.name, LEGAL_PERSON.key), (LICENCE.name, LICENCE.key)}
_TIES |= {(LICENCE.name, "holder_code")}


def _columns_of(kind: Kind) -> Mapping[str, str]:
    amounts = (f"{name}_{part}" for name in kind.amounts for part in CAPITAL_COLUMNS)
    names = (kind.key, *(field.name for field in kind.fields), *amounts)
    return {name: _NUMBERS.get(name, "VARCHAR") for name in names}


def _masks_of(kind: Kind) -> Iterator[tuple[tuple[str, str], Mask]]:
    for name, spelled in ((kind.key, kind.key_mask), *((field.name, field.mask) for field in kind.fields)):
        if spelled != "none":
            yield (kind.name, name), parse_mask(spelled)


SCHEMA: Mapping[str, Mapping[str, str]] = {name: _columns_of(kind) for name, kind in KINDS.items()}
HIDDEN: Mapping[tuple[str, str], Mask] = dict(one for kind in KINDS.values() for one in _masks_of(kind))


def seen_sql(kind: Kind, golden: str) -> str:
    """Return the query for a kind's standing records as a question sees them: masked, and codes once more as written.

    >>> ", holder_name," in seen_sql(LICENCE, "g"), "left(holder_name, 1)" in seen_sql(LICENCE, "g")
    (False, True)
    """
    columns = []
    for name in SCHEMA[kind.name]:
        mask = HIDDEN.get((kind.name, name))
        columns.append(f"{mask_sql(mask, name)} AS {name}" if mask else name)
        if mask and (kind.name, name) in _TIES:
            columns.append(f"{name} AS {quoted(name + WRITTEN)}")
    return f"SELECT {', '.join(columns)} FROM ({current_sql(golden, key=kind.key)}) AS standing"  # noqa: S608 (constants)


def kinds_read(tree: exp.Query) -> tuple[Kind, ...]:
    """Return the base libraries that a resolved question reads, in the order of their names."""
    names = {table.name for table in tree.find_all(exp.Table)}
    return tuple(KINDS[name] for name in sorted(names & set(KINDS)))


def tied(tree: exp.Query) -> exp.Query:
    """Return a resolved question with hidden codes compared as they are written, or refuse what cannot be decided.

    All else in it sees what pages show, so that whatever it computes shows no more.
    """
    tree = tree.copy()
    for scope in traverse_scope(tree):
        for node in [*scope.find_all(exp.EQ), *scope.find_all(exp.In)]:
            sides = [one for one in (node.this, node.args.get("expression")) if isinstance(one, exp.Column)]
            if isinstance(node, exp.In):
                if node.args.get("query") and any(_hides(one, scope) for one in sides):
                    raise _undecided(text("{column} is hidden and no list holds it", column=sides[0].name))
            elif len(sides) == 2 and any(_hides(one, scope) for one in sides):
                _tie(sides, scope)
    return tree


def _tie(sides: list[exp.Column], scope: Scope) -> None:
    fields = [_field(one, scope) for one in sides]
    if not all(one in _TIES for one in fields):
        raise _undecided(text("{one} and {other} are hidden: they tie no rows", one=sides[0].name, other=sides[1].name))
    for side, field in zip(sides, fields, strict=True):
        if field in HIDDEN:
            side.set("this", exp.to_identifier(side.name + WRITTEN, quoted=True))


def _source(column: exp.Column, scope: Scope) -> tuple[exp.Expr | Scope | None, Scope]:
    within: Scope | None = scope
    while within is not None and column.table not in within.sources:
        within = within.parent
    return (None, scope) if within is None else (within.sources[column.table], within)


def _field(column: exp.Column, scope: Scope) -> tuple[str, str]:
    """Return the table of a base library and the column that is meant; of a table made in the question, none."""
    source, _ = _source(column, scope)
    return (source.name, column.name) if isinstance(source, exp.Table) else ("", "")


def _hides(column: exp.Column, scope: Scope) -> bool:
    """Say whether a column may hold what a mask left; what cannot be followed may."""
    source, _ = _source(column, scope)
    if isinstance(source, exp.Table):
        return (source.name, column.name) in HIDDEN
    made = source.expression if isinstance(source, Scope) else None
    if not isinstance(source, Scope) or not isinstance(made, exp.Query) or column.name not in made.named_selects:
        return True
    return _hides_at(source, made.named_selects.index(column.name))


def _hides_at(scope: Scope, place: int) -> bool:
    made, parts = scope.expression, cast("list[Scope]", getattr(scope, "union_scopes", None) or [])
    if parts:
        return any(_hides_at(one, place) for one in parts)
    if not isinstance(made, exp.Query) or place >= len(made.selects):
        return True
    return any(_hides(one, scope) for one in made.selects[place].find_all(exp.Column))


def _undecided(why: Text) -> Invalid:
    return Invalid(
        why,
        basis=text("a theme shows no more of a value than its base library"),
        remedy=text("tie rows of base libraries by their codes, before anything is made of them"),
    )
