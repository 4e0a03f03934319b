"""On what terms data is shared: type, scope, purposes, conditions, and the law that is cited for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.text import Text, text

from .wording import Part, text_faults

TITLE_LIMIT = 200
PHRASE_LIMIT = 500
REASON_LIMIT = 2000
LIST_LIMIT = 50


class ShareType(StrEnum):
    """Who may have the data (Order 809, art. 14)."""

    UNCONDITIONAL = "unconditional"  # 无条件共享: every government department
    CONDITIONAL = "conditional"  # 有条件共享: some departments, under listed conditions
    NOT_SHARED = "not-shared"  # 不予共享: a law, an administrative regulation or a State Council decision forbids it


_STRICTNESS = {ShareType.UNCONDITIONAL: 0, ShareType.CONDITIONAL: 1, ShareType.NOT_SHARED: 2}


class OpenType(StrEnum):
    """What the public may have."""

    OPEN = "open"
    CONDITIONAL = "conditional"
    CLOSED = "closed"


class UpdateCycle(StrEnum):
    """How often the provider brings the data up to date."""

    REAL_TIME = "real-time"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half-yearly"
    YEARLY = "yearly"
    IRREGULAR = "irregular"
    NEVER = "never"


class Instrument(StrEnum):
    """The kind of rule that is cited; only the first three can forbid sharing (art. 14)."""

    LAW = "law"  # 法律
    ADMIN_REGULATION = "admin-regulation"  # 行政法规
    STATE_COUNCIL_DECISION = "state-council-decision"  # 国务院决定
    MINISTERIAL_RULE = "ministerial-rule"  # 部门规章
    LOCAL_REGULATION = "local-regulation"  # 地方性法规
    LOCAL_RULE = "local-rule"  # 地方政府规章
    OTHER = "other"


FORBIDDING = frozenset({Instrument.LAW, Instrument.ADMIN_REGULATION, Instrument.STATE_COUNCIL_DECISION})


class Purpose(StrEnum):
    """What shared data may be used for; an agreement and every call name purposes from this list."""

    APPROVAL = "approval"  # 行政审批
    SUPERVISION = "supervision"  # 监督管理
    ENFORCEMENT = "enforcement"  # 行政执法
    PUBLIC_SERVICE = "public-service"  # 公共服务
    SOCIAL_SECURITY = "social-security"  # 社会保障
    CREDIT = "credit"  # 信用管理
    STATISTICS = "statistics"  # 统计分析
    EMERGENCY = "emergency"  # 应急处置
    FISCAL = "fiscal"  # 财政税务
    POLICY = "policy"  # 政策制定


class ShareCondition(StrEnum):
    """The conditions that a provider may set; others are free text, which the authority must accept (art. 15)."""

    DUTY_ONLY = "duty-only"  # used only for the stated statutory duty
    NO_PASSING_ON = "no-passing-on"  # not handed to any third party
    MASKED = "masked"  # sensitive items leave masked
    QUERY_OR_VERIFY_ONLY = "query-or-verify-only"  # no batch delivery
    SUBJECT_CONSENT = "subject-consent"  # the person or firm concerned agreed
    CASE_BOUND = "case-bound"  # each call names its case
    DISPOSE_AFTER_USE = "dispose-after-use"  # destroyed when the purpose is met
    SECURITY_LEVEL_3 = "security-level-3"  # the consumer's system is graded GB/T 22239 level 3 or above
    OWN_AREA_ONLY = "own-area-only"  # only rows about the consumer's area


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """One citation."""

    instrument: Instrument
    title: str
    article: str

    def form_faults(self) -> Iterator[Text]:
        """Yield what not even a draft may hold."""
        yield from text_faults(text("title of a rule"), self.title, limit=TITLE_LIMIT, needed=True)
        yield from text_faults(text("article of a rule"), self.article, limit=TITLE_LIMIT)

    @property
    def forbids_sharing(self) -> bool:
        """Say whether a rule of this kind can keep data from other departments (arts 14, 15)."""
        return self.instrument in FORBIDDING and bool(self.title.strip()) and bool(self.article.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsOfUse:
    """What the provider lists with an entry (arts 13-15)."""

    share_type: ShareType
    scope: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    conditions: tuple[ShareCondition, ...] = ()
    other_conditions: tuple[str, ...] = ()
    reason: str = ""
    legal_basis: tuple[LegalBasis, ...] = ()

    def form_faults(self) -> Iterator[Text]:
        """Yield what not even a draft may hold."""
        lists = (self.scope, self.purposes, self.conditions, self.other_conditions, self.legal_basis)
        if any(len(listed) > LIST_LIMIT for listed in lists):
            yield text("a list in the terms of use has at most {limit} lines", limit=LIST_LIMIT)
        for line in self.scope[:LIST_LIMIT]:
            yield from text_faults(text("scope"), line, limit=PHRASE_LIMIT, needed=True)
        for line in self.other_conditions[:LIST_LIMIT]:
            yield from text_faults(text("other condition"), line, limit=PHRASE_LIMIT, needed=True)
        for basis in self.legal_basis[:LIST_LIMIT]:
            yield from basis.form_faults()
        yield from text_faults(text("reason"), self.reason, limit=REASON_LIMIT, lines=True)

    def faults(
        self, *, some_item_conditional: bool = False, items_conditioned: bool = False
    ) -> Iterator[tuple[Part, Text]]:
        """Yield what articles 14 and 15 find missing, and in which part of the sheet.

        With ``items_conditioned`` every item that is shared under conditions names its own.
        """
        if self.share_type is ShareType.CONDITIONAL or some_item_conditional:
            if not self.scope:
                yield (
                    Part.CONDITIONS,
                    text("data shared under conditions needs its scope: which departments may use it (art. 15)"),
                )
            if not self.purposes:
                yield (
                    Part.CONDITIONS,
                    text("data shared under conditions needs the purposes it may be used for (art. 15)"),
                )
            if not self.conditions and not self.other_conditions and not items_conditioned:
                yield Part.CONDITIONS, text("data shared under conditions needs its conditions (art. 15)")
        if self.share_type is ShareType.NOT_SHARED:
            yield from ((Part.SHARING, fault) for fault in _unreasoned(self.reason, text("")))
            yield from ((Part.BASIS, fault) for fault in _unfounded(self.legal_basis, text("")))
        if self.share_type is ShareType.UNCONDITIONAL and (self.conditions or self.other_conditions):
            yield Part.CONDITIONS, text("data shared without conditions may not list conditions (art. 15)")


def refusal_faults(reason: str, legal_basis: tuple[LegalBasis, ...], *, what: str) -> Iterator[Text]:
    """Yield what is missing where sharing is refused: a reason, and one of three kinds of rule (arts 14, 15)."""
    name = text("{item}: ", item=what)
    yield from _unreasoned(reason, name)
    yield from _unfounded(legal_basis, name)


def _unreasoned(reason: str, name: Text) -> Iterator[Text]:
    if not reason.strip():
        yield text("{item}data that is not shared needs a reason (art. 15)", item=name)


def _unfounded(legal_basis: tuple[LegalBasis, ...], name: Text) -> Iterator[Text]:
    if not any(basis.forbids_sharing for basis in legal_basis):
        yield text(
            "{item}data that is not shared needs the title and article of a law, an administrative regulation or a"
            " State Council decision that forbids it; ministerial and local rules do not suffice (arts 14, 15)",
            item=name,
        )


def strictest(share_types: tuple[ShareType, ...]) -> ShareType:
    """Return the share type that governs all of them together.

    >>> strictest((ShareType.UNCONDITIONAL, ShareType.CONDITIONAL)).value
    'conditional'
    """
    return max(share_types, key=_STRICTNESS.__getitem__, default=ShareType.UNCONDITIONAL)
