"""The places of the console, in the order in which a record travels: what its navigation is made of."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel.text import Text, text


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the navigation: shown to those whom the guard lets see the page, to everyone if it names none."""

    path: str
    title: Text
    guard: str = ""
    of_tier: bool = False  # about the whole tier: for its authority alone
    key: str = ""  # g and this letter go there


PLACES: tuple[Place, ...] = (
    # home
    Place("/desk", text("My desk"), guard="pages.desk"),
    Place("/notices", text("My notices"), guard="pages.desk", key="n"),
    # catalogue
    Place("/catalogue", text("Public catalogue"), key="c"),
    Place("/entries", text("Entries"), guard="pages.entries", key="e"),
    Place("/audits", text("Audits"), guard="pages.audits", key="a"),
    Place("/demands", text("Demand list"), guard="pages.demands", key="d"),
    Place("/responsibilities", text("Responsibility list"), guard="pages.demands"),
    Place("/negative-list", text("Negative list")),
    Place("/revisions", text("Updates of the catalogue"), guard="pages.revisions", key="u"),
    # census
    Place("/census", text("Census"), "pages.census", key="f"),
    Place("/grading", text("Grading assistant"), "pages.grading", key="i"),
    Place("/projects", text("IT projects"), "pages.projects", key="j"),
    Place("/map", text("Data map"), "pages.map", key="m"),
    Place("/harvest", text("Other portals"), guard="pages.harvest"),
    # collection
    Place("/batches", text("Batches"), "pages.batches", key="b"),
    Place("/sources", text("Sources of rows"), "pages.sources"),
    Place("/plans", text("Plans of collection"), "pages.plans"),
    Place("/pushes", text("Pushed files"), "pages.pushes"),
    Place("/packages", text("Packages of edge agents"), "pages.packages"),
    # search
    Place("/searches", text("Saved searches"), "pages.kept_questions"),
    Place("/synonyms", text("Synonyms"), "pages.synonyms"),
    Place("/missed", text("Searches without an answer"), "pages.missed"),
    # quality
    Place("/objections", text("Objections"), "pages.objections", key="o"),
    # library
    Place("/subjects", text("Base libraries"), "pages.subjects", of_tier=True),
    Place("/conflicts", text("Conflicts of sources"), "pages.subjects", of_tier=True),
    Place("/bonds", text("Merge and unmerge"), "pages.subjects", of_tier=True),
    Place("/matches", text("Rows without a key"), "pages.subjects", of_tier=True),
    Place("/library/layers", text("Layers of space"), "pages.layers", of_tier=True),
    Place("/themes", text("Theme libraries"), "pages.themes"),
    Place("/rates", text("How far sources agree"), "pages.rates"),
    Place("/authorities", text("Who is believed"), "pages.authorities"),
    # custody
    Place("/lake", text("The lake's tables"), "pages.lake", of_tier=True),
    Place("/erasures", text("Erasure of one subject"), "pages.erasures", of_tier=True),
    # sharing
    Place("/acceptance", text("Acceptance desk"), "pages.acceptance", key="q"),
    Place("/requests", text("Requests"), "pages.requests", key="r"),
    Place("/signatures", text("To sign and to decide"), "pages.requests"),
    Place("/agreements", text("Agreements"), "pages.agreements", key="t"),
    Place("/purchases", text("Bought data"), "pages.purchases"),
    Place("/disputes", text("Disputes"), "pages.disputes"),
    Place("/use-records", text("Records of use"), "pages.agreements"),
    # delivery
    Place("/services", text("Services"), "pages.services", key="s"),
    Place("/calls", text("Calls"), "pages.calls"),
    Place("/policies", text("Policies"), "pages.policies"),
    Place("/traces", text("Leak tracing"), "pages.traces"),
    # ledger
    Place("/ledger", text("Ledger"), "pages.ledger", key="l"),
    Place("/checkpoint", text("State of the log")),
    Place("/verify", text("Verify a receipt"), "", key="v"),
    # oversight
    Place("/scorecards", text("Scorecards"), "pages.oversight", key="k"),
    Place("/owed", text("What is owed"), "pages.oversight", key="w"),
    Place("/audit/denials", text("Audit"), "pages.audit", key="x"),
    # people
    Place("/people", text("People"), "pages.people", key="p"),
    Place("/bodies", text("Bodies"), "pages.bodies"),
    Place("/systems", text("Systems"), "pages.systems"),
    Place("/nodes", text("Neighbouring nodes"), "pages.nodes"),
    Place("/calendar", text("Calendar of working days"), "pages.calendar"),
    Place("/style", text("Style of the pages")),
)
