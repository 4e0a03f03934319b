"""How grave entries lie: what Linux tells of a disk, what a bucket is asked, and who is told."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import msgspec
import pyarrow as pa
import pytest

from jutong import custody
from jutong.kernel import disk
from jutong.kernel.disk import Lying, Machine, Rest
from jutong.kernel.errors import Invalid
from jutong.pools.lake import Lake
from tests.bucket import s3_options, s3_url
from tests.city import a_city, a_sheet
from tests.console import a_console
from tests.unit.test_cli import run as command

__all__ = ["s3_options", "s3_url"]
KMS = {"AWS_SERVER_SIDE_ENCRYPTION": "aws:kms", "AWS_SSE_KMS_KEY_ID": "alias/lake"}


class Fake:
    """What a machine tells: mounts, and devices with what lies beneath them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sys, self.mounts = folder, folder / "sys", folder / "mountinfo"
        self.mounts.write_text("")
        (self.sys / "dev" / "block").mkdir(parents=True)

    def mount(self, at: Path, number: str, kind: str = "ext4", source: str = "/dev/x") -> None:
        spelled = str(at).replace(" ", "\\040")
        with self.mounts.open("a") as lines:
            lines.write(f"36 35 {number} / {spelled} rw,noatime shared:1 - {kind} {source} rw\n")

    def device(self, name: str, number: str, *beneath: str, uuid: str = "", part_of: str = "") -> None:
        path = self.sys / "devices" / part_of / name
        path.mkdir(parents=True)
        if part_of:
            (path / "partition").write_text("1")
        if uuid:
            (path / "dm").mkdir()
            (path / "dm" / "uuid").write_text(uuid)
        if beneath:
            (path / "slaves").mkdir()
        for one in beneath:
            (path / "slaves" / one.rpartition("/")[2]).symlink_to(self.sys / "devices" / one)
        (self.sys / "dev" / "block" / number).symlink_to(path)

    def rest(self, folder: Path) -> Rest:
        return Machine(self.mounts, self.sys).lying(folder).rest


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """A machine of our own."""
    (tmp_path / "home").mkdir()
    return Fake(tmp_path)


def test_what_cryptsetup_made_is_encrypted_and_a_bare_disk_is_not(fake: Fake) -> None:
    """The device mapper's identifier begins with CRYPT-; a partition is as its disk is."""
    home = fake.folder / "home"
    fake.device("vda", "254:0")
    fake.device("vda1", "254:1", part_of="vda")
    fake.device("dm-0", "253:0", "vda/vda1", uuid="CRYPT-LUKS2-0123-cryptdata")
    fake.mount(Path("/"), "254:1")
    assert fake.rest(home) is Rest.OPEN
    fake.mount(fake.folder, "253:0")
    assert fake.rest(home) is Rest.ENCRYPTED
    fake.mount(home, "254:1")
    assert fake.rest(home) is Rest.OPEN


def test_a_volume_is_as_all_that_lies_beneath_it(fake: Fake) -> None:
    """LVM over LUKS is encrypted; with one bare disk among its disks it is not."""
    home = fake.folder / "home"
    fake.device("sda", "8:0")
    fake.device("dm-0", "253:0", "sda", uuid="CRYPT-LUKS2-a")
    fake.device("dm-1", "253:1", "dm-0", uuid="LVM-abc")
    fake.device("dm-2", "253:2", "dm-0", "sda", uuid="LVM-def")
    fake.mount(home, "253:1")
    assert fake.rest(home) is Rest.ENCRYPTED
    fake.mount(home, "253:2")
    assert fake.rest(home) is Rest.OPEN


def test_a_btrfs_is_as_all_of_its_devices(fake: Fake) -> None:
    """Its mount names one device alone; the others are asked too."""
    home, pool = fake.folder / "home", fake.sys / "fs" / "btrfs" / "1234" / "devices"
    fake.device("sdb", "8:16")
    fake.device("dm-0", "253:0", "sdb", uuid="CRYPT-LUKS2-a")
    pool.mkdir(parents=True)
    (pool / "dm-0").symlink_to(fake.sys / "devices" / "dm-0")
    fake.mount(home, "0:44", "btrfs", "/dev/dm-0")
    assert fake.rest(home) is Rest.ENCRYPTED
    (pool / "sdb").symlink_to(fake.sys / "devices" / "sdb")
    assert fake.rest(home) is Rest.OPEN


@pytest.mark.parametrize("kind", ["overlay", "tmpfs", "nfs4", "zfs", "fuse.sshfs"])
def test_what_cannot_be_told_is_not_claimed(fake: Fake, kind: str) -> None:
    """Network, memory, ZFS and file systems on top of others say nothing of a disk."""
    fake.mount(fake.folder / "home", "0:50", kind, "pool/data")
    assert fake.rest(fake.folder / "home") is Rest.UNKNOWN
    assert fake.rest(fake.folder / "absent") is Rest.UNKNOWN


def test_a_loop_device_and_names_with_blanks(fake: Fake) -> None:
    """A file behind a loop device may lie anywhere; a folder's name is read as the kernel spells it."""
    home = fake.folder / "my home"
    home.mkdir()
    fake.device("loop0", "7:0")
    (fake.sys / "devices" / "loop0" / "loop").mkdir()
    fake.device("dm-0", "253:0", "loop0", uuid="CRYPT-PLAIN-a")
    fake.mount(home, "7:0")
    assert fake.rest(home) is Rest.UNKNOWN
    fake.mount(home, "253:0")
    assert fake.rest(home) is Rest.ENCRYPTED


def test_folders_that_encrypt_by_themselves(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount may be of the kind eCryptfs; fscrypt is a flag of the folder on a bare disk."""
    home = fake.folder / "home"
    fake.device("sda", "8:0")
    fake.mount(home, "8:0")
    assert fake.rest(home) is Rest.OPEN
    monkeypatch.setattr(disk.fcntl, "ioctl", lambda *_: (0x800).to_bytes(8, "little"))
    assert fake.rest(home) is Rest.ENCRYPTED
    monkeypatch.undo()
    fake.mount(home, "0:60", "ecryptfs", str(home))
    assert fake.rest(home) is Rest.ENCRYPTED


def heads(url: str, options: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """Return by what each object below a URL was asked to be encrypted, and by which key."""
    client = boto3.client(
        "s3",
        endpoint_url=options["AWS_ENDPOINT_URL"],
        aws_access_key_id=options["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=options["AWS_SECRET_ACCESS_KEY"],
        region_name=options["AWS_REGION"],
    )
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    names = [one["Key"] for one in client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/")["Contents"]]
    told = {name: client.head_object(Bucket=bucket, Key=name) for name in names if not name.endswith("/")}
    return {name: (one.get("ServerSideEncryption"), one.get("SSEKMSKeyId")) for name, one in told.items()}


def rows(count: int) -> pa.RecordBatchReader:
    """Return rows that do not pack well."""
    return pa.table({"a": [f"{number * 2654435761 % 2**64:x}" * 8 for number in range(count)]}).to_reader()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (KMS, ("aws:kms", "alias/lake")),
        ({"AWS_SERVER_SIDE_ENCRYPTION": "AES256"}, ("AES256", None)),
        ({}, (None, None)),
    ],
)
def test_a_bucket_is_asked_with_each_file(
    s3_url: str,
    s3_options: dict[str, str],
    tmp_path: Path,
    asked: dict[str, str],
    found: tuple[str | None, str | None],
) -> None:
    """Rows, the table's log, what is written beside it and moved: none goes without, large files in parts neither."""
    lake = Lake(s3_url, s3_options | asked, tmp_path)
    lake.append("raw/a", rows(120_000), mark="m1")
    lake.append("raw/a", rows(1000), mark="m2")
    with lake.place.new_files.open_output_stream("raw/a/_jutong/x.part") as stream:
        stream.write(b"beside")
    lake.place.new_files.move("raw/a/_jutong/x.part", "raw/a/_jutong/x")
    told = heads(s3_url, s3_options)
    assert any(name.endswith(".parquet") for name in told)
    assert any("_delta_log" in name for name in told)
    assert any(name.endswith("_jutong/x") for name in told)
    assert set(told.values()) == {found}
    assert lake.read("raw/a").read_all().num_rows == 121_000


@pytest.mark.parametrize(
    "options",
    [
        {"AWS_SERVER_SIDE_ENCRYPTION": "sse-c"},
        {"AWS_SSE_KMS_KEY_ID": "alias/lake"},
        {"AWS_SERVER_SIDE_ENCRYPTION": "AES256", "AWS_SSE_KMS_KEY_ID": "alias/lake"},
        {"aws_sse_customer_key_base64": "c2VjcmV0"},
    ],
)
def test_what_a_bucket_cannot_be_asked_is_refused(
    s3_options: dict[str, str],
    tmp_path: Path,
    options: dict[str, str],
) -> None:
    """A slip in the settings must not leave a lake open that its administrators believe encrypted."""
    with pytest.raises(Invalid, match="encrypts by") as refusal:
        Lake("s3://lake/node", s3_options | options, tmp_path)
    assert "c2VjcmV0" not in str(refusal.value)


def test_the_doctor_and_the_keepers_page_warn_of_grave_entries_that_lie_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an entry of grade L4 nobody is warned; with one, on a bare disk, the doctor fails and says the remedy."""
    city = a_city(tmp_path / "home")
    lying = Lying(Rest.OPEN, "ext4 /dev/vda")
    monkeypatch.setattr(Machine, "lying", lambda *_: lying)
    keeper = a_console(city)
    home = str(city.house.home.folder)

    def doctor() -> tuple[bool, str]:
        told = json.loads(command("doctor", "--home", home, "--json").stdout.splitlines()[-1])["rest"]
        return told["fine"], told["found"]

    assert not custody.resting(city.house).bad
    assert doctor()[0]
    assert "lie open" not in keeper.client("system").get("/lake").text
    sheet = a_sheet()
    sheet["items"][0]["grade"] = 4
    with city.client() as client:
        sent = client.post("/api/entries", content=msgspec.json.encode(sheet), headers=city.bearer("officer"))
    assert sent.is_success, sent.text
    found = custody.resting(city.house)
    assert (found.grave, found.bad, found.by) == (1, True, "ext4 /dev/vda")
    assert doctor() == (False, "open: ext4 /dev/vda")
    assert "lie open" in keeper.client("system").get("/lake").text
    lying = Lying(Rest.UNKNOWN, "overlay")
    assert doctor() == (True, "cannot be told: overlay")
    assert "cannot be told from here" in keeper.client("system").get("/lake").text
    lying = Lying(Rest.ENCRYPTED, "fscrypt")
    assert doctor() == (True, "encrypted: fscrypt")
    city.house.engine.dispose()
