"""All that the gateway decides by, held in memory: which systems are known, what is served, and under which plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jutong.kernel.httpmac import HeaderProfile
from jutong.kernel.httpsig import Verifies

from .listing.clause import Prepared
from .plan import Plan
from .proxy.right import Offer
from .service import Service

FOREVER = 1 << 62  # seconds


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key by which a system is known until an instant (seconds since 1970)."""

    key: Verifies
    spelled: str
    until: int = FOREVER


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A shared secret by which a system is known in one header profile until an instant (seconds since 1970)."""

    profile: HeaderProfile
    secret: bytes = field(repr=False)
    until: int


@dataclass(frozen=True, slots=True)
class Client:
    """A consumer's system that may call, and by what it is known: each at most twice, while one follows another."""

    name: str
    body: str
    keys: tuple[ClientKey, ...] = ()
    secrets: tuple[ClientSecret, ...] = ()

    def keys_at(self, now: int) -> tuple[ClientKey, ...]:
        """Return the keys that count, the newest first."""
        return tuple(one for one in self.keys if now < one.until)

    def key_spelled(self, spelled: str, now: int) -> ClientKey | None:
        """Return the key of this spelling, if it still counts."""
        return next((one for one in self.keys if one.spelled == spelled and now < one.until), None)

    def secrets_at(self, profile: HeaderProfile, now: int) -> tuple[bytes, ...]:
        """Return the secrets that count in a profile, the newest first."""
        return tuple(one.secret for one in self.secrets if one.profile is profile and now < one.until)


@dataclass(frozen=True, slots=True)
class Board:
    """One state of the node's rights; never changed, only replaced as a whole."""

    epoch: int = -1
    clients: Mapping[str, Client] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    plans: Mapping[tuple[str, str], tuple[Plan, ...]] = field(default_factory=dict)
    listings: Mapping[tuple[str, str], Prepared] = field(default_factory=dict)  # by the service's path and their name
    openings: frozenset[tuple[str, str]] = frozenset()  # which of them are open to which agreements
    offers: Mapping[tuple[str, str], Offer] = field(default_factory=dict)  # departments' own services, likewise
    offered: frozenset[tuple[str, str]] = frozenset()  # which of these are open to which agreements

    def plans_of(self, client: str, path: str, agreement: str = "") -> tuple[Plan, ...]:
        """Return the plans under which ``client`` may ask at ``path``: none if there is no such service for it."""
        found = self.plans.get((client, path), ())
        return tuple(plan for plan in found if plan.agreement == agreement) if agreement else found

    def services_of(self, client: str, provider_system: str) -> tuple[tuple[Service, tuple[Plan, ...]], ...]:
        """Return the services of a providing system at which ``client`` has any right, with its plans."""
        return tuple(
            (service, plans)
            for path, service in self.services.items()
            if service.provider_system == provider_system and (plans := self.plans.get((client, path)))
        )

    def listings_of(self, path: str, plans: Iterable[Plan]) -> tuple[Prepared, ...]:
        """Return the declared services at ``path`` that are open under these plans, by name."""
        agreements = [plan.agreement for plan in plans]
        return tuple(
            one
            for (at, _), one in sorted(self.listings.items(), key=lambda pair: pair[0])
            if at == path and any((one.listing.id, agreement) in self.openings for agreement in agreements)
        )

    def offers_of(self, path: str, plans: Iterable[Plan]) -> tuple[Offer, ...]:
        """Return the departments' own services at ``path`` that are open under these plans, by name."""
        agreements = [plan.agreement for plan in plans]
        return tuple(
            one
            for (at, _), one in sorted(self.offers.items(), key=lambda pair: pair[0])
            if at == path and any((one.proxy.id, agreement) in self.offered for agreement in agreements)
        )


def board_of(
    epoch: int,
    clients: Iterable[Client],
    services: Iterable[Service],
    plans: Iterable[Plan],
    listings: Iterable[Prepared] = (),
    openings: frozenset[tuple[str, str]] = frozenset(),
    offers: Iterable[Offer] = (),
    offered: frozenset[tuple[str, str]] = frozenset(),
) -> Board:
    """Return the board of these rights; a system has no right through the agreement of another body."""
    known = {client.name: client for client in clients}
    served = {service.path: service for service in services}
    path_of = {service.entry: service.path for service in served.values()}
    rights: dict[tuple[str, str], tuple[Plan, ...]] = {}
    for plan in plans:
        path = path_of.get(plan.entry)
        for name in plan.systems if path is not None else ():
            if name in known and known[name].body == plan.consumer:
                rights[name, str(path)] = (*rights.get((name, str(path)), ()), plan)
    declared = {(path, one.listing.name): one for one in listings if (path := path_of.get(one.listing.entry))}
    own = {(path, one.proxy.name): one for one in offers if (path := path_of.get(one.proxy.entry))}
    return Board(epoch, known, served, rights, declared, openings, own, offered)
