"""A sharing agreement: exactly what one body may have of another's data, from when to when, and whether it may now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.catalogue.terms_of_use import Purpose
from jutong.guard.grades import Method, handling, require
from jutong.guard.mask import Bands, Clear, Drop, Keep, Mask, Region, Truncated, parse_mask
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.actor import Actor
from jutong.terms.deadline import Deadline
from jutong.terms.duty import Duty

from .request import Request
from .wish import check, check_words


class Standing(StrEnum):
    """Whether an agreement gives rights (Order 809, art. 27)."""

    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedItem:
    """One item that may be had, and the mask through which it is seen, as ``guard.parse_mask`` reads it."""

    name: str
    mask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The rights of one consumer in one entry; each change gives it a new ``epoch``, the node's highest so far."""

    id: str
    request: str
    entry: str
    entry_version: int
    provider: str
    consumer: str
    systems: tuple[str, ...]
    items: tuple[GrantedItem, ...]
    purposes: tuple[Purpose, ...]
    methods: frozenset[Method]
    quota_per_day: int
    divisions: tuple[str, ...]
    starts: date
    ends: date
    delivery: Deadline
    stage: Standing = Standing.IN_FORCE
    epoch: int = 0
    delivered: date | None = None
    late: bool = False  # the delivery came after its due day
    escalated: bool = False  # that it is overdue has been reported
    reason: str = ""  # why it was suspended or terminated
    rectify_by: date | None = None

    @property
    def due(self) -> date | None:
        """The day by which the service is owed; None when it is there, or owed no longer."""
        return None if self.delivered is not None or self.stage is Standing.TERMINATED else self.delivery.due

    def covers(self, today: date) -> bool:
        """Say whether the rights can be used today; both days of the term are part of it."""
        return self.stage is Standing.IN_FORCE and self.starts <= today <= self.ends

    def visible_to(self, actor: Actor) -> bool:
        """Say whether the actor may learn that the agreement exists."""
        return actor.org in {self.provider, self.consumer} or bool(actor.duties & {Duty.OVERSIGHT, Duty.HOUSE})

    def overdue(self, today: date) -> bool:
        """Say whether the service is owed and its due day is over; a terminated agreement owes nothing more."""
        return self.due is not None and self.delivery.overdue(today)

    def deliver(self, today: date) -> Agreement:
        """Return the agreement as delivered: from this day on the service answers."""
        if self.delivered is not None or self.stage is Standing.TERMINATED:
            raise WrongMoment(text("agreement {id} awaits no delivery", id=self.id))
        return replace(self, delivered=today, late=self.overdue(today))

    def suspend(self, reason: str, rectify_by: date | None, today: date) -> Agreement:
        """Return the agreement without rights until what is wrong has been put right."""
        self._must_be(Standing.IN_FORCE)
        check_words(text("reason"), reason)
        if rectify_by is not None and rectify_by < today:
            raise Invalid(text("the day by which to put it right is over"), basis=text("Order 809, art. 27"))
        return replace(self, stage=Standing.SUSPENDED, reason=reason, rectify_by=rectify_by)

    def resume(self) -> Agreement:
        """Return the agreement with its rights back."""
        self._must_be(Standing.SUSPENDED)
        return replace(self, stage=Standing.IN_FORCE, reason="", rectify_by=None)

    def terminate(self, reason: str) -> Agreement:
        """Return the agreement as ended for good; a reason is compulsory, for no running service is stopped at will."""
        self._must_be(Standing.IN_FORCE, Standing.SUSPENDED)
        check_words(text("reason"), reason)
        return replace(self, stage=Standing.TERMINATED, reason=reason)

    def escalate(self) -> Agreement:
        """Return the agreement with its late delivery marked as reported."""
        return replace(self, escalated=True)

    def reclocked(self, delivery: Deadline) -> Agreement:
        """Return the agreement with its delivery day counted again, after the calendar became firm."""
        return replace(self, delivery=delivery)

    def digest(self) -> str:
        """Return the digest of all that the agreement says; whoever holds its text can make it again."""
        said: dict[str, Fact] = {
            "id": self.id,
            "request": self.request,
            "entry": self.entry,
            "entry_version": self.entry_version,
            "provider": self.provider,
            "consumer": self.consumer,
            "systems": tuple(sorted(self.systems)),
            "items": [[item.name, item.mask] for item in self.items],
            "purposes": tuple(sorted(self.purposes)),
            "methods": tuple(sorted(self.methods)),
            "quota_per_day": self.quota_per_day,
            "divisions": tuple(sorted(self.divisions)),
            "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat(),
        }
        return digest(canonical(said))

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of the agreement: identifiers, days and digests, none of its words."""
        return {
            "request": self.request,
            "entry": self.entry,
            "entry_version": self.entry_version,
            "provider": self.provider,
            "consumer": self.consumer,
            "epoch": self.epoch,
            "rule": self.delivery.rule_id,
            "due": self.delivery.due.isoformat(),
            "provisional": self.delivery.provisional,
            "late": self.late,
        }

    def grant(self) -> dict[str, Fact]:
        """Return what evidence says of the agreement at its birth, beside the facts of its request."""
        return {
            "agreement": self.id,
            "epoch": self.epoch,
            "items": [item.name for item in self.items],
            "masks": [item.mask for item in self.items],
            "delivery_due": self.delivery.due.isoformat(),
            "delivery_provisional": self.delivery.provisional,
        }

    def _must_be(self, *stages: Standing) -> None:
        if self.stage not in stages:
            raise WrongMoment(
                text("agreement {id} is {stage}", id=self.id, stage=self.stage.value),
                basis=text("Order 809, art. 27"),
                remedy=text("possible from: {stages}", stages=", ".join(sorted(stages))),
            )


def agreement_of(
    request: Request,
    entry: Entry,
    *,
    id: str,
    masks: Mapping[str, str],
    quota_per_day: int | None,
    delivery: Deadline,
) -> Agreement:
    """Return what the provider agrees to on the day on which ``delivery`` starts: the wish, or less, never more.

    The entry may have changed since it was asked for, so the wish is checked again against what it is now.
    """
    wish = request.wish
    items = check(wish, entry, consumer=request.consumer)
    if strange := set(masks) - set(wish.items):
        raise Invalid(text("a mask is given for {count} items that were not asked for", count=len(strange)))
    if quota_per_day is not None and not 1 <= quota_per_day <= wish.quota_per_day:
        raise Invalid(
            text("the quota is from 1 to the {wanted} calls a day that were asked for", wanted=wish.quota_per_day)
        )
    return Agreement(
        id=id,
        request=request.id,
        entry=entry.id,
        entry_version=entry.version,
        provider=request.provider,
        consumer=request.consumer,
        systems=wish.systems,
        items=tuple(_granted(item, masks.get(item.name), wish.methods) for item in items),
        purposes=wish.purposes,
        methods=wish.methods,
        quota_per_day=quota_per_day or wish.quota_per_day,
        divisions=wish.divisions,
        starts=max(wish.starts, delivery.started),
        ends=wish.ends,
        delivery=delivery,
    )


def hides(mask: Mask, *, what: Mask) -> bool:
    """Say whether ``mask`` shows nothing that the mask ``what`` would hide.

    >>> hides(Keep(3, 0), what=Keep(3, 4)), hides(Keep(3, 4), what=Keep(3, 0))
    (True, False)
    """
    match mask, what:
        case (Drop(), _) | (_, Clear()):
            return True
        case (Keep(head, tail), Keep(most_head, most_tail)):
            return head <= most_head and tail <= most_tail
        case (Truncated(month), Truncated(may_month)):
            return may_month or not month
        case (Region(digits), Region(most)):
            return digits <= most
        case (Bands(bounds), Bands(known)):
            return set(bounds) <= set(known)
        case _:
            return mask == what


# Masks that an approval offers besides the catalogue's own, by what they leave to be seen.
USUAL_MASKS = ("keep:3:4", "keep:1:1", "keep:1:0", "month", "year", "region:4", "region:2", "hash", "drop")


def masks_for(item: Item) -> tuple[str, ...]:
    """Return the catalogue's mask for an item, and the usual ones that show nothing more than it."""
    standing = parse_mask(item.standing_mask)
    stricter = (one for one in USUAL_MASKS if hides(parse_mask(one), what=standing))
    return tuple(dict.fromkeys((str(standing), *stricter)))


def _granted(item: Item, wanted: str | None, methods: frozenset[Method]) -> GrantedItem:
    standing = parse_mask(item.standing_mask)
    mask = parse_mask(wanted) if wanted is not None else standing
    if not hides(mask, what=standing):
        raise Invalid(
            text(
                "the mask {mask} for {item} shows more than the catalogue's {standing}",
                mask=str(mask),
                item=item.title,
                standing=str(standing),
            ),
            basis=text("GB/T 43697-2024 grading; Order 809, art. 35"),
            remedy=text("choose a stricter mask of the same kind, or drop"),
        )
    masked = not isinstance(mask, Clear)
    if Method.QUERY in methods and not masked and handling(item.grade).second_approval:
        raise Invalid(
            text("{item} leaves in clear text only with a second person's approval", item=item.title),
            basis=text("GB/T 43697-2024 grading; guard policy, handling by grade"),
            remedy=text("give it a mask, or agree to verification alone"),
        )
    for method in methods:
        require(item.grade, method, masked=masked, purpose=True)
    return GrantedItem(name=item.name, mask=str(mask))
