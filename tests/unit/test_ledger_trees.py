"""Trees, notes and tiles of the ledger against naive recursion and published vectors."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, Refused, Unavailable
from jutong.ledger import merkle
from jutong.ledger.checkpoint import Checkpoint, KeyKind, Note, Signature, VerifierKey, cosign, sign
from jutong.ledger.serving import holds_entries, read_path
from jutong.ledger.tile import Tile, edge, levels, pack, unpack
from jutong.ledger.tiles import Log, Tiles

# The eight leaves and the roots of their first n, as published with RFC 6962's first implementation.
LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*naive_path(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_subproof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 2.1.2, word for word."""
    n = len(hashes)
    if m == n:
        return [] if whole else [naive_root(hashes)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*naive_subproof(m, hashes[:k], whole), naive_root(hashes[k:])]
    return [*naive_subproof(m - k, hashes[k:], False), naive_root(hashes[:k])]


HASHES = [merkle.leaf_hash(b"%d" % at) for at in range(300)]
ROOT_AT = [naive_root(HASHES[:size]) for size in range(301)]


def stored(height: int, index: int) -> bytes:
    """Read a complete subtree's hash."""
    return naive_root(HASHES[index << height : (index + 1) << height])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_were_published(size: int) -> None:
    """Another implementation comes to the same root."""
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size]


def test_a_tree_grown_in_any_steps_has_the_naive_root() -> None:
    """It does not matter in what portions lines came in."""
    for step in (1, 2, 3, 7, 64, 255, 300):
        peaks = merkle.Peaks()
        for at in range(0, 300, step):
            peaks, _ = peaks.grown(HASHES[at : at + step])
            assert peaks.root() == ROOT_AT[peaks.size]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 65, 127, 255, 256, 257, 300])
def test_inclusion_proofs_are_the_naive_ones_and_hold(size: int) -> None:
    """Every leaf of a log can be proved."""
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, stored)
        assert proof == naive_path(index, HASHES[:size])
        assert merkle.holds_inclusion(HASHES[index], index, size, proof, ROOT_AT[size])


@given(st.integers(1, 300), st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_inclusion_proof_does_not_hold(size: int, data: st.DataObject) -> None:
    """A proof is for one leaf at one place in one tree."""
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, stored)
    other = data.draw(st.integers(0, 299))
    assert merkle.holds_inclusion(HASHES[other], index, size, proof, ROOT_AT[size]) is (other == index)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert not merkle.holds_inclusion(HASHES[index], index, size, changed, ROOT_AT[size])
        assert not merkle.holds_inclusion(HASHES[index], index, size, proof[:-1], ROOT_AT[size])
    assert not merkle.holds_inclusion(HASHES[index], index, size, [*proof, bytes(32)], ROOT_AT[size])
    assert not merkle.holds_inclusion(HASHES[index], index + size, size, proof, ROOT_AT[size])


@given(st.integers(0, 300), st.data())
@settings(max_examples=300, deadline=None)
def test_consistency_proofs_are_the_naive_ones_and_hold_for_the_true_past_alone(size: int, data: st.DataObject) -> None:
    """A log that rewrote its past cannot show that it did not."""
    old = data.draw(st.integers(0, size))
    proof = merkle.consistency_proof(old, size, stored)
    if 0 < old < size:
        assert proof == naive_subproof(old, HASHES[:size], True)
    assert merkle.holds_consistency(old, ROOT_AT[old], size, ROOT_AT[size], proof)
    assert not merkle.holds_consistency(old, bytes(32), size, ROOT_AT[size], proof)
    assert not merkle.holds_consistency(old, ROOT_AT[old], size, bytes(32), proof) or (old == 0 < size)
    assert not merkle.holds_consistency(size + 1, ROOT_AT[old], size, ROOT_AT[size], proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert not merkle.holds_consistency(old, ROOT_AT[old], size, ROOT_AT[size], changed)


def test_a_published_note_verifies_and_prints_back() -> None:
    """Notes that others signed are read, and ours look the same."""
    note, key = Note.read(NOTE.encode()), VerifierKey.read(VKEY)
    assert str(note) == NOTE
    assert str(key) == VKEY
    assert note.verified([key]) == (key,)


def test_a_known_seed_signs_the_published_note() -> None:
    """Our signature is the published one, byte for byte."""
    seed = ["PRIVATE", "KEY", "PeterNeumann", "c74f20a3", "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"][4]
    secret = SigningKey.of_seed(base64.b64decode(seed)[1:])
    key, body = VerifierKey.read(VKEY), Note.read(NOTE.encode()).body
    assert key.public == secret.public.raw
    assert str(Note(body, (sign(body, key, secret.sign),))) == NOTE


def test_the_checkpoint_of_the_specification_is_read() -> None:
    """The example of C2SP, with a witness's line, is understood."""
    spelled = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
        "+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oy"
        "in1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    note = Note.read(spelled.encode())
    point = Checkpoint.of_body(note.body)
    assert (point.origin, point.size, point.body) == ("example.com/behind-the-sofa", 20852163, note.body)
    assert note.signatures[1].time == 1679315147
    assert str(note) == spelled


BODY = Checkpoint("example/log", 0, merkle.EMPTY_ROOT).body
LOG, WITNESS = SigningKey.of_seed(b"l" * 32), SigningKey.of_seed(b"w" * 32)
LOG_KEY = VerifierKey("example/log", KeyKind.NOTE, LOG.public.raw)
WITNESS_KEY = VerifierKey("example/witness", KeyKind.COSIGNATURE, WITNESS.public.raw)


def test_a_cosignature_binds_its_time_and_its_text() -> None:
    """What a witness signed at one time cannot be passed off as of another."""
    line = cosign(BODY, WITNESS_KEY, WITNESS.sign, at=1_700_000_000)
    assert WITNESS_KEY.verifies(line, BODY)
    later = Signature(line.name, line.key_id, (1_700_000_001).to_bytes(8, "big") + line.value[8:])
    assert not WITNESS_KEY.verifies(later, BODY)
    assert not WITNESS_KEY.verifies(line, BODY.replace("log", "lag"))
    assert VerifierKey.read(str(WITNESS_KEY)) == WITNESS_KEY


def test_a_note_by_strangers_or_with_one_false_known_signature_is_refused() -> None:
    """A signature that should verify and does not spoils the whole note."""
    note = Note(BODY, (sign(BODY, LOG_KEY, LOG.sign),))
    with pytest.raises(Invalid, match="none of the known keys"):
        note.verified([WITNESS_KEY])
    false = note.with_signatures([Signature(WITNESS_KEY.name, WITNESS_KEY.key_id, bytes(72))])
    assert false.verified([LOG_KEY]) == (LOG_KEY,)
    with pytest.raises(Invalid, match="does not verify"):
        false.verified([LOG_KEY, WITNESS_KEY])


@pytest.mark.parametrize(
    "spelled",
    [
        b"",
        b"\n",
        b"a\n",
        b"a\n\n",
        NOTE.encode()[:-1],
        NOTE.replace("\n\n", "\n").encode(),
        NOTE.encode() + b"\n",
        NOTE.replace("— ", "- ").encode(),
        NOTE.replace("answer", "ans\twer").encode(),
        b"\xff" + NOTE.encode(),
        NOTE.replace("JnAM=", "JnAN=").encode(),
        b"a" * 70_000,
    ],
)
def test_a_malformed_note_is_refused(spelled: bytes) -> None:
    """What two readers might read differently is read by nobody."""
    with pytest.raises(Invalid):
        Note.read(spelled)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_notes(data: bytes) -> None:
    """A stranger's bytes are a note or are refused; nothing else happens."""
    with contextlib.suppress(Refused):
        Checkpoint.of_body(Note.read(data).body)


@pytest.mark.parametrize("size", ["01", "-1", "+1", "1 ", "٣", ""])
def test_a_size_has_one_spelling(size: str) -> None:
    """Numbers are plain decimal digits."""
    with pytest.raises(Invalid):
        Checkpoint.of_body(f"o\n{size}\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")


@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_tile_path_reads_back(level: int, index: int, width: int) -> None:
    """A name stands for one tile only."""
    tile = Tile(level, index, width)
    assert Tile.of_path(tile.path) == tile


@given(st.lists(st.binary(max_size=40)))
def test_a_bundle_reads_back(entries: list[bytes]) -> None:
    """Entries come out as they went in."""
    assert list(unpack(pack(entries))) == entries


def test_the_tiles_of_the_specification() -> None:
    """A tree of 70,000 has the tiles that the specification counts."""
    assert [edge(level, 70_000) for level in levels(70_000)] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [edge(level, 256) for level in levels(256)] == [Tile(0, 1, 0), Tile(1, 0, 1)]


def a_log(folder: Path) -> Log:
    """Open the log of the tests."""
    return Log(folder, "example/log", LOG)


@given(st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_log_appended_in_any_portions_has_the_root_of_its_leaves(
    tmp_path_factory: pytest.TempPathFactory, portions: list[int]
) -> None:
    """Checkpoint, proofs and entries are right after every append, also for who opens the log anew."""
    folder = tmp_path_factory.mktemp("log")
    log, leaves = a_log(folder), []
    for portion in portions:
        more = [b"leaf %d" % (len(leaves) + at) for at in range(portion)]
        assert log.append(more) == len(leaves)
        leaves += more
        point = Checkpoint.of_body(log.checkpoint().body)
        assert (point.size, point.root) == (len(leaves), merkle.root_of(leaves))
        assert a_log(folder).size == len(leaves)
    tiles, size = Tiles(folder), len(leaves)
    for index in range(0, size, 97):
        assert tiles.entry(index, size) == leaves[index]
        proof = tiles.inclusion(index, size)
        assert merkle.holds_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, merkle.root_of(leaves))
        old_root = merkle.root_of(leaves[:index])
        assert merkle.holds_consistency(index, old_root, size, merkle.root_of(leaves), tiles.consistency(index, size))


def test_two_writers_do_not_fork_the_log(tmp_path: Path) -> None:
    """A writer that was overtaken follows before it adds."""
    one, other = a_log(tmp_path), a_log(tmp_path)
    assert one.append([b"a"]) == 0
    assert other.append([b"b"]) == 1
    assert one.append([b"c"]) == 2
    assert list(Tiles(tmp_path).entries(0, 3, 3)) == [b"a", b"b", b"c"]


def test_a_log_of_another_key_or_name_is_not_written_to(tmp_path: Path) -> None:
    """A wrong key in the settings does not make a second history."""
    a_log(tmp_path).append([b"a"])
    with pytest.raises(Invalid):
        Log(tmp_path, "example/log", WITNESS)
    with pytest.raises(Invalid):
        Log(tmp_path, "example/other", LOG)


def test_a_full_disk_refuses_and_keeps_what_was_accepted(tmp_path: Path) -> None:
    """After room was made the same lines go in, once."""
    resource = pytest.importorskip("resource")
    log = a_log(tmp_path)
    log.append([b"a" * 100] * 300)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    try:
        with pytest.raises(Unavailable, match="disk"):
            log.append([b"b" * 100] * 300)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert a_log(tmp_path).size == log.size == 300
    assert log.append([b"c" * 100] * 300) == 300
    assert list(Tiles(tmp_path).entries(299, 302, 600)) == [b"a" * 100, b"c" * 100, b"c" * 100]


def test_a_log_serves_its_files_and_nothing_else(tmp_path: Path) -> None:
    """No path leads out of the log, and nothing beyond the checkpoint is shown."""
    log = a_log(tmp_path / "log")
    (tmp_path / "secret").write_text("secret")
    log.append([b"%d" % at for at in range(300)])
    folder = tmp_path / "log"
    served = read_path(folder, "/tile/0/001.p/44")
    assert served is not None
    assert len(served) == 44 * 32
    # A partial tile that became whole is still answered.
    assert read_path(folder, "/tile/0/000.p/7") == (folder / "tile/0/000").read_bytes()[: 7 * 32]
    assert read_path(folder, "/tile/entries/000.p/2") == pack([b"0", b"1"])
    assert read_path(folder, "/checkpoint") == (folder / "checkpoint").read_bytes()
    (folder / "tile/0/002").write_bytes(b"left by a crash")
    for path in (
        "/tile/0/002",
        "/tile/0/001.p/45",
        "/tile/0/001",
        "/tile/1/000",
        "/secret",
        "/../secret",
        "/.publishing",
        "/tile/0/../../../secret",
        "/tile/0/000/",
        "/tile/0/%30%30%30",
        "/tile/00/000",
        "/tile/0/000.p/0",
        "/tile/64/000",
        "/tile/entries/x000/000",
        "//checkpoint",
        "",
        "/calls",
    ):
        assert read_path(folder, path) is None
    assert holds_entries("/tile/entries/000")
    assert not holds_entries("/tile/0/000")
    assert read_path(tmp_path / "nothing", "/checkpoint") is None
