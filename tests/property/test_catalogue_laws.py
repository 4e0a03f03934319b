"""Laws of the catalogue that hold for every entry and every order of events."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import sqlalchemy as sa
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jutong import catalogue, registers
from jutong.catalogue import (
    Entry,
    FaultyEntry,
    Instrument,
    Item,
    LegalBasis,
    Purpose,
    ShareCondition,
    ShareType,
    Stage,
    TermsOfUse,
    digest_of,
    entry_of_document,
    entry_to_document,
    template,
)
from jutong.catalogue.stage import TRAVELLING
from jutong.desk import Desk, open_desk
from jutong.guard import Method
from jutong.kernel.canon import canonical
from jutong.kernel.db import connection, metadata
from jutong.kernel.errors import Invalid, NotFound, Refused
from jutong.pools import Pools
from jutong.terms import Actor, Duty, Grade, house_of

PROVIDER = "11500000MB16000001"
CITY = "11500000MB1R000005"
OTHER_BODY = "11500000009275000A"
NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
NOWHERE = Pools(lake=None, engine=None, lookup=None, ranges=None, vault=None)  # type: ignore[arg-type]
OFFICER = Actor(id="officer", org=PROVIDER, duties=frozenset({Duty.CATALOGUE}))
HEAD = Actor(id="head", org=PROVIDER, duties=frozenset({Duty.DEPARTMENT_HEAD}))
STRANGER = Actor(id="stranger", org=OTHER_BODY, duties=frozenset({Duty.CATALOGUE}))
AUDITORS = [
    Actor(id=name, org=CITY, duties=frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT})) for name in ("a", "b", "c")
]
PEER = Actor(id="peer", org=CITY, duties=frozenset({Duty.PEER}))

WORDS = st.text(max_size=30)
BASES = st.builds(LegalBasis, instrument=st.sampled_from(Instrument), title=WORDS, article=WORDS)
ITEMS = st.builds(
    Item,
    name=st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True),
    title=WORDS,
    length=st.none() | st.integers(1, 1000),
    element=st.none() | st.just("credit-code"),
    share_type=st.sampled_from(ShareType),
    grade=st.sampled_from(Grade),
    required=st.booleans(),
    key=st.booleans(),
    mask=st.none() | st.just("keep:1:1"),
    reason=WORDS,
    legal_basis=st.lists(BASES, max_size=2).map(tuple),
)
ENTRIES = st.builds(
    Entry,
    id=st.just("01KB0000000000000000000000"),
    provider=st.just(PROVIDER),
    title=WORDS,
    service=st.sampled_from(["", "a", "a-b", "A"]),
    abstract=WORDS,
    items=st.lists(ITEMS, max_size=4).map(tuple),
    terms=st.builds(
        TermsOfUse,
        share_type=st.sampled_from(ShareType),
        scope=st.lists(WORDS, max_size=2).map(tuple),
        purposes=st.lists(st.sampled_from(Purpose), max_size=3).map(tuple),
        conditions=st.lists(st.sampled_from(ShareCondition), max_size=3).map(tuple),
        other_conditions=st.lists(WORDS, max_size=2).map(tuple),
        reason=WORDS,
        legal_basis=st.lists(BASES, max_size=2).map(tuple),
    ),
    methods=st.lists(st.sampled_from(Method), max_size=3).map(tuple),
    secrecy_assessed=st.booleans(),
    impact_assessed=st.booleans(),
    audit_due=st.none() | st.dates(),
)


@given(entry=ENTRIES)
def test_what_is_spelled_is_read_back(entry: Entry) -> None:
    """Through JSON and back nothing is lost, and the digest is the same on every node."""
    entry = entry.begun(entry.id, OFFICER, NOW)
    back = entry_of_document(msgspec.json.decode(canonical(entry_to_document(entry))))
    assert back == entry
    assert digest_of(back) == digest_of(entry)


@given(entry=ENTRIES)
def test_an_entry_is_fit_or_says_why_not(entry: Entry) -> None:
    """Whatever is filled in, the check answers; what passes has everything that articles 13 to 15 ask for."""
    try:
        entry.check()
    except FaultyEntry as refusal:
        assert len(refusal.faults) >= 1  # noqa: PT017
        assert "{" not in refusal.reason.said_in("en").replace(entry.title, "")  # noqa: PT017
        return
    assert entry.title.strip()
    assert entry.items
    assert entry.secrecy_assessed
    assert entry.impact_assessed
    for item in entry.items:
        if item.share_type is ShareType.NOT_SHARED:
            cited = item.legal_basis if entry.share_type is not ShareType.NOT_SHARED else entry.legal_basis
            assert any(basis.forbids_sharing for basis in cited)
        if item.share_type is ShareType.CONDITIONAL:
            assert entry.terms.scope
            assert entry.terms.purposes
            assert entry.terms.conditions or entry.terms.other_conditions


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "terms", "items", "title", "moves", "x"]), inner)
        ),
    )
)
def test_no_document_breaks_the_reader(document: object) -> None:
    """What is no entry is refused; nothing else can happen."""
    for form in (document, {"profile": "jutong-entry-1", **document} if isinstance(document, dict) else None):
        try:
            entry_of_document(form)
        except Invalid:
            continue


def _history() -> list[Entry]:
    """Return every state that travels, of an entry that was returned twice, published, renewed and withdrawn."""
    ready = replace(template("enterprise_register", PROVIDER), secrecy_assessed=True, impact_assessed=True)
    states = [ready.begun("01KB0000000000000000000000", OFFICER, NOW)]

    def step(move: Callable[[Entry], Entry]) -> None:
        states.append(move(states[-1]))

    for number in range(3):
        if number:
            step(lambda entry, n=number: entry.redrafted(replace(entry, abstract=str(n)), OFFICER, NOW))
        step(lambda entry: entry.signed(HEAD, NOW))
        step(lambda entry: entry.submitted(OFFICER, NOW, due=date(2026, 1, 7)))
        step(lambda entry: entry.registered(AUDITORS[0], NOW))
        if number < 2:
            step(lambda entry: entry.returned(("x",), AUDITORS[1], NOW))
    step(lambda entry: entry.published(AUDITORS[1], NOW))
    step(lambda entry: entry.withdrawn("x", HEAD, NOW))
    return [state for state in states if state.stage in TRAVELLING]


HISTORY = _history()


@given(heard=st.lists(st.sampled_from(HISTORY), min_size=1, max_size=2 * len(HISTORY)))
def test_tiers_that_hear_the_same_end_the_same(heard: list[Entry]) -> None:
    """In whatever order, however often: the latest state stands."""
    known = None
    for entry in heard:
        known = entry.adopted_over(known)
    assert known == max(heard, key=HISTORY.index)


STEPS: dict[str, Callable[[Desk, str], Entry]] = {
    "sign": catalogue.sign,
    "submit": catalogue.submit,
    "register": catalogue.audit_registration,
    "publish": catalogue.audit_publication,
    "return": lambda desk, entry_id: catalogue.return_entry(desk, entry_id, ("x",)),
    "withdraw": lambda desk, entry_id: catalogue.withdraw(desk, entry_id, "x"),
}
NEXT_STEP: dict[Stage, tuple[str, Actor | None]] = {  # without an actor: an auditor
    Stage.DRAFT: ("sign", HEAD),
    Stage.SIGNED: ("submit", OFFICER),
    Stage.SUBMITTED: ("register", None),
    Stage.REGISTERED: ("publish", None),
}
ACTORS = [OFFICER, HEAD, STRANGER, *AUDITORS]
PLACES = st.sampled_from(["city", "department"])


class TwoTiers(RuleBasedStateMachine):
    """A department's home and the city's, each with its own database; messages come late, twice and out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.id = ""
        self.signed: dict[tuple[str, int, int], str] = {}
        self.published: dict[tuple[str, int], str] = {}
        self.homes = {"department": _home(), "city": _home()}
        self.states: list[Entry] = []

    @initialize()
    def begin(self) -> None:
        """The officer fills in the form."""
        self.id = self._act("department", OFFICER, lambda desk: catalogue.draft(desk, self._form("0"))).id

    @rule(place=PLACES, auditor=st.sampled_from(AUDITORS))
    def go_on(self, place: str, auditor: Actor) -> None:
        """Whoever is next in that home does the next step."""
        stage = self._stage(place)
        if stage in NEXT_STEP:
            word, actor = NEXT_STEP[stage]
            self._step(place if actor else "city", word, actor or auditor)

    @rule(
        place=PLACES, word=st.sampled_from(sorted(STEPS)), actor=st.sampled_from([OFFICER, HEAD, STRANGER, *AUDITORS])
    )
    def meddle(self, place: str, word: str, actor: Actor) -> None:
        """Anybody tries any step, in any home; but auditors have posts at the city's only."""
        self._step("city" if actor in AUDITORS else place, word, actor)

    @rule(words=st.sampled_from("12"))
    def change(self, words: str) -> None:
        """The officer changes the form."""
        self._act("department", OFFICER, lambda desk: catalogue.draft(desk, self._form(words)))

    @rule(place=PLACES)
    def hear(self, place: str) -> None:
        """The neighbour's newest message arrives."""
        if self.states:
            self._hear(place, self.states[-1])

    @rule(place=PLACES, choice=st.randoms(use_true_random=False))
    def hear_late(self, place: str, choice: random.Random) -> None:
        """Some message of the past arrives, perhaps again."""
        if self.states:
            self._hear(place, choice.choice(self.states))

    @invariant()
    def published_is_what_was_signed_and_audited_by_two(self) -> None:
        """In every home, in every version, for ever."""
        for engine in self.homes.values():
            with connection(engine) as db:
                for head in catalogue.entries(db):
                    for entry in catalogue.versions(db, head.id):
                        stages = {move.stage: move for move in entry.moves}
                        if Stage.PUBLISHED not in stages:
                            continue
                        assert stages[Stage.PUBLISHED].by != stages[Stage.REGISTERED].by
                        assert digest_of(entry) == self.signed[entry.id, entry.version, entry.round]
                        first = self.published.setdefault((entry.id, entry.version), digest_of(entry))
                        assert first == digest_of(entry)

    @invariant()
    def strangers_see_what_was_published_and_nothing_else(self) -> None:
        """Other departments learn of no draft."""
        for engine in self.homes.values():
            with connection(engine) as db:
                for head in catalogue.entries(db):
                    shown = [entry.version for entry in catalogue.versions(db, head.id) if entry.shown_to_all]
                    listed = [entry.version for entry in catalogue.entries_visible_to(db, STRANGER)]
                    try:
                        seen = catalogue.visible_to(db, head.id, STRANGER)
                    except NotFound:
                        assert listed == []
                        assert not shown or head.stage is Stage.WITHDRAWN
                    else:
                        assert seen.shown_to_all
                        assert listed == [seen.version]
                        assert seen.version == max(shown) or head.stage is Stage.WITHDRAWN

    def teardown(self) -> None:
        """When all that can travel has arrived everywhere, both homes say the same."""
        for entry in dict.fromkeys(self.states):
            for place in self.homes:
                self._hear(place, entry)
        found = []
        for engine in self.homes.values():
            with connection(engine) as db:
                found.append({entry.id: entry for entry in catalogue.published(db)})
            engine.dispose()
        assert found[0] == found[1]
        event(f"published: {len(self.published)} versions; withdrawn: {not found[0]}")

    def _step(self, place: str, word: str, actor: Actor) -> None:
        entry = self._act(place, actor, lambda desk: STEPS[word](desk, self.id))
        if word == "sign" and entry is not None:
            self.signed[entry.id, entry.version, entry.round + 1] = digest_of(entry)

    def _hear(self, place: str, entry: Entry) -> None:
        self._act(place, PEER, lambda desk: catalogue.adopt(desk, entry, "neighbour"))

    def _act(self, place: str, actor: Actor, act: Callable[..., Entry]) -> Entry | None:
        self.now += timedelta(seconds=1)
        try:
            with open_desk(self.homes[place], actor, self.now, NOWHERE) as desk:
                entry = act(desk)
        except Refused:
            return None
        if entry.shown_to_authority:
            self.states.append(entry)
        return entry

    def _stage(self, place: str) -> Stage | None:
        with connection(self.homes[place]) as db:
            entry = catalogue.in_work(db, self.id)
        return None if entry is None else entry.stage

    def _form(self, words: str) -> Entry:
        form = template("enterprise_register", PROVIDER)
        return replace(form, abstract=words, secrecy_assessed=True, impact_assessed=True)


def _home() -> sa.Engine:
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT", poolclass=sa.pool.StaticPool)
    with connection(engine) as db:
        _SEEDED.connection.driver_connection.backup(db.connection.driver_connection)
    return engine


def _seeded() -> sa.Connection:
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT", poolclass=sa.pool.StaticPool)
    metadata.create_all(engine)
    with open_desk(engine, house_of(CITY), NOW, NOWHERE) as desk:
        registers.seed_standards(desk)
    return engine.connect()


_SEEDED = _seeded()
TwoTiers.TestCase.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)
TestTwoTiers = TwoTiers.TestCase
