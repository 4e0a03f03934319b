"""What is said after an act: one sentence for each word of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from jutong import ledger
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text
from jutong.ledger import Evidence

from .visit import Visit

# A sentence is said to whoever did it, right after; an address that somebody made up or passed on says nothing.
SAID_FOR = timedelta(minutes=5)
BEHIND: Mapping[str, str] = {"access.session_ended": "access.signed_out"}  # ending a session of one's own is both
AT_THE_DOOR = frozenset({"access.accepted", "access.signed_out"})  # nobody sits there whose line it could be

DONE: Mapping[str, Text] = {
    # registers
    "registers.body_registered": text("The body stands in the register."),
    "registers.person_registered": text("The person stands in the register."),
    "registers.appointed": text("The post was given."),
    "registers.cleared": text("The clearance was set."),
    "registers.dismissed": text("The post has ended."),
    "registers.credential_issued": text("The credential was issued."),
    "registers.credential_revoked": text("The credential has ended."),
    "registers.system_registered": text("The system stands in the register."),
    "registers.key_set": text("The system has its key."),
    "registers.key_withdrawn": text("The key was withdrawn."),
    "registers.overlap_ended": text("The newest key counts alone."),
    "registers.node_enrolled": text("The node is trusted under its key."),
    "registers.rule_entered": text("The term was entered; it binds what begins from its first day on."),
    "registers.calendar_entered": text("The year's notice was entered; open terms are counted anew."),
    # access
    "access.accepted": text("Your password is set; sign in with it."),
    "access.signed_out": text("You are signed out."),
    "access.session_ended": text("The session has ended."),
    "access.sessions_ended": text("All sessions of the person have ended."),
    "access.password_changed": text("The password was changed; all other sessions have ended."),
    "access.second_factor_given_up": text("You sign in without a second factor from now on."),
    "access.second_factor_reset": text("The second factor was reset."),
    "access.delegated": text("The post is lent."),
    "access.delegation_ended": text("The delegation has ended."),
    "access.other_sessions_ended": text("Your other sessions have ended."),
    "access.identity_linked": text("The identity is linked: it opens your account from now on."),
    "access.identity_unlinked": text("The link was removed."),
    "access.passkey_added": text("The passkey was added: sign in with it from now on."),
    "access.passkey_removed": text("The passkey was removed; it opens nothing any more."),
    "access.closed": text("The account is closed; only a new invitation opens it again."),
    "access.barred": text("The person is barred, and all its sessions have ended."),
    "access.unlocked": text("The person may sign in again."),
    # catalogue
    "catalogue.drafted": text("The entry was saved."),
    "catalogue.signed": text("The entry was signed."),
    "catalogue.submitted": text("The entry was submitted; the authority audits it now."),
    "catalogue.registered": text("The entry was registered; its publication is audited next."),
    "catalogue.published": text("The entry is published and in force."),
    "catalogue.returned": text("The entry went back to its provider."),
    "catalogue.withdrawn": text("The entry was withdrawn."),
    "catalogue.code_issued": text("The code was issued."),
    "catalogue.revision_opened": text("The clock of the update runs."),
    "catalogue.revision_extension_asked": text("More time was asked for; the authority decides."),
    "catalogue.revision_extended": text("The term of the update was extended."),
    "catalogue.revision_extension_declined": text("The day stands; the department was told."),
    "catalogue.revision_settled": text("The update is done; its clock has stopped."),
    "catalogue.revision_dropped": text("The update is no longer asked for."),
    "catalogue.revision_escalated": text("An update of a catalogue was reported overdue."),
    "catalogue.revision_recounted": text("The day of an update was counted anew."),
    "catalogue.audit_escalated": text("An audit was reported overdue."),
    "catalogue.demand_drafted": text("The demand was saved."),
    "catalogue.demand_filed": text("The demand was filed; the authority audits it."),
    "catalogue.demand_withdrawn": text("The demand was taken back."),
    "catalogue.demand_accepted": text("The demand is on the list."),
    "catalogue.demand_refused": text("The demand was refused."),
    "catalogue.demand_merged": text("The demand is met together with the other one."),
    "catalogue.demand_routed": text("The presumed owner was asked."),
    "catalogue.demand_confirmed": text("You have the data: what you are responsible for follows."),
    "catalogue.demand_contested": text("You do not have the data; the authority asks another body."),
    "catalogue.demand_satisfied": text("The demand is satisfied."),
    "catalogue.responsibility_opened": text("The responsibility is on the list."),
    "catalogue.responsibility_fulfilled": text("The responsibility is fulfilled."),
    "catalogue.responsibility_dropped": text("The responsibility is off the list."),
    "catalogue.responsibility_escalated": text("A responsibility was reported overdue."),
    "catalogue.duties_stated": text("The duties were kept."),
    "sharing.change_told": text("A user of the entry was told of its change."),
    # census
    "registers.system_described": text("The system is described."),
    "registers.power_listed": text("The power is listed."),
    "registers.service_item_listed": text("The service item is listed."),
    "census.harvested": text("The system was looked over."),
    "census.reported": text("The table is reported; the authority checks it."),
    "census.checked": text("The check is on record."),
    "census.hung": text("The table hangs on the entry."),
    "census.entry_proposed": text("An entry was drafted from the table; its terms are for you to fill in."),
    "census.edition_frozen": text("The edition is frozen."),
    "census.proposals_opened": text("The assistant proposes something: answer it."),
    "census.proposal_accepted": text("The proposal stands in the draft."),
    "census.proposal_rejected": text("The proposal was turned down; it is not made again."),
    "census.project_applied": text("The application is filed, with what the catalogue says to it."),
    "census.project_judged": text("The opinion is on record."),
    # atlas
    "atlas.drawn": text("The map was drawn anew."),
    "atlas.event_taken": text("The run event is on the map."),
    "catalogue.gather_proposed": text("The list was read; look at what its fields are taken to say."),
    "catalogue.mapping_accepted": text("The mapping was accepted for this source."),
    "catalogue.gather_begun": text("The import has begun."),
    "catalogue.portion_taken": text("A portion of the list was taken in."),
    "catalogue.gather_completed": text("The list was imported."),
    "catalogue.kinship_overturned": text("The decision was overturned; no later import makes it again."),
    "catalogue.kinship_restored": text("The decision stands again."),
    "catalogue.body_named": text("The name is kept: all records that bear it are that body's."),
    "catalogue.record_restored": text("The record is listed again."),
    "catalogue.record_drafted": text("A draft was begun with what the portal says; fill in what it does not say."),
    # search
    "search.group_kept": text("The words stand for one another from now on."),
    "search.group_removed": text("The words no longer stand for one another."),
    "search.question_kept": text("The search is kept; your body is told of new entries that answer it."),
    "search.question_removed": text("The search is no longer kept."),
    "search.put_forward": text("The words stand on the list of demand candidates."),
    # collection
    "collection.landed": text("The batch was landed; its examination follows."),
    "collection.plan_kept": text("The plan is kept; it runs by its schedule, or when you run it."),
    "collection.plan_paused": text("The plan rests; it runs only by hand."),
    "collection.plan_resumed": text("The plan runs by its schedule again."),
    "collection.drift_settled": text("The decision about the source's columns is kept."),
    "collection.run_ended": text("The run has ended; what came of it stands below."),
    # quality
    "quality.examined": text("The batch was examined."),
    "quality.examples_looked_at": text("Rows that fail a rule were looked at, masked."),
    "quality.objection_reopened": text("The rule failed again: the objection was opened again."),
    "quality.objection_repeated": text("Another batch fails the rule of the open objection."),
    "sharing.doubt_told": text("A user of the item was told of the doubt."),
    "sharing.doubt_lifted": text("A user of the item was told that the doubt is answered."),
    "quality.profiled": text("The batch was measured."),
    "quality.rulebook_issued": text("The rulebook was issued; it is asked of every batch from now on."),
    "quality.rulebook_tried": text("The rulebook was tried on a sample."),
    "quality.objection_adopted": text("An objection of another tier was taken over."),
    "quality.objection_resolved": text("A later batch passes the rule: the objection counts as corrected."),
    "quality.objection_opened": text("The objection was opened at the source."),
    "quality.objection_taken_up": text("The objection was taken up; its clock runs."),
    "quality.objection_answered": text("The objection was answered."),
    "quality.objection_closed": text("The objection was closed."),
    # library
    "library.merged": text("The batch was laid into the base library."),
    "library.authority_set": text("It was settled which source has the last word."),
    "library.matched": text("The rows without a key were matched."),
    "library.match_accepted": text("It is decided: the row tells of this legal person."),
    "library.match_rejected": text("It is decided: the row does not tell of this legal person."),
    "library.matches_looked_at": text("You looked at matches; that is on record."),
    "library.theme_declared": text("The theme is declared; it is made in a moment."),
    "library.theme_made": text("The theme was made from the base library as it stands."),
    "library.theme_looked_at": text("You looked at a theme; that is on record."),
    "library.layer_loaded": text("The layer was loaded."),
    "library.layer_exported": text("The layer was handed out; that is on record."),
    "library.layers_compared": text("Two layers were compared."),
    "library.objects_placed": text("Spatial objects were placed in a layer."),
    "library.layer_looked_at": text("You looked at a layer; that is on record."),
    "library.joined": text("It is decided: one subject. The records are merged in a moment."),
    "library.parted": text("It is decided: two subjects. The records are restored in a moment."),
    "library.settled": text("The golden records follow the decision."),
    "library.looked_up": text("You looked a record up; that is on record."),
    "library.conflicts_looked_at": text("You looked at conflicts; that is on record."),
    # custody
    "custody.erasure_asked": text("The erasure is asked for; a second person confirms it and carries it out."),
    "custody.tended": text("The table is tended: small files are put together, old versions are gone."),
    "custody.erased": text("The subject is erased: no table of this node shows the identifier any more."),
    # sharing
    "sharing.drafted": text("The request was saved."),
    "sharing.sketched": text("What you typed is kept; your body's officers can go on with it."),
    "sharing.redrafted": text("The draft was changed."),
    "sharing.signed": text("The request was signed."),
    "sharing.submitted": text("The request was submitted; the provider's clock runs."),
    "sharing.precheck_asked": text("The request is before the authority; its clock runs."),
    "sharing.precheck_completed": text("What was missing is handed in; the authority checks again."),
    "sharing.precheck_returned": text("The asking body was told everything that is missing."),
    "sharing.precheck_passed": text("The request passed the authority's check."),
    "sharing.supplement_required": text("The asking body was told what is missing."),
    "sharing.supplemented": text("The request was supplemented."),
    "sharing.withdrawn": text("The request was withdrawn."),
    "sharing.urged": text("The provider was reminded."),
    "sharing.extension_asked": text("The extension was asked for."),
    "sharing.extended": text("The term was extended."),
    "sharing.amended": text("The change is agreed to: the agreement stands on its new terms."),
    "sharing.batch_drafted": text("The requests were saved; each waits for the signature."),
    "sharing.purchase_declared": text("The purchase is declared; others find it from now on."),
    "sharing.purchase_ended": text("A licence ended, and with it what was shared under it."),
    "sharing.purchase_shared": text("Others ask for it under this entry, within the licence."),
    "sharing.template_dropped": text("The template was removed."),
    "sharing.template_kept": text("The words are kept."),
    "sharing.approved": text("The request was approved; the agreement is in force."),
    "sharing.refused": text("The request was refused with its reason."),
    "sharing.delivered": text("The delivery is on record."),
    "sharing.suspended": text("The agreement is suspended."),
    "sharing.resumed": text("The agreement is in force again."),
    "sharing.terminated": text("The agreement has ended."),
    "sharing.rectified": text("The report is handed in; it is judged next."),
    "sharing.rectification_judged": text("The using body was told that it is not enough."),
    "sharing.change_proposed": text("The change is proposed; the service runs on unchanged until it is agreed to."),
    "sharing.change_agreed": text("The change stands."),
    "sharing.change_declined": text("The change was declined; the service runs on as agreed."),
    "sharing.change_taken_back": text("The proposal was taken back; the service runs on as agreed."),
    "sharing.concluded": text("The rights have ended; certify what became of your copies."),
    "sharing.expired": text("The term is over."),
    "sharing.disposed": text("The certificate is on record."),
    "sharing.use_recorded": text("The record of use is kept."),
    "sharing.use_unrecorded": text("A consumer was reminded to record its use."),
    "sharing.use_discarded": text("The record of use was let go; its years were over."),
    "sharing.dispute_opened": text("The dispute is open; both bodies negotiate first."),
    "sharing.opinion_stated": text("The opinion is on record."),
    "sharing.ruling_proposed": text("The ruling is offered."),
    "sharing.ruling_accepted": text("Your body accepted the ruling."),
    "sharing.dispute_taken_up": text("The authority mediates now."),
    "sharing.dispute_referred": text("The government decides now."),
    "sharing.dispute_decided": text("The dispute is decided; the ruling binds from now on."),
    "sharing.dispute_withdrawn": text("The dispute was taken back."),
    "sharing.dispute_overdue": text("A dispute was reported overdue."),
    "sharing.bound": text("The ruling binds; the request is answered anew."),
    # delivery
    "delivery.opened": text("The service is open."),
    "delivery.profile_issued": text("The profile was issued."),
    "delivery.secret_issued": text("The secret was issued."),
    "delivery.secret_revoked": text("The secret has ended."),
    "delivery.profile_revoked": text("The profile has ended, and with it every address that it was given."),
    "delivery.subscribed": text("The system is subscribed; it is told of the newest version next."),
    "delivery.unsubscribed": text("The subscription has ended; nothing more is sent."),
    "delivery.sent_again": text("The dead letter is sent again, and after it what waits behind it."),
    "delivery.proxy_declared": text("The own service is declared; try it, then its office opens it to agreements."),
    "delivery.proxy_opened": text("The own service is open to the agreement; the gateway hands on within a second."),
    "delivery.proxy_released": text("The agreement rests on this own service no longer."),
    "delivery.proxy_ended": text("The own service has ended; its secret is forgotten."),
    "delivery.proxy_secret_renewed": text("The secret is kept, sealed; it counts within a second."),
    "delivery.listing_declared": text("The service is declared; try it, then its office opens it to agreements."),
    "delivery.listing_opened": text("The service is open to the agreement; the gateway answers within a second."),
    "delivery.listing_released": text("The agreement rests on this service no longer."),
    "delivery.listing_ended": text("The declared service has ended."),
    "delivery.outflow_declared": text("The target is declared; the provider tests it and turns it on."),
    "delivery.outflow_tried": text("The target is reached and fits; not a row was written."),
    "delivery.outflow_started": text("Turned on: every new version goes out by itself."),
    "delivery.outflow_paused": text("Nothing goes out until the provider turns it on again."),
    "delivery.outflow_asked": text("What is new is delivered in a moment."),
    "delivery.outflow_renewed": text("The whole is delivered anew in a moment."),
    "delivery.outflow_compared": text("The target holds what was delivered."),
    "delivery.outflow_ended": text("The outflow has ended; what was delivered stays."),
    "delivery.policy_drafted": text("The draft is kept; another person of your body puts it in force."),
    "delivery.policy_enforced": text("The policy is in force from its day on; gateways know it within a second."),
    "delivery.policy_withdrawn": text("The policy is withdrawn; deliveries are judged without it."),
    # ledger
    # oversight
    # notices
    "notices.read": text("The notices are marked as read."),
    "notices.address_set": text("The address for letters was kept."),
    "oversight.scored": text("The scorecard is frozen; the numbers of that period do not change any more."),
}


def said_in(visit: Visit) -> tuple[Text | None, str]:
    """Return the sentence after the act that the address names, and its line of evidence; nothing if it is not so."""
    word, wanted = visit.asked("done"), visit.asked("line")
    words = DONE.get(word)
    if words is None or not wanted.isalnum():
        return None, ""
    with visit.house.reading() as db:
        try:
            _, line = ledger.find(db, wanted)
        except NotFound:
            return None, ""
    fresh = visit.house.clock() - line.at < SAID_FOR
    if fresh and line.act in (word, BEHIND.get(word)) and _is_of(visit, line):
        return words, line.id
    return None, ""


def _is_of(visit: Visit, line: Evidence) -> bool:
    if visit.known is None:
        return line.act in AT_THE_DOOR
    return visit.known.person in (line.actor, line.on)
