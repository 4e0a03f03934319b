"""Who may do what: one line an act. An act without a line is denied to everyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jutong.terms.duty import NOT_OF_POSTS, Duty


class Tie(StrEnum):
    """How the actor's body must stand to the thing."""

    OWN = "own"  # the thing is its own
    PARTY = "party"  # the thing is its own, or it is named as a party
    OTHER = "other"  # the thing is another body's (nobody audits or asks for its own)
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Policy:
    """Any one of ``duties`` permits the act, if the actor's body stands to the thing as ``tie`` says."""

    duties: frozenset[Duty]
    tie: Tie


def _by(*duties: Duty, tie: Tie) -> Policy:
    return Policy(frozenset(duties), tie)


# Whoever holds a post may look things up; what of them is seen, the rooms decide.
OFFICIALS = frozenset(Duty) - NOT_OF_POSTS
# Whoever works with data: everybody but the administrators of systems and of security.
_OFFICIALS = (
    *(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, Duty.OFFICE_HEAD, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT),
    *(Duty.COLLECTION, Duty.GOVERNANCE, Duty.REQUESTS, Duty.ANSWERS, Duty.OVERSIGHT, Duty.AUDIT_ADMIN),
)

POLICIES: Mapping[str, Policy] = {
    # registers
    "registers.register_body": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.ANY),
    # catalogue
    "catalogue.draft": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "catalogue.sign": _by(Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "catalogue.submit": _by(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "catalogue.audit_registration": _by(Duty.REGISTER_AUDIT, tie=Tie.OTHER),
    "catalogue.audit_publication": _by(Duty.PUBLISH_AUDIT, tie=Tie.OTHER),
    "catalogue.return_entry": _by(Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OTHER),
    "catalogue.withdraw": _by(Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    # catalogue, upkeep: codes, revisions that a change of law or duties makes due
    "catalogue.open_revisions": _by(
        *(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT, Duty.REGISTER_AUDIT), tie=Tie.PARTY
    ),
    "catalogue.ask_revision_extension": _by(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "catalogue.decide_revision_extension": _by(Duty.OVERSIGHT, tie=Tie.PARTY),
    "catalogue.drop_revision": _by(Duty.OVERSIGHT, tie=Tie.PARTY),
    "catalogue.close_revision": _by(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "catalogue.escalate_overdue": _by(Duty.HOUSE, tie=Tie.OWN),
    "catalogue.recompute_revisions": _by(Duty.HOUSE, tie=Tie.OWN),
    # catalogue, lists: demands and responsibilities
    "catalogue.draft_demand": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.redraft_demand": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.file_demand": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.withdraw_demand": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.audit_demand": _by(Duty.REGISTER_AUDIT, Duty.OVERSIGHT, tie=Tie.PARTY),
    "catalogue.answer_demand": _by(Duty.CATALOGUE, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.fulfil_responsibility": _by(Duty.CATALOGUE, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.state_duties": _by(
        *(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT, Duty.REGISTER_AUDIT), tie=Tie.PARTY
    ),
    "sharing.tell_change": _by(Duty.HOUSE, tie=Tie.ANY),
    "pages.revisions": _by(
        *(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT), tie=Tie.OWN
    ),
    "pages.demands": _by(*_OFFICIALS, tie=Tie.OWN),
    "pages.demand_form": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "catalogue.adopt": _by(Duty.PEER, Duty.HOUSE, tie=Tie.ANY),
    "catalogue.harvest": _by(Duty.CATALOGUE, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OWN),
    "catalogue.settle_kinship": _by(Duty.CATALOGUE, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OWN),
    "catalogue.name_body": _by(Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OWN),
    "catalogue.draft_from_harvest": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "pages.harvest": _by(
        *(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT), tie=Tie.OWN
    ),
    "pages.entries": _by(*OFFICIALS, tie=Tie.OWN),
    "pages.entry_draft": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "pages.audits": _by(Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, tie=Tie.OWN),
    "registers.change_body": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.register_person": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.ANY),
    "registers.appoint": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.dismiss": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.clear": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.issue_credential": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.revoke_credential": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.register_system": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.set_key": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.end_overlap": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.withdraw_key": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.enrol_node": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.seed_standards": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.ANY),
    "registers.enter_calendar": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "registers.enter_rule": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    # access: at the door nobody is known yet, so the node itself acts; what is one's own is asked for as oneself
    "access.sign_in": _by(Duty.HOUSE, tie=Tie.OWN),
    "access.confirm": _by(Duty.HOUSE, tie=Tie.OWN),
    "access.accept": _by(Duty.HOUSE, tie=Tie.OWN),
    "access.open_account": _by(Duty.HOUSE, tie=Tie.OWN),
    "access.sign_out": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.take_post": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.choose_language": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.change_password": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.enrol_second_factor": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.give_up_second_factor": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.delegate": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.end_delegation": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.invite": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "access.end_session": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "access.bar": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "access.close": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "access.suspend_unused": _by(Duty.HOUSE, tie=Tie.OWN),
    "access.link_identity": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.unlink_identity": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.add_passkey": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.remove_passkey": _by(Duty.ONESELF, tie=Tie.ANY),
    "access.unlock": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "access.reset_second_factor": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    # delivery, policies: whoever writes one does not put it in force; the noun keeps the two apart
    "delivery.draft_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.draft_tier_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, tie=Tie.OWN),
    "delivery.try_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.enforce_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.enforce_tier_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, tie=Tie.OWN),
    "delivery.withdraw_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.withdraw_tier_policy": _by(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, tie=Tie.OWN),
    "pages.policies": _by(*(Duty.SECURITY_ADMIN, Duty.OVERSIGHT, Duty.OFFICE_HEAD, Duty.AUDIT_ADMIN), tie=Tie.OWN),
    "pages.people": _by(Duty.SYSTEM_ADMIN, Duty.SECURITY_ADMIN, tie=Tie.OWN),
    "pages.bodies": _by(Duty.SYSTEM_ADMIN, tie=Tie.OWN),
    "pages.systems": _by(Duty.SYSTEM_ADMIN, Duty.SECURITY_ADMIN, tie=Tie.OWN),
    "pages.nodes": _by(Duty.SYSTEM_ADMIN, tie=Tie.OWN),
    "pages.calendar": _by(Duty.SYSTEM_ADMIN, tie=Tie.OWN),
    # census: a department reports and hangs, the authority checks; the assistant proposes, the department answers
    "registers.describe_system": _by(Duty.CATALOGUE, Duty.COLLECTION, tie=Tie.OWN),
    "registers.list_power": _by(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "registers.list_service_item": _by(Duty.CATALOGUE, Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "census.harvest": _by(Duty.CATALOGUE, Duty.COLLECTION, tie=Tie.OWN),
    "census.report": _by(Duty.CATALOGUE, Duty.COLLECTION, tie=Tie.OWN),
    "census.check_table": _by(Duty.REGISTER_AUDIT, Duty.OVERSIGHT, tie=Tie.OTHER),
    "census.hang": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "census.propose_entry": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "census.freeze_edition": _by(Duty.OVERSIGHT, tie=Tie.OWN),
    "census.look_at_grades": _by(
        *(Duty.CATALOGUE, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.HOUSE), tie=Tie.PARTY
    ),
    "census.accept_proposal": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "census.reject_proposal": _by(Duty.CATALOGUE, tie=Tie.OWN),
    "census.apply_project": _by(Duty.CATALOGUE, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "census.judge_project": _by(Duty.OVERSIGHT, tie=Tie.OTHER),
    "pages.census": _by(*_OFFICIALS, tie=Tie.OWN),
    "pages.grading": _by(*_OFFICIALS, tie=Tie.OWN),
    "pages.projects": _by(Duty.CATALOGUE, Duty.OFFICE_HEAD, Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT, tie=Tie.OWN),
    # search
    "search.keep_group": _by(Duty.CATALOGUE, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OWN),
    "search.remove_group": _by(Duty.CATALOGUE, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OWN),
    "search.keep_question": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "search.let_go": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "search.tell_match": _by(Duty.HOUSE, tie=Tie.OWN),
    "search.put_forward": _by(Duty.REQUESTS, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, tie=Tie.OWN),
    "pages.synonyms": _by(Duty.CATALOGUE, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, tie=Tie.OWN),
    "pages.kept_questions": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "pages.missed": _by(Duty.REQUESTS, Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, tie=Tie.OWN),
    # collection
    "collection.collect": _by(Duty.COLLECTION, Duty.HOUSE, tie=Tie.OWN),
    "collection.aggregate": _by(Duty.COLLECTION, Duty.HOUSE, Duty.PEER, tie=Tie.ANY),
    "collection.keep_plan": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.try_source": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.pause_plan": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.resume_plan": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.restart_plan": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.end_plan": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.settle_drift": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.run_plan": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.push": _by(Duty.SYSTEM, tie=Tie.OWN),
    "collection.take_packages": _by(Duty.COLLECTION, tie=Tie.ANY),
    "collection.skip_package": _by(Duty.COLLECTION, tie=Tie.OWN),
    "collection.run_due": _by(Duty.HOUSE, tie=Tie.ANY),
    # quality
    "quality.examine": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    "quality.register_doubt": _by(Duty.GOVERNANCE, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.PARTY),
    "quality.raise_doubt": _by(*(Duty.GOVERNANCE, Duty.REQUESTS, Duty.OFFICE_HEAD, Duty.COLLECTION), tie=Tie.ANY),
    "quality.profile": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    "quality.open_objections": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    "quality.adopt_objection": _by(Duty.PEER, Duty.HOUSE, tie=Tie.ANY),
    "quality.verify_objection": _by(Duty.GOVERNANCE, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "quality.answer_objection": _by(Duty.GOVERNANCE, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "quality.close_objection": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.PARTY),
    "quality.look_at_examples": _by(Duty.GOVERNANCE, Duty.COLLECTION, Duty.ANSWERS, Duty.OVERSIGHT, tie=Tie.PARTY),
    "quality.issue_rulebook": _by(Duty.GOVERNANCE, tie=Tie.OWN),
    "quality.try_rulebook": _by(Duty.GOVERNANCE, Duty.COLLECTION, tie=Tie.PARTY),
    "quality.close_resolved": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    # library
    "library.merge": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    "library.set_authority": _by(Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.HOUSE, tie=Tie.ANY),
    "library.join": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.part": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.read_addresses": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    "library.match": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    "library.match_again": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.HOUSE, tie=Tie.PARTY),
    "library.decide_match": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.declare_theme": _by(Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.make_theme": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.HOUSE, tie=Tie.PARTY),
    "library.settle": _by(Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.ANY),
    # sharing
    "sharing.draft_request": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OTHER),
    "sharing.draft_amendment": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.drop_amendments": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.keep_template": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.drop_template": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    # bought data: declared by its buyer, found by everybody, ended with its licence
    "sharing.declare_purchase": _by(Duty.CATALOGUE, Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.share_purchase": _by(Duty.CATALOGUE, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.end_purchases": _by(Duty.HOUSE, tie=Tie.ANY),
    "pages.purchases": _by(*_OFFICIALS, tie=Tie.OWN),
    "pages.purchase_form": _by(Duty.CATALOGUE, Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.redraft_request": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.sign_request": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.submit_request": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.pass_precheck": _by(Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.return_precheck": _by(Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.escalate_prechecks": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.require_supplement": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.supplement": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.withdraw": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.ask_extension": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.extend": _by(Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.approve": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.refuse": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.record_delivery": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.HOUSE, tie=Tie.PARTY),
    "sharing.suspend": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.resume": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.terminate": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    # the course of an agreement: what one side may not do alone has two keys (art. 27)
    "sharing.rectify": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.judge_rectification": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.propose_change": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.agree_change": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.decline_change": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.take_back_change": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.conclude": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.certify_disposal": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    # records of use (art. 29)
    "sharing.record_use": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.discard_use": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.watch_use": _by(Duty.HOUSE, tie=Tie.ANY),
    # disputes: the two bodies negotiate, an authority mediates, its government decides (art. 28)
    "sharing.open_dispute": _by(Duty.OFFICE_HEAD, tie=Tie.PARTY),
    "sharing.state_opinion": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, Duty.DEPARTMENT_HEAD, tie=Tie.PARTY),
    "sharing.propose_ruling": _by(Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.accept_ruling": _by(Duty.OFFICE_HEAD, tie=Tie.PARTY),
    "sharing.take_up_dispute": _by(Duty.OFFICE_HEAD, tie=Tie.PARTY),
    "sharing.refer_dispute": _by(Duty.OVERSIGHT, tie=Tie.OWN),
    "sharing.decide_dispute": _by(Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT, tie=Tie.OWN),
    "sharing.withdraw_dispute": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "sharing.escalate_disputes": _by(Duty.HOUSE, tie=Tie.ANY),
    "pages.disputes": _by(
        *(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT), tie=Tie.OWN
    ),
    "sharing.end_terms": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.urge": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.PARTY),
    "sharing.answer_unconditional": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.suspend_all": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.tell_doubt": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.escalate_overdue": _by(Duty.HOUSE, tie=Tie.ANY),
    "sharing.recompute_deadlines": _by(Duty.HOUSE, tie=Tie.ANY),
    # sharing and delivery, pages
    "pages.acceptance": _by(
        *(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.DEPARTMENT_HEAD, Duty.OVERSIGHT),
        *(Duty.CATALOGUE, Duty.GOVERNANCE, Duty.REGISTER_AUDIT),
        tie=Tie.OWN,
    ),
    "pages.requests": _by(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.OWN),
    "pages.request_form": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "pages.agreements": _by(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.OWN),
    "pages.services": _by(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.OWN),
    "pages.service_trial": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "pages.calls": _by(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.OVERSIGHT, tie=Tie.OWN),
    # oversight
    "oversight.read": _by(
        Duty.OVERSIGHT, Duty.AUDIT_ADMIN, Duty.OFFICE_HEAD, Duty.DEPARTMENT_HEAD, Duty.HOUSE, tie=Tie.PARTY
    ),
    "oversight.freeze": _by(Duty.OVERSIGHT, Duty.HOUSE, tie=Tie.PARTY),
    # delivery
    "delivery.serve_entry": _by(Duty.COLLECTION, Duty.GOVERNANCE, Duty.ANSWERS, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.open_service": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.refresh": _by(Duty.COLLECTION, Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.PARTY),
    # delivery by declaration: the provider declares and opens; what an agreement rests on, its consumer gives up
    "delivery.declare_listing": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.try_listing": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.open_listing": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.release_listing": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.end_listing": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.copy_listing": _by(Duty.HOUSE, tie=Tie.PARTY),
    # delivery by a department's own service: likewise, and an official of the consumer may ask it by hand
    "delivery.declare_proxy": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.renew_proxy_secret": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.try_proxy": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.ask_proxy": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.open_proxy": _by(Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.release_proxy": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.end_proxy": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    # delivery to callers that cannot sign
    "delivery.issue_secret": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.revoke_secret": _by(Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.look_at_copies": _by(Duty.SYSTEM_ADMIN, Duty.SECURITY_ADMIN, Duty.AUDIT_ADMIN, tie=Tie.OWN),
    "delivery.make_sealing_key": _by(Duty.SECURITY_ADMIN, tie=Tie.OWN),
    "delivery.renew_copies": _by(Duty.SECURITY_ADMIN, tie=Tie.OWN),
    # delivery of the whole: views, profiles of recipients
    "delivery.make_view": _by(Duty.ANSWERS, Duty.GOVERNANCE, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.issue_profile": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.revoke_profile": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.subscribe": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.end_subscription": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, Duty.SECURITY_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.give_up": _by(Duty.HOUSE, tie=Tie.PARTY),
    "delivery.send_again": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    # delivery into a consumer's target: it declares, the provider tests and turns on, each may stop
    "delivery.declare_outflow": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.try_outflow": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.start_outflow": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.pause_outflow": _by(*(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.SECURITY_ADMIN), tie=Tie.PARTY),
    "delivery.ask_outflow": _by(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.PARTY),
    "delivery.renew_outflow": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.run_outflow": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.HOUSE, tie=Tie.PARTY),
    "delivery.compare_outflow": _by(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.PARTY),
    "delivery.end_outflow": _by(
        *(Duty.REQUESTS, Duty.ANSWERS, Duty.OFFICE_HEAD, Duty.SECURITY_ADMIN, Duty.HOUSE), tie=Tie.PARTY
    ),
    "delivery.hand_over_file": _by(Duty.REQUESTS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.declare_marks": _by(Duty.ANSWERS, Duty.OFFICE_HEAD, tie=Tie.OWN),
    "delivery.trace": _by(Duty.SECURITY_ADMIN, tie=Tie.PARTY),
    "pages.traces": _by(Duty.SECURITY_ADMIN, tie=Tie.OWN),
    "delivery.confirm_receipt": _by(Duty.SYSTEM, tie=Tie.OWN),
    # pages of rows: batches, findings, objections, the base library
    "pages.batches": _by(*_OFFICIALS, tie=Tie.ANY),
    "pages.sources": _by(*_OFFICIALS, tie=Tie.ANY),
    "pages.deliver": _by(Duty.COLLECTION, tie=Tie.ANY),
    "pages.pushes": _by(Duty.COLLECTION, Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.AUDIT_ADMIN, tie=Tie.ANY),
    "pages.packages": _by(Duty.COLLECTION, Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.AUDIT_ADMIN, tie=Tie.ANY),
    "pages.plans": _by(Duty.COLLECTION, Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.AUDIT_ADMIN, tie=Tie.ANY),
    "pages.quality": _by(*_OFFICIALS, tie=Tie.ANY),
    "pages.doubt": _by(*(Duty.GOVERNANCE, Duty.REQUESTS, Duty.OFFICE_HEAD, Duty.COLLECTION), tie=Tie.ANY),
    "pages.objections": _by(
        *(Duty.GOVERNANCE, Duty.ANSWERS, Duty.COLLECTION, Duty.OFFICE_HEAD, Duty.DEPARTMENT_HEAD),
        *(Duty.OVERSIGHT, Duty.AUDIT_ADMIN, Duty.REQUESTS),
        tie=Tie.ANY,
    ),
    "pages.subjects": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.ANY),
    "pages.layers": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.ANY),
    "pages.themes": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.PUBLISH_AUDIT, tie=Tie.ANY),
    "pages.rates": _by(*_OFFICIALS, tie=Tie.ANY),
    "pages.authorities": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, Duty.PUBLISH_AUDIT, tie=Tie.ANY),
    # library, looking
    "library.look_up": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.look_at_conflicts": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.load_layer": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.look_at_layer": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.export_layer": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.look_at_theme": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    "library.look_at_matches": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.OWN),
    # custody of the lake
    "custody.look_over": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "custody.tend": _by(Duty.SYSTEM_ADMIN, Duty.HOUSE, tie=Tie.PARTY),
    "custody.look_back": _by(Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.PARTY),
    "custody.ask_erasure": _by(Duty.GOVERNANCE, Duty.ANSWERS, Duty.OVERSIGHT, tie=Tie.PARTY),
    "custody.confirm_erasure": _by(Duty.SECURITY_ADMIN, Duty.DEPARTMENT_HEAD, tie=Tie.PARTY),
    "pages.lake": _by(Duty.SYSTEM_ADMIN, Duty.GOVERNANCE, Duty.OVERSIGHT, tie=Tie.PARTY),
    "pages.erasures": _by(
        *(Duty.GOVERNANCE, Duty.ANSWERS, Duty.OVERSIGHT, Duty.SECURITY_ADMIN, Duty.DEPARTMENT_HEAD), tie=Tie.PARTY
    ),
    # atlas
    "atlas.draw": _by(Duty.HOUSE, tie=Tie.ANY),
    "atlas.take_event": _by(Duty.COLLECTION, Duty.GOVERNANCE, tie=Tie.OWN),
    "pages.map": _by(*_OFFICIALS, tie=Tie.OWN),
    # cascade
    "cascade.take": _by(Duty.HOUSE, tie=Tie.OWN),
    "cascade.hand_over": _by(Duty.HOUSE, tie=Tie.OWN),
    # notices
    "notices.mark_read": _by(*OFFICIALS, tie=Tie.OWN),
    "notices.set_address": _by(Duty.ONESELF, tie=Tie.ANY),
    # pages of the desk
    "pages.desk": _by(*OFFICIALS, tie=Tie.OWN),
    # follows
    "follows.decline": _by(Duty.HOUSE, tie=Tie.OWN),
    # pages of proof
    "pages.ledger": _by(*OFFICIALS, tie=Tie.OWN),
    "pages.oversight": _by(Duty.OVERSIGHT, Duty.AUDIT_ADMIN, Duty.OFFICE_HEAD, Duty.DEPARTMENT_HEAD, tie=Tie.OWN),
    "pages.audit": _by(Duty.AUDIT_ADMIN, tie=Tie.OWN),
}
