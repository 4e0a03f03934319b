"""Values as people read them: one word for each member of an enumeration."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong import catalogue, oversight, quality, registers
from jutong.catalogue import harvest, item, terms_of_use
from jutong.delivery.bulk import telling
from jutong.delivery.dialects import HeaderProfile
from jutong.guard import Method
from jutong.kernel.text import Text, plain, text
from jutong.terms import Assurance, BodyKind, Duty, Grade
from jutong.terms.element import Dimension, Severity

from .census_words import CENSUS
from .collection_words import COLLECTION
from .custody_words import CUSTODY
from .desk_words import ACCEPTANCE
from .library_words import SUBJECTS
from .listing_words import LISTINGS
from .outflow_words import OUTFLOWS
from .proxy_words import PROXIES
from .sharing_words import SHARING

Words = Mapping[type[Enum], Mapping[Any, Text]]

TERMS: Words = {
    Duty: {
        Duty.CATALOGUE: text("catalogue officer"),
        Duty.DEPARTMENT_HEAD: text("head of the department"),
        Duty.OFFICE_HEAD: text("head of the sharing office"),
        Duty.REGISTER_AUDIT: text("registration auditor"),
        Duty.PUBLISH_AUDIT: text("publication auditor"),
        Duty.COLLECTION: text("collection officer"),
        Duty.GOVERNANCE: text("governance officer"),
        Duty.REQUESTS: text("requests officer"),
        Duty.ANSWERS: text("answers officer"),
        Duty.OVERSIGHT: text("oversight officer"),
        Duty.SYSTEM_ADMIN: text("system administrator"),
        Duty.SECURITY_ADMIN: text("security administrator"),
        Duty.AUDIT_ADMIN: text("audit administrator"),
        Duty.HOUSE: text("this node"),
        Duty.PEER: text("a neighbour's node"),
        Duty.SYSTEM: text("a body's system"),
        Duty.ONESELF: text("the person itself"),
    },
    Grade: {
        Grade.L1: text("L1, may be published"),
        Grade.L2: text("L2, harm if leaked"),
        Grade.L3: text("L3, serious harm if leaked"),
        Grade.L4: text("L4, extremely serious harm if leaked"),
    },
    BodyKind: {
        BodyKind.AUTHORITY: text("sharing authority"),
        BodyKind.DEPARTMENT: text("department"),
        BodyKind.GOVERNMENT: text("people's government"),
        BodyKind.PROCESSOR: text("entrusted processor"),
        BodyKind.CONSUMER: text("consumer"),
    },
    Severity: {
        Severity.ERROR: text("error"),
        Severity.WARNING: text("warning"),
    },
    Dimension: {
        Dimension.NORMATIVITY: text("normativity"),
        Dimension.COMPLETENESS: text("completeness"),
        Dimension.ACCURACY: text("accuracy"),
        Dimension.CONSISTENCY: text("consistency"),
        Dimension.TIMELINESS: text("timeliness"),
        Dimension.ACCESSIBILITY: text("accessibility"),
    },
    Method: {
        Method.QUERY: text("query of one record"),
        Method.VERIFY: text("verification of one statement"),
        Method.TABLE: text("exchange of a table"),
        Method.FILE: text("download of a file"),
        Method.ENCLAVE: text("clean room"),
    },
}
REGISTERS: Words = {
    registers.Relation: {
        registers.Relation.PARENT: text("upper tier"),
        registers.Relation.CHILD: text("lower tier"),
        registers.Relation.PEER: text("same tier"),
    },
    HeaderProfile: {
        HeaderProfile.NATIONAL: text("national exchange platform (gjgxjhpt_*)"),
        HeaderProfile.PORTAL: text("provincial open portals (X-Client-Id, X-Nonce)"),
    },
}
ACCESS: Words = {
    Assurance: {
        Assurance.ONE: text("one factor"),
        Assurance.TWO: text("two factors"),
        Assurance.THREE: text("passkey, or a provider that vouches for as much"),
    },
}
CATALOGUE: Words = {
    catalogue.Theme: {
        catalogue.Theme.CREDIT: text("Credit services"),
        catalogue.Theme.MEDICAL: text("Medical care and health"),
        catalogue.Theme.EMPLOYMENT: text("Social security and employment"),
        catalogue.Theme.SAFETY: text("Public safety"),
        catalogue.Theme.HOUSING: text("Urban construction and housing"),
        catalogue.Theme.TRANSPORT: text("Transport"),
        catalogue.Theme.EDUCATION: text("Education and culture"),
        catalogue.Theme.SCIENCE: text("Science and innovation"),
        catalogue.Theme.RESOURCES: text("Resources and energy"),
        catalogue.Theme.ENVIRONMENT: text("Ecology and environment"),
        catalogue.Theme.PRODUCTION: text("Industry and agriculture"),
        catalogue.Theme.TRADE: text("Trade and commerce"),
        catalogue.Theme.FINANCE: text("Finance, taxes and banking"),
        catalogue.Theme.PRODUCTION_SAFETY: text("Safety at work"),
        catalogue.Theme.MARKET: text("Market supervision"),
        catalogue.Theme.RELIEF: text("Social relief"),
        catalogue.Theme.LAW: text("Legal services"),
        catalogue.Theme.LIVING: text("Services of daily life"),
        catalogue.Theme.WEATHER: text("Meteorology"),
        catalogue.Theme.GEOGRAPHY: text("Geographic space"),
        catalogue.Theme.ORGANISATIONS: text("Organisations and associations"),
        catalogue.Theme.OTHER: text("Other themes"),
    },
    catalogue.Stage: {
        catalogue.Stage.DRAFT: text("draft"),
        catalogue.Stage.SIGNED: text("signed by the department"),
        catalogue.Stage.SUBMITTED: text("submitted, first audit"),
        catalogue.Stage.REGISTERED: text("registered, second audit"),
        catalogue.Stage.PUBLISHED: text("published"),
        catalogue.Stage.RETURNED: text("returned"),
        catalogue.Stage.WITHDRAWN: text("withdrawn"),
    },
    terms_of_use.ShareType: {
        terms_of_use.ShareType.UNCONDITIONAL: text("shared without conditions"),
        terms_of_use.ShareType.CONDITIONAL: text("shared under conditions"),
        terms_of_use.ShareType.NOT_SHARED: text("not shared"),
    },
    terms_of_use.OpenType: {
        terms_of_use.OpenType.OPEN: text("open to the public"),
        terms_of_use.OpenType.CONDITIONAL: text("open under conditions"),
        terms_of_use.OpenType.CLOSED: text("not open"),
    },
    terms_of_use.UpdateCycle: {
        terms_of_use.UpdateCycle.REAL_TIME: text("real time"),
        terms_of_use.UpdateCycle.DAILY: text("daily"),
        terms_of_use.UpdateCycle.WEEKLY: text("weekly"),
        terms_of_use.UpdateCycle.MONTHLY: text("monthly"),
        terms_of_use.UpdateCycle.QUARTERLY: text("quarterly"),
        terms_of_use.UpdateCycle.HALF_YEARLY: text("half-yearly"),
        terms_of_use.UpdateCycle.YEARLY: text("yearly"),
        terms_of_use.UpdateCycle.IRREGULAR: text("irregular"),
        terms_of_use.UpdateCycle.NEVER: text("never updated"),
    },
    terms_of_use.Instrument: {
        terms_of_use.Instrument.LAW: text("law"),
        terms_of_use.Instrument.ADMIN_REGULATION: text("administrative regulation"),
        terms_of_use.Instrument.STATE_COUNCIL_DECISION: text("State Council decision"),
        terms_of_use.Instrument.MINISTERIAL_RULE: text("ministerial rule"),
        terms_of_use.Instrument.LOCAL_REGULATION: text("local regulation"),
        terms_of_use.Instrument.LOCAL_RULE: text("local government rule"),
        terms_of_use.Instrument.OTHER: text("other rule"),
    },
    terms_of_use.Purpose: {
        terms_of_use.Purpose.APPROVAL: text("administrative approval"),
        terms_of_use.Purpose.SUPERVISION: text("supervision"),
        terms_of_use.Purpose.ENFORCEMENT: text("administrative enforcement"),
        terms_of_use.Purpose.PUBLIC_SERVICE: text("public service"),
        terms_of_use.Purpose.SOCIAL_SECURITY: text("social security"),
        terms_of_use.Purpose.CREDIT: text("credit management"),
        terms_of_use.Purpose.STATISTICS: text("statistical analysis"),
        terms_of_use.Purpose.EMERGENCY: text("emergency response"),
        terms_of_use.Purpose.FISCAL: text("finance and tax"),
        terms_of_use.Purpose.POLICY: text("policy making"),
    },
    terms_of_use.ShareCondition: {
        terms_of_use.ShareCondition.DUTY_ONLY: text("used only for the stated duty"),
        terms_of_use.ShareCondition.NO_PASSING_ON: text("not handed to third parties"),
        terms_of_use.ShareCondition.MASKED: text("sensitive items leave masked"),
        terms_of_use.ShareCondition.QUERY_OR_VERIFY_ONLY: text("query or verification only"),
        terms_of_use.ShareCondition.SUBJECT_CONSENT: text("the person concerned consents"),
        terms_of_use.ShareCondition.CASE_BOUND: text("each call names its case"),
        terms_of_use.ShareCondition.DISPOSE_AFTER_USE: text("destroyed after use"),
        terms_of_use.ShareCondition.SECURITY_LEVEL_3: text("consumer's system of level 3 or above"),
        terms_of_use.ShareCondition.OWN_AREA_ONLY: text("own area only"),
    },
    item.Format: {
        item.Format.DOCUMENT: text("document"),
        item.Format.SPREADSHEET: text("spreadsheet"),
        item.Format.DATABASE: text("database"),
        item.Format.IMAGE: text("image"),
        item.Format.STREAM: text("stream"),
        item.Format.SELF_DESCRIBED: text("self-described format"),
        item.Format.INTERFACE: text("interface"),
    },
    item.DataType: {
        item.DataType.CHAR: text("characters (C)"),
        item.DataType.NUMERIC: text("number (N)"),
        item.DataType.CURRENCY: text("currency (Y)"),
        item.DataType.DATE: text("date (D)"),
        item.DataType.DATETIME: text("date and time (T)"),
        item.DataType.LOGICAL: text("yes or no (L)"),
        item.DataType.MEMO: text("memo (M)"),
        item.DataType.GENERAL: text("general (G)"),
        item.DataType.DOUBLE: text("double precision (B)"),
        item.DataType.INTEGER: text("integer (I)"),
        item.DataType.FLOAT: text("floating point (F)"),
    },
    catalogue.DemandStage: {
        catalogue.DemandStage.DRAFT: text("demand in draft"),
        catalogue.DemandStage.FILED: text("filed, waits for the audit"),
        catalogue.DemandStage.PUBLISHED: text("on the demand list"),
        catalogue.DemandStage.REFUSED: text("demand refused"),
        catalogue.DemandStage.MERGED: text("met with another"),
        catalogue.DemandStage.WITHDRAWN: text("demand withdrawn"),
        catalogue.DemandStage.SATISFIED: text("satisfied"),
    },
    catalogue.Standing: {
        catalogue.Standing.NOBODY: text("nobody was asked"),
        catalogue.Standing.ASKED: text("asked, has not answered"),
        catalogue.Standing.CONFIRMED: text("has the data"),
        catalogue.Standing.CONTESTED: text("does not have the data"),
    },
    catalogue.Progress: {
        catalogue.Progress.OPEN: text("responsibility open"),
        catalogue.Progress.DONE: text("fulfilled"),
        catalogue.Progress.DROPPED: text("taken off the list"),
    },
    catalogue.Cause: {
        catalogue.Cause.LAW: text("a law changed"),
        catalogue.Cause.ADMIN_REGULATION: text("an administrative regulation changed"),
        catalogue.Cause.STATE_COUNCIL_DECISION: text("a State Council decision changed"),
        catalogue.Cause.DUTY: text("the department's duties changed"),
    },
    catalogue.Step: {
        catalogue.Step.RUNNING: text("the clock runs"),
        catalogue.Step.EXTENSION_ASKED: text("more time asked for"),
        catalogue.Step.DONE: text("updated"),
        catalogue.Step.DROPPED: text("not needed"),
    },
}
HARVEST: Words = {
    harvest.Idea: {
        harvest.Idea.TITLE: text("title"),
        harvest.Idea.DESCRIPTION: text("description"),
        harvest.Idea.DEPARTMENT: text("body that provides it"),
        harvest.Idea.CATEGORY: text("theme"),
        harvest.Idea.INDUSTRY: text("industry"),
        harvest.Idea.TAGS: text("keywords"),
        harvest.Idea.IS_OPEN: text("open type"),
        harvest.Idea.UPDATE_FREQUENCY: text("update cycle"),
        harvest.Idea.PUBLISH_TIME: text("day of publication"),
        harvest.Idea.UPDATE_TIME: text("day of the last update"),
        harvest.Idea.DATA_FORMATS: text("formats"),
        harvest.Idea.DATA_VOLUME: text("number of rows"),
        harvest.Idea.TELEPHONE: text("telephone"),
        harvest.Idea.EMAIL: text("e-mail"),
        harvest.Idea.URL: text("address of its page"),
        harvest.Idea.IDENTIFIER: text("identifier"),
        harvest.Idea.FIELDS: text("fields of the data"),
        harvest.Idea.ASIDE: text("set aside"),
    },
    harvest.Stage: {
        harvest.Stage.REVIEW: text("mapping to be looked at"),
        harvest.Stage.RUNNING: text("being imported"),
        harvest.Stage.COMPLETED: text("imported"),
    },
    harvest.State: {
        harvest.State.LISTED: text("listed"),
        harvest.State.VANISHED: text("vanished"),
    },
    harvest.Kin: {
        harvest.Kin.DUPLICATE: text("exact duplicate"),
        harvest.Kin.TWIN: text("interface of a file"),
        harvest.Kin.SERIES: text("part of a series"),
    },
    harvest.Why: {
        harvest.Why.SAME_IN_ALL: text("the same in every field"),
        harvest.Why.SAME_BUT_DATES: text("the same but for its dates"),
        harvest.Why.SUFFIX_AND_FORMAT: text("title and format say that it is an interface"),
        harvest.Why.SUFFIX: text("the title says that it is an interface"),
        harvest.Why.FORMAT: text("the same title, once as a file and once as an interface"),
        harvest.Why.TITLE_BUT_PERIOD: text("the same title but for its period"),
    },
    harvest.Standing: {
        harvest.Standing.STANDS: text("stands"),
        harvest.Standing.OVERTURNED: text("overturned"),
        harvest.Standing.LAPSED: text("lapsed"),
    },
    harvest.Flaw: {
        harvest.Flaw.NO_TITLE: text("the title is missing"),
        harvest.Flaw.TOO_MANY_CELLS: text("more cells than fields"),
        harvest.Flaw.FORMULA: text("a formula stands in it"),
        harvest.Flaw.ERROR_VALUE: text("an error value stands in it"),
        harvest.Flaw.NO_OBJECT: text("it is no record"),
    },
}
QUALITY: Words = {
    quality.Band: {
        quality.Band.A: text("A, excellent"),
        quality.Band.B: text("B, good"),
        quality.Band.C: text("C, fair"),
        quality.Band.D: text("D, poor"),
        quality.Band.E: text("E, bad"),
    },
    quality.Stage: {
        quality.Stage.FILED: text("filed"),
        quality.Stage.VERIFYING: text("being verified"),
        quality.Stage.CORRECTED: text("corrected"),
        quality.Stage.REJECTED_WITH_REASON: text("rejected with a reason"),
        quality.Stage.FEEDBACK_SENT: text("closed, feedback sent"),
    },
}
LIBRARY: Words = {
    quality.Queue: {
        quality.Queue.CORRECTION: text("between departments"),
        quality.Queue.PUBLIC: text("from the public"),
        quality.Queue.RIGHTS: text("of the persons concerned"),
    },
    quality.Confidence: {
        quality.Confidence.STATED: text("amount, unit and currency are stated"),
        quality.Confidence.ASSUMED: text("no currency is stated: taken as yuan"),
        quality.Confidence.DOUBTFUL: text("in doubt: somebody who knows must say"),
        quality.Confidence.ABSENT: text("nothing is stated"),
    },
    quality.Doubt: {
        quality.Doubt.NUMBER: text("there is no number, or it is written as no number is"),
        quality.Doubt.COMMA: text("a comma stands where no thousands separator can stand"),
        quality.Doubt.UNIT: text("the unit or currency is not known"),
        quality.Doubt.IMPLAUSIBLE: text("so large that yuan may have been entered as ten thousand yuan"),
    },
}
OVERSIGHT: Words = {
    oversight.Kind: {
        oversight.Kind.ANSWER: text("an answer to a request"),
        oversight.Kind.DELIVERY: text("a delivery"),
        oversight.Kind.CORRECTION: text("a correction"),
        oversight.Kind.UPDATE: text("an update of the catalogue"),
        oversight.Kind.AUDIT: text("an audit"),
        oversight.Kind.RESPONSIBILITY: text("a responsibility"),
    },
}
TELLING: Words = {
    telling.State: {
        telling.State.FOLLOWING: text("told of everything"),
        telling.State.WAITING: text("being told"),
        telling.State.DEAD: text("dead letter"),
        telling.State.ENDED: text("subscription ended"),
    },
    telling.Failure: {
        telling.Failure.SILENT: text("it does not answer"),
        telling.Failure.REFUSED: text("it answers with a refusal"),
        telling.Failure.GONE: text("it wants to hear nothing more (410)"),
        telling.Failure.ADDRESS: text("its address is never called from here"),
        telling.Failure.UNWILLING: text("it does not say that it takes webhooks of this node"),
    },
}
_ROOMS = (
    CUSTODY,
    TERMS,
    REGISTERS,
    ACCESS,
    CATALOGUE,
    CENSUS,
    HARVEST,
    COLLECTION,
    QUALITY,
    LIBRARY,
    SUBJECTS,
    SHARING,
    OVERSIGHT,
    TELLING,
    LISTINGS,
    PROXIES,
    OUTFLOWS,
    ACCEPTANCE,
)
# By enumeration first: members of two enumerations of strings may be equal.
_ALL: Words = {kind: words for room in _ROOMS for kind, words in room.items()}


def word_of(value: Enum) -> Text:
    """Return the word for a value; its code where nobody gave it one.

    >>> from jutong.sharing import Stage
    >>> str(word_of(Stage.AGREED))
    'agreed'
    """
    return _ALL.get(type(value), {}).get(value) or plain(value.value)
