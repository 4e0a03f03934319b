"""What is delivered as a whole, signed by SM2 beside Ed25519: manifests, their files, and what checks them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jutong.catalogue import Purpose
from jutong.cli import app
from jutong.delivery import bulk
from jutong.delivery.bulk import Fetcher, Form, manifest
from jutong.delivery.bulk.outflow import Target
from jutong.delivery.bulk.outflow.target import FileForm, TargetKind
from jutong.delivery.bulk.outflow.targets import TARGETS
from jutong.delivery.bulk.outflow.ways import Ways
from jutong.desk import open_house
from jutong.kernel.clock import system_clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid
from jutong.kernel.files import sm3_of_file
from jutong.kernel.outward import Outward
from jutong.kernel.sm2 import Sm2SigningKey, is_here
from tests.outflows import AGREEMENT, Versions
from tests.shares import Sharing, a_sharing, firms

pytestmark = pytest.mark.skipif(not is_here(), reason="this machine's OpenSSL has no SM2")

KEY = SigningKey.of_seed(b"manifest" * 4)
SM2 = Sm2SigningKey.new() if is_here() else None
TOLD = {"agreement": "01JZ000000000000000000000A", "version": 3}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    """A city whose suite became ``sm``, and the view of one agreement."""
    made = a_sharing(tmp_path_factory.mktemp("sm") / "home", firms(4))
    folder = made.house.home.folder
    made.house.engine.dispose()
    with (folder / "jutong.toml").open("a") as settings:
        settings.write('[crypto]\nsuite = "sm"\n')
    made.city.house = open_house(folder)
    made.keep()
    yield made
    made.house.engine.dispose()


def parts_of(spelled: str) -> tuple[dict[str, Any], str, str]:
    """Return a manifest's head, payload and signature."""
    head, told, signature = spelled.split(".")
    return json.loads(base64.urlsafe_b64decode(head + "==")), told, signature


def spelled_head(head: dict[str, Any]) -> str:
    """Spell a head again."""
    return base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()


def test_a_manifest_bears_both_and_each_is_checked_by_itself() -> None:
    """Old readers see a JWS by Ed25519; who has the SM2 key alone has proof too."""
    assert SM2 is not None
    spelled = manifest.sign(TOLD, KEY, "node", SM2)
    for keys in ((KEY.public,), (SM2.public,), (KEY.public, SM2.public)):
        assert manifest.read(spelled, *keys) == TOLD
    assert parts_of(manifest.sign(TOLD, KEY, "node"))[0] == {"alg": "Ed25519", "kid": "node", "typ": manifest.KIND}
    with pytest.raises(Invalid):
        manifest.read(spelled)


def test_a_manifest_whose_sm2_signature_was_stripped_or_altered_is_refused() -> None:
    """Whoever can forge Ed25519 signs the head anew without SM2, for another node, other words, or by another key."""
    assert SM2 is not None
    spelled = manifest.sign(TOLD, KEY, "node", SM2)
    head, told, _ = parts_of(spelled)

    def signed(head: dict[str, Any], told: str = told) -> str:
        both = f"{spelled_head(head)}.{told}"
        signature = base64.urlsafe_b64encode(KEY.sign(both.encode())).rstrip(b"=").decode()
        return f"{both}.{signature}"

    other_words = parts_of(manifest.sign({**TOLD, "version": 4}, KEY, "node"))[1]
    bent = head["sm2"][:5] + ("A" if head["sm2"][5] != "A" else "B") + head["sm2"][6:]
    by_another = parts_of(manifest.sign(TOLD, KEY, "node", Sm2SigningKey.new()))[0]
    forged = [
        signed({name: value for name, value in head.items() if name != "sm2"}),
        signed({**head, "sm2": 7}),
        signed({**head, "sm2": bent}),
        signed({**head, "kid": "other"}),
        signed({**head, "kid": None}),
        signed(by_another),
        signed(head, other_words),
        manifest.sign(TOLD, KEY, "node"),
    ]
    for one in forged:
        assert manifest.read(one, KEY.public)["version"] in (3, 4)
        with pytest.raises(Invalid, match="SM2"):
            manifest.read(one, KEY.public, SM2.public)


def test_a_view_and_its_files_bear_sm2_and_sm3(shared: Sharing) -> None:
    """The manifest of a version tells the SM3 of each of its files, and of what changed since the one before."""
    assert shared.house.sm2 is not None
    shared.lay(firms(5), "second")
    view = shared.keep()
    said = manifest.read(view.manifest, shared.house.key.public, shared.house.sm2.public)
    home = bulk.views_folder(shared.house) / shared.agreement.lower() / f"v{view.version:08}"
    for one, folder in ((said["files"], home), (said["changes"] or [], home / "changes")):
        for file in one:
            assert file["sm3"] == sm3_of_file(folder / file["id"])
    handed = bulk.hand_over(shared.house, shared.actor("asker"), shared.agreement, Form.CSV, Purpose.SOCIAL_SECURITY)
    told = manifest.read(handed.manifest, shared.house.sm2.public)
    assert told["file"]["sm3"] == sm3_of_file(Path(handed.path))


def test_fetch_and_verify_ask_for_both(shared: Sharing, tmp_path: Path) -> None:
    """`jutong fetch` refuses a manifest without the node's SM2; `jutong verify` checks what was kept, and the file."""
    assert shared.house.sm2 is not None
    kept, token = shared.profile()
    profile, target = tmp_path / "claims.share", tmp_path / "rows.csv"
    profile.write_bytes(bulk.profile_file(f"http://127.0.0.1:{shared.port}/sharing", token, kept.expires))
    own, second = str(shared.house.key.public), str(shared.house.sm2.public)
    both = ["--node-key", own, "--node-key", second]
    with shared.running():
        ended = CliRunner().invoke(app, ["fetch", str(profile), str(target), *both, "--patience", "0", "--json"])
        assert ended.exit_code == 0, ended.output
        outward = Outward(inside=True)
        stranger = Fetcher(profile, outward, node_keys=[shared.house.key.public, Sm2SigningKey.new().public])
        with pytest.raises(Invalid, match="SM2"):
            stranger.fetch(stranger.tables()[0], Form.CSV, tmp_path / "other.csv")
        outward.close()
    assert not (tmp_path / "other.csv").exists()
    paper = tmp_path / "rows.csv.manifest"

    def verified(*words: str) -> tuple[int, dict[str, Any]]:
        ended = CliRunner().invoke(app, ["verify", *words, "--json"])
        return ended.exit_code, json.loads(ended.stdout.splitlines()[-1])

    code, told = verified(str(paper), "--key", own, "--key", second)
    assert code == 0, told
    assert (told["signed_by"], told["files"], told["agreement"]) == ("Ed25519, SM2", 1, shared.agreement)
    stripped = tmp_path / "stripped.manifest"
    stripped.write_text(manifest.sign(manifest.read(paper.read_text(), shared.house.key.public), shared.house.key, "n"))
    assert verified(str(stripped), "--key", own)[0] == 0
    code, told = verified(str(stripped), "--key", own, "--key", second)
    assert (code != 0, told["check"]) == (True, "manifest")
    target.write_bytes(target.read_bytes()[:-1] + b"x")
    code, told = verified(str(paper), "--key", own, "--key", second)
    assert code != 0
    assert "rows.csv" in told["reason"]


@pytest.mark.parametrize("form", [FileForm.PARQUET, FileForm.CSV])
def test_a_depot_gets_manifests_with_both(tmp_path: Path, form: FileForm) -> None:
    """What an outflow lays down is proven by SM2 and SM3 without the node, file by file."""
    assert SM2 is not None
    depot = tmp_path / "depot"
    depot.mkdir()
    versions = Versions(tmp_path / "node")
    versions.add([("1", "a", None), ("2", "b", None)])
    target = Target(kind=TargetKind.FOLDER, path=str(depot), form=form)
    ways = Ways(hosts=(), folders=(str(depot),), node="node", key=KEY, clock=system_clock, sm2=SM2)
    into = TARGETS[TargetKind.FOLDER](target, "", ways)
    into.deliver(versions.order(target))
    [paper] = (depot / AGREEMENT.lower()).glob("*.manifest")
    told = bulk.proved(paper, paper.read_text(), [KEY.public, SM2.public])
    assert (told["files"], told["signed_by"]) == (1, "Ed25519, SM2")
    [file] = paper.with_suffix("").iterdir()
    said = manifest.read(paper.read_text(), SM2.public)
    assert said["files"][0]["sm3"] == sm3_of_file(file)
    assert said["files"][0]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(Invalid, match="its manifest"):
        bulk.proved(paper, paper.read_text(), [SM2.public])
    old = TARGETS[TargetKind.FOLDER](target, "", replace(ways, sm2=None))
    versions.add([("1", "a", None)])
    old.deliver(versions.order(target, last=0, anew=True))
    newest = sorted((depot / AGREEMENT.lower()).glob("*.manifest"))[-1]
    with pytest.raises(Invalid, match="SM2"):
        bulk.proved(newest, newest.read_text(), [KEY.public, SM2.public])
