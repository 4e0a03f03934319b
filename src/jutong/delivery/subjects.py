"""What policies of delivery speak of: our schema, and an agreement with its entry, items, bodies and systems in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType
from jutong.guard.cedar import Entity, Record, Request, Schema, Uid, Value
from jutong.guard.cedar.check import ADDRESS, BOOL, LONG, STRING, ActionType, Attr, EntityType, Kind, record
from jutong.guard.cedar.tree import Scope
from jutong.guard.cedar.values import Wrong, address_of, set_of
from jutong.guard.mask import Clear, parse_mask
from jutong.sharing.agreement import Agreement
from jutong.terms.element import PERSONAL

from .call import Call

RECORD, BATCH = "record", "batch"  # groups of actions
SUBSCRIBE, OUTFLOW = "subscribe", "outflow"
# Every way of delivery with its groups; the first five are the methods of agreements.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "query": (RECORD,),
    "verify": (RECORD,),
    "table": (BATCH,),
    "file": (BATCH,),
    "enclave": (),
    SUBSCRIBE: (BATCH,),
    OUTFLOW: (BATCH,),
}
BATCH_SCOPE = Scope(
    within=(Uid("Action", BATCH), *(Uid("Action", name) for name, groups in ACTIONS.items() if BATCH in groups))
)
_BODY, _STRINGS = Kind("Body"), Kind("Set", of=STRING)
_ANY_STRING, _ANY_LONG = Kind("Record", any_name=STRING), Kind("Record", any_name=LONG)
CONTEXT = record(
    purpose=STRING,
    day=LONG,  # as 20260105, by legal time (UTC+8)
    weekday=LONG,  # 1 Monday to 7 Sunday
    hour=LONG,  # 0 to 23, by legal time
    items=Kind("Set", of=Kind("Item")),  # those that are asked for
    rows=Attr(LONG, required=False),  # keys of a call; of batch delivery nothing is said
    address=Attr(ADDRESS, required=False),  # where a call comes from; an outflow comes from nowhere
    assurance=Attr(LONG, required=False),  # how a call is known: 3 by its own signature, 2 a session, 1 a shared secret
    row=_ANY_STRING,  # the row's values as words, by item
    number=_ANY_LONG,  # those of them that are whole numbers
)
SCHEMA = Schema(
    entities={
        "Body": EntityType(),
        "System": EntityType(record(body=_BODY), frozenset({"Body"})),
        "Person": EntityType(record(body=_BODY, duties=_STRINGS, acr=Attr(LONG, required=False)), frozenset({"Body"})),
        "Entry": EntityType(record(provider=_BODY, grade=LONG, shareType=STRING), frozenset({"Body"})),
        "Item": EntityType(
            record(
                name=STRING,
                entry=Kind("Entry"),
                element=Attr(STRING, required=False),  # the standard element that it is of
                grade=LONG,
                shareType=STRING,
                personal=BOOL,  # by its standard element, about one natural person
                masked=BOOL,
            ),
            frozenset({"Agreement", "Entry", "Body"}),
        ),
        "Agreement": EntityType(
            record(
                entry=Kind("Entry"),
                provider=_BODY,
                consumer=_BODY,
                grade=LONG,
                shareType=STRING,
                purposes=_STRINGS,
                items=Kind("Set", of=Kind("Item")),
                starts=LONG,
                ends=LONG,
            ),
            frozenset({"Entry", "Body"}),
        ),
    },
    actions={
        name: ActionType(
            principals=_principals,
            resources=("Agreement",),
            parts=("Item",),
            context=CONTEXT,
            groups=frozenset(ACTIONS[name]),
        )
        for name, _principals in {
            "query": ("System",),
            "verify": ("System",),
            "table": ("System",),
            "file": ("System", "Person"),
            "enclave": ("System", "Person"),
            SUBSCRIBE: ("System",),
            OUTFLOW: ("Body",),
        }.items()
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """An agreement and all that policies may know of it."""

    agreement: Entity
    consumer: Uid
    items: Mapping[str, Uid]
    entities: Mapping[Uid, Entity]

    @property
    def principals(self) -> tuple[Entity, ...]:
        """Who may ask for it: its systems, the consuming body, any person of it."""
        known = [one for uid, one in self.entities.items() if uid == self.consumer or self.consumer in one.ancestors]
        return (*known, Entity(Uid("Person", ""), ancestors=frozenset({self.consumer})))

    @property
    def actions(self) -> tuple[Entity, ...]:
        """All ways of delivery."""
        return tuple(_ACTIONS.values())

    def request(self, call: Call) -> Request:
        """Return a call as policies see it."""
        who, known = self._who(call)
        names = call.items or tuple(self.items)
        context: dict[str, Value] = {
            "purpose": call.purpose,
            "day": _day(call.day),
            "weekday": call.day.isoweekday(),
            "hour": call.hour,
            "items": set_of(self.items[name] for name in names if name in self.items),
        }
        if call.records:
            context["rows"] = call.records
            context["assurance"] = 1 if call.by_secret else 3 if call.alg else 2
        if call.address:
            with suppress(Wrong):  # a socket without an address: policies ask ``context has address``
                context["address"] = address_of(call.address)
        return Request(
            principal=who,
            action=Uid("Action", call.way or call.method.value),
            resource=self.agreement.uid,
            context=Record(context),
            entities=known,
        )

    def request_of_view(self, purpose: str = "") -> Request:
        """Return the wish for the rows as a whole, of which no more is known than whose they will be, and for what."""
        return Request(
            principal=self.consumer,
            action=Uid("Action", OUTFLOW),
            resource=self.agreement.uid,
            context=Record({"purpose": purpose} if purpose else {}),
            entities=self.entities,
        )

    def _who(self, call: Call) -> tuple[Uid, Mapping[Uid, Entity]]:
        if call.person is not None:
            uid, told = Uid("Person", call.person.id), call.person
            attrs: dict[str, Value] = {"body": self.consumer, "duties": set_of(told.duties)}
            if told.acr:
                attrs["acr"] = told.acr
            return uid, {**self.entities, uid: Entity(uid, Record(attrs), frozenset({self.consumer}))}
        return (Uid("System", call.client), self.entities) if call.client else (self.consumer, self.entities)


def subjects_of(agreement: Agreement, entry: Entry) -> Subjects:
    """Return what policies may know of an agreement over an entry as it is now."""
    provider, consumer = Uid("Body", agreement.provider), Uid("Body", agreement.consumer)
    of = Uid("Entry", entry.id)
    masks = {one.name: parse_mask(one.mask) for one in agreement.items}
    left = [item for item in entry.items if item.name in masks and item.share_type is not ShareType.NOT_SHARED]
    items = {item.name: Uid("Item", f"{entry.id}/{item.name}") for item in left}
    above = frozenset({of, provider})
    uid = Uid("Agreement", agreement.id)
    known = [Entity(provider), Entity(consumer)]
    known.append(
        Entity(
            of,
            Record({"provider": provider, "grade": int(entry.grade), "shareType": entry.share_type.value}),
            frozenset({provider}),
        )
    )
    for item in left:
        attrs: dict[str, Value] = {
            "name": item.name,
            "entry": of,
            "grade": int(item.grade),
            "shareType": item.share_type.value,
            "personal": item.element in PERSONAL,
            "masked": not isinstance(masks[item.name], Clear),
        }
        if item.element:
            attrs["element"] = item.element
        known.append(Entity(items[item.name], Record(attrs), above | {uid}))
    for name in agreement.systems:
        known.append(Entity(Uid("System", name), Record({"body": consumer}), frozenset({consumer})))
    told = Entity(
        uid,
        Record(
            {
                "entry": of,
                "provider": provider,
                "consumer": consumer,
                "grade": max((int(item.grade) for item in left), default=1),
                "shareType": entry.share_type.value,
                "purposes": set_of(purpose.value for purpose in agreement.purposes),
                "items": set_of(items.values()),
                "starts": _day(agreement.starts),
                "ends": _day(agreement.ends),
            }
        ),
        above,
    )
    entities = {one.uid: one for one in (*known, told)} | _ACTIONS
    return Subjects(agreement=told, consumer=consumer, items=items, entities=entities)


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


_ACTIONS = {
    **{
        Uid("Action", name): Entity(Uid("Action", name), ancestors=frozenset(Uid("Action", one) for one in groups))
        for name, groups in ACTIONS.items()
    },
    **{Uid("Action", name): Entity(Uid("Action", name)) for name in (RECORD, BATCH)},
}
