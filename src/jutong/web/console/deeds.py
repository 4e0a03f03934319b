"""Lines of the ledger in words: what each act is called, and who stands behind a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jutong import registers
from jutong.desk import House
from jutong.kernel.text import Text, plain, text, translations
from jutong.ledger import Evidence

DEEDS: Mapping[str, Text] = {
    "access.accepted": text("invitation accepted"),
    "access.account_opened": text("account opened"),
    "access.barred": text("account barred"),
    "access.closed": text("account closed"),
    "access.code_awaited": text("password right, second factor awaited"),
    "access.delegated": text("post lent to a colleague"),
    "access.delegation_ended": text("lending of a post ended"),
    "access.identity_linked": text("identity at a provider linked"),
    "access.identity_unlinked": text("link to an identity removed"),
    "access.invited": text("person invited to sign in"),
    "access.language_chosen": text("language chosen"),
    "access.other_sessions_ended": text("own other sessions ended"),
    "access.passkey_added": text("passkey added"),
    "access.passkey_removed": text("passkey removed"),
    "access.password_changed": text("password changed"),
    "access.post_taken": text("other post taken"),
    "access.second_factor_enrolled": text("second factor enrolled"),
    "access.second_factor_given_up": text("second factor given up"),
    "access.second_factor_reset": text("second factor reset"),
    "access.session_ended": text("session ended by its person or an administrator"),
    "access.sessions_ended": text("all sessions of a person ended"),
    "access.sign_in_failed": text("sign-in failed"),
    "access.signed_in": text("signed in"),
    "access.signed_out": text("signed out"),
    "access.unlocked": text("account unlocked"),
    "access.unused_suspended": text("unused account suspended"),
    "access.unused_warned": text("warning that an account is unused"),
    "atlas.drawn": text("data map drawn anew"),
    "atlas.event_taken": text("run event of another program taken"),
    "cascade.declined": text("neighbour's line declined"),
    "cascade.handed_over": text("rows handed to the upper tier"),
    "cascade.taken": text("neighbour's line taken over"),
    "catalogue.adopted": text("entry taken over from a lower tier"),
    "catalogue.audit_escalated": text("overdue audit reported"),
    "catalogue.body_named": text("name of a body kept for lists"),
    "catalogue.code_issued": text("resource code issued"),
    "catalogue.demand_accepted": text("demand accepted"),
    "catalogue.demand_confirmed": text("body confirmed that it has the wanted data"),
    "catalogue.demand_contested": text("body denied having the wanted data"),
    "catalogue.demand_drafted": text("demand drafted"),
    "catalogue.demand_filed": text("demand filed"),
    "catalogue.demand_merged": text("demand merged into another"),
    "catalogue.demand_refused": text("demand refused"),
    "catalogue.demand_routed": text("presumed owner of wanted data asked"),
    "catalogue.demand_satisfied": text("demand satisfied"),
    "catalogue.demand_withdrawn": text("demand taken back"),
    "catalogue.drafted": text("entry drafted"),
    "catalogue.duties_stated": text("duties of a body stated"),
    "catalogue.gather_begun": text("import of a list begun"),
    "catalogue.gather_completed": text("import of a list completed"),
    "catalogue.gather_proposed": text("list read and its mapping proposed"),
    "catalogue.kinship_overturned": text("pairing of records overturned"),
    "catalogue.kinship_restored": text("pairing of records restored"),
    "catalogue.mapping_accepted": text("mapping of a list accepted"),
    "catalogue.portion_taken": text("portion of a list taken in"),
    "catalogue.published": text("entry published"),
    "catalogue.record_drafted": text("entry begun from a portal's record"),
    "catalogue.record_restored": text("vanished record restored"),
    "catalogue.registered": text("entry registered"),
    "catalogue.responsibility_dropped": text("responsibility dropped"),
    "catalogue.responsibility_escalated": text("overdue responsibility reported"),
    "catalogue.responsibility_fulfilled": text("responsibility fulfilled"),
    "catalogue.responsibility_opened": text("responsibility opened"),
    "catalogue.returned": text("entry returned to its provider"),
    "catalogue.revision_dropped": text("update of the catalogue no longer asked for"),
    "catalogue.revision_escalated": text("overdue update of the catalogue reported"),
    "catalogue.revision_extended": text("term of an update extended"),
    "catalogue.revision_extension_asked": text("more time asked for an update"),
    "catalogue.revision_extension_declined": text("more time for an update declined"),
    "catalogue.revision_opened": text("update of the catalogue made due"),
    "catalogue.revision_recounted": text("day of an update counted anew"),
    "catalogue.revision_settled": text("update of the catalogue settled"),
    "catalogue.signed": text("entry signed by the department"),
    "catalogue.submitted": text("entry submitted"),
    "catalogue.withdrawn": text("entry withdrawn"),
    "census.checked": text("reported table checked"),
    "census.edition_frozen": text("edition of the census frozen"),
    "census.entry_proposed": text("entry drafted from a table"),
    "census.harvested": text("tables of a system harvested"),
    "census.hung": text("table hung on an entry"),
    "census.project_applied": text("IT project applied for"),
    "census.project_judged": text("opinion on an IT project given"),
    "census.proposal_accepted": text("proposal of the assistant accepted"),
    "census.proposal_rejected": text("proposal of the assistant turned down"),
    "census.proposals_opened": text("proposals of the assistant opened"),
    "census.reported": text("tables reported"),
    "collection.drift_found": text("change in a source's columns found"),
    "collection.drift_settled": text("change in a source's columns decided"),
    "collection.landed": text("batch landed"),
    "collection.medium_taken": text("medium of edge agents taken in"),
    "collection.package_came": text("package of an edge agent came"),
    "collection.package_landed": text("package of an edge agent landed"),
    "collection.package_skipped": text("package of an edge agent left out"),
    "collection.package_stopped": text("package of an edge agent refused"),
    "collection.package_turned_away": text("something on a medium turned away"),
    "collection.plan_ended": text("plan of collection ended"),
    "collection.plan_kept": text("plan of collection kept"),
    "collection.plan_paused": text("plan of collection paused"),
    "collection.plan_restarted": text("stream of a plan begun anew"),
    "collection.plan_resumed": text("plan of collection resumed"),
    "collection.push_given_up": text("push of a file given up"),
    "collection.push_landed": text("pushed file landed"),
    "collection.push_opened": text("push of a file opened"),
    "collection.push_refused": text("pushed file refused"),
    "collection.push_taken": text("pushed package taken in"),
    "collection.run_begun": text("run of a plan begun"),
    "collection.run_ended": text("run of a plan ended"),
    "collection.source_tested": text("source tested"),
    "delivery.called": text("batch of calls sealed"),
    "delivery.file_handed_over": text("the whole handed over as one file"),
    "delivery.given_up": text("notice of a version given up as a dead letter"),
    "delivery.marks_declared": text("marks in copies declared"),
    "delivery.opened": text("service opened"),
    "delivery.listing_copied": text("copy of a declared service made"),
    "delivery.listing_declared": text("service declared"),
    "delivery.listing_ended": text("declared service ended"),
    "delivery.listing_opened": text("declared service opened to an agreement"),
    "delivery.listing_released": text("declared service given up"),
    "delivery.proxy_asked": text("department's own service asked by hand"),
    "delivery.proxy_declared": text("department's own service declared"),
    "delivery.proxy_ended": text("department's own service ended"),
    "delivery.proxy_opened": text("department's own service opened to an agreement"),
    "delivery.proxy_released": text("department's own service given up"),
    "delivery.proxy_secret_renewed": text("secret of a department's own service entered"),
    "delivery.proxy_tried": text("department's own service tried"),
    "delivery.listing_tried": text("declared service tried"),
    "delivery.outflow_asked": text("outflow asked to run at once"),
    "delivery.outflow_begun": text("delivery into a target begun"),
    "delivery.outflow_compared": text("target compared with what was delivered"),
    "delivery.outflow_declared": text("target of an outflow declared"),
    "delivery.outflow_delivered": text("rows delivered into a target"),
    "delivery.outflow_delayed": text("delivery into a target delayed, both bodies told"),
    "delivery.outflow_ended": text("outflow into a target ended"),
    "delivery.outflow_failed": text("delivery into a target came to nothing"),
    "delivery.outflow_paused": text("outflow let rest"),
    "delivery.outflow_renewed": text("outflow asked for the whole anew"),
    "delivery.outflow_started": text("outflow turned on"),
    "delivery.outflow_stopped": text("outflow stopped until somebody decides"),
    "delivery.outflow_tried": text("target of an outflow tested"),
    "delivery.policy_drafted": text("policy on deliveries drafted"),
    "delivery.policy_enforced": text("policy on deliveries put in force"),
    "delivery.policy_tried": text("policy tried on a sample"),
    "delivery.policy_withdrawn": text("policy on deliveries withdrawn"),
    "delivery.profile_issued": text("profile for reading shares issued"),
    "delivery.profile_revoked": text("profile for reading shares ended"),
    "delivery.secret_issued": text("shared secret issued"),
    "delivery.secret_revoked": text("shared secret ended"),
    "delivery.received": text("receipt of a delivery confirmed"),
    "delivery.sent_again": text("dead letter sent again"),
    "delivery.served": text("serving copy made"),
    "delivery.subscribed": text("system subscribed to new versions"),
    "delivery.sealing_key_dropped": text("key of serving copies destroyed"),
    "delivery.sealing_key_made": text("key of serving copies made"),
    "delivery.traced": text("found rows traced to a copy"),
    "delivery.unsubscribed": text("subscription to new versions ended"),
    "delivery.view_dropped": text("view of an agreement taken away"),
    "delivery.view_made": text("view of an agreement made"),
    "follows.declined": text("what should have followed was declined"),
    "guard.denied": text("denied by the guard"),
    "library.authority_set": text("last word of a source settled"),
    "library.conflicts_looked_at": text("conflicts looked at"),
    "library.joined": text("records merged"),
    "library.layer_exported": text("layer handed out"),
    "library.layer_loaded": text("layer loaded"),
    "library.layer_looked_at": text("layer looked at"),
    "library.layers_compared": text("two layers compared"),
    "library.looked_up": text("golden record looked up"),
    "library.match_accepted": text("match of a row accepted"),
    "library.match_rejected": text("match of a row rejected"),
    "library.addresses_read": text("addresses of a batch read into their parts"),
    "library.matched": text("rows without a key matched"),
    "library.matches_looked_at": text("matches looked at"),
    "library.merged": text("batch merged into the library"),
    "library.objects_placed": text("spatial objects placed in a layer"),
    "library.parted": text("records parted"),
    "library.theme_declared": text("theme library declared"),
    "library.theme_looked_at": text("theme library looked at"),
    "library.theme_made": text("theme library made"),
    "custody.looked_over": text("tables of the lake looked over"),
    "custody.upkeep_ordered": text("upkeep of a table ordered"),
    "custody.tended": text("upkeep of a table carried out"),
    "custody.erasure_asked": text("erasure of a subject asked for"),
    "custody.erasure_confirmed": text("erasure of a subject confirmed"),
    "custody.erasure_begun": text("erasure of a subject begun"),
    "custody.erased": text("subject erased"),
    "custody.looked_back": text("earlier version of a table looked at"),
    "library.settled": text("golden records brought up to a decision"),
    "notices.address_set": text("address for notices set"),
    "notices.read": text("notices marked as read"),
    "oversight.scored": text("scorecard frozen"),
    "quality.examined": text("batch examined"),
    "quality.examples_looked_at": text("examples of findings looked at"),
    "quality.objection_adopted": text("objection taken over from another tier"),
    "quality.objection_answered": text("objection answered"),
    "quality.objection_closed": text("objection closed"),
    "quality.objection_opened": text("objection opened"),
    "quality.objection_resolved": text("objection resolved by a new batch"),
    "quality.objection_taken_up": text("objection taken up"),
    "quality.objection_reopened": text("objection opened again"),
    "quality.objection_repeated": text("objection repeated by another batch"),
    "quality.profiled": text("batch profiled"),
    "quality.rulebook_issued": text("rulebook issued"),
    "quality.rulebook_tried": text("rulebook tried on a sample"),
    "registers.appointed": text("post given"),
    "registers.body_registered": text("body registered"),
    "registers.rule_entered": text("place's own term entered"),
    "registers.calendar_entered": text("year's notice on holidays entered"),
    "registers.cleared": text("clearance set"),
    "registers.credential_issued": text("credential issued"),
    "registers.credential_revoked": text("credential revoked"),
    "registers.dismissed": text("post ended"),
    "registers.key_set": text("system's key set"),
    "registers.key_withdrawn": text("system's key withdrawn"),
    "registers.overlap_ended": text("system's older key ended"),
    "registers.node_enrolled": text("neighbour's node enrolled"),
    "registers.person_registered": text("person registered"),
    "registers.power_listed": text("power listed"),
    "registers.service_item_listed": text("service item listed"),
    "registers.standards_seeded": text("standards entered"),
    "registers.system_described": text("system described"),
    "registers.system_registered": text("system registered"),
    "search.group_kept": text("group of synonyms kept"),
    "search.group_removed": text("group of synonyms removed"),
    "search.matched": text("new entry matched a saved search"),
    "search.put_forward": text("search without an answer put forward as a demand"),
    "search.question_kept": text("search saved"),
    "search.question_removed": text("saved search removed"),
    "sharing.amended": text("agreement changed as its user applied for"),
    "sharing.approved": text("request approved"),
    "sharing.batch_drafted": text("application for several entries drafted"),
    "sharing.purchase_declared": text("purchase of data declared"),
    "sharing.purchase_ended": text("licence of bought data ended"),
    "sharing.purchase_shared": text("bought data shared under an entry"),
    "sharing.template_dropped": text("template of requests removed"),
    "sharing.template_kept": text("template of requests kept"),
    "sharing.change_agreed": text("change of a service agreed to"),
    "sharing.change_declined": text("change of a service declined"),
    "sharing.change_proposed": text("change of a service proposed"),
    "sharing.change_taken_back": text("proposed change of a service taken back"),
    "sharing.concluded": text("agreement given up by the using body"),
    "sharing.disposed": text("disposal of copies certified"),
    "sharing.expired": text("agreement ended with its term"),
    "sharing.rectification_judged": text("rectification judged not enough"),
    "sharing.rectified": text("rectification reported"),
    "sharing.doubt_told": text("consumer told of a doubt"),
    "sharing.doubt_lifted": text("consumer told that a doubt is answered"),
    "sharing.change_told": text("consumer told of a change of the entry"),
    "sharing.deadline_recomputed": text("term counted anew"),
    "sharing.delivered": text("delivery recorded"),
    "sharing.drafted": text("request drafted"),
    "sharing.escalated": text("overdue matter escalated"),
    "sharing.extended": text("term of a request extended"),
    "sharing.extension_asked": text("extension asked for by the provider"),
    "sharing.precheck_asked": text("request handed to the authority for its check"),
    "sharing.precheck_completed": text("request completed for the authority's check"),
    "sharing.precheck_passed": text("request passed by the authority"),
    "sharing.precheck_returned": text("request sent back by the authority"),
    "sharing.redrafted": text("draft of a request changed"),
    "sharing.refused": text("request refused by the provider"),
    "sharing.resumed": text("agreement resumed"),
    "sharing.signed": text("request signed"),
    "sharing.sketched": text("request begun"),
    "sharing.submitted": text("request submitted"),
    "sharing.supplement_required": text("supplement required"),
    "sharing.supplemented": text("request supplemented"),
    "sharing.suspended": text("agreement suspended"),
    "sharing.terminated": text("agreement ended"),
    "sharing.use_discarded": text("record of use let go after its years"),
    "sharing.use_recorded": text("use of shared data recorded"),
    "sharing.use_unrecorded": text("consumer reminded of a missing record of use"),
    "sharing.dispute_opened": text("dispute opened"),
    "sharing.opinion_stated": text("opinion in a dispute stated"),
    "sharing.ruling_proposed": text("ruling in a dispute offered"),
    "sharing.ruling_accepted": text("ruling in a dispute accepted"),
    "sharing.dispute_taken_up": text("dispute brought before the authority"),
    "sharing.dispute_referred": text("dispute brought before the government"),
    "sharing.dispute_decided": text("dispute decided"),
    "sharing.dispute_withdrawn": text("dispute taken back"),
    "sharing.dispute_overdue": text("overdue dispute reported"),
    "sharing.bound": text("request bound by a ruling"),
    "sharing.urged": text("provider urged to answer"),
    "sharing.withdrawn": text("request taken back by the asking body"),
}
SIGN_INS = tuple(word for word in DEEDS if word.startswith("access."))
ADMINISTRATORS = (
    *(word for word in DEEDS if word.startswith("registers.")),
    "access.barred",
    "access.closed",
    "access.invited",
    "access.second_factor_reset",
    "access.sessions_ended",
    "access.unlocked",
)
DENIALS = ("guard.denied",)
_SLOT = re.compile(r"\{\w+\}")


def deed_of(act: str) -> Text:
    """Return what an act is called.

    >>> str(deed_of("sharing.approved")), str(deed_of("room.unheard_of"))
    ('request approved', 'room.unheard_of')
    """
    return DEEDS.get(act) or plain(act)


def reason_in(line: Evidence, language: str) -> str:
    """Return why something was denied; the ledger keeps the sentence without what stood in its gaps."""
    template = str(line.facts.get("reason", ""))
    return _SLOT.sub("…", translations(language).get(template, template))


@dataclass(slots=True)
class Names:
    """Who stands behind the codes of a page's lines; each is looked up once."""

    house: House
    bodies: dict[str, str] = field(default_factory=dict)
    _accounts: dict[str, str] = field(default_factory=dict)
    _posts: dict[tuple[str, str], Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.house.reading() as db:
            self.bodies = {body.code: body.short_name or body.name for body in registers.bodies(db)}

    def body(self, code: str) -> str:
        """Return a body's name, or its code where it is not in the register."""
        return self.bodies.get(code, code)

    def who(self, actor: str, body: str = "") -> Text:
        """Return the posts of a person in a body, without the person's name; a system or node by its code."""
        known = self._posts.get((actor, body))
        if known is None:
            known = self._posts[actor, body] = self._found(actor, body)
        return known

    def account(self, person: str) -> str:
        """Return the account of a person; of a system, a node or a stranger what the line calls it."""
        if person not in self._accounts:
            with self.house.reading() as db:
                known = registers.people_with(db, {person}).get(person)
            self._accounts[person] = known.account if known else person
        return self._accounts[person]

    def _found(self, actor: str, body: str) -> Text:
        if actor == "house":
            return text("this node itself")
        with self.house.reading() as db:
            posts = registers.posts_held_by(db, actor)
        here = [one for one in posts if one.body == body] or list(posts)
        if not here:
            return plain(actor)
        return plain("、".join(f"{one.title}（{self.body(one.body)}）" for one in here))
