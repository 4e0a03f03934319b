"""Subscriptions: systems are told of new versions in order and without a row, as long as they have the right to be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.cli import app
from jutong.delivery.bulk import telling
from jutong.delivery.bulk.telling import Event, Failure, State, Subscription, store
from jutong.delivery.bulk.telling.subscription import TRIED_FOR, WAIT_FIRST, WAIT_MOST, check_address
from jutong.desk import House
from jutong.kernel.db import connection, metadata, transaction
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, TooMuch, WrongMoment
from jutong.kernel.httpsig import Target, claim_of, verify_request
from tests.city import done
from tests.console import CSRF, a_console
from tests.shares import Sharing, a_sharing, firms

PURPOSE = Purpose.SOCIAL_SECURITY
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Receiver:
    """A consumer's system that takes webhooks; it answers with what it is told to answer."""

    port: int = 0
    status: int = 204
    allowed: str = "*"
    asked: int = 0
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def events(self) -> list[dict[str, Any]]:
        """Return what came, in order."""
        return [msgspec.json.decode(body) for _, body in self.came]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Let a receiver listen."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            made.asked += 1
            self.send_response(200)
            if made.allowed:
                self.send_header("WebHook-Allowed-Origin", made.allowed)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that listens."""
    with receiving() as made:
        yield made


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Sharing]:
    """An agreement on a table and a file, with its view made."""
    made = a_sharing(tmp_path / "home", firms(4))
    made.keep()
    yield made
    made.house.engine.dispose()


def subscribed(shared: Sharing, url: str, account: str = "asker") -> Subscription:
    """Let somebody subscribe the consumer's system."""
    with shared.house.desk(shared.actor(account)) as desk:
        return telling.subscribe(desk, shared.agreement, shared.system, url, PURPOSE, key=shared.house.key)


def standing(shared: Sharing, one: Subscription) -> Subscription:
    """Return a subscription as it is."""
    with shared.house.reading() as db:
        found = store.subscription_with(db, one.id)
    assert found is not None
    return found


def grow(shared: Sharing, count: int, mark: str) -> None:
    """Let there be a new version."""
    shared.lay(firms(count), mark)
    shared.keep()


def later(house: House, wait: timedelta) -> House:
    """Return the house at a later instant."""
    now = house.clock() + wait
    return replace(house, clock=lambda: now)


def test_each_version_is_told_once_in_order_signed_and_without_a_row(shared: Sharing, receiver: Receiver) -> None:
    """From the newest on; CloudEvents 1.0, RFC 9421; what was told is not told again."""
    kept = subscribed(shared, receiver.url)
    grow(shared, 5, "second")
    grow(shared, 7, "third")
    assert telling.tell_subscribers(shared.house) == 3
    assert telling.tell_subscribers(shared.house) == 0
    told = receiver.events()
    assert [(one["data"]["number"], one["data"]["version"], one["data"]["rows"]) for one in told] == [
        *((1, 0, 4), (2, 1, 5), (3, 2, 7))
    ]
    assert [one["id"] for one in told] == [f"{shared.agreement}-{number}" for number in (1, 2, 3)]
    assert [one["data"]["changed"] for one in told] == [None, 1, 2]
    assert sorted(one["sequence"] for one in told) == [one["sequence"] for one in told]
    assert {one["specversion"] for one in told} == {"1.0"}
    assert told[-1]["data"]["manifest"] == shared.keep().digest()
    assert set(told[0]["data"]) == {
        *("agreement", "number", "version", "manifest", "rows", "files", "bytes", "changed"),
        "disputed",
        "deleted",
    }
    for headers, body in receiver.came:
        assert headers["content-type"].startswith("application/cloudevents+json")
        target = Target("POST", headers["host"], "/hook")
        claim = claim_of(headers)
        assert claim.keyid == shared.house.home.settings.name
        verify_request(claim, shared.house.key.public, target, headers, body, now=int(shared.house.clock().timestamp()))
    assert receiver.asked == 1
    assert standing(shared, kept).told == 3
    line = shared.city.lines("delivery.subscribed")[-1]
    assert (line.on, line.facts["subscription"], line.facts["told"]) == (shared.agreement, kept.id, 0)
    assert subscribed(shared, receiver.url).id == kept.id


def test_what_was_sent_but_not_noted_is_sent_again_under_the_same_id(shared: Sharing, receiver: Receiver) -> None:
    """A crash between send and note is harmless: the receiver drops the double by its id."""
    kept = subscribed(shared, receiver.url)
    telling.tell_subscribers(shared.house)
    with transaction(shared.house.engine) as db:  # as a crash before the note leaves it
        db.execute(sa.update(store.subscription).values(told=0))
    telling.tell_subscribers(shared.house)
    first, second = receiver.came
    assert first[1] == second[1]
    assert standing(shared, kept).told == 1


def test_a_try_in_vain_waits_and_nothing_overtakes_it(shared: Sharing, receiver: Receiver) -> None:
    """The first event is tried again after ten seconds; the second is not told before it."""
    kept = subscribed(shared, receiver.url)
    grow(shared, 5, "second")
    receiver.status = 503
    assert telling.tell_subscribers(shared.house) == 0
    now = standing(shared, kept)
    assert (now.told, now.tries, now.failure, now.status) == (0, 1, Failure.REFUSED, 503)
    receiver.status = 200
    assert telling.tell_subscribers(shared.house) == 0
    assert len(receiver.came) == 1
    assert telling.tell_subscribers(later(shared.house, WAIT_FIRST * 1.1)) == 2
    assert [one["data"]["number"] for one in receiver.events()] == [1, 1, 2]


def test_a_dead_letter_waits_for_a_person_who_sends_it_again(shared: Sharing, receiver: Receiver) -> None:
    """A receiver that says 410 is asked no more; on the page it is seen, sent again, and what waits comes after it."""
    kept = subscribed(shared, receiver.url)
    grow(shared, 5, "second")
    receiver.status = 410
    telling.tell_subscribers(shared.house)
    now = standing(shared, kept)
    assert (now.state(2), now.waiting(2), now.failure) == (State.DEAD, 2, Failure.GONE)
    line = shared.city.lines("delivery.given_up")[-1]
    assert (line.facts["number"], line.facts["status"], line.facts["failure"]) == (1, 410, "gone")
    shared.city.settle()
    assert "a dead letter waits" in a_console(shared.city).client("asker").get("/notices").text
    receiver.status = 204
    assert telling.tell_subscribers(later(shared.house, timedelta(days=9))) == 0
    console = a_console(shared.city)
    path = f"/agreements/{shared.agreement}"
    again = f"{path}/subscriptions/{kept.id}/repetition"
    shown = console.client("asker").get(f"{path}/whole").text
    assert "dead letter" in shown
    assert again in shown
    assert receiver.url not in console.client("head").get(f"{path}/whole").text
    assert console.client("head").post(again, data={"_csrf": CSRF}).status_code in (403, 404)
    assert console.client("asker").post(again, data={"_csrf": CSRF}, follow_redirects=False).status_code == 303
    assert telling.tell_subscribers(shared.house) == 2
    assert shared.city.lines("delivery.sent_again")[-1].facts["number"] == 1
    assert console.client("asker").post(again, data={"_csrf": CSRF}).status_code == 409


def test_whoever_has_no_right_is_told_nothing(shared: Sharing, receiver: Receiver) -> None:
    """Suspended: nothing, neither told nor pulled; resumed: what waited; ended: the subscription ends, on record."""
    kept = subscribed(shared, receiver.url)
    headers = {"authorization": f"Bearer {shared.profile()[1]}"}
    with shared.house.desk(shared.actor("head")) as desk:
        sharing.suspend(desk, shared.agreement, reason="越权使用")
    assert telling.tell_subscribers(shared.house) == 0
    assert receiver.came == []
    assert receiver.asked == 0
    with shared.running() as client:
        assert client.get(f"{shared.table()}/events", headers=headers).status_code == 403
    with shared.house.desk(shared.actor("head")) as desk:
        sharing.resume(desk, shared.agreement)
    assert telling.tell_subscribers(shared.house) == 1
    grow(shared, 5, "second")
    with shared.house.desk(shared.actor("asking-head")) as desk:
        sharing.conclude(desk, shared.agreement, reason="不再需要")
    assert telling.tell_subscribers(shared.house) == 0
    shared.city.settle()
    assert standing(shared, kept).ended is not None
    assert shared.city.lines("delivery.unsubscribed")[-1].facts["subscription"] == kept.id
    with pytest.raises(NotAllowed):
        subscribed(shared, receiver.url)


def test_events_are_pulled_in_order_without_a_gap(shared: Sharing) -> None:
    """`events?after=N`: the same events; on record as calls, and no reading of the whole."""
    grow(shared, 5, "second")
    grow(shared, 6, "third")
    headers = {"authorization": f"Bearer {shared.profile()[1]}"}
    with shared.running() as client:
        every = client.get(f"{shared.table()}/events", headers=headers).json()
        two = client.get(f"{shared.table()}/events?after=1&maxResults=1", headers=headers).json()
        assert client.get(f"{shared.table()}/events?after=x", headers=headers).status_code == 400
        assert client.get(f"{shared.table()}/events").status_code == 401
    assert [one["data"]["number"] for one in every["events"]] == [1, 2, 3]
    assert (two["events"], two["newest"]) == ([every["events"][1]], 3)
    (call,) = [one for one in shared.records() if one["service"].endswith("/events") and "after" not in one][:1]
    assert (call["agreement"], call["rows"]) == (shared.agreement, 0)


def test_only_the_consumers_office_subscribes(shared: Sharing, receiver: Receiver) -> None:
    """The provider, a stranger, another purpose, another's system, a bad address: refused."""
    for account, refusal in (("head", NotAllowed), ("stranger", NotFound)):
        with pytest.raises(refusal):
            subscribed(shared, receiver.url, account)
    house, asker = shared.house, shared.actor("asker")
    other = next(one for one in Purpose if one is not PURPOSE)
    with pytest.raises(NotAllowed), house.desk(asker) as desk:
        telling.subscribe(desk, shared.agreement, shared.system, receiver.url, other, key=house.key)
    with pytest.raises(Invalid), house.desk(asker) as desk:
        telling.subscribe(desk, shared.agreement, shared.system + "x", receiver.url, PURPOSE, key=house.key)
    for number in range(10):
        subscribed(shared, f"{receiver.url}/{number}")
    with pytest.raises(TooMuch):
        subscribed(shared, f"{receiver.url}/more")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://claims.example/x",
        "http://user:word@claims.example/",
        "https://claims.example/x?token=1",
        "https://claims.example/#x",
        "https://claims.example:99999/",
        "https://claims.example:0/",
        "http:///hook",
        "http://claims..example/",
        "http://" + "x" * 64 + ".example/",
        "http://[::::]/",
        "https://claims.example/" + "x" * 500,
        "https://claims.example/\n",
    ],
)
def test_an_address_carries_no_secret(url: str) -> None:
    """Host and path alone."""
    with pytest.raises(Invalid):
        check_address(url)


def test_a_receiver_that_never_asked_for_it_is_sent_nothing(shared: Sharing, receiver: Receiver) -> None:
    """Without WebHook-Allowed-Origin for this node no event leaves (HTTP 1.1 Web Hooks for Event Delivery, 4)."""
    receiver.allowed = "elsewhere.example"
    kept = subscribed(shared, receiver.url)
    telling.tell_subscribers(shared.house)
    assert (standing(shared, kept).failure, receiver.asked, receiver.came) == (Failure.UNWILLING, 1, [])


@pytest.mark.parametrize("found", ["169.254.169.254", "127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_no_receiver_is_at_an_address_that_is_never_called(shared: Sharing, receiver: Receiver, found: str) -> None:
    """A cloud's metadata, this machine: not called, whatever the name says, where the node is reached by a name."""
    settings = msgspec.structs.replace(shared.house.home.settings, address="https://data.example")
    home = type(shared.house.home)(shared.house.home.folder, settings)
    house = replace(shared.house, home=home)
    kept = subscribed(shared, f"http://claims.example:{receiver.port}/hook")
    with closing(telling.teller(house, lambda host, port: [found])) as outward:
        telling.tell_subscribers(house, outward)
    assert (standing(shared, kept).failure, receiver.asked) == (Failure.ADDRESS, 0)


def test_waits_grow_and_end() -> None:
    """Ten seconds, twenty, ... an hour at most; after a day the event is dead, until a person sends it again."""
    one = a_subscription()
    now, waits = NOW, []
    while not one.dead:
        one = one.failed(Failure.SILENT, 0, now)
        if one.due:
            waits.append(one.due - now)
            now = one.due
    assert waits[:3] == [WAIT_FIRST, WAIT_FIRST * 2, WAIT_FIRST * 4]
    assert sorted(waits) == waits
    assert max(waits) == WAIT_MOST
    assert TRIED_FOR - WAIT_MOST <= now - NOW <= TRIED_FOR
    assert not one.ready(now + timedelta(days=1))
    again = one.again()
    assert (again.ready(now), again.tries, again.told) == (True, 0, one.told)
    with pytest.raises(WrongMoment):
        again.again()


def a_subscription(number: int = 0, **more: Any) -> Subscription:
    """Return one."""
    made = Subscription(
        id=f"{number:026}",
        agreement="A" * 26,
        system="CN-500000/GOV/1/claims",
        body="1",
        purpose="social-security",
        url="https://claims.example/hook",
        made=NOW + timedelta(seconds=number),
        by="p",
        told=0,
    )
    return replace(made, **more)


def an_event(number: int) -> Event:
    """Return one."""
    return Event(
        agreement="A" * 26,
        number=number,
        at=NOW,
        version=number,
        manifest="0" * 64,
        rows=1,
        files=1,
        size=2**40,
        changed=None,
    )


def test_what_is_due_is_found_in_both_databases(engine: sa.Engine) -> None:
    """Only who lives, waits and has something to be told; progress is not kept over an end; lists page both ways."""
    metadata.create_all(engine, tables=[store.event, store.subscription])
    with transaction(engine) as db:
        for number in (1, 2):
            event = an_event(number)
            store.add_event(db, event)
        for place, more in enumerate(({}, {"told": 2}, {"due": NOW + WAIT_MOST}, {"dead": NOW}, {"ended": NOW})):
            store.add_subscription(db, a_subscription(place, failure=Failure.SILENT, **more))
    with connection(engine) as db:
        assert store.untold(db, NOW) == (a_subscription(0).id,)
        assert store.untold(db, NOW + WAIT_MOST) == (a_subscription(0).id, a_subscription(2).id)
        assert [one.number for one in store.events_after(db, "A" * 26, 1, limit=9)] == [2]
        forth = store.subscriptions_of(db, "A" * 26, limit=9)
        back = store.subscriptions_of(db, "A" * 26, limit=9, descending=True)
        after = store.subscriptions_of(db, "A" * 26, after=(forth[1].id,), limit=9)
    assert forth == back[::-1]
    assert after == forth[2:]
    assert [one.failure for one in forth] == [Failure.SILENT] * 5
    with transaction(engine) as db:
        assert store.save_progress(db, forth[0], forth[0].heard())
        assert not store.save_progress(db, forth[0], forth[0].heard())
        assert not store.save_progress(db, forth[4], forth[4].heard())
    with pytest.raises(sa.exc.IntegrityError), transaction(engine) as db:
        store.add_event(db, event)


def test_the_command_tells_who_is_subscribed(shared: Sharing, receiver: Receiver) -> None:
    """`jutong subscriptions`: add, list, end, with the page's acts beneath."""
    runner, home = CliRunner(), str(shared.house.home.folder)
    environment = {"JUTONG_HOME": home, "JUTONG_TOKEN": shared.city.tokens["asker"]}

    def run(*words: str) -> Any:
        ended = runner.invoke(app, ["subscriptions", *words, "--json"], env=environment)
        assert ended.exit_code == 0, ended.output
        return msgspec.json.decode(ended.stdout.splitlines()[-1])

    made = run("add", shared.agreement, shared.system, receiver.url, "--purpose", PURPOSE.value)
    assert made["state"] == "waiting"
    telling.tell_subscribers(shared.house)
    (one,) = run("list", shared.agreement)
    assert (one["subscription"], one["state"], one["told"]) == (made["subscription"], "following", 1)
    assert run("end", shared.agreement, made["subscription"])["state"] == "ended"
    refused = runner.invoke(app, ["subscriptions", "again", shared.agreement, made["subscription"]], env=environment)
    assert refused.exit_code != 0


def test_the_page_subscribes_and_ends(shared: Sharing, receiver: Receiver) -> None:
    """A form beneath the table; what is not right is said, with all that was typed."""
    client = a_console(shared.city).client("asker")
    path = f"/agreements/{shared.agreement}"
    form = {"_csrf": CSRF, "subscriber": shared.system, "receiver": "gopher://x", "told_for": PURPOSE.value}
    answer = client.post(f"{path}/subscriptions", data=form)
    assert answer.status_code == 422
    assert "gopher://x" in answer.text
    form["receiver"] = receiver.url
    assert client.post(f"{path}/subscriptions", data=form, follow_redirects=False).status_code == 303
    shown = client.get(f"{path}/whole").text
    assert receiver.url in shown
    with shared.house.reading() as db:
        (kept,) = telling.subscriptions_of(db, shared.agreement)
    answer = client.post(f"{path}/subscriptions/{kept.id}/ending", data={"_csrf": CSRF}, follow_redirects=False)
    assert answer.status_code == 303
    assert telling.tell_subscribers(shared.house) == 0
    assert "subscription ended" in client.get(f"{path}/whole").text


def test_the_endpoints_subscribe_list_repeat_and_end(shared: Sharing, receiver: Receiver) -> None:
    """The using body's systems do the same over the API; the provider sees no receiver, and a guess is refused."""
    path = f"/api/agreements/{shared.agreement}/subscriptions"
    with shared.city.client() as client:
        asker, head = shared.city.bearer("asker"), shared.city.bearer("head")
        sheet = {"system": shared.system, "receiver": receiver.url, "purpose": PURPOSE.value}
        made = done(client.post(path, json=sheet, headers=asker))
        assert (made["state"], made["told"], made["receiver"]) == ("waiting", 0, receiver.url)
        assert done(client.post(path, json=sheet, headers=asker))["id"] == made["id"]
        other = done(client.post(path, json=sheet | {"receiver": receiver.url + "/2"}, headers=asker))
        assert [one["id"] for one in done(client.get(path, headers=asker))] == [made["id"], other["id"]]
        assert [one["id"] for one in done(client.get(f"{path}?after={made['id']}", headers=asker))] == [other["id"]]
        assert done(client.get(path, headers=head)) == []
        assert client.post(path, json=sheet, headers=head).status_code == 403
        assert client.post(path, json=sheet | {"token": "x"}, headers=asker).status_code == 400
        assert client.post(f"{path}/{made['id']}/repetition", headers=asker).status_code == 409
        assert client.post(f"{path}/{made['id']}/ending", headers=head).status_code == 404
        assert done(client.post(f"{path}/{made['id']}/ending", headers=asker))["state"] == "ended"
