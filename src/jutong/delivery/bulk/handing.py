"""Hands the whole of an agreement over as one file to somebody in office: prepared, counted, recorded."""

from __future__ import annotations

from contextlib import closing
from datetime import date

from jutong.catalogue import Purpose
from jutong.desk import House
from jutong.terms import Actor

from ..quota import Counters
from .acts import hand_over_file
from .form import Form, Handed
from .making import views_folder


def hand_over(house: House, actor: Actor, agreement_id: str, form: Form, purpose: Purpose) -> Handed:
    """Return the file that an official of the consumer may have; that it leaves is on record when this returns."""

    def take(name: str, day: date, limit: int) -> bool:
        with closing(Counters(house.home.folder / "gateway" / "quota")) as counters:
            return counters.take(name, day, 1, limit)

    with house.desk(actor) as desk:
        return hand_over_file(
            desk,
            agreement_id,
            form,
            purpose,
            folder=views_folder(house),
            key=house.key,
            node=house.home.settings.name,
            take=take,
            sm2=house.sm2,
        )
