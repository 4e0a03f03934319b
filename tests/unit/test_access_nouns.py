"""The way in: passwords, failed attempts, second factors, sessions and delegations as values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.access.account import Account, Standing
from jutong.access.attempts import WITH_ACCOUNT, WITH_ADDRESS, Attempts, Door, Patience
from jutong.access.delegation import Delegation, checked_delegation
from jutong.access.invitation import new_invitation
from jutong.access.password import NOBODYS, checked_password, hashed, outdated, refuse_repeated, verified
from jutong.access.second_factor import (
    SecondFactor,
    Vault,
    address_of,
    code_at,
    digest_of,
    matching_step,
    new_recovery_codes,
    spelled,
    step_of,
    vault_of,
)
from jutong.access.session import (
    IDLE,
    LONGEST,
    Caller,
    Chair,
    Owed,
    apart,
    chairs_of,
    csrf_of,
    new_session,
    seat_of,
)
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, TooMuch, Unavailable, WrongMoment
from jutong.registers.post import Holding, Person, Post
from jutong.terms import Assurance, Duty, Grade

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TODAY = date(2026, 3, 2)
BODY, OTHER_BODY = "11500000MB1000010R", "11500000MB20000201"
KEY = SigningKey.of_seed(b"1" * 32)
VAULT = vault_of(KEY)
SECRET = b"12345678901234567890"
GOOD = "correct Horse 7 battery"


def a_post(post_id: str, person: str, *duties: Duty, body: str = BODY) -> Post:
    return Post(
        id=post_id, person=person, body=body, title="officer", duties=frozenset(duties), cleared=Grade.L3, since=NOW
    )


def held(*posts: Post) -> tuple[Holding, ...]:
    return tuple(Holding(post=post, body_name="局", holder_name="张三") for post in posts)


# passwords


@pytest.mark.parametrize(
    "password",
    [
        "",
        "Short1!",
        "alllowercase",
        "12345678901",
        "nocapitals12",
        "Admin@123456",
        "P@ssw0rd2026",
        "Passw0rd!!!!",
        "Jutong@2026",
        "Qwerty12345!",
        "1qaz2wsx3edc",
        "1QAZ2wsx3edc",
        "aaaaaaaaaaaaaaaaaaaa",
        "Aa1Aa1Aa1Aa1",
        "Zhangsan#2026",
        "张三的密码Abc1",
        "Good12345\x00xyz",
        "x" * 129 + "A1",
        "abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    """Too short, of one kind, guessed first, with the account or the name in it: refused, and never repeated."""
    with pytest.raises(Invalid) as refusal:
        checked_password(password, account="zhangsan", name="张三")
    assert not password or password not in str(refusal.value)
    assert "22239" in str(refusal.value.basis)


@pytest.mark.parametrize("password", [GOOD, "Sommer-7regen", "四个词 并不 属于一起 Ab3", "kettle orbit mango fjord"])
def test_a_good_password_is_taken(password: str) -> None:
    """Ten characters of three kinds, or a sentence of sixteen."""
    assert checked_password(password, account="zhangsan", name="张三") == password


def test_every_fault_is_told_at_once() -> None:
    """Nobody has to send the form four times to learn four rules."""
    with pytest.raises(Invalid) as refusal:
        checked_password("li", account="li_", name="")
    assert str(refusal.value).count(";") >= 1


def test_what_is_kept_does_not_tell_the_password() -> None:
    """The same password is kept in two ways, by Argon2id with enough memory, and opens by itself alone."""
    first, second = hashed(GOOD), hashed(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in first
    assert verified(first, GOOD)
    assert not verified(first, GOOD + " ")
    assert not verified("no hash at all", GOOD)
    assert len(first) <= 200


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    """An umlaut may come as one character or as two; half a character is no crash."""
    assert verified(hashed("Gr\u00fcner Zweig 7"), "Gru\u0308ner Zweig 7")
    assert not verified(hashed(GOOD), "\ud800")


def test_a_hash_of_weaker_times_is_renewed() -> None:
    """When the parameters rise, the next sign-in keeps the password anew."""
    assert outdated("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA")
    assert not outdated(NOBODYS)


def test_the_last_passwords_do_not_come_back() -> None:
    """A password that was used before is refused."""
    with pytest.raises(Invalid):
        refuse_repeated(GOOD, ("", hashed("another One 1"), hashed(GOOD)))
    refuse_repeated(GOOD, ("", hashed("another One 1")))


def test_an_account_remembers_three_passwords_and_ends_after_ninety_days() -> None:
    """The one in use and the ones before it; without a setting none ever ends."""
    account = Account(person="p", password="a", changed=NOW)
    for kept in "bcdef":
        account = account.with_password(kept, NOW)
    assert account.previous == ("e", "d", "c")
    assert not account.expired(NOW + timedelta(days=89), days=90)
    assert account.expired(NOW + timedelta(days=90), days=90)
    assert not account.expired(NOW + timedelta(days=900), days=0)


# failed attempts


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_failures_never_wait_shorter(one: int, other: int) -> None:
    """The wait grows with the failures and has an end."""
    for patience in (WITH_ACCOUNT, WITH_ADDRESS):
        fewer, more = sorted((one, other))
        assert patience.wait(fewer) <= patience.wait(more) <= patience.longest


@given(st.lists(st.integers(0, 7200), max_size=40))
def test_failures_in_any_rhythm_lock_no_shorter_than_slower_ones(pauses: list[int]) -> None:
    """Whatever the pauses within a day, each failure after the fourth locks, and none shortens the lock before it."""
    attempts, now = Attempts(key="k"), NOW
    for number, pause in enumerate(pauses, start=1):
        now += timedelta(seconds=pause)
        before = attempts.until
        attempts = attempts.failed(now, WITH_ACCOUNT)
        assert attempts.failures == number
        assert attempts.locked(now) == (number > WITH_ACCOUNT.free)
        if before and attempts.until:
            assert attempts.until >= min(before, now)


def test_failures_are_forgotten_after_a_day() -> None:
    """Somebody who mistyped last week begins anew."""
    attempts = Attempts(key="k", failures=9, last=NOW, until=NOW)
    assert attempts.failed(NOW + timedelta(hours=23), WITH_ACCOUNT).failures == 10
    assert attempts.failed(NOW + timedelta(hours=25), WITH_ACCOUNT).failures == 1


def test_a_locked_door_says_for_how_long() -> None:
    """The refusal names the minutes, rounded up, and whom to ask."""
    door = Door(Attempts(key="a"), Attempts(key="s"))
    for _ in range(6):
        door = door.failed(NOW)
    with pytest.raises(TooMuch) as refusal:
        door.refuse_locked(NOW + timedelta(seconds=1))
    assert "wait 2 minutes" in str(refusal.value)
    door.refuse_locked(NOW + timedelta(minutes=2))
    assert door.address.failures == 6
    assert not door.address.locked(NOW)


def test_one_minute_is_the_first_wait() -> None:
    """Four failures are free, whatever the patience."""
    assert Patience(free=0, longest=timedelta(hours=1), forgotten=timedelta(1)).wait(1) == timedelta(minutes=1)


# second factors


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1."""
    assert code_at(SECRET, seconds // 30, digits=8) == code
    assert step_of(datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_code_opens_once() -> None:
    """What somebody saw over a shoulder opens nothing; a later code does."""
    factor = SecondFactor(sealed=b"")
    code = code_at(SECRET, step_of(NOW))
    spent = factor.spent(f"{code[:3]} {code[3:]}", SECRET, NOW)
    assert spent is not None
    assert spent.spent(code, SECRET, NOW) is None
    assert spent.spent(code_at(SECRET, step_of(NOW) - 1), SECRET, NOW) is None
    later = NOW + timedelta(seconds=30)
    assert spent.spent(code_at(SECRET, step_of(later)), SECRET, later) is not None


def test_a_phone_may_be_half_a_minute_off_and_no_more() -> None:
    """One step to either side counts; two do not, nor what is not six digits."""
    here = step_of(NOW)
    assert [matching_step(SECRET, code_at(SECRET, here + off), NOW, after=-1) for off in (-2, -1, 0, 1, 2)] == [
        None,
        here - 1,
        here,
        here + 1,
        None,
    ]
    for code in ("", "12345", "1234567", "abcdef", "１２３４５６"):
        assert matching_step(SECRET, code, NOW, after=-1) is None


def test_a_recovery_code_opens_once_however_it_is_typed() -> None:
    """On the day the phone is lost."""
    codes = new_recovery_codes()
    assert len(set(codes)) == 8
    factor = SecondFactor(sealed=b"", recovery=tuple(map(digest_of, codes)))
    typed = codes[3].lower().replace("-", " ").replace("0", "o")
    spent = factor.spent(typed, SECRET, NOW)
    assert spent is not None
    assert len(spent.recovery) == 7
    assert spent.spent(typed, SECRET, NOW) is None


def test_a_sealed_secret_opens_for_its_person_and_this_node_alone() -> None:
    """A copied row opens nothing: not for another person, not at another node."""
    sealed = VAULT.seal(SECRET, of="p")
    assert SECRET not in sealed
    assert VAULT.opened(sealed, of="p") == SECRET
    for vault, person in ((VAULT, "q"), (vault_of(SigningKey.of_seed(b"2" * 32)), "p")):
        with pytest.raises(Unavailable):
            vault.opened(sealed, of=person)
    assert VAULT.mark("account", "zhang") != VAULT.mark("address", "zhang")
    assert isinstance(VAULT, Vault)


def test_a_phone_can_read_the_address() -> None:
    """The address has the issuer and the account, and the secret as base 32."""
    assert spelled(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    address = address_of(SECRET, account="li", issuer="聚通 cn-500000")
    assert address.startswith("otpauth://totp/%E8%81%9A%E9%80%9A%20cn-500000:li?secret=GEZDGNBVGY3TQOJQ")


def test_a_second_factor_is_not_replaced_by_the_way_and_an_administrator_keeps_it() -> None:
    """Whoever finds a desk open cannot swap the factor; an administrator may not do without."""
    account = Account(person="p", password="a", changed=NOW).with_second(SecondFactor(sealed=b"1"))
    with pytest.raises(WrongMoment):
        account.with_second(SecondFactor(sealed=b"2"))
    with pytest.raises(Invalid):
        account.without_second(required=True)
    assert account.without_second(required=False).second is None


# sessions and seats


def a_seat_with(*posts: Post, account: Account, lent: tuple[tuple[str, date], ...] = (), second: bool = False):
    level = Assurance.TWO if second else Assurance.ONE
    session = new_session("s", account, "token", Caller(source="::1"), now=NOW, level=level)
    chairs = chairs_of("p", held(*posts), lent)
    standing = Standing(account.language, account.must_change, account.second is not None)
    return seat_of(session, standing, Person(id="p", account="zhang", name="张三"), chairs, "token")


def test_a_session_ends_when_idle_or_old() -> None:
    """Half an hour without a page, twelve hours in all."""
    account = Account(person="p", password="a", changed=NOW)
    session = new_session(
        "s", account, "token", Caller(source="192.0.2.7", agent="Firefox\n" * 300), now=NOW, level=Assurance.ONE
    )
    assert session.live(NOW + IDLE - timedelta(seconds=1))
    assert not session.live(NOW + IDLE)
    busy = replace(session, seen=NOW + LONGEST - timedelta(minutes=1))
    assert busy.live(NOW + LONGEST - timedelta(seconds=1))
    assert not busy.live(NOW + LONGEST)
    assert (session.source, session.agent) == ("192.0.2.*", "Firefox")
    assert "token" not in repr(session)


def test_the_token_of_forms_follows_from_the_session_alone() -> None:
    """Two sessions have two; neither tells the session's token."""
    assert csrf_of("a") == csrf_of("a") != csrf_of("b")


def test_a_seat_acts_in_the_post_that_was_taken() -> None:
    """With two posts the one that was taken last counts; the guard sees its body, duties and clearance."""
    account = Account(person="p", password="a", changed=NOW, post="2")
    seat = a_seat_with(
        a_post("1", "p", Duty.REQUESTS), a_post("2", "p", Duty.ANSWERS, body=OTHER_BODY), account=account
    )
    assert seat.actor is not None
    assert (seat.actor.id, seat.actor.org, seat.actor.duties) == ("p", OTHER_BODY, {Duty.ANSWERS})
    assert seat.chair_of("1").body == BODY
    with pytest.raises(NotFound):
        seat.chair_of("3")


@pytest.mark.parametrize(
    ("account", "second", "duty", "owed"),
    [
        (Account(person="p", password="a", changed=NOW), False, Duty.REQUESTS, None),
        (Account(person="p", password="a", changed=NOW, must_change=True), False, Duty.REQUESTS, Owed.PASSWORD),
        (Account(person="p", password="a", changed=NOW), False, Duty.AUDIT_ADMIN, Owed.SECOND_FACTOR),
        (
            Account(person="p", password="a", changed=NOW, must_change=True, second=SecondFactor(sealed=b"")),
            False,
            Duty.AUDIT_ADMIN,
            Owed.CODE,
        ),
        (Account(person="p", password="a", changed=NOW, second=SecondFactor(sealed=b"")), True, Duty.AUDIT_ADMIN, None),
    ],
)
def test_nobody_acts_before_what_is_owed_is_done(account: Account, second: bool, duty: Duty, owed: Owed | None) -> None:
    """First the code, then a fresh password, then the second factor that administrators must have."""
    seat = a_seat_with(a_post("1", "p", duty), account=account, second=second)
    assert seat.owes is owed
    assert (seat.actor is None) == (owed is not None)
    assert (seat.oneself is None) == (owed is Owed.CODE)


def test_a_lent_post_is_taken_like_ones_own_but_not_from_outside() -> None:
    """It is offered with its lender and last day, only to colleagues, and never makes a second administrator."""
    lent = a_post("9", "q", Duty.ANSWERS)
    seat = a_seat_with(
        a_post("1", "p", Duty.REQUESTS),
        lent,
        account=Account(person="p", password="", changed=NOW),
        lent=(("9", TODAY),),
    )
    assert [(chair.id, chair.lent_by, chair.until) for chair in seat.chairs] == [("1", None, None), ("9", "q", TODAY)]
    assert seat.actor is not None
    assert seat.actor.lent_by == ""
    sitting = replace(seat, chair=seat.chair_of("9")).actor  # evidence then names both
    assert sitting is not None
    assert (sitting.id, sitting.lent_by) == ("p", "q")
    assert chairs_of("p", held(a_post("1", "p", Duty.REQUESTS, body=OTHER_BODY), lent), (("9", TODAY),))[1:] == ()
    audit, system = a_post("1", "p", Duty.AUDIT_ADMIN), a_post("9", "q", Duty.SYSTEM_ADMIN)
    assert [chair.id for chair in chairs_of("p", held(audit, system), (("9", TODAY),))] == ["1"]


@given(st.lists(st.frozensets(st.sampled_from(sorted(Duty)), max_size=4), max_size=6))
def test_no_set_of_chairs_makes_two_administrators(lent: list[frozenset[Duty]]) -> None:
    """Whatever is lent to whomever, the three administrators stay three people."""
    own = a_post("0", "p", Duty.AUDIT_ADMIN)
    others = [a_post(str(place + 1), "q", *duties) for place, duties in enumerate(lent)]
    chairs = chairs_of("p", held(own, *others), [(post.id, TODAY) for post in others])
    assert apart(chair.duties for chair in chairs)
    assert all(isinstance(chair, Chair) for chair in chairs)


# invitations


def test_an_invitation_counts_once_and_for_a_week() -> None:
    """After that a new one is needed."""
    invitation, code = new_invitation("i", "p", by="s", now=NOW)
    assert invitation.digest == digest_of(code.lower().replace("-", ""))
    assert code not in repr(invitation)
    assert invitation.open(NOW + timedelta(days=6))
    assert not invitation.open(NOW + timedelta(days=7))
    used = invitation.spent(NOW)
    with pytest.raises(NotKnown):
        used.spent(NOW)


# delegations


def lending(**changes: object) -> Delegation:
    made = Delegation(
        id="d", post="9", holder="q", delegate="p", starts=TODAY, ends=TODAY + timedelta(days=13), made=NOW
    )
    return replace(made, **changes)  # type: ignore[arg-type]


MINE, LENT = a_post("1", "p", Duty.REQUESTS), a_post("9", "q", Duty.ANSWERS)


def test_a_post_is_lent_to_a_colleague_for_a_time() -> None:
    """It stands from its first to its last day, both included, and can be taken back."""
    made = checked_delegation(lending(), LENT, own=[MINE], lent=[], today=TODAY)
    assert made.stands(TODAY)
    assert made.stands(TODAY + timedelta(days=13))
    assert not made.stands(TODAY + timedelta(days=14))
    assert not made.stands(TODAY - timedelta(days=1))
    assert not made.taken_back(NOW).stands(TODAY)
    assert made.taken_back(NOW).taken_back(NOW + timedelta(days=1)).ended == NOW


@pytest.mark.parametrize(
    ("changes", "post", "own", "error"),
    [
        ({"holder": "x"}, LENT, [MINE], NotAllowed),
        ({}, LENT.ended(NOW), [MINE], NotAllowed),
        ({"delegate": "q"}, LENT, [LENT], Invalid),
        ({}, LENT, [], Invalid),
        ({}, LENT, [replace(MINE, body=OTHER_BODY)], Invalid),
        ({"starts": TODAY - timedelta(days=1)}, LENT, [MINE], Invalid),
        ({"ends": TODAY - timedelta(days=1)}, LENT, [MINE], Invalid),
        ({"ends": TODAY + timedelta(days=90)}, LENT, [MINE], Invalid),
        ({}, a_post("9", "q", Duty.SYSTEM_ADMIN), [a_post("1", "p", Duty.AUDIT_ADMIN)], NotAllowed),
    ],
)
def test_what_cannot_be_lent(changes: dict[str, object], post: Post, own: list[Post], error: type[Exception]) -> None:
    """By others, after its end, to oneself, to outsiders, for the past, for ever, to another administrator."""
    with pytest.raises(error):
        checked_delegation(lending(**changes), post, own=own, lent=[], today=TODAY)


def test_what_is_lent_counts_towards_the_next_loan() -> None:
    """Two loans together do not make two administrators of one officer either."""
    with pytest.raises(NotAllowed):
        checked_delegation(
            lending(),
            a_post("9", "q", Duty.SYSTEM_ADMIN),
            own=[MINE],
            lent=[frozenset({Duty.AUDIT_ADMIN})],
            today=TODAY,
        )
