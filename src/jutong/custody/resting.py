"""How entries of grade L4 lie in the home and the lake, as far as this machine can tell."""

from __future__ import annotations

from dataclasses import dataclass

from jutong import catalogue
from jutong.desk import House
from jutong.kernel.disk import Lying, Machine, Rest, worst
from jutong.pools.place import Folder
from jutong.terms import Grade


@dataclass(frozen=True, slots=True)
class Resting:
    """How the home and the lake lie, and how many entries of grade L4 they hold."""

    grave: int
    home: Lying
    lake: Lying

    @property
    def rest(self) -> Rest:
        """How both lie together."""
        return worst((self.home.rest, self.lake.rest))

    @property
    def by(self) -> str:
        """By what this is known."""
        return self.home.by if self.home == self.lake else f"{self.home.by}, {self.lake.by}"

    @property
    def bad(self) -> bool:
        """Whether grave entries lie open."""
        return self.grave > 0 and self.rest is Rest.OPEN


def resting(house: House, machine: Machine | None = None) -> Resting:
    """Return how what the node holds lies."""
    told = machine or Machine()
    with house.reading() as db:
        grave = catalogue.count_of_grade(db, Grade.L4)
    return Resting(grave, told.lying(house.home.folder), _lake(house, told))


def _lake(house: House, machine: Machine) -> Lying:
    place = house.pools.lake.place
    if isinstance(place, Folder):
        return machine.lying(place.folder)
    # A store may encrypt by itself; what it was not asked, it does not tell.
    return Lying(Rest.ENCRYPTED if place.encrypted_by else Rest.UNKNOWN, f"s3 {place.encrypted_by}".strip())
