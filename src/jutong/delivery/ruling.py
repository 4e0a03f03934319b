"""What a node's own policies decide of the deliveries of one agreement.

A policy narrows what was agreed; what the agreement or the grades do not allow, no policy permits. Where nobody wrote
another, one permit is built in: what an agreement holds is allowed. A policy of the tier that is annotated
``@replaces("agreement-holds")`` takes its place; then what no policy permits is denied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from jutong.catalogue.entry import Entry
from jutong.guard.cedar import Compiled, Effect, Request, Residual, compiled, decide, residual_of, row_sql, slice_of
from jutong.guard.cedar.residual import Asked, of_rows
from jutong.guard.cedar.tree import Expr, asked_of_context
from jutong.kernel.text import Text, text
from jutong.sharing.agreement import Agreement

from .call import Call
from .refusal import Refusal
from .subjects import Subjects, subjects_of

BUILT_IN = "agreement-holds"
_VARYING = frozenset({"hour", "address"})  # what may differ between calls that are alike in all else


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A policy in force: who wrote it, on which basis, for the whole tier or for the body's own entries."""

    id: str
    version: int
    title: str
    basis: str
    source: str
    body: str
    whole: bool
    starts: date

    @property
    def compiled(self) -> Compiled:
        """It, ready to be asked."""
        return compiled(self.source)

    @property
    def replaces(self) -> str:
        """Which built-in policy it takes the place of."""
        return self.compiled.policy.notes.get("replaces", "")


_BUILT_IN = InForce(
    id=BUILT_IN,
    version=1,
    title="agreement-holds",
    basis="",
    source="permit (principal, action, resource);",
    body="",
    whole=True,
    starts=date.min,
)


@dataclass(frozen=True, slots=True)
class RowRule:
    """Which rows may leave: those that one of the permits keeps (None: all), and no forbid takes out."""

    permits: tuple[Residual, ...] | None
    forbids: tuple[Residual, ...]

    @property
    def names(self) -> frozenset[str]:
        """The items that it asks for."""
        return frozenset().union(*(one.names for one in (*(self.permits or ()), *self.forbids)))

    def keeps(self, row: Mapping[str, str]) -> bool:
        """Say whether a row may leave, by its values as words."""
        permitted = self.permits is None or any(_asked(one).holds(row) for one in self.permits)
        return permitted and not any(_asked(one).holds(row) for one in self.forbids)

    def sql(self, column: Callable[[str], str]) -> str:
        """Return the condition in SQL; ``column`` gives the SQL of an item, or nothing."""
        parts = [f"NOT coalesce({row_sql(one, column)}, FALSE)" for one in self.forbids]
        if self.permits is not None:
            either = " OR ".join(f"coalesce({row_sql(one, column)}, FALSE)" for one in self.permits)
            parts.append(f"({either or 'FALSE'})")
        return " AND ".join(parts)


class Rules:
    """The policies whose head can match one agreement, ready to be asked."""

    def __init__(self, policies: Sequence[InForce], subjects: Subjects) -> None:
        self._policies, self._subjects = tuple(policies), subjects
        self._compiled = tuple(one.compiled for one in self._policies)
        conditions = [one.policy.when for one in self._compiled if one.policy.when is not None]
        self.steady = all(steady(when) for when in conditions)
        self.of_rows = any(of_rows(when) for when in conditions)

    def refusal(self, call: Call) -> Refusal | None:
        """Return why policies refuse a call, or None; rows that may not leave are not part of this."""
        request = self._subjects.request(call)
        if self.of_rows:
            found = self._of_rows(request)
            return found if isinstance(found, Refusal) else None
        decision = decide(self._compiled, request)
        return None if decision.allowed else self._refused(decision.reasons)

    def rows(self, call: Call) -> RowRule | None:
        """Return which rows a call that is allowed may see; None: all."""
        found = self._of_rows(self._subjects.request(call)) if self.of_rows else None
        return found if isinstance(found, RowRule) else None

    def rows_of_view(self) -> RowRule | None:
        """Return which rows stand in the view of an agreement, whoever reads it: those that every reading may see."""
        found = self._of_rows(self._subjects.request_of_view()) if self.of_rows else None
        if isinstance(found, Refusal):
            return RowRule((), ())
        return found

    def errors(self, call: Call) -> tuple[InForce, ...]:
        """Return the policies that could not be asked of a call, and were left aside."""
        request = self._subjects.request(call)
        return tuple(
            one for one, each in zip(self._policies, self._compiled, strict=True) if residual_of(each, request) is None
        )

    def reasons(self, call: Call) -> tuple[InForce, ...]:
        """Return the policies that decide a call, apart from its rows."""
        request = self._subjects.request(call)
        applied = [
            each for each in zip(self._policies, self._compiled, strict=True) if residual_of(each[1], request) is True
        ]
        forbids = [one for one, each in applied if each.policy.effect is Effect.FORBID]
        return tuple(forbids or [one for one, _ in applied])

    def _of_rows(self, request: Request) -> Refusal | RowRule | None:
        permits: list[Residual] = []
        forbids: list[Residual] = []
        every = False
        for place, one in enumerate(self._compiled):
            left = residual_of(one, request)
            forbidding = one.policy.effect is Effect.FORBID
            if left is True and forbidding:
                return self._refused((place,))
            every = every or left is True
            if isinstance(left, Residual):
                (forbids if forbidding else permits).append(left)
        if not (every or permits):
            return self._refused(())
        return None if every and not forbids else RowRule(None if every else tuple(permits), tuple(forbids))

    def _refused(self, places: Sequence[int]) -> Refusal:
        if not places:
            return Refusal(
                "policy",
                text("no policy in force permits this delivery"),
                text("default deny: {policy} is replaced", policy=BUILT_IN),
                text("ask the security administrator of the tier"),
            )
        first = self._policies[min(places)]
        return Refusal(
            "policy",
            text("policy {title} forbids this delivery", title=first.title),
            basis_of(first),
            text("ask the body that wrote the policy: {body}", body=first.body),
        )


def rules_of(policies: Sequence[InForce], agreement: Agreement, entry: Entry) -> Rules | None:
    """Return the rules of an agreement; None where the built-in permit alone stands, which allows what was agreed."""
    ours = [one for one in policies if one.whole or one.body == agreement.provider]
    if not ours:
        return None
    subjects = subjects_of(agreement, entry)
    replaced = any(one.whole and one.replaces == BUILT_IN for one in ours)
    places = slice_of(
        [one.compiled for one in ours],
        resource=subjects.agreement,
        principals=subjects.principals,
        actions=subjects.actions,
        any_of="Person",
    )
    sliced = [ours[place] for place in places]
    if not replaced:
        return Rules([*sliced, _BUILT_IN], subjects) if sliced else None
    return Rules(sliced, subjects)


def basis_of(one: InForce) -> Text:
    """Return what a refusal cites: the policy's identifier and version, and the rule on which it rests."""
    return text("policy {id}, version {version}: {basis}", id=one.id, version=one.version, basis=one.basis)


def steady(when: Expr) -> bool:
    """Say whether a condition asks for nothing that may differ between calls that are alike in all else."""
    asked = asked_of_context(when)
    return asked is not None and not asked & _VARYING


@lru_cache(maxsize=4096)
def _asked(one: Residual) -> Asked:
    return Asked(one.expr)
