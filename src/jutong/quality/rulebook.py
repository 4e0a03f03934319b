"""All rules of a table, compiled for one pass: from its items' standard elements, and from what a rulebook declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from jutong.catalogue.entry import Entry
from jutong.kernel.errors import Invalid
from jutong.kernel.text import plain, text

from .declared import NO_BOOK, OF_TABLE, Adds, Book, Declared, Refers, Rows, Satisfies, Together
from .expression import NUMBER_FORM, Lifted, compiled, day_sql
from .item_rules import CAPITAL, ItemRules, Standards, Subject
from .reading import Join, Reading, Step, column, literal, quoted, read_sql
from .rule import Rule
from .saying import said

OWN_ROWS: Mapping[str, str] = {"": ""}
__all__ = ["CAPITAL", "Rulebook", "Standards", "Subject", "compile_rules", "day_of", "rulebook_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The rules of a table and how its items are read for them.

    ``absents`` are the words for nothing of each item; ``rules`` are about rows, ``keys`` about sameness, ``sizes``
    about the number of rows. ``looks_into`` names the SQL tables of other entries; ``unasked`` cannot be asked.
    """

    absents: Mapping[str, Sequence[str]]
    rules: tuple[Rule, ...]
    readings: tuple[Reading, ...]
    keys: tuple[Rule, ...]
    sizes: tuple[Rule, ...] = ()
    looks_into: Mapping[str, str] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()
    lent: bool = False

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Rules about rows, then about sameness, then about the table."""
        return (*self.rules, *self.keys, *self.sizes)


def rulebook_of(
    entry: Entry,
    standards: Standards,
    *,
    today: date,
    book: Book = NO_BOOK,
    sources: Mapping[str, str] = OWN_ROWS,
    lent: bool = False,
) -> Rulebook:
    """Return the rules of ``entry`` as they are asked on ``today``: its standard elements', then the book's."""
    items = [Subject(name=one.name, element=one.element, required=one.required, key=one.key) for one in entry.items]
    return compile_rules(items, book, standards, today=today, sources=sources, lent=lent)


def compile_rules(
    items: Sequence[Subject],
    book: Book,
    standards: Standards,
    *,
    today: date,
    sources: Mapping[str, str] = OWN_ROWS,
    lent: bool = False,
) -> Rulebook:
    """Return the rules of a table with these items, or refuse a book that speaks of others.

    ``sources`` says for this table ("") and for each other entry which of its rows are meant; a rule that looks into
    an entry without rows is not asked. ``lent`` says that the engine knows our functions.
    """
    names = [item.name for item in items]
    lifted = Lifted()
    _refuse_strangers(book, names)
    blind = [one for one in book.rules if isinstance(one.check, Refers) and one.check.entry not in sources]
    book = replace(book, rules=tuple(one for one in book.rules if one not in blind))
    made = [
        ItemRules(
            item,
            items,
            [one for one in book.rules if one.item == item.name and not isinstance(one.check, OF_TABLE)],
            standards,
            lifted,
            today=today,
            lent=lent,
        )
        for item in items
    ]
    rules = [rule for one in made for rule in one.rules()]
    about_rows = [_row_rule(one, names, lifted) for one in book.rules if isinstance(one.check, Satisfies | Adds)]
    together = [_together_rule(one) for one in book.rules if isinstance(one.check, Together)]
    sizes = [_table_rule(one, item="") for one in book.rules if isinstance(one.check, Rows)]
    referring = [one for one in book.rules if isinstance(one.check, Refers)]
    looks_into = {entry: f"referred_{place}" for place, entry in enumerate(book.entries)}
    every = [*rules, *(rule for rule, _ in about_rows), *together, *sizes]
    _refuse_twins(every)
    shared = Reading(steps=(Step(columns=tuple(lifted.columns.items())),)) if lifted.columns else Reading()
    told = Step(columns=tuple(column for _, column in about_rows))
    after = Reading(steps=(Step(), told)) if about_rows else Reading()
    readings = (
        shared,
        *(one.reading for one in made),
        *(_referring(one, looks_into, sources) for one in referring),
        after,
    )
    return Rulebook(
        absents={one.item.name: one.absent for one in made},
        rules=tuple(rule for rule in (*rules, *(rule for rule, _ in about_rows)) if not rule.same),
        readings=readings,
        keys=tuple(rule for rule in (*rules, *together) if rule.same),
        sizes=tuple(sizes),
        looks_into={name: entry for entry, name in looks_into.items()},
        unasked=(*(f"{one.item}.{one.name}" for one in blind), *book.unasked),
        lent=lent,
    )


def _row_rule(one: Declared, names: Sequence[str], lifted: Lifted) -> tuple[Rule, tuple[str, str]]:
    """Return the rule of an expression or a sum, and the column that says whether a row satisfies it."""
    name = f"{one.name} holds"
    if isinstance(one.check, Adds):
        least = f"CAST({literal(one.check.tolerance)} AS DECIMAL(28, 8))"
        sql = f"abs({' + '.join(map(_exact, one.check.parts))} - {_exact(one.check.total)}) <= {least}"
        item = one.check.total
    else:
        assert isinstance(one.check, Satisfies)
        written = compiled(one.check.expression, names, lifted)
        sql = written.sql
        item = one.item or (written.items[0] if written.items else "")
    holds = quoted(name)
    return _table_rule(one, item=item, asked=f"{holds} IS NOT NULL", fails=f"NOT {holds}"), (name, sql)


def _together_rule(one: Declared) -> Rule:
    assert isinstance(one.check, Together)
    # With its length before it, no value can run into the next.
    same = " || ".join(f"CAST(length({column(item)}) AS VARCHAR) || ':' || {column(item)}" for item in one.check.items)
    return _table_rule(one, item=one.check.items[0], same=same)


def _table_rule(one: Declared, *, item: str, asked: str = "true", fails: str = "", same: str = "") -> Rule:
    return Rule(
        id=f"{item or 'table'}.{one.name}",
        item=item,
        element=None,
        dimension=one.measures,
        severity=one.severity,
        message=plain(one.says) if one.says else said(one.check),
        asked=asked,
        fails=fails,
        same=same,
        target=one.target,
    )


def _referring(one: Declared, tables: Mapping[str, str], sources: Mapping[str, str]) -> Reading:
    """Return the look-up of a value among those of another item; each stands there once, so no row is doubled."""
    check = one.check
    assert isinstance(check, Refers)
    values = read_sql(sources[check.entry], {check.to: ()}, tables.get(check.entry, "raw"))
    there = f"SELECT DISTINCT {column(check.to)} AS value FROM ({values}) AS there"  # noqa: S608 (escaped)
    name, alias = quoted(f"{one.item} {one.name} values"), quoted(f"{one.item} {one.name}")
    join = Join(table=name, alias=alias, on=f"{alias}.value = {column(one.item)}")
    step = Step(columns=((f"{one.item} {one.name} found", f"{alias}.value"),), joins=(join,))
    return Reading(steps=(step,), clauses=((name, there),))


def day_of(item: str) -> str:
    """Return the SQL of an item's value as a day; NULL unless it is spelled YYYY-MM-DD and exists."""
    return day_sql(column(item))


def _exact(item: str) -> str:
    value = column(item)
    return f"CASE WHEN regexp_matches({value}, '{NUMBER_FORM}') THEN try_cast({value} AS DECIMAL(28, 8)) END"


def _refuse_strangers(book: Book, names: Sequence[str]) -> None:
    for one in book.rules:
        match one.check:
            case Together(items=items):
                spoken = items
            case Adds(parts=parts, total=total):
                spoken = (*parts, total)
            case Refers(entry="", to=to):
                spoken = (one.item, to)
            case Satisfies() | Rows():
                spoken = ()
            case _:
                spoken = (one.item,)
        for item in spoken:
            if item not in names:
                raise Invalid(
                    text("the rule {rule} speaks of {item}, which is no item here", rule=one.name, item=item[:63]),
                    remedy=text("name an item of the entry, or leave the rule out"),
                )


def _refuse_twins(rules: Sequence[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise Invalid(
                text("two rules are called {rule}", rule=rule.id), remedy=text("give the rule a name of its own")
            )
        seen.add(rule.id)
