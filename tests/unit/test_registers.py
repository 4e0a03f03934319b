"""Who exists: bodies, people and posts, credentials, systems, nodes; and what is standard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from jutong import registers
from jutong.desk import Desk, open_desk
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connect, metadata, transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, WrongMoment
from jutong.pools import open_pools
from jutong.registers import Node, Relation, SystemName, store
from jutong.registers.credential import credential_id_in, token_of
from jutong.terms import Actor, BodyKind, Duty, Grade, Org, house_of
from jutong.terms.identifier import credit_code_of, organisation_code_of
from tests.postgres import fresh_database, postgres_url  # noqa: F401

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def code(number: int) -> str:
    return credit_code_of("11500000" + organisation_code_of(f"{number:08}"))


MARKET, LABOUR, BUREAU = code(1), code(2), code(3)
KEY, OTHER_KEY = SigningKey.of_seed(b"1" * 32).public, SigningKey.of_seed(b"2" * 32).public

Sit = Callable[..., AbstractContextManager[Desk]]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'control.db'}"
    else:
        url = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    made = connect(url)
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def sit(engine: sa.Engine, tmp_path: Path) -> Sit:
    """Return how to sit down at a desk; the node itself does unless somebody else is named."""
    pools = open_pools(str(tmp_path / "lake"), {}, "duckdb", "lmdb", tmp_path / "serving")
    return lambda actor=None, now=NOW: open_desk(engine, actor or house_of(BUREAU), now, pools)


@pytest.fixture
def bodies(sit: Sit) -> None:
    """Three bodies: the authority of the tier and two departments."""
    with sit() as desk:
        registers.register_body(
            desk, Org(code=BUREAU, name="重庆市大数据发展管理局", division="500000", kind=BodyKind.AUTHORITY)
        )
        registers.register_body(desk, Org(code=MARKET, name="重庆市市场监督管理局", division="500000"))
        registers.register_body(desk, Org(code=LABOUR, name="重庆市人力资源和社会保障局", division="500000"))


def holder(desk: Desk, account: str, body: str, *duties: Duty) -> registers.Post:
    person = registers.register_person(desk, f"holder of {account}", account)
    return registers.appoint(desk, person.id, body, "officer", duties)


def an_actor(*duties: Duty, org: str = MARKET) -> Actor:
    return Actor(id="somebody", org=org, duties=frozenset(duties))


def lines(engine: sa.Engine) -> list[str]:
    with transaction(engine) as db:
        return list(db.execute(sa.text("select act from ledger_evidence order by seq")).scalars())


# bodies


@pytest.mark.parametrize(
    "org",
    [
        Org(code="91330000799655058B", name="局", division="500000"),
        Org(code="110108000000016", name="局", division="500000"),
        Org(code=MARKET, name="局", division="50000"),
        Org(code=MARKET, name="   ", division="500000"),
        Org(code=MARKET, name="局\x00", division="500000"),
        Org(code=MARKET, name="局\n局", division="500000"),
        Org(code=MARKET, name="局\u202e局", division="500000"),
        Org(code=MARKET, name="\ufffd\ufffd局", division="500000"),
        Org(code=MARKET, name="局" * 201, division="500000"),
        Org(code=MARKET, name="局", short_name="局" * 41, division="500000"),
    ],
)
def test_a_body_needs_a_sound_code_and_a_readable_name(sit: Sit, org: Org) -> None:
    """A code that fails its check digit, or a name that hides what it says, does not enter the register."""
    with pytest.raises(Invalid) as refusal, sit() as desk:
        registers.register_body(desk, org)
    assert org.name.strip() in ("", "局") or org.name not in str(refusal.value)


def test_a_wrong_code_is_refused_with_its_basis(sit: Sit) -> None:
    """The refusal names the standard and what to do."""
    with pytest.raises(Invalid) as refusal, sit() as desk:
        registers.register_body(desk, Org(code="91330000799655058B", name="局", division="500000"))
    assert "GB 32100" in str(refusal.value.basis)
    assert refusal.value.remedy


def test_registering_a_body_twice_changes_nothing(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """The second time there is neither a second body nor a second line; a new name is a change and leaves one."""
    before = lines(engine)
    with sit() as desk:
        registers.register_body(desk, Org(code=MARKET, name=" 重庆市市场监督管理局 ", division="500000"))
    assert lines(engine) == before
    with sit() as desk:
        registers.register_body(desk, Org(code=MARKET, name="市场局", division="500000"))
        assert registers.find_body(desk.db, MARKET).name == "市场局"
        assert len(registers.bodies(desk.db)) == 3
    assert lines(engine) == [*before, "registers.body_registered"]


def test_a_department_cannot_change_another_ones_entry(sit: Sit, bodies: None) -> None:
    """Its own administrator may, the tier's authority may, a neighbour may not."""
    renamed = Org(code=MARKET, name="renamed", division="500000")
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN, org=LABOUR)) as desk:
        registers.register_body(desk, renamed)
    with sit(an_actor(Duty.SYSTEM_ADMIN, org=BUREAU)) as desk:
        assert registers.register_body(desk, renamed) == renamed


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE registers_body; --", "<script>alert(1)</script>", "=HYPERLINK(1)", "{x}"]
)
def test_a_hostile_name_is_only_a_name(sit: Sit, bodies: None, name: str) -> None:
    """What looks like a command to a database, a page or a template is kept letter by letter."""
    with sit() as desk:
        registers.register_body(desk, Org(code=MARKET, name=name, division="500000"))
        assert registers.find_body(desk.db, MARKET).name == name
        assert len(registers.bodies(desk.db)) == 3


# people and posts


def test_an_account_belongs_to_one_person(sit: Sit, bodies: None) -> None:
    """The same person may be entered again; somebody else under the same account may not."""
    with sit() as desk:
        first = registers.register_person(desk, "张三", "zhang.san")
        assert registers.register_person(desk, "张三", "zhang.san") == first
        assert registers.find_person(desk.db, first.id).name == "张三"
    with pytest.raises(Invalid), sit() as desk:
        registers.register_person(desk, "李四", "zhang.san")
    with pytest.raises(Invalid), sit() as desk:
        registers.register_person(desk, "李四", "../li")


def test_no_persons_name_enters_the_ledger(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """Evidence shows identifiers; the register alone knows whose they are."""
    with sit() as desk:
        person = registers.register_person(desk, "张三", "zhang.san")
        registers.appoint(desk, person.id, MARKET, "科长", {Duty.CATALOGUE})
    with transaction(engine) as db:
        leaves = b"".join(db.execute(sa.text("select leaf from ledger_evidence")).scalars())
    assert b"zhang.san" not in leaves
    assert "张三".encode() not in leaves
    assert person.id.encode() in leaves


@pytest.mark.parametrize("body", [MARKET, LABOUR])
def test_nobody_is_two_administrators(sit: Sit, bodies: None, body: str) -> None:
    """System, security and audit administrators check one another, so they are three people, in whichever bodies."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.SYSTEM_ADMIN)
    with pytest.raises(Invalid, match="two of the three administrators") as refusal, sit() as desk:
        registers.appoint(desk, post.person, body, "officer", {Duty.SECURITY_ADMIN})
    assert "22239" in str(refusal.value.basis)
    with pytest.raises(Invalid), sit() as desk:
        holder(desk, "b", body, Duty.SECURITY_ADMIN, Duty.AUDIT_ADMIN)


def test_a_post_that_has_ended_does_not_stand_in_the_way(sit: Sit, bodies: None) -> None:
    """Who was system administrator may become security administrator."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.SYSTEM_ADMIN)
        assert not registers.dismiss(desk, post.id).held
        assert registers.dismiss(desk, post.id).until == NOW
        registers.appoint(desk, post.person, MARKET, "officer", {Duty.SECURITY_ADMIN})
        assert len(registers.posts_held_by(desk.db, post.person)) == 1
        assert len(registers.posts_in(desk.db, MARKET)) == 2


def test_appointing_twice_gives_one_post(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """An act that arrives twice is done once."""
    with sit() as desk:
        first = holder(desk, "a", MARKET, Duty.CATALOGUE, Duty.ANSWERS)
    before = lines(engine)
    with sit() as desk:
        assert holder(desk, "a", MARKET, Duty.ANSWERS, Duty.CATALOGUE) == first
    assert lines(engine) == before


def test_nobody_appoints_or_clears_themselves(sit: Sit, bodies: None) -> None:
    """An administrator's power is not a way to more of it."""
    with sit() as desk:
        admin = holder(desk, "a", MARKET, Duty.SYSTEM_ADMIN)
        guard = holder(desk, "b", MARKET, Duty.SECURITY_ADMIN)
    with pytest.raises(NotAllowed, match="themselves"), sit(admin.actor()) as desk:
        registers.appoint(desk, admin.person, MARKET, "officer", {Duty.CATALOGUE})
    with pytest.raises(NotAllowed, match="themselves"), sit(guard.actor()) as desk:
        registers.clear(desk, guard.id, Grade.L4)


@pytest.mark.parametrize("duties", [{Duty.HOUSE}, {Duty.PEER, Duty.CATALOGUE}, set()])
def test_the_nodes_own_duties_are_not_for_people(sit: Sit, bodies: None, duties: set[Duty]) -> None:
    """Nobody becomes the node itself, and a post without duties is none."""
    with pytest.raises(Invalid), sit() as desk:
        holder(desk, "a", MARKET, *duties)


def test_clearance_is_the_security_administrators(sit: Sit, bodies: None) -> None:
    """The system administrator gives posts up to L2; what is above takes the other administrator."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.CATALOGUE)
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        registers.appoint(desk, post.person, MARKET, "officer", {Duty.ANSWERS}, Grade.L3)
    with sit(an_actor(Duty.SECURITY_ADMIN)) as desk:
        assert registers.clear(desk, post.id, Grade.L3).cleared is Grade.L3
        assert registers.find_post(desk.db, post.id).actor().cleared is Grade.L3


def test_appointments_stay_in_the_house(sit: Sit, bodies: None) -> None:
    """An administrator appoints in its own body; the tier's authority may everywhere."""
    with sit() as desk:
        person = registers.register_person(desk, "n", "n")
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN, org=LABOUR)) as desk:
        registers.appoint(desk, person.id, MARKET, "officer", {Duty.CATALOGUE})
    with sit(an_actor(Duty.SYSTEM_ADMIN, org=BUREAU)) as desk:
        registers.appoint(desk, person.id, MARKET, "officer", {Duty.CATALOGUE})
    with pytest.raises(NotFound), sit() as desk:
        registers.appoint(desk, person.id, code(9), "officer", {Duty.CATALOGUE})
    with pytest.raises(NotFound), sit() as desk:
        registers.appoint(desk, "nobody", MARKET, "officer", {Duty.CATALOGUE})


# credentials


def test_a_token_stands_for_its_post(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """Who brings the token acts in the post for which it was made; the database holds a digest alone."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.CATALOGUE)
        credential_id, token = registers.issue_credential(desk, post.id)
    assert credential_id_in(token) == credential_id
    with transaction(engine) as db:
        actor = registers.actor_of(db, token, NOW)
        assert (actor.id, actor.org, actor.duties) == (post.person, MARKET, {Duty.CATALOGUE})
        (kept,) = registers.credentials_of(db, post.id)
        stored = repr(db.execute(sa.text("select * from registers_credential")).all())
        leaves = b"".join(db.execute(sa.text("select leaf from ledger_evidence")).scalars())
    assert token.split("_", 2)[2] not in stored
    assert token.encode() not in leaves
    assert kept.token_digest not in repr(kept)


def test_every_bad_token_gets_the_same_answer(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """A forger does not learn whether the credential exists, has ended, or is nearly right."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.CATALOGUE)
        credential_id, token = registers.issue_credential(desk, post.id, days=30)
        other_id, other = registers.issue_credential(desk, post.id)
        registers.revoke_credential(desk, other_id)
        registers.revoke_credential(desk, other_id)
    forged = token_of(credential_id, bytes(32))
    swapped = f"jt_{credential_id}_{other.rpartition('_')[2]}"
    unknown = token_of("0" * 26, bytes(32))
    said = set()
    with transaction(engine) as db:
        for bearer, at in [
            *(
                (bad, NOW)
                for bad in (forged, swapped, unknown, other, "", "jt_", f" {token}", f"{token}\n", "' or 1=1")
            ),
            (token, NOW + timedelta(days=30)),
            (token, NOW - timedelta(seconds=1)),
        ]:
            with pytest.raises(NotKnown) as refusal:
                registers.actor_of(db, bearer, at)
            said.add(str(refusal.value))
        registers.actor_of(db, token, NOW + timedelta(days=29))
    assert len(said) == 1


def test_a_credential_ends_with_its_post(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """Who is dismissed is unknown from the same instant, and gets no new credential."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.CATALOGUE)
        _, token = registers.issue_credential(desk, post.id)
        registers.dismiss(desk, post.id)
    with transaction(engine) as db, pytest.raises(NotKnown):
        registers.actor_of(db, token, NOW)
    with pytest.raises(WrongMoment), sit() as desk:
        registers.issue_credential(desk, post.id)


def test_credentials_are_the_security_administrators(sit: Sit, bodies: None) -> None:
    """The system administrator who made the post cannot also take its token."""
    with sit() as desk:
        post = holder(desk, "a", MARKET, Duty.CATALOGUE)
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        registers.issue_credential(desk, post.id)
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SECURITY_ADMIN, org=LABOUR)) as desk:
        registers.issue_credential(desk, post.id)
    with sit(an_actor(Duty.SECURITY_ADMIN)) as desk:
        registers.issue_credential(desk, post.id)
    with pytest.raises(Invalid), sit() as desk:
        registers.issue_credential(desk, post.id, days=0)


@given(secret=st.binary(min_size=32, max_size=32))
def test_a_token_gives_back_its_credential(secret: bytes) -> None:
    """Every secret is spelled in 43 characters that need no quoting anywhere."""
    token = token_of("0" * 26, secret)
    assert len(token) == 3 + 26 + 1 + 43
    assert credential_id_in(token) == "0" * 26


@given(text=st.text(max_size=100))
def test_any_text_is_refused_as_a_token(text: str) -> None:
    """Whatever a caller sends, it is refused, never a fault."""
    with pytest.raises(NotKnown):
        credential_id_in(text)


# systems


def test_a_system_is_named_by_its_body(sit: Sit, bodies: None) -> None:
    """Instance from the division, class from the kind, member from the credit code."""
    with sit() as desk:
        system = registers.register_system(desk, MARKET, "registration", "登记系统", KEY)
        assert str(system.name) == f"CN-500000/GOV/{MARKET}/registration"
        assert registers.find_system(desk.db, SystemName.parse(str(system.name))) == system
        assert registers.register_system(desk, MARKET, "registration", "登记系统", KEY) == system
        assert registers.systems(desk.db, MARKET) == (system,)
        assert registers.systems(desk.db, LABOUR) == ()


def test_a_firm_that_may_use_but_not_see_is_named_as_a_firm(sit: Sit, bodies: None) -> None:
    """COM for firms, ORG for other bodies that are no government."""
    with sit() as desk:
        firm = Org(code="91330100799655058B", name="n", division="330100", kind=BodyKind.CONSUMER)
        assert str(registers.register_system(desk, registers.register_body(desk, firm).code, "a", "n").name).startswith(
            "CN-330000/COM/"
        )


@pytest.mark.parametrize("part", ["", "a b", "a/b", "..", ".", "a\n", "ä", "a%2f", "系统", "a:b", "a" * 65, "a;b"])
def test_a_name_holds_only_what_paths_and_headers_bear(sit: Sit, bodies: None, part: str) -> None:
    """X-Road's identifiers: letters, digits and a few signs."""
    with pytest.raises(Invalid):
        SystemName("CN-500000", "GOV", MARKET, part)
    with pytest.raises(Invalid), sit() as desk:
        registers.register_system(desk, MARKET, part, "n")


@given(st.from_regex(r"\A[A-Za-z0-9'()+,\-=?]{1,64}\Z"))
def test_a_system_name_reads_back_as_it_is_spelled(part: str) -> None:
    """Printing and parsing are inverse."""
    name = SystemName("CN-500000", "GOV", MARKET, part)
    assert SystemName.parse(str(name)) == name


def test_an_old_key_still_proves_what_it_signed(sit: Sit, bodies: None) -> None:
    """After a change of keys the new one counts, and each day is answered with the key of that day."""
    later = NOW + timedelta(days=1)
    with sit() as desk:
        name = registers.register_system(desk, MARKET, "a", "n", KEY).name
    with sit(now=later) as desk:
        changed = registers.set_key(desk, name, OTHER_KEY)
        assert changed.key == OTHER_KEY
        assert registers.find_system(desk.db, name) == changed
        assert [one.key for one in changed.counting(NOW)] == [KEY]
        assert [one.key for one in changed.counting(later)] == [OTHER_KEY]
        assert changed.counting(NOW - timedelta(seconds=1)) == ()
        assert registers.set_key(desk, name, OTHER_KEY) == changed
    with pytest.raises(Invalid, match="given up before"), sit(now=later) as desk:
        registers.set_key(desk, name, KEY)


def test_a_withdrawn_key_signs_nothing(sit: Sit, bodies: None) -> None:
    """A lost key is taken from the system; the system stays."""
    with sit() as desk:
        name = registers.register_system(desk, MARKET, "a", "n", KEY).name
    with sit(an_actor(Duty.SECURITY_ADMIN)) as desk:
        assert registers.withdraw_key(desk, name).key is None
        assert registers.withdraw_key(desk, name).key is None
        assert registers.find_system(desk.db, name).key is None


def test_keys_are_the_security_administrators(sit: Sit, bodies: None) -> None:
    """The system administrator enters the system, the security administrator its key."""
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        registers.register_system(desk, MARKET, "a", "n", KEY)
    with sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        system = registers.register_system(desk, MARKET, "a", "n")
        assert system.key is None
    with sit(an_actor(Duty.SECURITY_ADMIN)) as desk:
        assert registers.set_key(desk, system.name, KEY).key == KEY
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SECURITY_ADMIN, org=LABOUR)) as desk:
        registers.set_key(desk, system.name, OTHER_KEY)


# nodes


def test_a_neighbour_speaks_for_its_own_area_and_no_other() -> None:
    """An authority's node tells of bodies in its area: Chongqing's (500000) of Yubei's, not of Sichuan's (510000)."""
    node = Node(name="cq.gov.cn", url="https://127.0.0.1:8701", key=KEY, relation=Relation.CHILD)
    authority = Org(code=BUREAU, name="重庆市大数据发展管理局", division="500000", kind=BodyKind.AUTHORITY)
    ours, theirs = (Org(code=MARKET, name="局", division=division) for division in ("500112", "510000"))
    assert registers.speaks_for(node, ours, authority)
    assert not registers.speaks_for(node, theirs, authority)
    assert not registers.speaks_for(node, ours, replace(authority, kind=BodyKind.DEPARTMENT))


def test_a_neighbour_is_trusted_under_its_key(sit: Sit, engine: sa.Engine, bodies: None) -> None:
    """Enrolled twice it is enrolled once; moved to another address it is changed."""
    node = Node(name="cq.gov.cn/yubei", url="https://127.0.0.1:8701", key=KEY, relation=Relation.CHILD)
    with sit() as desk:
        registers.enrol_node(desk, node)
        registers.enrol_node(desk, node)
        assert registers.nodes(desk.db) == (node,)
        moved = Node(name=node.name, url="https://[::1]:8702/j", key=KEY, relation=Relation.CHILD)
        registers.enrol_node(desk, moved)
        assert registers.find_node(desk.db, node.name) == moved
    assert lines(engine).count("registers.node_enrolled") == 2
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        registers.enrol_node(desk, node)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a b", "https://x"),
        ("a+b", "https://x"),
        ("", "https://x"),
        ("a", "file:///etc/passwd"),
        ("a", "https://"),
        ("a", "https://user:secret@x"),
        ("a", "https://x?y=1"),
        ("a", "https://x#y"),
        ("a", "https://x:99999"),
        ("a", "https://x\n"),
        ("a", "https://[x"),
    ],
)
def test_a_node_needs_a_plain_name_and_a_web_address(name: str, url: str) -> None:
    """The name signs checkpoints, the address is called by machines."""
    with pytest.raises(Invalid):
        Node(name=name, url=url, key=KEY)


# standards


def test_seeding_fills_only_what_is_missing(sit: Sit, engine: sa.Engine) -> None:
    """Seeded again, nothing changes, and what an officer entered in between stands."""
    with sit() as desk:
        registers.seed_standards(desk)
    before = lines(engine)
    with sit() as desk:
        registers.enter_calendar(desk, 2026, {date(2026, 3, 3): False}, "corrected")
        registers.seed_standards(desk)
        assert registers.calendar(desk.db).notices[2026] == "corrected"
        assert not registers.calendar(desk.db).is_working(date(2026, 3, 3))
        assert len(registers.deadline_rules(desk.db)) == 24
        assert registers.find_element(desk.db, "credit-code").checks
        assert {codes.id for codes in registers.code_sets(desk.db)} >= {"share-type", "update-cycle"}
        assert list(next(c for c in registers.code_sets(desk.db) if c.id == "credit-authority").codes)[:2] == ["1", "2"]
    assert lines(engine) == [*before, "registers.calendar_entered"]


def test_a_term_is_counted_on_the_registers_own_calendar(sit: Sit) -> None:
    """A provisional day becomes firm when the year's notice is entered."""
    with sit() as desk:
        registers.seed_standards(desk)
        asked = date(2026, 12, 28)
        assert registers.deadline(desk.db, "REQ_ANSWER_COND", date(2025, 9, 24)).due == date(2025, 10, 14)
        assert registers.deadline(desk.db, "REQ_ANSWER_COND", asked).provisional
        registers.enter_calendar(desk, 2027, {date(2027, 1, 1): False, date(2027, 1, 2): True}, "国务院办公厅通知")
        firm = registers.deadline(desk.db, "REQ_ANSWER_COND", asked, "500112", extension_days=10)
        assert not firm.provisional
        assert "国务院办公厅通知" in firm.notice


def test_a_stricter_local_rule_is_data(sit: Sit) -> None:
    """A place with shorter terms needs a row, not a program."""
    with sit() as desk:
        registers.seed_standards(desk)
        found = (one for one in registers.deadline_rules(desk.db) if not one.jurisdiction)
        (country,) = (rule for rule in found if rule.id == "REQ_ANSWER_COND")
        local = replace(country, instrument="办法", article="三", working_days=5, jurisdiction="1401")
        store.save_rule(desk.db, local)
        assert registers.deadline(desk.db, country.id, date(2025, 9, 24), "140105").basis == "办法第三条"
        assert registers.deadline(desk.db, country.id, date(2025, 9, 24), "500112").basis == country.basis


def a_term(**changes: Any) -> dict[str, Any]:
    """Return a district's own term for checking requests."""
    told = {"division": "500103", "working_days": 2, "since": date(2031, 1, 6), "instrument": "渝中区办法"}
    return told | changes


def test_a_place_enters_its_own_term(sit: Sit, engine: sa.Engine) -> None:
    """It counts from its first day, there alone; the same again leaves no line, and its last day is set later."""
    with sit() as desk:
        registers.seed_standards(desk)
    before = lines(engine)
    for _ in range(2):
        with sit() as desk:
            registers.enter_rule(desk, "REQ_PRECHECK", **a_term())
    with sit() as desk:
        day = date(2031, 1, 6)
        assert registers.deadline(desk.db, "REQ_PRECHECK", day, "500103").basis == "渝中区办法"
        for elsewhere, on in (("500112", day), ("500103", date(2031, 1, 3))):
            with pytest.raises(NotFound):
                registers.deadline(desk.db, "REQ_PRECHECK", on, elsewhere)
        registers.enter_rule(desk, "REQ_PRECHECK", **a_term(until=date(2031, 6, 30)))
        with pytest.raises(NotFound):
            registers.deadline(desk.db, "REQ_PRECHECK", date(2031, 7, 1), "500103")
    assert lines(engine) == [*before, *["registers.rule_entered"] * 2]


@pytest.mark.parametrize(
    ("rule", "changes", "words"),
    [
        ("REQ_ANSWER_COND", {"working_days": 11}, "no longer one"),
        ("REQ_ANSWER_COND", {"working_days": 0}, "1 to"),
        ("REQ_PRECHECK", {"since": date(2020, 1, 6)}, "after today"),
        ("REQ_PRECHECK", {"until": date(2030, 1, 1)}, "before its first"),
        ("REQ_PRECHECK", {"instrument": " "}, "instrument"),
        ("REQ_PRECHECK", {"division": "999999"}, "no division"),
        ("NO_SUCH", {}, "NO_SUCH"),
    ],
)
def test_a_term_that_no_place_may_set_is_refused(sit: Sit, rule: str, changes: dict[str, Any], words: str) -> None:
    """Not longer than the country's, not backwards in time, not without an instrument, not nowhere."""
    with sit() as desk:
        registers.seed_standards(desk)
    with pytest.raises((Invalid, NotFound), match=words), sit() as desk:
        registers.enter_rule(desk, rule, **a_term(**changes))


def test_a_department_does_not_set_terms(sit: Sit, bodies: None) -> None:
    """Terms are the tier's: its authority enters them."""
    with sit() as desk:
        registers.seed_standards(desk)
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        registers.enter_rule(desk, "REQ_PRECHECK", **a_term())


def test_a_notice_is_entered_once(sit: Sit, engine: sa.Engine) -> None:
    """The same notice again leaves no line; a corrected one says that it replaces another."""
    with sit() as desk:
        for _ in range(2):
            registers.enter_calendar(desk, 2027, {date(2027, 1, 1): False}, "n")
        registers.enter_calendar(desk, 2027, {date(2027, 1, 1): False, date(2026, 12, 31): False}, "n")
        assert not registers.calendar(desk.db).is_working(date(2026, 12, 31))
        with pytest.raises(Invalid):
            registers.enter_calendar(desk, 2027, {date(2028, 1, 3): False}, "n")
    assert lines(engine) == ["registers.calendar_entered"] * 2


def test_a_department_does_not_change_the_calendar(sit: Sit, bodies: None) -> None:
    """The calendar is the tier's: its authority enters it."""
    with pytest.raises(NotAllowed), sit(an_actor(Duty.SYSTEM_ADMIN)) as desk:
        registers.enter_calendar(desk, 2027, {}, "n")
    with sit(an_actor(Duty.SYSTEM_ADMIN, org=BUREAU)) as desk:
        registers.enter_calendar(desk, 2027, {}, "n")


def test_what_is_not_there_is_refused(sit: Sit) -> None:
    """Every look-up says that there is nothing, instead of giving nothing."""
    with sit() as desk:
        for ask in (
            lambda: registers.find_body(desk.db, MARKET),
            lambda: registers.find_post(desk.db, "x"),
            lambda: registers.find_person(desk.db, "x"),
            lambda: registers.find_node(desk.db, "x"),
            lambda: registers.find_element(desk.db, "x"),
            lambda: registers.find_system(desk.db, SystemName("a", "b", "c", "d")),
            lambda: registers.deadline(desk.db, "DELIVER", date(2026, 1, 5)),
            lambda: registers.revoke_credential(desk, "x"),
        ):
            with pytest.raises(NotFound):
                ask()


@pytest.mark.parametrize("duty", [Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.AUDIT_ADMIN])
def test_a_department_cannot_make_itself_the_authority(sit: Sit, bodies: None, duty: Duty) -> None:
    """A department's own administrator gives no post that audits, or looks into, other departments."""
    admin = Actor(id="admin", org=MARKET, duties=frozenset({Duty.SYSTEM_ADMIN}), cleared=Grade.L2)
    with sit() as desk:
        person = registers.register_person(desk, "某人", "somebody")
    with pytest.raises(Invalid), sit(admin) as desk:
        registers.appoint(desk, person.id, MARKET, "officer", {duty})
