"""Who may see which page and do what on it: written down a second time, beside the guard's own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jutong import sharing
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.crypto import SigningKey
from jutong.terms import Actor, Duty
from tests.city import AUTHORITY, MARKET, SOCIAL, STRANGER, City, a_wish

KEY = str(SigningKey.of_seed(b"pages---" * 4).public)
OWN = "own"  # the thing is of the body of whoever acts
RULEBOOK = '{"apiVersion": "v3.1.0", "schema": [{"name": "rows"}]}'
ADMINISTRATORS = {"system-admin", "security-admin", "audit-admin"}
WORK = {
    "catalogue",
    "department-head",
    "office-head",
    "register-audit",
    "publish-audit",
    "collection",
    "governance",
    "requests",
    "answers",
    "oversight",
}
SHARING = {"requests", "answers", "office-head", "oversight"}

# Pages that ask for no policy: what a stranger gets, and what somebody gets who has signed in.
OPEN: Mapping[str, tuple[int, int]] = {
    "/": (200, 200),
    "/catalogue": (200, 200),
    "/catalogue/{entry_id}": (200, 200),
    "/checkpoint": (200, 200),
    "/negative-list": (200, 200),
    "/catalogue-list/{code}": (200, 200),
    "/verify": (200, 200),
    "/style": (200, 200),
    "/language/{tag}": (303, 303),
    "/welcome": (200, 200),
    "/login": (200, 303),
    "/login/code": (303, 303),
    "/account": (303, 200),
    "/account/password": (303, 200),
    "/account/second-factor": (303, 200),
    "/account/passkeys": (303, 200),
    "/account/identities": (303, 200),
    "/account/identities/provider": (303, 404),
    "/login/provider": (404, 303),
    "/login/provider/return": (404, 404),
}
# Who may look, by duty.
LOOKED_AT_BY: Mapping[str, set[str]] = {
    "pages.desk": WORK | ADMINISTRATORS,
    "pages.ledger": WORK | ADMINISTRATORS,
    "pages.entries": WORK | ADMINISTRATORS,
    "pages.entry_draft": {"catalogue"},
    "pages.demands": WORK | {"audit-admin"},
    "pages.demand_form": {"requests", "office-head"},
    "pages.revisions": {"catalogue", "department-head", "oversight", "register-audit", "publish-audit"},
    "pages.audits": {"register-audit", "publish-audit", "oversight"},
    "pages.census": WORK | {"audit-admin"},
    "pages.grading": WORK | {"audit-admin"},
    "pages.projects": {"catalogue", "office-head", "department-head", "oversight"},
    "pages.map": WORK | {"audit-admin"},
    "pages.harvest": {"catalogue", "department-head", "register-audit", "publish-audit", "oversight"},
    "pages.synonyms": {"catalogue", "register-audit", "publish-audit"},
    "pages.kept_questions": {"requests", "office-head"},
    "pages.missed": {"requests", "register-audit", "publish-audit", "oversight"},
    "pages.batches": WORK | {"audit-admin"},
    "pages.sources": WORK | {"audit-admin"},
    "pages.deliver": {"collection"},
    "pages.packages": {"collection", "governance", "oversight", "audit-admin"},
    "pages.pushes": {"collection", "governance", "oversight", "audit-admin"},
    "pages.plans": {"collection", "governance", "oversight", "audit-admin"},
    "pages.quality": WORK | {"audit-admin"},
    "pages.doubt": {"governance", "requests", "office-head", "collection"},
    "pages.objections": {
        "requests",
        "governance",
        "answers",
        "collection",
        "office-head",
        "department-head",
        "oversight",
        "audit-admin",
    },
    "pages.subjects": {"governance", "oversight"},
    "pages.layers": {"governance", "oversight"},
    "pages.themes": {"governance", "oversight", "publish-audit"},
    "pages.rates": WORK | {"audit-admin"},
    "pages.authorities": {"governance", "oversight", "publish-audit"},
    "pages.lake": {"system-admin", "governance", "oversight"},
    "pages.erasures": {"governance", "answers", "oversight", "security-admin", "department-head"},
    "pages.acceptance": SHARING | {"department-head", "catalogue", "governance", "register-audit"},
    "pages.requests": SHARING,
    "pages.request_form": {"requests", "office-head"},
    "pages.purchases": WORK | {"audit-admin"},
    "pages.purchase_form": {"catalogue", "requests", "office-head"},
    "pages.agreements": SHARING,
    "pages.disputes": SHARING | {"department-head"},
    "pages.services": SHARING,
    "pages.service_trial": {"requests", "office-head"},
    "pages.calls": SHARING,
    "pages.traces": {"security-admin"},
    "pages.policies": {"security-admin", "oversight", "office-head", "audit-admin"},
    "pages.oversight": {"oversight", "audit-admin", "office-head", "department-head"},
    "pages.audit": {"audit-admin"},
    "pages.people": {"system-admin", "security-admin"},
    "pages.bodies": {"system-admin"},
    "pages.systems": {"system-admin", "security-admin"},
    "pages.nodes": {"system-admin"},
    "pages.calendar": {"system-admin"},
}


def _in(*bodies: str, else_: int = 404, over_all: frozenset[Duty] = frozenset()) -> Callable[[Actor], int]:
    return lambda actor: 200 if actor.org in bodies or (actor.org == AUTHORITY and actor.duties & over_all) else else_


_ALL_LINES = frozenset({Duty.AUDIT_ADMIN, Duty.OVERSIGHT})
_CENSUS = frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.AUDIT_ADMIN})
# Things that not everybody sees who may look at such pages: what another body's people get instead.
SEEN_IN: Mapping[str, Callable[[Actor], int]] = {
    "/agreements/{agreement_id}": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/application": _in(SOCIAL),
    "/agreements/{agreement_id}/whole": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/use": _in(MARKET, SOCIAL, AUTHORITY),
    "/disputes/{dispute_id}": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/outflows": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/outflows/{outflow_id}": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/listings": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/openapi": _in(MARKET, SOCIAL, AUTHORITY),
    "/listings/{listing_id}": _in(MARKET, SOCIAL, over_all=frozenset({Duty.OVERSIGHT})),
    "/agreements/{agreement_id}/proxies": _in(MARKET, SOCIAL, AUTHORITY),
    "/agreements/{agreement_id}/proxies/{proxy_id}/trial": _in(MARKET, SOCIAL, over_all=frozenset({Duty.OVERSIGHT})),
    "/proxies/{proxy_id}": _in(MARKET, SOCIAL, over_all=frozenset({Duty.OVERSIGHT})),
    "/proxies/{proxy_id}/trial": _in(MARKET, SOCIAL, over_all=frozenset({Duty.OVERSIGHT})),
    "/census/tables/{table_id}": _in(MARKET, over_all=_CENSUS),
    "/census/harvest": lambda actor: 200 if actor.duties & {Duty.CATALOGUE, Duty.COLLECTION} else 403,
    "/census/harvest/{survey_id}": _in(MARKET, over_all=_CENSUS),
    "/census/harvest/{survey_id}/events": _in(MARKET, over_all=_CENSUS),
    "/grading/{proposal_id}": _in(MARKET, over_all=_CENSUS),
    "/projects/{project_id}": _in(MARKET, over_all=_CENSUS),
    "/batches/{batch_id}/findings/{rule}": lambda actor: (
        200
        if actor.org in (MARKET, AUTHORITY)
        and actor.duties & {Duty.GOVERNANCE, Duty.ANSWERS, Duty.COLLECTION, Duty.OVERSIGHT}
        else 403
    ),
    "/calls/{agreement_id}/{day}": _in(MARKET, SOCIAL, AUTHORITY),
    "/entries/{entry_id}/deliver": _in(MARKET, else_=403),
    "/entries/{entry_id}/plans/new": _in(MARKET, else_=403),
    "/plans/{plan_id}": _in(MARKET, over_all=_ALL_LINES),
    "/plans/{plan_id}/events": _in(MARKET, over_all=_ALL_LINES),
    "/entries/{entry_id}/deliveries/{delivery_id}": lambda _: 404,  # nothing is under way in this city
    "/entries/{entry_id}/deliveries/{delivery_id}/events": lambda _: 404,
    "/entries/{entry_id}/edit/item": _in(MARKET, else_=403),
    "/entries/{entry_id}/edit/{step}": _in(MARKET, else_=403),
    "/entries/{entry_id}/edit/sheet": _in(MARKET, else_=403),
    "/demands/{demand_id}/draft": _in(SOCIAL),
    "/revisions/{revision_id}": _in(MARKET, AUTHORITY),
    "/conflicts": _in(AUTHORITY, else_=403),
    "/lake": _in(AUTHORITY, else_=403),
    "/lake/{layer}/{name}": _in(AUTHORITY, else_=403),
    "/erasures": _in(AUTHORITY, else_=403),
    "/erasures/{erasure_id}": _in(AUTHORITY, else_=403),
    "/subjects": _in(AUTHORITY, else_=403),
    "/library/layers": _in(AUTHORITY, else_=403),
    "/library/layers/{layer_name}": _in(AUTHORITY, else_=403),
    "/bonds": _in(AUTHORITY, else_=403),
    "/matches": _in(AUTHORITY, else_=403),
    "/ledger/lines/{wanted}": _in(MARKET, SOCIAL, over_all=_ALL_LINES),
    "/receipts/{some_id}": _in(MARKET, SOCIAL, over_all=_ALL_LINES),
    "/receipts/{some_id}/r.txt": _in(MARKET, SOCIAL, over_all=_ALL_LINES),
    "/objections/{objection_id}": _in(MARKET, AUTHORITY),
    "/people/{person_id}": _in(MARKET, AUTHORITY),
    "/requests/batches/{application_id}": _in(SOCIAL),
    "/requests/{request_id}": _in(MARKET, SOCIAL, AUTHORITY),
    "/requests/{request_id}/draft": _in(SOCIAL),
    "/scorecards/{code}": _in(MARKET, AUTHORITY),
    "/scorecards/{code}/snapshots/{snapshot_id}": _in(MARKET, AUTHORITY),
    "/scorecards/{code}/{indicator}/evidence": _in(MARKET, AUTHORITY),
    "/services/{entry_id}/try": _in(SOCIAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a form does: which act it comes to, on whose thing, and which accounts of the lively city may do it."""

    act: str
    by: frozenset[str]
    owner: str = MARKET
    parties: tuple[str, ...] = ()
    entry: str = "entry"
    request: str = "request"
    file: str = ""  # the field in which a file comes along
    hidden_from: tuple[str, ...] = ()  # whom the guard would let act, if they could see the thing
    fields: Callable[[City], Mapping[str, object]] = field(default=lambda _: {})

    def form(self, city: City) -> Mapping[str, object]:
        """Return the form as it is sent when it is filled in soundly."""
        return self.fields(city)


def _deed(act: str, *by: str, **how: object) -> Deed:
    fields = how.pop("fields", None)
    if fields is not None and not callable(fields):
        how["fields"] = lambda _, given=fields: given
    elif fields is not None:
        how["fields"] = fields
    return Deed(act=act, by=frozenset(by), **how)  # type: ignore[arg-type]


_OFFICERS = ("officer", "own-catalogue")
_IMPORTERS = (*_OFFICERS, "own-register-audit", "own-publish-audit")
_HEADS = ("head", "own-department-head")
_PROVIDERS_OFFICE = ("head", "own-office-head")
_ANSWERING = ("officer", "head", "own-answers", "own-office-head")
_CONSUMERS = ("asker", "asking-head")
_BOTH_SIDES = ("asker", "asking-head", "officer", "head", "own-answers", "own-office-head", "own-requests")
_OF_BOTH: Mapping[str, object] = {"owner": SOCIAL, "parties": (MARKET,)}
_SYSTEM = ("system", "own-system-admin")
_SECURITY = ("security", "own-security-admin")
_POLICY = (
    *("security", "overseer", "head", "asking-head", "stranger", "far-security-admin"),
    *("own-security-admin", "own-oversight", "own-office-head"),
)
_OF_TIER = ("security", "overseer")
_POLICY_FORM = {
    "policy_title": "夜间",
    "basis": "第九条",
    "source": "forbid (principal, action, resource) when { context.hour < 6 };",
}
_EVERYBODY_AT_A_DESK = (
    *("system", "security", "audit", "auditor", "publisher", "overseer", "officer", "head", "asker", "asking-head"),
    *("nobody", "stranger", "far-system-admin", "far-security-admin", "far-audit-admin"),
    *(f"own-{duty}" for duty in sorted(WORK | ADMINISTRATORS)),
)
_WORDING = ("officer", "stranger", "auditor", "publisher", "own-catalogue", "own-register-audit", "own-publish-audit")
_DOUBTING = (
    *("officer", "head", "asker", "asking-head", "overseer", "stranger"),
    *("own-governance", "own-requests", "own-office-head", "own-collection"),
)
_KEEPING = ("head", "asker", "asking-head", "stranger", "own-requests", "own-office-head")
_FORWARDING = (
    *("asker", "stranger", "auditor", "publisher", "overseer"),
    *("own-requests", "own-register-audit", "own-publish-audit", "own-oversight"),
)
_ITEM = {"name": "note", "title": "备注", "data_type": "C", "share_type": "conditional", "grade": "2"}


_PLAN = {
    "do": "keep",
    "title": "计划",
    "kind": "postgresql",
    "host": "db.invalid",
    "database": "a",
    "table": "t",
    "user": "reader",
}
_ASKING = ("asker", "asking-head")
_NEEDING = (*_ASKING, "head", "stranger", "own-requests", "own-office-head")
_AUDITING = ("auditor", "overseer")
_OWNING = ("officer", "head", "own-catalogue", "own-answers", "own-office-head")
_UPDATING = ("officer", "head", "own-catalogue", "own-department-head")
_STATING = (*_UPDATING, "own-oversight", "own-register-audit", *_AUDITING)
_NEED = {"title": "婚姻登记", "purpose": "approval", "method": "query"}
_PART = {"responsible": MARKET, "part": "名称", "way": "query", "due": "2035-01-31"}
_TIER = {"owner": "", "parties": (AUTHORITY,)}


def _trigger(city: City) -> Mapping[str, object]:
    return {"provider": MARKET, "cause": "law", "words": "修订", "changed_on": "2025-09-01"}


def _wish(city: City) -> Mapping[str, object]:
    return {name: value for name, value in a_wish(city).items() if name != "divisions"}


def _several(city: City) -> Mapping[str, object]:
    entries = [city.found["entry"], city.found["revised"]]
    return {**_wish(city), "entry": entries, **{f"items-{one}": ["name"] for one in entries}}


def _signed(city: City) -> Mapping[str, object]:
    with city.house.reading() as db:
        wish = sharing.find_request(db, city.found["wish"]).wish
    return {"signed": f"{city.found['wish']}:{wish.digest()}"}


def _purchase(city: City) -> Mapping[str, object]:
    words = {"title": "企业信用评分", "supplier": "某征信公司", "contract": "1" * 64, "price": "to-1m"}
    return {**words, "purposes": ["approval"], "starts": "2026-01-01", "ends": "2035-12-31"}


def _use(city: City) -> Mapping[str, object]:
    day = city.house.clock().astimezone(LEGAL_TIME).date().isoformat()
    words = dict.fromkeys(("scene", "process", "effect", "storage"), "核验")
    return {"since": day, "until": day, **words}


def _key(city: City) -> Mapping[str, object]:
    return {"name": city.found["system"], "public_key": KEY}


_pair = {"kept": "91510000MA61RXJU95", "other": "91330100799655058B", "basis": "登记档案"}


_theme = {"name": "firms", "title": "企业", "sql": "SELECT uscc FROM legal_person", "basis": "三定方案"}
_making = {"theme": "firms", "version": "1"}
_match = {"ref": "~" + "0" * 31, "code": "91510000MA61RXJU95", "verdict": "same", "basis": "登记档案"}


def _authority(city: City) -> Mapping[str, object]:
    return {"entry": city.found["entry"], "field": "name", "rank": "1", "basis": "三定方案"}


DONE_BY: Mapping[str, Deed] = {
    # the catalogue: who answers for the data fills in, its head signs, another body audits
    "/entries/new": _deed("catalogue.draft", *_OFFICERS, "stranger", owner=OWN, fields={"way": "template"}),
    "/entries/{entry_id}/edit/{step}": _deed(
        "catalogue.draft", *_OFFICERS, fields={"title": "改", "abstract": "改", "format": "database"}
    ),
    "/entries/{entry_id}/edit/item": _deed("catalogue.draft", *_OFFICERS, fields=_ITEM),
    "/entries/{entry_id}/edit/item/place": _deed("catalogue.draft", *_OFFICERS, fields={"name": "uscc"}),
    "/entries/{entry_id}/edit/item/removal": _deed("catalogue.draft", *_OFFICERS, fields={"name": "uscc"}),
    "/entries/{entry_id}/edit/rule/removal": _deed("catalogue.draft", *_OFFICERS, fields={"place": "0"}),
    "/entries/{entry_id}/signature": _deed("catalogue.sign", *_HEADS, entry="draft"),
    "/entries/{entry_id}/submission": _deed("catalogue.submit", *_OFFICERS, *_HEADS, entry="draft"),
    "/entries/{entry_id}/registration": _deed("catalogue.audit_registration", "auditor", entry="submitted"),
    "/entries/{entry_id}/publication": _deed("catalogue.audit_publication", "publisher", entry="registered"),
    "/entries/{entry_id}/return": _deed(
        "catalogue.return_entry", "auditor", "publisher", entry="submitted", fields={"reasons": "不完整"}
    ),
    "/entries/{entry_id}/withdrawal": _deed("catalogue.withdraw", *_HEADS, fields={"reason": "作废"}),
    "/entries/{entry_id}/code": _deed(
        "catalogue.draft", *_OFFICERS, fields={"scheme": "national-2017", "classification": "101001001"}
    ),
    "/entries/{entry_id}/edit/sheet": _deed("catalogue.draft", *_OFFICERS, file="sheet"),
    # the lists: who needs files, the authority audits and splits, who has the data answers for it
    "/demands/new": _deed("catalogue.draft_demand", *_NEEDING, owner=OWN, fields=_NEED),
    "/demands/sheet": _deed("catalogue.draft_demand", *_NEEDING, owner=OWN, file="sheet"),
    "/demands/{demand_id}/draft": _deed("catalogue.redraft_demand", *_ASKING, owner=SOCIAL, fields=_NEED),
    "/demands/{demand_id}/filing": _deed("catalogue.file_demand", *_ASKING, owner=SOCIAL),
    "/demands/{demand_id}/withdrawal": _deed("catalogue.withdraw_demand", *_ASKING, owner=SOCIAL),
    "/demands/{demand_id}/acceptance": _deed("catalogue.audit_demand", *_AUDITING, **_TIER),
    "/demands/{demand_id}/refusal": _deed("catalogue.audit_demand", *_AUDITING, **_TIER, fields={"reason": "无依据"}),
    "/demands/{demand_id}/merging": _deed(
        "catalogue.audit_demand", *_AUDITING, **_TIER, fields=lambda city: {"lead": city.found["demand"]}
    ),
    "/demands/{demand_id}/routing": _deed("catalogue.audit_demand", *_AUDITING, **_TIER, fields={"owner": MARKET}),
    "/demands/{demand_id}/responsibilities": _deed("catalogue.audit_demand", *_AUDITING, **_TIER, fields=_PART),
    "/demands/{demand_id}/confirmation": _deed("catalogue.answer_demand", *_OWNING),
    "/demands/{demand_id}/contest": _deed("catalogue.answer_demand", *_OWNING, fields={"reason": "无此数据"}),
    "/responsibilities/{responsibility_id}/fulfilment": _deed(
        "catalogue.fulfil_responsibility", *_OWNING, fields=lambda city: {"entry": city.found["entry"]}
    ),
    "/responsibilities/{responsibility_id}/drop": _deed(
        "catalogue.audit_demand", *_AUDITING, **_TIER, fields={"reason": "误列"}
    ),
    "/responsibilities/sheet": _deed("catalogue.audit_demand", *_AUDITING, **_TIER, file="sheet"),
    "/duties/{code}": _deed("catalogue.state_duties", *_STATING, parties=(AUTHORITY,), fields={"duties": "登记"}),
    "/revisions/new": _deed("catalogue.open_revisions", *_STATING, parties=(AUTHORITY,), fields=_trigger),
    "/revisions/{revision_id}/extension": _deed(
        "catalogue.ask_revision_extension", *_UPDATING, fields={"reason": "系统改造"}
    ),
    "/revisions/{revision_id}/extension-decision": _deed(
        "catalogue.decide_revision_extension", "overseer", **_TIER, fields={"answer": "agree"}
    ),
    "/revisions/{revision_id}/closure": _deed(
        "catalogue.close_revision", *_UPDATING, fields=lambda city: {"entry": city.found["entry"]}
    ),
    "/revisions/{revision_id}/drop": _deed("catalogue.drop_revision", "overseer", **_TIER, fields={"why": "误报"}),
    # census: the department reports, hangs and answers; the authority checks, freezes and judges
    "/census": _deed(
        "census.report",
        *("officer", "own-catalogue", "own-collection"),
        fields=lambda city: {"system": city.found["own_system"], "name": "t", "columns": "a text"},
    ),
    "/census/harvest": _deed(
        "census.harvest",
        *("officer", "own-catalogue", "own-collection"),
        fields=lambda city: {"system": city.found["own_system"], "kind": "file"},
        file="file",
    ),
    "/census/editions": _deed("census.freeze_edition", "overseer", "own-oversight", owner=OWN, fields={"name": "x"}),
    "/census/tables/{table_id}/check": _deed("census.check_table", "auditor", "overseer", fields={"right": "right"}),
    "/census/tables/{table_id}/hanging": _deed(
        "census.hang", *_OFFICERS, fields=lambda city: {"entry": city.found["entry"]}
    ),
    "/census/tables/{table_id}/entry": _deed("census.propose_entry", *_OFFICERS),
    "/census/inventory/systems": _deed(
        "registers.describe_system",
        *("officer", "own-catalogue", "own-collection"),
        fields=lambda city: {
            "system": city.found["own_system"],
            "purpose": "a",
            "cloud": "on-cloud",
            "database": "mysql",
        },
    ),
    "/census/inventory/powers": _deed(
        "registers.list_power",
        *(*_OFFICERS, *_HEADS, "stranger"),
        owner=OWN,
        fields={"code": "a", "title": "a", "kind": "other"},
    ),
    "/census/inventory/service-items": _deed(
        "registers.list_service_item",
        *(*_OFFICERS, *_HEADS, "stranger"),
        owner=OWN,
        fields={"code": "a", "title": "a"},
    ),
    "/grading": _deed(
        "census.look_at_grades",
        *_OFFICERS,
        *("auditor", "publisher", "overseer"),
        *("own-register-audit", "own-publish-audit", "own-oversight"),
        parties=(AUTHORITY,),
        fields=lambda city: {"entry": city.found["entry"]},
    ),
    "/grading/{proposal_id}/acceptance": _deed("census.accept_proposal", *_OFFICERS),
    "/grading/{proposal_id}/rejection": _deed("census.reject_proposal", *_OFFICERS, fields={"why": "已脱敏"}),
    "/projects/new": _deed(
        "census.apply_project",
        *(*_OFFICERS, "head", "own-office-head", "asking-head", "stranger"),
        owner=OWN,
        fields={"title": "a", "needs": "b", "cloud": "on-cloud"},
    ),
    "/projects/{project_id}/opinion": _deed(
        "census.judge_project", "overseer", fields={"opinion": "against", "words": "a"}
    ),
    # lists of other portals: whoever imported one looks after it
    "/harvest": _deed("catalogue.harvest", *_IMPORTERS, "auditor", "publisher", "stranger", owner=OWN, file="list"),
    "/harvest/gathers/{gather_id}/acceptance": _deed("catalogue.harvest", *_IMPORTERS),
    "/harvest/bodies": _deed(
        "catalogue.name_body",
        *("auditor", "publisher", "own-register-audit", "own-publish-audit"),
        owner=OWN,
        fields={"name": "某局", "body": MARKET},
    ),
    "/harvest/records/{record_id}/draft": _deed("catalogue.draft_from_harvest", *_OFFICERS),
    "/harvest/records/{record_id}/restoration": _deed("catalogue.harvest", *_IMPORTERS),
    "/harvest/decisions/{decision_id}/overturning": _deed("catalogue.settle_kinship", *_IMPORTERS),
    "/harvest/decisions/{decision_id}/upholding": _deed("catalogue.settle_kinship", *_IMPORTERS),
    # search: who describes data says what words mean; who asks for data keeps questions and puts demands forward
    "/synonyms": _deed("search.keep_group", *_WORDING, owner=OWN, fields={"line": "公厕 公共厕所"}),
    "/synonyms/{group_id}/removal": _deed("search.remove_group", *_WORDING, owner=OWN),
    "/searches": _deed("search.keep_question", *_KEEPING, owner=OWN, fields={"asked": "企业登记"}),
    "/searches/{question_id}/removal": _deed("search.let_go", *_KEEPING, owner=OWN),
    "/missed/demands": _deed(
        "search.put_forward", *_FORWARDING, owner=OWN, fields={"words": "冷链物流", "reason": "监测预警"}
    ),
    # rows
    "/entries/{entry_id}/deliver": _deed("collection.collect", "officer", "own-collection", file="rows"),
    "/entries/{entry_id}/plans/new": _deed("collection.keep_plan", "officer", "own-collection", fields=_PLAN),
    "/plans/{plan_id}/run": _deed("collection.run_plan", "officer", "own-collection"),
    "/plans/{plan_id}/pause": _deed("collection.pause_plan", "officer", "own-collection"),
    "/plans/{plan_id}/resumption": _deed("collection.resume_plan", "officer", "own-collection"),
    "/plans/{plan_id}/restart": _deed("collection.restart_plan", "officer", "own-collection"),
    "/plans/{plan_id}/end": _deed("collection.end_plan", "officer", "own-collection"),
    "/packages": _deed("collection.take_packages", "officer", "stranger", "own-collection", owner=OWN, file="package"),
    "/plans/{plan_id}/drift": _deed(
        "collection.settle_drift", "officer", "own-collection", fields={"answer": "accept"}
    ),
    "/entries/{entry_id}/doubt": _deed(
        *("quality.raise_doubt", *_DOUBTING), owner=MARKET, fields={"key": "x", "item": "name", "doubt": "错"}
    ),
    "/entries/{entry_id}/rulebook": _deed(
        "quality.issue_rulebook", "officer", "own-governance", fields={"document": RULEBOOK, "edition": "1"}
    ),
    "/entries/{entry_id}/rulebook/trial": _deed(
        *("quality.try_rulebook", "officer", "overseer", "own-governance", "own-collection"),
        parties=(AUTHORITY,),
        fields={"document": RULEBOOK},
    ),
    "/objections/{objection_id}/verification": _deed(
        "quality.verify_objection", *_ANSWERING, "own-governance", parties=(AUTHORITY,)
    ),
    "/objections/{objection_id}/answer": _deed(
        "quality.answer_objection", *_ANSWERING, "own-governance", fields={"outcome": "corrected"}
    ),
    "/objections/{objection_id}/closure": _deed(
        "quality.close_objection", "officer", "overseer", "own-governance", parties=(AUTHORITY,)
    ),
    "/subjects": _deed("library.look_up", "overseer", owner=AUTHORITY, fields={"code": "91510000MA61RXJU95"}),
    "/conflicts/one": _deed(
        "library.look_up", "overseer", owner=AUTHORITY, fields={"code": "91510000MA61RXJU95", "field": "name"}
    ),
    "/library/layers": _deed(
        "library.load_layer",
        "overseer",
        owner=AUTHORITY,
        file="file",
        fields={"name": "zones", "origin": "示例", "crs": "EPSG:4490"},
    ),
    "/library/layers/{layer_name}/point": _deed(
        "library.look_at_layer", "overseer", owner=AUTHORITY, fields={"lon": "106.5", "lat": "29.5", "metres": "10"}
    ),
    "/library/layers/{layer_name}/file": _deed(
        "library.export_layer", "overseer", owner=AUTHORITY, fields={"form": "geojson"}
    ),
    "/themes": _deed("library.declare_theme", "publisher", "overseer", owner=AUTHORITY, fields=_theme),
    "/themes/making": _deed("library.make_theme", "overseer", owner=AUTHORITY, fields={"theme": "firms"}),
    "/themes/rows": _deed("library.look_at_theme", "overseer", owner=AUTHORITY, fields=_making),
    "/bonds": _deed("library.join", "overseer", owner=AUTHORITY, fields=_pair),
    "/bonds/parting": _deed(
        "library.part",
        "overseer",
        owner=AUTHORITY,
        fields={"parted": "91510000MA61RXJU95", "parting_basis": "更正决定"},
    ),
    "/matches/one": _deed("library.look_at_matches", "overseer", owner=AUTHORITY, fields={"ref": "~" + "0" * 31}),
    "/matches/decision": _deed("library.decide_match", "overseer", owner=AUTHORITY, fields=_match),
    "/authorities": _deed(
        "library.set_authority",
        *("publisher", "overseer", "own-publish-audit", "own-oversight"),
        fields=_authority,
    ),
    "/lake/{layer}/{name}/upkeep": _deed("custody.tend", "system", **_TIER),
    # custody: one officer of the authority asks, its security administrator or head confirms
    "/erasures": _deed(
        "custody.ask_erasure",
        "overseer",
        **_TIER,
        fields={"identifier": "9150000020280332XF", "ground": "unlawful", "basis": "决定〔2026〕2号"},
    ),
    "/erasures/{erasure_id}/carrying-out": _deed(
        "custody.confirm_erasure", "security", **_TIER, fields={"identifier": "9150000020280332XF"}
    ),
    # sharing: the consumer asks, its office head signs; the provider's office answers; the authority allows more time
    "/requests/new": _deed("sharing.draft_request", *_CONSUMERS, "stranger", fields=_wish),
    "/requests/batches/new": _deed("sharing.draft_request", *_CONSUMERS, "stranger", fields=_several),
    "/requests/batches/{application_id}/signature": _deed("sharing.sign_request", "asking-head", owner=SOCIAL),
    "/requests/batches/{application_id}/submission": _deed("sharing.submit_request", *_CONSUMERS, owner=SOCIAL),
    "/requests/{request_id}/template": _deed(
        "sharing.keep_template", *_CONSUMERS, owner=SOCIAL, request="wish", fields={"name": "核验"}
    ),
    "/requests/templates/{template_id}/removal": _deed("sharing.drop_template", *_CONSUMERS, owner=SOCIAL),
    "/signatures": _deed("sharing.sign_request", "asking-head", owner=SOCIAL, fields=_signed),
    "/purchases/new": _deed(
        "sharing.declare_purchase",
        *(*_CONSUMERS, "officer", "head", "stranger", "own-catalogue", "own-requests", "own-office-head"),
        owner=OWN,
        fields=_purchase,
    ),
    "/purchases/{purchase_id}/entry": _deed(
        "sharing.share_purchase",
        *("officer", "head", "own-catalogue", "own-office-head"),
        fields=lambda city: {"entry": city.found["entry"]},
    ),
    "/requests/{request_id}/draft": _deed(
        "sharing.draft_request", *_CONSUMERS, request="wish", fields=_wish, hidden_from=("stranger",)
    ),
    "/requests/{request_id}/signature": _deed("sharing.sign_request", "asking-head", owner=SOCIAL, request="wish"),
    "/requests/{request_id}/submission": _deed("sharing.submit_request", *_CONSUMERS, owner=SOCIAL, request="wish"),
    "/requests/{request_id}/withdrawal": _deed("sharing.withdraw", *_CONSUMERS, owner=SOCIAL),
    "/requests/{request_id}/urging": _deed("sharing.urge", *_CONSUMERS, "overseer", owner=SOCIAL, parties=(AUTHORITY,)),
    "/requests/{request_id}/supplement": _deed(
        "sharing.supplement",
        *_CONSUMERS,
        owner=SOCIAL,
        request="supplement",
        fields={"paper-title-1": "证明", "paper-digest-1": "0" * 64},
    ),
    "/requests/{request_id}/precheck-pass": _deed("sharing.pass_precheck", "overseer", owner="", parties=(AUTHORITY,)),
    "/requests/{request_id}/precheck-return": _deed(
        "sharing.return_precheck", "overseer", owner="", parties=(AUTHORITY,), fields={"missing": "证明"}
    ),
    "/requests/{request_id}/supplement-notice": _deed(
        "sharing.require_supplement", *_ANSWERING, fields={"missing": "证明"}
    ),
    "/requests/{request_id}/extension": _deed(
        "sharing.ask_extension", *_ANSWERING, fields={"days": "5", "reason": "复杂"}
    ),
    "/requests/{request_id}/extension-consent": _deed("sharing.extend", "overseer", owner="", parties=(AUTHORITY,)),
    "/requests/{request_id}/approval": _deed("sharing.approve", *_PROVIDERS_OFFICE),
    "/requests/{request_id}/refusal": _deed(
        "sharing.refuse", *_PROVIDERS_OFFICE, fields={"reason": "不可", "basis": "第十四条"}
    ),
    "/traces": _deed(
        "delivery.trace",
        *("security", "own-security-admin"),
        owner=MARKET,
        parties=(AUTHORITY,),
        file="file",
        fields=lambda city: {"entry": city.found["entry"]},
    ),
    "/agreements/{agreement_id}/file": _deed(
        "delivery.hand_over_file",
        *("asker", "asking-head"),
        owner=SOCIAL,
        fields={"form": "csv", "file_purpose": "social-security"},
    ),
    "/agreements/{agreement_id}/profiles": _deed(
        "delivery.issue_profile",
        *("asker", "asking-head"),
        owner=SOCIAL,
        fields=lambda city: {"system": city.found["system"], "purpose": "social-security"},
    ),
    "/agreements/{agreement_id}/profiles/{profile_id}/revocation": _deed(
        "delivery.revoke_profile", "asker", "asking-head", owner=SOCIAL
    ),
    "/agreements/{agreement_id}/subscriptions": _deed(
        "delivery.subscribe",
        *("asker", "asking-head"),
        owner=SOCIAL,
        fields=lambda city: {
            "subscriber": city.found["system"],
            "receiver": "https://claims.example/hook",
            "told_for": "social-security",
        },
    ),
    "/agreements/{agreement_id}/subscriptions/{subscription_id}/ending": _deed(
        "delivery.end_subscription", "asker", "asking-head", owner=SOCIAL
    ),
    "/agreements/{agreement_id}/subscriptions/{subscription_id}/repetition": _deed(
        "delivery.send_again", "asker", "asking-head", owner=SOCIAL
    ),
    "/agreements/{agreement_id}/outflows": _deed(
        "delivery.declare_outflow",
        *("asker", "asking-head"),
        owner=SOCIAL,
        fields={
            "outflow_title": "入库",
            "kind": "folder",
            "path": "/srv/claims",
            "outflow_purpose": "social-security",
            "file_form": "parquet",
            "port": "0",
        },
    ),
    "/agreements/{agreement_id}/outflows/{outflow_id}/test": _deed("delivery.try_outflow", *_ANSWERING),
    "/agreements/{agreement_id}/outflows/{outflow_id}/start": _deed("delivery.start_outflow", *_ANSWERING),
    "/agreements/{agreement_id}/outflows/{outflow_id}/pause": _deed("delivery.pause_outflow", *_BOTH_SIDES, **_OF_BOTH),
    "/agreements/{agreement_id}/outflows/{outflow_id}/request": _deed("delivery.ask_outflow", *_BOTH_SIDES, **_OF_BOTH),
    "/agreements/{agreement_id}/outflows/{outflow_id}/renewal": _deed(
        "delivery.renew_outflow", "asker", "asking-head", owner=SOCIAL
    ),
    "/agreements/{agreement_id}/outflows/{outflow_id}/comparison": _deed(
        "delivery.compare_outflow", *_BOTH_SIDES, **_OF_BOTH
    ),
    "/agreements/{agreement_id}/outflows/{outflow_id}/ending": _deed("delivery.end_outflow", *_BOTH_SIDES, **_OF_BOTH),
    "/policies/new": _deed("delivery.draft_policy", *_POLICY, owner=OWN, fields=_POLICY_FORM),
    "/policies/check": _deed("delivery.try_policy", *_POLICY, owner=OWN, fields=_POLICY_FORM),
    "/policies/{policy_id}": _deed(
        "delivery.draft_tier_policy", *_OF_TIER, owner=AUTHORITY, fields={**_POLICY_FORM, "seen": "1"}
    ),
    "/policies/{policy_id}/enforcement": _deed(
        "delivery.enforce_tier_policy", *_OF_TIER, owner=AUTHORITY, fields={"version": "1"}
    ),
    "/policies/{policy_id}/withdrawal": _deed("delivery.withdraw_tier_policy", *_OF_TIER, owner=AUTHORITY),
    # services by declaration: the provider's side declares, its office opens; the consumer gives up
    "/entries/{entry_id}/listings": _deed(
        "delivery.declare_listing",
        *_ANSWERING,
        fields={
            "service_name": "by-name",
            "service_title": "按名称查询",
            "returned": "name",
            "page_rows": "10",
            "most_rows": "100",
        },
    ),
    "/listings/{listing_id}/trial": _deed("delivery.try_listing", *_ANSWERING),
    "/listings/{listing_id}/opening": _deed(
        "delivery.open_listing",
        *_PROVIDERS_OFFICE,
        fields=lambda city: {"agreement": city.found["agreement"]},
    ),
    "/listings/{listing_id}/ending": _deed("delivery.end_listing", *_ANSWERING),
    "/agreements/{agreement_id}/listings/{listing_id}/release": _deed(
        "delivery.release_listing", *_CONSUMERS, owner=SOCIAL
    ),
    # departments' own services: likewise; an official of the consumer asks one by hand
    "/entries/{entry_id}/proxies": _deed(
        "delivery.declare_proxy",
        *_ANSWERING,
        fields={"service_name": "firms", "service_title": "企业", "base": "https://api.invalid/"},
        file="document",
    ),
    "/proxies/{proxy_id}/opening": _deed(
        "delivery.open_proxy",
        *_PROVIDERS_OFFICE,
        fields=lambda city: {"agreement": city.found["agreement"]},
    ),
    "/proxies/{proxy_id}/secret": _deed("delivery.renew_proxy_secret", *_ANSWERING, fields={"secret_value": "b"}),
    "/proxies/{proxy_id}/trial": _deed("delivery.try_proxy", *_ANSWERING, fields={"operation": "GET /firms"}),
    "/proxies/{proxy_id}/ending": _deed("delivery.end_proxy", *_ANSWERING),
    "/agreements/{agreement_id}/proxies/{proxy_id}/trial": _deed(
        "delivery.ask_proxy", *_CONSUMERS, owner=SOCIAL, fields={"operation": "GET /firms"}
    ),
    "/agreements/{agreement_id}/proxies/{proxy_id}/release": _deed("delivery.release_proxy", *_CONSUMERS, owner=SOCIAL),
    "/agreements/{agreement_id}/suspension": _deed(
        "sharing.suspend",
        *_PROVIDERS_OFFICE,
        *("overseer", "own-oversight"),
        parties=(AUTHORITY,),
        fields={"reason": "违规"},
    ),
    "/agreements/{agreement_id}/resumption": _deed(
        "sharing.resume", *_PROVIDERS_OFFICE, "overseer", "own-oversight", parties=(AUTHORITY,)
    ),
    "/agreements/{agreement_id}/termination": _deed(
        "sharing.terminate",
        *_PROVIDERS_OFFICE,
        *("overseer", "own-oversight"),
        parties=(AUTHORITY,),
        fields={"why": "违规"},
    ),
    # what one side may not do alone: the provider proposes, the consumer or the authority turns the second key
    "/agreements/{agreement_id}/rectification": _deed(
        "sharing.rectify", *_CONSUMERS, owner=SOCIAL, fields={"report": "已改正"}
    ),
    "/agreements/{agreement_id}/rectification-judgement": _deed(
        "sharing.judge_rectification",
        *_PROVIDERS_OFFICE,
        *("overseer", "own-oversight"),
        parties=(AUTHORITY,),
        fields={"short_why": "不够"},
    ),
    "/agreements/{agreement_id}/application": _deed(
        "sharing.draft_amendment",
        *_CONSUMERS,
        owner=SOCIAL,
        fields=lambda city: {**_wish(city), "quota_per_day": "7"},
    ),
    "/agreements/{agreement_id}/change": _deed(
        "sharing.propose_change",
        *_PROVIDERS_OFFICE,
        fields={"change_reason": "整合", "change_basis": "第二十七条", "smaller_quota": "1"},
    ),
    "/agreements/{agreement_id}/change-consent": _deed(
        "sharing.agree_change", "asking-head", "overseer", owner=SOCIAL, parties=(AUTHORITY,)
    ),
    "/agreements/{agreement_id}/change-refusal": _deed(
        "sharing.decline_change",
        *("asking-head", "overseer"),
        owner=SOCIAL,
        parties=(AUTHORITY,),
        fields={"decline_why": "仍需要"},
    ),
    "/agreements/{agreement_id}/change-withdrawal": _deed("sharing.take_back_change", *_PROVIDERS_OFFICE),
    "/agreements/{agreement_id}/conclusion": _deed(
        "sharing.conclude", "asking-head", owner=SOCIAL, fields={"conclude_reason": "不再需要"}
    ),
    "/agreements/{agreement_id}/disposal": _deed(
        "sharing.certify_disposal",
        "asking-head",
        owner=SOCIAL,
        fields={"manner": "erased", "copies": "业务库", "done_on": "2026-01-05"},
    ),
    "/agreements/{agreement_id}/use": _deed("sharing.record_use", *_CONSUMERS, owner=SOCIAL, fields=_use),
    "/use-records/{use_id}/discarding": _deed("sharing.discard_use", "asking-head", owner=SOCIAL),
    # disputes: the two bodies' offices negotiate; the authority leads only once it is asked
    "/disputes": _deed(
        "sharing.open_dispute",
        *("head", "asking-head", "own-office-head"),
        parties=(SOCIAL,),
        fields=lambda city: {"about": city.found["agreement"], "wanted": "stand", "dispute_words": "维持"},
        hidden_from=("stranger",),
    ),
    "/disputes/{dispute_id}/opinion": _deed(
        "sharing.state_opinion",
        *("head", "asking-head", "own-office-head", "own-department-head", "own-oversight"),
        parties=(SOCIAL,),
        fields={"words": "理由"},
    ),
    "/disputes/{dispute_id}/ruling": _deed(
        "sharing.propose_ruling",
        *("head", "asking-head", "own-office-head", "own-oversight"),
        parties=(SOCIAL,),
        fields={"offered": "stand", "offer_words": "理由"},
    ),
    "/disputes/{dispute_id}/acceptance": _deed(
        "sharing.accept_ruling", "head", "asking-head", "own-office-head", parties=(SOCIAL,)
    ),
    "/disputes/{dispute_id}/mediation": _deed(
        "sharing.take_up_dispute",
        *("head", "asking-head", "own-office-head"),
        parties=(SOCIAL,),
        fields={"climb_words": "协商不成"},
    ),
    "/disputes/{dispute_id}/referral": _deed(
        "sharing.refer_dispute", "overseer", owner=AUTHORITY, fields={"climb_words": "未达成一致"}
    ),
    "/disputes/{dispute_id}/decision": _deed(
        "sharing.decide_dispute",
        "overseer",
        owner=AUTHORITY,
        fields={"decided": "stand", "decision_words": "理由", "paper": "1号"},
    ),
    "/disputes/{dispute_id}/withdrawal": _deed("sharing.withdraw_dispute", "asking-head", owner=SOCIAL),
    "/scorecards/{code}/snapshots": _deed(
        "oversight.freeze",
        *("overseer", "own-oversight"),
        parties=(AUTHORITY,),
        fields={"since": "2025-01-01", "until": "2025-12-31"},
    ),
    # one's own desk
    "/notices/read": _deed("notices.mark_read", *_EVERYBODY_AT_A_DESK, owner=OWN, fields={"all": "on"}),
    "/notices/address": _deed("pages.desk", *_EVERYBODY_AT_A_DESK, owner=OWN, fields={"address": "a@example.test"}),
    # administrators: one for people and systems, one for what they may, and neither for the other
    "/people": _deed(
        "registers.register_person",
        *_SYSTEM,
        "far-system-admin",
        fields={"account": "intruder", "name": "甲"},
    ),
    "/people/{person_id}/posts": _deed(
        "registers.appoint",
        *_SYSTEM,
        parties=(AUTHORITY,),
        fields={"body": MARKET, "title": "官员", "duties": ["catalogue"]},
    ),
    "/people/{person_id}/posts/{post_id}/dismissal": _deed("registers.dismiss", *_SYSTEM, parties=(AUTHORITY,)),
    "/people/{person_id}/posts/{post_id}/clearance": _deed(
        "registers.clear", *_SECURITY, parties=(AUTHORITY,), fields={"cleared": "4"}
    ),
    "/people/{person_id}/posts/{post_id}/credentials": _deed(
        "registers.issue_credential", *_SECURITY, parties=(AUTHORITY,), fields={"days": "30"}
    ),
    "/people/{person_id}/credentials/{credential_id}/revocation": _deed(
        "registers.revoke_credential", "security", owner=SOCIAL, parties=(AUTHORITY,)
    ),
    "/people/{person_id}/invitation": _deed("access.invite", *_SECURITY, parties=(AUTHORITY,)),
    "/people/{person_id}/bar": _deed("access.bar", *_SECURITY, parties=(AUTHORITY,)),
    "/people/{person_id}/closing": _deed("access.close", *_SECURITY, parties=(AUTHORITY,)),
    "/people/{person_id}/unlocking": _deed("access.unlock", *_SECURITY, parties=(AUTHORITY,)),
    "/people/{person_id}/second-factor/reset": _deed("access.reset_second_factor", *_SECURITY, parties=(AUTHORITY,)),
    "/people/{person_id}/sessions/end": _deed("access.end_session", *_SECURITY, parties=(AUTHORITY,)),
    "/people/{person_id}/sessions/{session_id}/end": _deed("access.end_session", *_SECURITY, parties=(AUTHORITY,)),
    "/bodies": _deed(
        "registers.register_body",
        *_SYSTEM,
        "far-system-admin",
        fields={"code": STRANGER, "name": "改名", "division": "500000", "kind": "department"},
    ),
    "/systems": _deed(
        "registers.register_system",
        "system",
        owner=SOCIAL,
        parties=(AUTHORITY,),
        fields={"body": SOCIAL, "code": "spy", "title": "系统"},
    ),
    "/systems/key": _deed("registers.set_key", "security", owner=SOCIAL, parties=(AUTHORITY,), fields=_key),
    "/systems/key/withdrawal": _deed(
        "registers.withdraw_key", "security", owner=SOCIAL, parties=(AUTHORITY,), fields=_key
    ),
    "/systems/key/overlap": _deed("registers.end_overlap", "security", owner=SOCIAL, parties=(AUTHORITY,), fields=_key),
    "/systems/secrets": _deed(
        "delivery.issue_secret",
        "security",
        owner=SOCIAL,
        parties=(AUTHORITY,),
        fields=lambda city: {"name": city.found["system"], "profile": "x-client"},
    ),
    "/systems/secrets/{secret_id}/revocation": _deed(
        "delivery.revoke_secret", "security", owner=SOCIAL, parties=(AUTHORITY,)
    ),
    "/nodes": _deed(
        "registers.enrol_node",
        "system",
        owner=AUTHORITY,
        fields={"name": "cn-999999", "url": "http://127.0.0.1:1", "key": KEY, "relation": "peer", "body": STRANGER},
    ),
    "/calendar/terms": _deed(
        "registers.enter_rule",
        "system",
        owner=AUTHORITY,
        fields={
            "rule": "REQ_PRECHECK",
            "division": "500103",
            "working_days": "2",
            "since": "2031-01-06",
            "instrument": "渝中区政务数据共享办法",
        },
    ),
    "/calendar": _deed(
        "registers.enter_calendar",
        "system",
        owner=AUTHORITY,
        fields={"year": "2031", "notice": "通知", "days": "2031-01-01 休"},
    ),
}
# Forms that ask for no policy: about oneself, or for everybody.
OF_ONESELF: Mapping[str, Mapping[str, object]] = {
    "/account/delegations": {
        "post": "01JZ0000000000000000000000",
        "colleague": "head",
        "starts": "2026-01-01",
        "ends": "2026-12-31",
    },
    "/account/delegations/{delegation_id}/end": {},
    "/account/identities": {"proven": "nothing"},
    "/account/identities/{identity_id}/removal": {},
    "/account/language": {"language": "en"},
    "/account/password": {"old": "a", "password": "correct Horse 7 battery", "repeated": "correct Horse 7 battery"},
    "/account/second-factor": {"code": "000000"},
    "/account/second-factor/removal": {"code": "000000"},
    "/account/sessions/{session_id}/end": {},
    "/account/sessions/end-others": {},
    "/account/passkeys": {"name": "telephone", "credential": "{}"},
    "/account/passkeys/challenge": {},
    "/account/passkeys/{passkey_id}/removal": {},
    "/login/passkey": {"credential": "{}"},
    "/login/passkey/challenge": {},
    "/login": {"account": "officer", "password": "wrong"},
    "/login/code": {"code": "000000"},
    "/logout": {},
    "/post": {"post": "01JZ0000000000000000000000"},
    "/style": {"title": "a"},
    "/verify": {"receipt": "nothing"},
    "/welcome/identity": {"proven": "nothing"},
    "/welcome/provider": {"code": "nothing"},
    "/welcome": {"code": "nothing", "password": "correct Horse 7 battery", "repeated": "correct Horse 7 battery"},
}
