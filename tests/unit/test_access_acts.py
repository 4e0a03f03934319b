"""Sitting down at a desk: what the acts keep, refuse, count and write into the ledger, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import access, registers
from jutong.access import Caller, Owed, Seat
from jutong.desk import Desk, open_desk
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connection
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, Refused, TooMuch, WrongMoment
from jutong.ledger import Evidence
from jutong.ledger import store as ledger_store
from jutong.pools import open_pools
from jutong.terms import Actor, Assurance, BodyKind, Duty, Grade, Org, house_of

AUTHORITY = "11500000MB1000010R"
MARKET = "11500000MB20000201"
GOOD, BETTER = "correct Horse 7 battery", "kettle orbit mango fjord"
VAULT = access.vault_of(SigningKey.of_seed(b"1" * 32))
HERE = Caller(source="192.0.2.7", agent="Firefox")
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)

Sit = Callable[[Actor], AbstractContextManager[Desk]]


@dataclass
class Node:
    """A node with three bodies' people on it, and a clock that can be set."""

    engine: sa.Engine
    sit_down: Callable[[Actor, datetime], AbstractContextManager[Desk]]
    now: datetime = NOW

    def desk(self, actor: Actor | None = None) -> AbstractContextManager[Desk]:
        self.now += timedelta(seconds=1)
        return self.sit_down(actor or house_of(AUTHORITY), self.now)

    def person(self, account: str, *duties: Duty, body: str = AUTHORITY, password: str = GOOD) -> str:
        """Enter somebody with a post; with a password unless it is empty."""
        with self.desk() as desk:
            person = registers.register_person(desk, f"holder of {account}x", account)
            if duties:
                registers.appoint(desk, person.id, body, "officer", duties)
            if password:
                access.open_account(desk, VAULT, person.id, password)
        return person.id

    def sign_in(self, account: str, password: str = GOOD, caller: Caller = HERE, *, days: int = 90) -> str:
        with self.desk() as desk:
            outcome = access.sign_in(desk, VAULT, account, password, caller, password_days=days)
        return outcome.settled()

    def seat(self, token: str) -> Seat | None:
        with connection(self.engine) as db:
            return access.session_of(db, token, self.now)

    def sat(self, token: str) -> Seat:
        seat = self.seat(token)
        assert seat is not None
        return seat

    def oneself(self, token: str) -> Actor:
        actor = self.sat(token).oneself
        assert actor is not None
        return actor

    def lines(self, act: str = "access.") -> list[Evidence]:
        with connection(self.engine) as db:
            leaves = db.execute(sa.select(ledger_store.evidence.c.leaf).order_by(ledger_store.evidence.c.seq)).scalars()
            return [line for line in map(Evidence.of_leaf, leaves) if line.act.startswith(act)]

    def enrolled(self, token: str) -> tuple[str, bytes, tuple[str, ...]]:
        """Enrol the second factor that the session is offered; return a new token, the secret, recovery codes."""
        seat = self.sat(token)
        secret = VAULT.offered(seat.person, seat.session)
        with self.desk(self.oneself(token)) as desk:
            code = access.code_at(secret, access.step_of(desk.now))
            fresh, codes = access.enrol_second_factor(desk, VAULT, seat.session, code, HERE)
        return fresh, secret, codes


@pytest.fixture
def node(engine: sa.Engine, tmp_path: Path) -> Node:
    pools = open_pools(str(tmp_path / "lake"), {}, "duckdb", "lmdb", tmp_path / "serving")
    node = Node(engine, lambda actor, now: open_desk(engine, actor, now, pools))
    with node.desk() as desk:
        registers.register_body(desk, Org(code=AUTHORITY, name="大数据局", division="500000", kind=BodyKind.AUTHORITY))
        registers.register_body(desk, Org(code=MARKET, name="市场监督管理局", division="500000", short_name="市监局"))
    return node


def refused(node: Node, account: str, password: str, caller: Caller = HERE) -> Refused:
    with pytest.raises(Refused) as refusal:
        node.sign_in(account, password, caller)
    return refusal.value


# signing in


def test_who_knows_the_password_sits_down_in_the_post(node: Node) -> None:
    """The seat has name, body, post and actor; the ledger has a line with neither name nor address."""
    person = node.person("zhang", Duty.REQUESTS, body=MARKET)
    seat = node.sat(node.sign_in("zhang"))
    assert (seat.person, seat.account, seat.owes) == (person, "zhang", None)
    assert seat.chair is not None
    assert seat.chair.body_name == "市监局"
    assert seat.actor == Actor(
        id=person, org=MARKET, duties=frozenset({Duty.REQUESTS}), cleared=Grade.L2, assured=Assurance.ONE
    )
    (line,) = node.lines("access.signed_in")
    assert line.on == person
    assert HERE.source not in str(line)
    assert "zhang" not in str(line)


def test_two_sessions_of_one_person_are_two(node: Node) -> None:
    """Each sign-in has a token of its own; none is kept in clear."""
    node.person("zhang", Duty.REQUESTS)
    one, other = node.sign_in("zhang"), node.sign_in("zhang")
    assert one != other
    assert node.sat(one).session != node.sat(other).session
    with connection(node.engine) as db:
        assert one not in str(db.execute(sa.text("select * from access_session")).all())
    assert node.seat("") is None
    assert node.seat("x" * 5000) is None
    assert node.seat("\udcff") is None


def test_unknown_and_known_accounts_are_refused_alike(node: Node) -> None:
    """Same words, same counting, same lock: the door does not tell who works here."""
    node.person("zhang", Duty.REQUESTS)
    node.person("gone", password=GOOD)
    said = [
        [str(refused(node, account, "wrong", Caller(source=account))) for _ in range(6)]
        for account in ("zhang", "nobody-here", "gone")
    ]
    assert said[0] == said[1] == said[2]
    assert "wait 1 minute" in said[0][-1]
    assert [line.on == "nobody" for line in node.lines("access.sign_in_failed")].count(True) == 5
    assert "nobody-here" not in str(node.lines())


def test_a_person_without_a_post_is_refused_with_the_right_password(node: Node) -> None:
    """There is no desk to sit down at."""
    node.person("gone")
    assert isinstance(refused(node, "gone", GOOD), NotKnown)


def test_a_lock_grows_and_holds_against_the_right_password(node: Node) -> None:
    """Four failures are free; then one, two, four minutes, in which nothing is tried at all."""
    node.person("zhang", Duty.REQUESTS)
    for _ in range(4):
        assert isinstance(refused(node, "zhang", "wrong"), NotKnown)
    for minutes in (1, 2, 4):
        refused(node, "zhang", "wrong")
        before = len(node.lines())
        assert f"wait {minutes} minute" in str(refused(node, "zhang", GOOD))
        assert len(node.lines()) == before
        node.now += timedelta(minutes=minutes)
    assert node.sat(node.sign_in("zhang"))
    refused(node, "zhang", "wrong")
    assert node.sign_in("zhang")  # what was right once wipes the slate


def test_one_address_may_not_try_every_account(node: Node) -> None:
    """After thirty failures an address waits too, whichever accounts it named."""
    node.person("zhang", Duty.REQUESTS)
    for number in range(31):
        refused(node, f"account-{number}", "x")
    assert isinstance(refused(node, "zhang", GOOD), TooMuch)
    assert node.sign_in("zhang", caller=Caller(source="192.0.2.8"))


def test_a_failure_is_kept_although_it_is_refused(node: Node) -> None:
    """The refusal is told when the count is on record."""
    person = node.person("zhang", Duty.REQUESTS)
    refused(node, "zhang", "wrong")
    (line,) = node.lines("access.sign_in_failed")
    assert (line.on, line.facts["failures"], line.facts["factor"]) == (person, 1, "password")


def test_an_old_password_must_be_changed_first(node: Node) -> None:
    """After ninety days nothing else can be done; a node may set another number."""
    node.person("zhang", Duty.REQUESTS)
    node.now += timedelta(days=91)
    assert node.sat(node.sign_in("zhang", days=0)).owes is None
    token = node.sign_in("zhang")
    assert node.sat(token).owes is Owed.PASSWORD
    assert node.sat(token).actor is None
    with node.desk(node.oneself(token)) as desk:
        fresh = access.change_password(desk, VAULT, node.sat(token).session, GOOD, BETTER, HERE).settled()
    assert node.sat(fresh).owes is None


# sessions


def test_a_session_ends_by_itself(node: Node) -> None:
    """Half an hour without a page; being seen keeps it alive, twelve hours at most."""
    node.person("zhang", Duty.REQUESTS)
    token = node.sign_in("zhang")
    for _ in range(40):
        node.now += timedelta(minutes=20)
        seat = node.seat(token)
        if seat is None:
            break
        access.note_seen(node.engine, seat, node.now)
    assert timedelta(hours=11, minutes=40) <= node.now - NOW <= timedelta(hours=12, minutes=20)
    idle = node.sign_in("zhang")
    node.now += timedelta(minutes=31)
    assert node.seat(idle) is None
    assert access.sweep(node.engine, node.now) == 2


def test_being_seen_is_written_once_a_minute(node: Node) -> None:
    """A page costs no write."""
    node.person("zhang", Duty.REQUESTS)
    seat = node.sat(node.sign_in("zhang"))
    access.note_seen(node.engine, seat, node.now + timedelta(seconds=59))
    with connection(node.engine) as db:
        assert access.sessions_of(db, seat.person, node.now)[0].seen == seat.seen
    access.note_seen(node.engine, seat, node.now + timedelta(seconds=60))
    with connection(node.engine) as db:
        assert access.sessions_of(db, seat.person, node.now)[0].seen == node.now + timedelta(seconds=60)


def test_a_page_asks_the_database_twice(node: Node) -> None:
    """One look for the session with what is lent, one for person, posts and bodies."""
    node.person("zhang", Duty.REQUESTS)
    token = node.sign_in("zhang")
    asked: list[str] = []
    sa.event.listen(node.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert node.seat(token)
    assert len([one for one in asked if one.startswith("SELECT")]) == 2


def test_signing_out_ends_the_session_and_no_other(node: Node) -> None:
    """The token opens nothing any more."""
    node.person("zhang", Duty.REQUESTS)
    one, other = node.sign_in("zhang"), node.sign_in("zhang")
    with node.desk(node.oneself(one)) as desk:
        access.sign_out(desk, node.sat(one).session)
    assert node.seat(one) is None
    assert node.seat(other)
    assert node.lines("access.signed_out")


def test_one_may_end_ones_other_sessions_and_nobody_elses(node: Node) -> None:
    """A forgotten session at another machine; a stranger's is the security administrator's to end."""
    node.person("zhang", Duty.REQUESTS)
    node.person("li", Duty.ANSWERS)
    mine, forgotten, others = node.sign_in("zhang"), node.sign_in("zhang"), node.sign_in("li")
    with node.desk(node.oneself(mine)) as desk:
        access.end_session(desk, node.sat(forgotten).session)
    assert node.seat(forgotten) is None
    with pytest.raises(NotAllowed), node.desk(node.oneself(mine)) as desk:
        access.end_session(desk, node.sat(others).session)
    with pytest.raises(NotFound), node.desk(node.oneself(mine)) as desk:
        access.sign_out(desk, node.sat(others).session)
    assert node.seat(others)
    assert node.lines("guard.denied")


def test_a_password_change_ends_every_session(node: Node) -> None:
    """A thief who sat beside is out; oneself goes on under a new token."""
    node.person("zhang", Duty.REQUESTS)
    mine, stolen = node.sign_in("zhang"), node.sign_in("zhang")
    with node.desk(node.oneself(mine)) as desk:
        fresh = access.change_password(desk, VAULT, node.sat(mine).session, GOOD, BETTER, HERE).settled()
    assert node.seat(mine) is None
    assert node.seat(stolen) is None
    assert node.sat(fresh).owes is None
    assert isinstance(refused(node, "zhang", GOOD), NotKnown)
    assert node.sign_in("zhang", BETTER)


def test_a_wrong_old_password_is_counted(node: Node) -> None:
    """A desk that was left open is not a place to guess at."""
    node.person("zhang", Duty.REQUESTS)
    token = node.sign_in("zhang")

    def change(old: str, new: str) -> None:
        with node.desk(node.oneself(token)) as desk:
            outcome = access.change_password(desk, VAULT, node.sat(token).session, old, new, HERE)
        outcome.settled()

    for expected in [NotKnown] * 5 + [TooMuch]:
        with pytest.raises(expected):
            change("wrong", BETTER)
    node.now += timedelta(minutes=2)
    with pytest.raises(Invalid):
        change(GOOD, GOOD)


def test_who_is_dismissed_loses_the_seat_at_once(node: Node) -> None:
    """The post is gone from the next page on, and the sessions end with the reaction to the dismissal."""
    person = node.person("zhang", Duty.REQUESTS)
    token = node.sign_in("zhang")
    with node.desk() as desk:
        (post,) = registers.posts_held_by(desk.db, person)
        registers.dismiss(desk, post.id)
    assert node.sat(token).actor is None
    with node.desk() as desk:
        assert access.end_sessions(desk, person) == 1
        assert access.end_sessions(desk, person) == 0
    assert node.seat(token) is None
    assert len(node.lines("access.sessions_ended")) == 1


def test_another_post_is_taken_and_remembered(node: Node) -> None:
    """The session acts in it, and so does the next sign-in; a post of somebody else cannot be taken."""
    person = node.person("zhang", Duty.REQUESTS)
    other = node.person("li", Duty.ANSWERS)
    with node.desk() as desk:
        second = registers.appoint(desk, person, MARKET, "second", {Duty.ANSWERS})
        (foreign,) = registers.posts_held_by(desk.db, other)
    token = node.sign_in("zhang")
    with node.desk(node.oneself(token)) as desk:
        access.take_post(desk, node.sat(token).session, second.id)
        access.take_post(desk, node.sat(token).session, second.id)
    assert node.sat(token).chair == node.sat(token).chair_of(second.id)
    assert node.sat(node.sign_in("zhang")).chair == node.sat(token).chair
    assert len(node.lines("access.post_taken")) == 1
    with pytest.raises(NotFound), node.desk(node.oneself(token)) as desk:
        access.take_post(desk, node.sat(token).session, foreign.id)


def test_the_language_is_kept_with_the_account(node: Node) -> None:
    """It is the same at the next machine."""
    node.person("zhang", Duty.REQUESTS)
    token = node.sign_in("zhang")
    assert node.sat(token).language is None
    with node.desk(node.oneself(token)) as desk:
        access.choose_language(desk, "en")
    assert node.sat(node.sign_in("zhang")).language == "en"
    with pytest.raises(Invalid), node.desk(node.oneself(token)) as desk:
        access.choose_language(desk, "<script>")


# second factors


def test_an_administrator_enrols_a_second_factor_before_anything_else(node: Node) -> None:
    """Until then there is no actor; afterwards each sign-in asks for a code, and gives a new token for it."""
    node.person("sys", Duty.SYSTEM_ADMIN)
    token = node.sign_in("sys")
    assert node.sat(token).owes is Owed.SECOND_FACTOR
    assert node.sat(token).actor is None
    fresh, secret, codes = node.enrolled(token)
    assert node.seat(token) is None
    assert node.sat(fresh).actor is not None
    assert len(codes) == 8
    node.now += timedelta(minutes=1)
    waiting = node.sign_in("sys")
    assert node.sat(waiting).owes is Owed.CODE
    assert node.sat(waiting).oneself is None
    with node.desk() as desk:
        code = access.code_at(secret, access.step_of(desk.now))
        opened = access.confirm(desk, VAULT, waiting, code, HERE).settled()
    assert opened != waiting
    assert node.seat(waiting) is None
    assert node.sat(opened).actor is not None


def test_a_code_that_was_used_is_refused_and_counted(node: Node) -> None:
    """Also within its thirty seconds, also in another session; codes are guessed no more often than passwords."""
    node.person("sys", Duty.SYSTEM_ADMIN)
    _, secret, codes = node.enrolled(node.sign_in("sys"))
    node.now += timedelta(minutes=1)
    one, other = node.sign_in("sys"), node.sign_in("sys")

    def show(token: str, code: str) -> str:
        with node.desk() as desk:
            outcome = access.confirm(desk, VAULT, token, code, HERE)
        return outcome.settled()

    code = access.code_at(secret, access.step_of(node.now))
    assert show(one, code)
    for _ in range(5):
        with pytest.raises(NotKnown):
            show(other, code)
    with pytest.raises(TooMuch):
        show(other, codes[0])
    node.now += timedelta(minutes=1, seconds=5)
    assert node.seat(show(other, codes[0].lower()))
    again = node.sign_in("sys")
    with pytest.raises(NotKnown):
        show(again, codes[0])
    with pytest.raises(NotKnown):
        show("no session", codes[1])


def test_knowing_the_password_does_not_wipe_out_failed_codes(node: Node) -> None:
    """Somebody with a stolen password cannot sign in again and again to guess codes for ever."""
    node.person("sys", Duty.SYSTEM_ADMIN)
    node.enrolled(node.sign_in("sys"))
    for _ in range(5):
        waiting = node.sign_in("sys")
        with node.desk() as desk:
            assert access.confirm(desk, VAULT, waiting, "000000", HERE).refusal
    assert isinstance(refused(node, "sys", GOOD), TooMuch)


def test_an_officer_may_give_the_second_factor_up_and_an_administrator_may_not(node: Node) -> None:
    """Only with a code; the administrator's can only be reset by another administrator."""
    node.person("zhang", Duty.REQUESTS)
    admin = node.person("sys", Duty.SYSTEM_ADMIN)
    node.person("sec", Duty.SECURITY_ADMIN)
    officer, _, codes = node.enrolled(node.sign_in("zhang"))
    with pytest.raises(WrongMoment):
        node.enrolled(officer)

    def give_up(token: str, code: str) -> None:
        with node.desk(node.oneself(token)) as desk:
            outcome = access.give_up_second_factor(desk, VAULT, node.sat(token).session, code, HERE)
        outcome.settled()

    with pytest.raises(NotKnown):
        give_up(officer, "000000")
    give_up(officer, codes[0])
    assert not node.sat(officer).has_second
    administrator, _, codes = node.enrolled(node.sign_in("sys"))
    with pytest.raises(Invalid):
        give_up(administrator, codes[0])
    security, _, _ = node.enrolled(node.sign_in("sec"))
    actor = node.sat(security).actor
    with node.desk(actor) as desk:
        access.reset_second_factor(desk, admin)
        access.reset_second_factor(desk, admin)
    assert node.seat(administrator) is None
    assert node.sat(node.sign_in("sys")).owes is Owed.SECOND_FACTOR
    with pytest.raises(NotAllowed), node.desk(actor) as desk:
        access.reset_second_factor(desk, node.sat(security).person)


# invitations and administrators


def test_an_invitation_sets_the_first_password(node: Node) -> None:
    """Used once; a newer one ends the older; the account is told so that one can sign in."""
    person = node.person("zhang", Duty.REQUESTS, password="")

    def accept(code: str, password: str = GOOD) -> str:
        with node.desk() as desk:
            outcome = access.accept(desk, VAULT, code, password, HERE)
        return outcome.settled()

    with node.desk() as desk:
        old = access.invite(desk, person)
        code = access.invite(desk, person)
    with connection(node.engine) as db:
        assert list(access.invited_until(db, [person, "x"], node.now)) == [person]
    with pytest.raises(NotKnown):
        accept(old)
    with pytest.raises(Invalid):
        accept(code, "zhang-12345")
    assert accept(code.lower()) == "zhang"
    with pytest.raises(NotKnown):
        accept(code)
    assert node.sign_in("zhang")
    assert code not in str(node.lines())
    with node.desk() as desk:
        late = access.invite(desk, person)
    node.now += timedelta(days=7)
    with pytest.raises(NotKnown):
        accept(late, BETTER)


def test_an_invitation_ends_what_was_open(node: Node) -> None:
    """A new password after a loss: the sessions end and the account is unlocked; the second factor stays."""
    person = node.person("sys", Duty.SYSTEM_ADMIN)
    token, _, _ = node.enrolled(node.sign_in("sys"))
    for _ in range(5):
        refused(node, "sys", "wrong")
    with node.desk() as desk:
        code = access.invite(desk, person)
    with pytest.raises(Invalid), node.desk() as desk:
        access.accept(desk, VAULT, code, GOOD, HERE)
    with node.desk() as desk:
        access.accept(desk, VAULT, code, BETTER, HERE).settled()
    assert node.seat(token) is None
    assert node.sat(node.sign_in("sys", BETTER)).owes is Owed.CODE


def test_codes_are_not_guessed(node: Node) -> None:
    """An address that tries codes waits like one that tries passwords."""
    for number in range(31):
        with node.desk() as desk:
            assert access.accept(desk, VAULT, f"{number}", GOOD, HERE).refusal
    with pytest.raises(TooMuch), node.desk() as desk:
        access.accept(desk, VAULT, "x", GOOD, HERE)


def test_security_administrators_look_after_the_people_of_their_bodies(node: Node) -> None:
    """Those of a department for its own people, those of the authority for all, nobody for oneself."""
    mine = node.person("zhang", Duty.REQUESTS, body=MARKET)
    theirs = node.person("li", Duty.REQUESTS)
    both = node.person("wang", Duty.REQUESTS, body=MARKET)
    with node.desk() as desk:
        registers.appoint(desk, both, AUTHORITY, "second", {Duty.OVERSIGHT})
    security = Actor(id="S", org=MARKET, duties=frozenset({Duty.SECURITY_ADMIN}))
    above = Actor(id="A", org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN}))
    with node.desk(security) as desk:
        access.invite(desk, mine)
    for other in (theirs, both):
        with pytest.raises(NotAllowed), node.desk(security) as desk:
            access.invite(desk, other)
        with node.desk(above) as desk:
            access.invite(desk, other)
    for duty in (Duty.SYSTEM_ADMIN, Duty.AUDIT_ADMIN, Duty.ONESELF, Duty.OVERSIGHT):
        with pytest.raises(NotAllowed), node.desk(Actor(id="x", org=AUTHORITY, duties=frozenset({duty}))) as desk:
            access.invite(desk, mine)
    with pytest.raises(NotAllowed), node.desk(Actor(id=mine, org=MARKET, duties=security.duties)) as desk:
        access.invite(desk, mine)


def test_who_is_barred_is_out_until_unlocked(node: Node) -> None:
    """Sessions end at once, the right password is refused like a wrong one, and unlocking forgets failures too."""
    person = node.person("zhang", Duty.REQUESTS)
    token = node.sign_in("zhang")
    above = Actor(id="A", org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN}))
    with node.desk(above) as desk:
        access.bar(desk, person)
        access.bar(desk, person)
    assert node.seat(token) is None
    for _ in range(5):
        assert isinstance(refused(node, "zhang", GOOD), NotKnown)
    with node.desk(above) as desk:
        access.unlock(desk, VAULT, person)
        access.unlock(desk, VAULT, person)
    assert node.sign_in("zhang")
    assert [line.act for line in node.lines() if line.act in ("access.barred", "access.unlocked")] == [
        "access.barred",
        "access.unlocked",
    ]


# delegations


def test_a_delegate_sits_in_the_lent_post_on_its_days(node: Node) -> None:
    """From the first day by legal time to the last, with the clearance of the post, until it is taken back."""
    holder = node.person("wang", Duty.OFFICE_HEAD)
    delegate = node.person("li", Duty.REQUESTS)
    with node.desk() as desk:
        (post,) = registers.posts_held_by(desk.db, holder)
        registers.clear(desk, post.id, Grade.L4)
    tokens = node.sign_in("wang"), node.sign_in("li")
    with node.desk(node.oneself(tokens[0])) as desk:
        made = access.delegate(desk, post.id, "li", date(2026, 3, 2), date(2026, 3, 3))
        assert access.delegate(desk, post.id, "li", date(2026, 3, 2), date(2026, 3, 3)) == made
    seat = node.sat(tokens[1])
    assert [chair.lent_by for chair in seat.chairs] == [None, holder]
    assert seat.actor is not None
    assert Duty.OFFICE_HEAD not in seat.actor.duties
    with node.desk(node.oneself(tokens[1])) as desk:
        access.take_post(desk, seat.session, post.id)
    assert node.sat(tokens[1]).actor == Actor(
        id=delegate,
        org=AUTHORITY,
        duties=frozenset({Duty.OFFICE_HEAD}),
        cleared=Grade.L4,
        assured=Assurance.ONE,
        lent_by=holder,
    )
    with pytest.raises(NotAllowed), node.desk(node.oneself(tokens[1])) as desk:
        access.delegate(desk, post.id, "wang", date(2026, 3, 2), date(2026, 3, 3))
    node.now = datetime(2026, 3, 3, 16, tzinfo=UTC)  # midnight of legal time: the 4th
    late = node.sat(node.sign_in("li"))
    assert [chair.lent_by for chair in late.chairs] == [None]
    assert late.chair == late.chairs[0]
    assert len(node.lines("access.delegated")) == 1


def test_what_is_lent_is_taken_back_or_handed_back(node: Node) -> None:
    """By its holder or by the delegate, by nobody else; the seat loses it at once."""
    holder = node.person("wang", Duty.OFFICE_HEAD)
    node.person("li", Duty.REQUESTS)
    node.person("zhao", Duty.ANSWERS)
    tokens = {name: node.sign_in(name) for name in ("wang", "li", "zhao")}
    with node.desk(node.oneself(tokens["wang"])) as desk:
        (post,) = registers.posts_held_by(desk.db, holder)
        one = access.delegate(desk, post.id, "li", date(2026, 3, 2), date(2026, 3, 9))
        other = access.delegate(desk, post.id, "zhao", date(2026, 3, 2), date(2026, 3, 9))
    assert len(node.sat(tokens["li"]).chairs) == 2
    with pytest.raises(NotFound), node.desk(node.oneself(tokens["li"])) as desk:
        access.end_delegation(desk, other.id)
    with node.desk(node.oneself(tokens["li"])) as desk:
        access.end_delegation(desk, one.id)
    with node.desk(node.oneself(tokens["wang"])) as desk:
        access.end_delegation(desk, other.id)
        access.end_delegation(desk, other.id)
    assert len(node.sat(tokens["li"]).chairs) == len(node.sat(tokens["zhao"]).chairs) == 1
    assert len(node.lines("access.delegation_ended")) == 2


def test_a_delegate_of_an_administrator_needs_the_second_factor_too(node: Node) -> None:
    """Whoever may take an administrator's chair owes what an administrator owes."""
    holder = node.person("sys", Duty.SYSTEM_ADMIN)
    node.person("li", Duty.REQUESTS)
    node.person("sec", Duty.SECURITY_ADMIN)
    token = node.sign_in("li")
    admin, _, _ = node.enrolled(node.sign_in("sys"))
    with node.desk(node.oneself(admin)) as desk:
        (post,) = registers.posts_held_by(desk.db, holder)
        with pytest.raises(NotAllowed):
            access.delegate(desk, post.id, "sec", date(2026, 3, 2), date(2026, 3, 3))
        with pytest.raises(NotFound):
            access.delegate(desk, post.id, "nobody-here", date(2026, 3, 2), date(2026, 3, 3))
    with node.desk(node.oneself(admin)) as desk:
        access.delegate(desk, post.id, "li", date(2026, 3, 2), date(2026, 3, 3))
    assert node.sat(token).owes is Owed.SECOND_FACTOR
