"""Notices: what others did is told to the right desks once, can be read, and goes out as letters if wanted."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from jutong import follows, ledger, notices, registers, sharing
from jutong.desk import House, open_house
from jutong.kernel.clock import system_clock
from jutong.kernel.db import connection, transaction
from jutong.kernel.errors import Invalid, Unavailable
from jutong.ledger import Evidence
from jutong.notices import Notice, Side, Thing
from jutong.terms import Actor, Duty
from tests.city import AUTHORITY, MARKET, SOCIAL, City, a_full_city, a_wish, done
from tests.town import ANSWERING, ASKING, Town, a_town, officer, submitted

MONDAY = date(2025, 9, 1)
MONDAY_NOON = datetime(2025, 9, 1, 4, tzinfo=UTC)


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """A town on either database."""
    made = a_town(tmp_path, url=database_url)
    yield made
    made.engine.dispose()


def tell_all(town: Town) -> None:
    """Let everything that was done be told."""
    for _, line in town.placed():
        with transaction(town.engine) as db:
            notices.tell(db, line)


def told(town: Town, actor: Actor, **asked: object) -> list[Notice]:
    """Return what somebody finds, the newest first."""
    with connection(town.engine) as db:
        return list(notices.latest(db, actor.id, actor.org, notices.sides_of(actor.duties), **asked))  # type: ignore[arg-type]


def unread(town: Town, actor: Actor) -> int:
    """Return the number beside the word."""
    with connection(town.engine) as db:
        return notices.unread(db, actor.id, actor.org, notices.sides_of(actor.duties))


def test_others_are_told_once_and_oneself_never(town: Town) -> None:
    """However often the follower runs, a line is one notice for each desk that it concerns."""
    request = submitted(town, MONDAY)
    tell_all(town)
    tell_all(town)
    (arrived,) = told(town, ANSWERING)
    assert (arrived.word, arrived.on, arrived.due) == ("sharing.submitted", request, date(2025, 9, 15))
    assert arrived.title
    assert arrived.other_name == "重庆市人力资源和社会保障局"
    assert told(town, ASKING) == []
    assert unread(town, ANSWERING) == 1


def test_a_breach_is_told_to_both_sides_and_the_authority(town: Town) -> None:
    """What the node itself did concerns its own body too."""
    submitted(town, MONDAY)
    town.on(MONDAY + timedelta(days=30))
    with town.desk(officer(AUTHORITY, Duty.HOUSE)) as desk:
        sharing.escalate_overdue(desk)
    tell_all(town)
    assert [one.word for one in told(town, ANSWERING)] == ["sharing.escalated", "sharing.submitted"]
    assert [one.word for one in told(town, ASKING)] == ["sharing.escalated"]


def test_a_notice_is_read_by_one_person_and_stays_new_for_another(town: Town) -> None:
    """Read marks are a person's own."""
    submitted(town, MONDAY)
    submitted(town, MONDAY, scenario="另一项核验")
    tell_all(town)
    first = told(town, ANSWERING)[-1]
    colleague = Actor(id="colleague", org=MARKET, duties=frozenset({Duty.ANSWERS}))
    with town.desk(ANSWERING) as desk:
        assert notices.mark_read(desk, (first.line,)) == 1
        assert notices.mark_read(desk, (first.line,)) == 0
    assert (unread(town, ANSWERING), unread(town, colleague)) == (1, 2)
    with town.desk(ANSWERING) as desk:
        notices.mark_read(desk, None)
    assert (unread(town, ANSWERING), unread(town, colleague)) == (0, 2)
    assert [one.read for one in told(town, ANSWERING)] == [True, True]
    submitted(town, MONDAY + timedelta(days=1), scenario="第三项核验")
    tell_all(town)
    assert unread(town, ANSWERING) == 1
    assert len(told(town, ANSWERING, only_unread=True)) == 1


def test_notices_are_paged_and_narrowed(town: Town) -> None:
    """One goes back from the last line seen; a kind of thing is shown alone."""
    for place in range(3):
        submitted(town, MONDAY, scenario=f"核验{place}")
    tell_all(town)
    newest = told(town, ANSWERING, limit=2)
    (oldest,) = told(town, ANSWERING, beyond=newest[-1].line)
    assert len({one.line for one in (*newest, oldest)}) == 3
    assert told(town, ANSWERING, thing=Thing.ENTRY) == []


def test_a_request_that_never_left_the_house_is_not_told() -> None:
    """Taking back a draft concerns nobody else."""
    line = Evidence(
        id="1",
        act="sharing.withdrawn",
        actor="a",
        org=SOCIAL,
        on="r",
        at=MONDAY_NOON,
        facts={"provider": MARKET, "consumer": SOCIAL, "entry": "e", "received": None},
    )
    assert notices.notices_of(line, [AUTHORITY]) == ()


def test_every_word_that_is_told_has_a_sentence_and_a_page() -> None:
    """A word that is added to the table needs its wording."""
    for word, (thing, _) in notices.TOLD.items():
        one = Notice(
            line="1",
            body=MARKET,
            side=Side.ASKING,
            word=word,
            thing=thing,
            on="x",
            entry="e",
            other=SOCIAL,
            at=MONDAY_NOON,
        )
        assert str(notices.wording(one))
        changed = word == "sharing.change_told"  # that page shows what is different
        assert notices.path_of(one).endswith("/e/versions" if changed else "/x")


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@example.cn", "a@example.cn\r\nBcc: b@example.cn", "a" * 300])
def test_what_is_no_address_is_not_taken(town: Town, address: str) -> None:
    """Nobody smuggles a header into a letter."""
    with town.desk(Actor(id="p", org=MARKET, duties=frozenset({Duty.ONESELF}))) as desk, pytest.raises(Invalid):
        notices.set_address(desk, address)


def test_an_address_is_not_told_to_the_ledger(town: Town) -> None:
    """That there is one is on record; where is the person's own."""
    with town.desk(Actor(id="p", org=MARKET, duties=frozenset({Duty.ONESELF}))) as desk:
        notices.set_address(desk, "officer@example.gov.cn")
    (line,) = town.lines("notices.address_set")
    assert b"officer" not in line.leaf()


# Letters -----------------------------------------------------------------------------------------------------------


@dataclass
class Postbox:
    """An SMTP server of a few lines: it takes letters, or refuses them as long as it is told to."""

    port: int = 0
    refuses: int = 0
    letters: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                talk, _ = listener.accept()
            except OSError:
                return
            with talk, talk.makefile("rwb") as file:
                self._talk(file)

    def _talk(self, file) -> None:  # type: ignore[no-untyped-def]
        def say(words: str) -> None:
            file.write(words.encode() + b"\r\n")
            file.flush()

        say("220 box")
        while line := file.readline():
            word = line[:4].upper()
            if word == b"DATA":
                say("354 go on")
                body = b""
                while (part := file.readline()) != b".\r\n":
                    body += part
                self.letters.append(body)
                say("250 taken")
            elif word == b"MAIL" and self.refuses:
                self.refuses -= 1
                say("451 later")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


@contextmanager
def a_postbox() -> Iterator[Postbox]:
    """Open a post box on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        box = Postbox(port=listener.getsockname()[1])
        threading.Thread(target=box.serve, args=(listener,), daemon=True).start()
        yield box
        listener.shutdown(socket.SHUT_RDWR)


def a_city_with_mail(folder: Path, port: int) -> City:
    """Make a city whose answering officer wants letters."""
    city = a_full_city(folder)
    settings = folder / "jutong.toml"
    settings.write_text(
        settings.read_text("utf-8")
        + f'address = "https://data.example.gov.cn"\n[mail]\nhost = "127.0.0.1"\nport = {port}\n'
        + 'sender = "jutong@example.gov.cn"\ntls = "none"\n',
        "utf-8",
    )
    return city


def reopened(city: City, folder: Path, ahead: timedelta = timedelta()) -> House:
    """Return the house with its new settings, its clock set ahead."""
    return open_house(folder, clock=lambda: system_clock() + ahead)


def ask_again(city: City) -> None:
    """Let the consumer ask once more, and let it be told."""
    with city.client() as client:
        path = done(
            client.post("/api/requests", json=a_wish(city, scenario="又一项核验"), headers=city.bearer("asker"))
        )["id"]
        done(client.post(f"/api/requests/{path}/signature", json={}, headers=city.bearer("asking-head")))
        done(client.post(f"/api/requests/{path}/submission", json={}, headers=city.bearer("asker")))
    city.settle()


def test_letters_go_out_and_wait_longer_after_each_failure(tmp_path: Path) -> None:
    """A server that does not take a letter gets it later, once; the letter holds no value and no name."""
    with a_postbox() as box:
        city = a_city_with_mail(tmp_path / "home", box.port)
        house = reopened(city, tmp_path / "home")
        with house.reading() as db:
            person = registers.find_post(db, city.posts["head"]).person
        with house.desk(Actor(id=person, org=MARKET, duties=frozenset({Duty.ONESELF}))) as desk:
            notices.set_address(desk, "head@example.gov.cn")
        ask_again(city)
        box.refuses = 1
        with pytest.raises(Unavailable):
            notices.send_due(house)
        assert notices.send_due(house) == 0, "it waits a minute"
        assert notices.send_due(reopened(city, tmp_path / "home", timedelta(minutes=2))) == 1
        assert notices.send_due(reopened(city, tmp_path / "home", timedelta(days=1))) == 0
        (letter,) = box.letters
        read = message_from_bytes(letter, policy=policy.default)
        assert read["To"] == "head@example.gov.cn"
        words = read.get_content()
        assert "https://data.example.gov.cn/requests/" in words
        assert "又一项核验" not in words
        assert "asker" not in words


def test_nothing_is_sent_where_no_mail_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters are off until somebody turns them on."""
    monkeypatch.delattr(smtplib, "SMTP")
    city = a_full_city(tmp_path / "home")
    assert notices.send_due(city.house) == 0


def test_the_follower_tells_what_was_done(tmp_path: Path) -> None:
    """Every desk of a city learns what the others did, from the ledger."""
    city = a_full_city(tmp_path / "home")
    with city.house.reading() as db:
        asked = notices.latest(db, "somebody", SOCIAL, [Side.ASKING])
        author = notices.latest(db, "somebody", MARKET, [Side.CATALOGUE])
        assert ledger.position(db, "*>tell_those_concerned") > 0
    assert {one.word for one in asked} >= {"sharing.approved", "sharing.delivered"}
    assert {one.word for one in author} >= {"catalogue.registered", "catalogue.published"}
    assert follows.follow(city.house) == 0
