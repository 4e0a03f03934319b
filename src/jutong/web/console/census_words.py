"""Words of the census: one for each member of its enumerations."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong import atlas, census, registers
from jutong.kernel.text import Text, plain, text

CENSUS: Mapping[type[Enum], Mapping[Any, Text]] = {
    registers.Cloud: {
        registers.Cloud.ON_CLOUD: text("on the government cloud"),
        registers.Cloud.OWN_ROOM: text("in a machine room of its own"),
        registers.Cloud.MOVING: text("moving to the cloud"),
        registers.Cloud.CLOSING: text("to be merged or closed"),
        registers.Cloud.EXEMPT: text("exempt from the cloud"),
    },
    registers.DatabaseKind: {
        registers.DatabaseKind.POSTGRESQL: plain("PostgreSQL"),
        registers.DatabaseKind.MYSQL: plain("MySQL / MariaDB"),
        registers.DatabaseKind.ORACLE: plain("Oracle"),
        registers.DatabaseKind.SQLITE: plain("SQLite"),
        registers.DatabaseKind.SQL_SERVER: text("SQL Server"),
        registers.DatabaseKind.DAMENG: text("Dameng"),
        registers.DatabaseKind.KINGBASE: text("Kingbase"),
        registers.DatabaseKind.FILES: text("files only"),
        registers.DatabaseKind.OTHER: text("another database"),
    },
    registers.PowerKind: {
        registers.PowerKind.LICENSING: text("administrative licensing"),
        registers.PowerKind.PENALTY: text("administrative penalty"),
        registers.PowerKind.COERCION: text("administrative coercion"),
        registers.PowerKind.LEVY: text("administrative levy"),
        registers.PowerKind.PAYMENT: text("administrative payment"),
        registers.PowerKind.INSPECTION: text("administrative inspection"),
        registers.PowerKind.CONFIRMATION: text("administrative confirmation"),
        registers.PowerKind.REWARD: text("administrative reward"),
        registers.PowerKind.RULING: text("administrative ruling"),
        registers.PowerKind.OTHER: text("another power"),
    },
    census.Stage: {
        census.Stage.REPORTED: text("reported, waits for the authority"),
        census.Stage.CHECKED: text("checked by the authority"),
        census.Stage.RETURNED: text("sent back to the department"),
    },
    census.Verdict: {
        census.Verdict.OPEN: text("waits for an answer"),
        census.Verdict.ACCEPTED: text("taken over"),
        census.Verdict.REJECTED: text("turned down"),
    },
    census.Aspect: {
        census.Aspect.GRADE: text("grade"),
        census.Aspect.SHARE_TYPE: text("share type"),
        census.Aspect.OPEN_TYPE: text("open type"),
    },
    census.Clue: {
        census.Clue.ELEMENT: text("its standard element"),
        census.Clue.TITLE: text("the words of its title"),
        census.Clue.VALUES: text("values of the column it hangs on"),
        census.Clue.STRAY_IDS: text("resident numbers inside other values"),
        census.Clue.METADATA: text("words of the entry's title, abstract or tags"),
        census.Clue.GRAVEST_ITEM: text("the gravest item"),
    },
    census.Advice: {
        census.Advice.RECOLLECTED: text("would collect again what is shared already"),
        census.Advice.AVAILABLE: text("can be asked for"),
        census.Advice.NOT_AVAILABLE: text("in no entry: file a demand"),
        census.Advice.NOT_SHARED: text("in an entry that is not shared"),
        census.Advice.UNCATALOGUED: text("no catalogue entry is planned"),
        census.Advice.CATALOGUED: text("stands in the catalogue"),
        census.Advice.NOT_ON_CLOUD: text("no cloud plan"),
        census.Advice.NO_SYSTEM: text("no system is named"),
    },
    atlas.Kind: {
        atlas.Kind.POWER: text("power"),
        atlas.Kind.SERVICE_ITEM: text("service item"),
        atlas.Kind.REQUIREMENT: text("requirement"),
        atlas.Kind.ENTRY: text("catalogue entry"),
        atlas.Kind.ITEM: text("item"),
        atlas.Kind.TABLE: text("table"),
        atlas.Kind.COLUMN: text("column"),
        atlas.Kind.FIELD: text("field"),
        atlas.Kind.DATA_SET: text("data set"),
        atlas.Kind.SERVICE: text("service"),
        atlas.Kind.CONSUMER: text("consuming system"),
    },
    atlas.How: {
        atlas.How.HOLDS: text("holds"),
        atlas.How.HUNG: text("carries"),
        atlas.How.SHOWS: text("shows"),
        atlas.How.ASKED: text("is asked by"),
        atlas.How.RESTS: text("carries out"),
        atlas.How.DELIVERED: text("is delivered by"),
        atlas.How.CALLED: text("is called by"),
        atlas.How.COMPUTED: text("computes"),
        atlas.How.OPAQUE: text("goes into, the SQL does not say how"),
        atlas.How.RUN: text("was read for"),
    },
    census.Opinion: {
        census.Opinion.AGREED: text("agreed to"),
        census.Opinion.CONDITIONAL: text("agreed to under conditions"),
        census.Opinion.AGAINST: text("not agreed to"),
    },
}
# What clues are about, where it is no standard element.
KINDS: Mapping[str, Text] = {
    "biometrics": text("biometrics"),
    "health": text("health"),
    "whereabouts": text("whereabouts"),
    "minors": text("minors"),
    "belief": text("belief"),
    "income": text("income"),
    "home": text("home"),
}
