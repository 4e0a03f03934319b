"""The ground floor: text, clock, canonical bytes, identifiers, files, keys, outgoing addresses."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel.canon import canonical
from jutong.kernel.clock import SteadyClock
from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.kernel.files import own_folder, refusing_full_disk, sweep, write_whole
from jutong.kernel.ids import is_ulid, ulid
from jutong.kernel.keys import load_key, make_key
from jutong.kernel.outward import Outward, permitted
from jutong.kernel.settings import Home
from jutong.kernel.text import preferred_language

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)

facts = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz_"), inner),
)


@given(facts)
def test_canonical_bytes_are_those_of_rfc_8785(value: object) -> None:
    """Anyone can recompute a digest of ours with any library that follows the standard."""
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_a_float_has_no_canonical_spelling() -> None:
    """A number whose spelling differs between languages never enters the evidence."""
    with pytest.raises(TypeError):
        canonical({"rate": 0.1})  # type: ignore[dict-item]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)), st.integers(1, 10**9))
def test_identifiers_sort_by_time(moment: datetime, later_ms: int) -> None:
    """What was made later has the greater identifier."""
    first = moment.replace(tzinfo=UTC)
    one, two = ulid(first), ulid(first + timedelta(milliseconds=later_ms + 1))
    assert one < two
    assert is_ulid(one)


@given(st.text())
def test_only_identifiers_are_taken_for_identifiers(words: str) -> None:
    """A path or a piece of SQL never passes for an identifier."""
    assert not is_ulid(words) or len(words) == 26


def test_the_clock_never_runs_backwards() -> None:
    """A machine whose clock is set back does not make yesterday's evidence."""
    ticks = iter([NOW, NOW - timedelta(hours=1), NOW + timedelta(seconds=1)])
    clock = SteadyClock(lambda: next(ticks))
    assert [clock(), clock(), clock()] == [NOW, NOW, NOW + timedelta(seconds=1)]


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A private key is private, or it is not used."""
    path = tmp_path / "keys" / "node.pem"
    made = make_key(path)
    assert make_key(path).public == load_key(path).public == made.public
    path.chmod(0o644)
    with pytest.raises(Invalid):
        load_key(path)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_signature_holds_for_its_message_alone(message: bytes, other: bytes) -> None:
    """Whoever changes one byte loses the signature."""
    key = SigningKey.of_seed(b"k" * 32)
    signature = key.sign(message)
    assert PublicKey.read(str(key.public)).verifies(signature, message)
    assert key.public.verifies(signature, other) == (message == other)


@pytest.mark.parametrize("spelled", ["", "AAAA", "not base64", "A" * 43 + "=="])
def test_a_misspelled_public_key_is_refused(spelled: str) -> None:
    """Only 32 bytes in base64 are a public key."""
    with pytest.raises(Invalid):
        PublicKey.read(spelled)


def test_a_whole_file_replaces_a_whole_file(tmp_path: Path) -> None:
    """A reader sees the old file or the new one, and nothing is left beside them."""
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_only_what_is_old_is_swept(tmp_path: Path) -> None:
    """A delivery under way is left alone; what a killed process left a day ago is not."""
    (tmp_path / "inbox").mkdir()
    for name, age in (("old", timedelta(days=2)), ("new", timedelta(minutes=1))):
        (tmp_path / "inbox" / name).write_bytes(b"rows")
        stamp = (NOW - age).timestamp()
        os.utime(tmp_path / "inbox" / name, (stamp, stamp))
    assert sweep(tmp_path, before=NOW - timedelta(days=1)) == 1
    assert [file.name for file in (tmp_path / "inbox").iterdir()] == ["new"]
    assert sweep(tmp_path / "absent", before=NOW) == 0


def test_a_full_disk_is_said_to_be_full() -> None:
    """The officer learns that nothing was kept and what to do."""
    with pytest.raises(Unavailable) as refusal, refusing_full_disk():
        raise OSError(28, "No space left on device")
    assert "disk" in str(refusal.value.reason)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "zh-CN"),
        ("en", "en"),
        ("zh-TW,en;q=0.5", "zh-CN"),
        ("de", "zh-CN"),
        ("en;q=0.1, zh", "zh-CN"),
        (";q=x", "zh-CN"),
    ],
)
def test_the_readers_language_is_chosen(accepted: str | None, language: str) -> None:
    """Chinese unless the reader asks for English."""
    assert preferred_language(accepted) == language


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "http://user:word@a.example/",
        "http://a.example/",
        "gopher://x",
        "http://[::1",
    ],
)
def test_an_address_that_a_stranger_could_aim_at_is_not_called(url: str) -> None:
    """No other scheme, no password in an address, nothing that resolves to the cloud's metadata."""
    client = Outward(inside=True, resolver=lambda host, port: ["169.254.169.254"])
    with pytest.raises(Invalid):
        client.request("GET", url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_inner_addresses_are_called_only_for_neighbours(address: str) -> None:
    """A harvested address may not reach into the government network; an enrolled neighbour's may."""
    assert permitted(address, inside=True)
    assert not permitted(address, inside=False)


def test_a_home_says_what_is_wrong_with_its_settings(tmp_path: Path) -> None:
    """A missing, broken or misspelled settings file is named with what is wrong."""
    with pytest.raises(NotFound):
        Home.open(tmp_path)
    (tmp_path / "jutong.toml").write_text("name = ")
    with pytest.raises(Invalid):
        Home.open(tmp_path)
    (tmp_path / "jutong.toml").write_text(json.dumps("x") + " = 1")
    with pytest.raises(Invalid):
        Home.open(tmp_path)


def test_a_folder_of_ones_own_is_removed_even_for_the_dead(tmp_path: Path) -> None:
    """Two at work do not disturb each other; what a killed process left is gone with the next."""
    (tmp_path / "own-left").mkdir()
    (tmp_path / "own-left" / "rows").write_bytes(b"rows")
    (tmp_path / "another's").mkdir()
    with own_folder(tmp_path) as first, own_folder(tmp_path) as second:
        (first / "rows").write_bytes(b"1")
        assert first != second
        assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name, "another's"}
    assert [path.name for path in tmp_path.iterdir()] == ["another's"]
