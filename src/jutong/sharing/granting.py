"""What a provider grants: the wish or less, never more, each item behind the catalogue's mask or a stricter one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.guard.grades import Method, handling, require
from jutong.guard.mask import Bands, Clear, Drop, Found, Keep, Mask, Region, Truncated, parse_mask
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text
from jutong.terms.deadline import Deadline

from .agreement import Agreement, GrantedItem
from .request import Request
from .wish import Wish, changed_terms, check


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


def amended_by(
    request: Request,
    entry: Entry,
    agreement: Agreement,
    *,
    masks: Mapping[str, str],
    quota_per_day: int | None,
    delivery: Deadline,
) -> Agreement:
    """Return a running agreement as its consumer wants it otherwise, or less; it was never without its old terms.

    Every item is judged anew by the catalogue of today. One that was agreed to before keeps its mask, unless the
    provider names another or the catalogue has become stricter.
    """
    agreement.must_be_amendable()
    if request.before is None or changed_terms(terms_of(agreement, request.before), request.before):
        raise WrongMoment(
            text("the agreement has changed since the change of it was applied for"),
            basis=text("Order 809, art. 20: what is asked for is compared with what stands"),
            remedy=text("the using body takes the application back and applies anew"),
        )
    items = {item.name: item for item in entry.items}
    kept = {
        one.name: one.mask
        for one in agreement.items
        if one.name in items and hides(parse_mask(one.mask), what=parse_mask(items[one.name].standing_mask))
    }
    wanted = {name: mask for name, mask in kept.items() if name in request.wish.items} | dict(masks)
    fresh = agreement_of(request, entry, id=agreement.id, masks=wanted, quota_per_day=quota_per_day, delivery=delivery)
    return agreement.amend(fresh, by=request.id)


def terms_of(agreement: Agreement, words: Wish) -> Wish:
    """Return an agreement as the wish that would lead to it, in the words of the request that stands behind it."""
    return replace(
        words,
        entry=agreement.entry,
        items=tuple(item.name for item in agreement.items),
        purposes=agreement.purposes,
        methods=agreement.methods,
        systems=agreement.systems,
        starts=agreement.starts,
        ends=agreement.ends,
        quota_per_day=agreement.quota_per_day,
        divisions=agreement.divisions,
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
        case (Found(kinds), Found(at_least)):
            return set(kinds) >= set(at_least)
        case _:
            return mask == what


# Masks that an approval offers besides the catalogue's own, by what they leave to be seen.
USUAL_MASKS = ("keep:3:4", "keep:1:1", "keep:1:0", "month", "year", "region:4", "region:2", "found", "hash", "drop")


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
    # Numbers hidden in a text leave the text: it is as grave as it was.
    masked = not isinstance(mask, Clear | Found)
    if Method.QUERY in methods and not masked and handling(item.grade).second_approval:
        raise Invalid(
            text("{item} leaves in clear text only with a second person's approval", item=item.title),
            basis=text("GB/T 43697-2024 grading; guard policy, handling by grade"),
            remedy=text("give it a mask, or agree to verification alone"),
        )
    for method in methods:
        require(item.grade, method, masked=masked, purpose=True)
    return GrantedItem(name=item.name, mask=str(mask))
