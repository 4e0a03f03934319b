"""Addresses are read into twelve labelled parts; the words as written are kept."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest

from jutong import registers
from jutong.terms.address import PARTS, Reading
from tests.real import data

LABELS = {
    "prov": "province",
    "city": "city",
    "district": "district",
    "town": "town",
    "devZone": "zone",
    "community": "community",
    "road": "road",
    "roadno": "road_number",
    "poi": "place",
    "houseno": "building",
    "floorno": "floor",
    "roomno": "room",
}


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("重庆市沙坪坝区天星桥正街40号2幢3楼301室", "重庆市|沙坪坝区|天星桥正街|40号|2幢|3楼|301室"),
        ("重庆市巴南区东温泉镇东泉正街86号", "重庆市|巴南区|东温泉镇|东泉正街|86号"),
        ("浙江省杭州市杭州市西湖区三墩镇１２号", "浙江省|杭州市|西湖区|三墩镇|12号"),
        ("重庆市云阳县龙洞乡新场村五社", "重庆市|云阳县|龙洞乡|新场村五社"),
    ],
)
def test_an_address_falls_into_its_parts(written: str, parts: str) -> None:
    """From the province to the room; full-width digits and a city named twice do no harm."""
    read = registers.gazetteer().read(written)
    assert "|".join(read.parts[name] for name in PARTS if name in read.parts) == parts
    assert (read.written, read.reading) == (written, Reading.WHOLE)


@pytest.mark.parametrize("written", ["", "不详", "N/A", "\0", "号" * 500, "重庆市" * 200, "1" * 5000])
def test_what_is_no_address_is_not_made_one(written: str) -> None:
    """Nothing is guessed, and nothing takes long: parts are pieces of what was written."""
    read = registers.gazetteer().read(written)
    assert read.written == written
    assert all(part in written for part in read.parts.values())


def test_real_addresses_are_read_as_people_label_them() -> None:
    """Of labelled addresses the division is mostly found, and four of five parts that are named are right."""
    path = data("geo/address_labels_dev.jsonl.gz")
    counts: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            labelled = json.loads(line)
            wanted = _chunks(labelled["tokens"], labelled["labels"])
            found = set(registers.gazetteer().read(labelled["text"]).parts.items())
            counts.update(f"wanted {name}" for name, _ in wanted)
            counts.update(f"right {name}" for name, _ in wanted & found)
            counts.update(wanted=len(wanted), found=len(found), right=len(wanted & found))
    for name in ("province", "city", "district"):
        assert counts[f"right {name}"] / counts[f"wanted {name}"] > 0.8, name
    assert counts["right"] / counts["found"] > 0.78
    assert counts["right"] / counts["wanted"] > 0.65


def _chunks(tokens: list[str], labels: list[str]) -> set[tuple[str, str]]:
    chunks: list[tuple[str, str]] = []
    for token, label in zip(tokens, labels, strict=True):
        place, _, kind = label.partition("-")
        if place == "B":
            chunks.append((kind, token))
        elif place == "I" and chunks:
            chunks[-1] = (chunks[-1][0], chunks[-1][1] + token)
    return {(LABELS[kind], words) for kind, words in chunks if kind in LABELS}
