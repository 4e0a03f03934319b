"""The base library: one record a credit code, with who said what behind every value."""

from __future__ import annotations

from pathlib import Path

import pytest

from jutong import library, quality
from jutong.kernel.errors import Invalid, NotFound, Refused, WrongMoment
from jutong.library import Authority, Conflict, Merge
from jutong.quality import Confidence
from jutong.terms.address import PARTS
from jutong.terms.identifier import registration_number_of
from tests.fitness import ENTRY, OTHER_ENTRY, Place, code, place_at, register_entry, row
from tests.postgres import postgres_database, postgres_url  # noqa: F401


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


def test_a_row_becomes_a_golden_record(place: Place) -> None:
    """Each value says who gave it, with what authority, in which delivery; the amount is read."""
    batch = place.deliver([row(1, uscc=code(1).lower(), ent_type="N/A", capital="5,147.1628(万)")])
    done = place.merge(batch)
    assert (done.touched, done.created, done.conflicts, done.unkeyed) == (1, 1, 0, 0)
    golden = place.subject(1)
    name = golden.fields["name"]
    assert (name.value, name.source, name.batch) == ("重庆第1百货有限公司", register_entry().provider, batch.id)
    assert "ent_type" not in golden.fields
    assert (str(golden.capital.whole), golden.capital.confidence) == ("51471628.00000000", Confidence.ASSUMED)


def test_a_name_stands_in_its_form_beside_what_was_written(place: Place) -> None:
    """The standard table keeps the spelling, and its form, core and confidence beside it."""
    place.merge(place.deliver([row(1, name="重慶長江(集团) 有限公司")]))
    (told,) = place.table(f"standard/{ENTRY}", order="_row")
    assert told["name"] == "重慶長江(集团) 有限公司"
    assert (told["name_form"], told["name_variant"]) == ("重慶長江（集团）有限公司", "重庆长江（集团）有限公司")
    assert (told["name_core"], told["name_confidence"], told["name_doubt"]) == ("重慶長江（集团）", "stated", None)


def test_addresses_fall_into_their_parts_beside_the_standard_table(place: Place) -> None:
    """Once a batch, as it stands there: twelve parts, how far the reading got, and the key by which a row goes."""
    written = "重庆市渝中区大坪正街96号3幢2-1"
    batch = place.deliver([row(1, address=written), row(2, address="不详"), row(3, address="N/A")])
    with pytest.raises(NotFound), place.desk() as desk:
        library.read_addresses(desk, batch.id)  # not merged yet
    place.merge(batch)
    for _ in range(2):
        with place.desk() as desk:
            assert library.read_addresses(desk, batch.id) == {"whole": 1, "part": 1}
    first, second, third = place.table(f"standard/{ENTRY}_address", order="_row")
    parts = [first[f"address_{part}"] for part in PARTS]
    assert "".join(part for part in parts if part) == written
    assert (first["_key"], first["address_district"], first["address_reading"]) == (code(1), "渝中区", "whole")
    assert (second["address_reading"], third["address_reading"]) == ("part", None)
    (line,) = place.lines("library.addresses_read")
    assert {name: line.facts[name] for name in ("whole", "part", "none")} == {"whole": 1, "part": 1, "none": 0}


def test_a_standard_table_of_before_a_form_was_known_goes_on(place: Place) -> None:
    """A node that is upgraded lays further batches into the columns that its table has."""
    place.merge(place.deliver([row(1)]))
    table = f"standard/{ENTRY}"
    old = place.pools.lake.read(table).read_all().drop_columns(["name_form", "name_core"])
    place.pools.lake.replace(table, old, mark="of old")
    assert place.merge(place.deliver([row(2)])).touched == 1
    assert len(place.table(table, order="_row")) == 2


def two_sources(place: Place, mine: dict[str, str], its: dict[str, str]) -> Merge:
    """Have two entries say something, and return what the second delivery did."""
    place.enter(register_entry(OTHER_ENTRY))
    first, second = place.deliver([mine]), place.deliver([its], OTHER_ENTRY)
    place.merge(first)
    return place.merge(second)


def test_two_sources_with_two_names_are_a_conflict_and_no_overwrite(place: Place) -> None:
    """The source that came first stands, disputed; both values are listed."""
    assert two_sources(place, row(1), row(1, name="重庆改名有限公司")).conflicts == 1
    golden = place.subject(1)
    assert (golden.fields["name"].value, golden.disputed) == ("重庆第1百货有限公司", ("name",))
    told = place.conflicts()
    assert [(each.value, each.kept) for each in told] == [("重庆第1百货有限公司", True), ("重庆改名有限公司", False)]
    assert isinstance(told[0], Conflict)


def test_one_meaning_in_two_spellings_is_no_conflict(place: Place) -> None:
    """Brackets, width, characters, units and notes do not part sources; what stands is the first one's spelling."""
    first = {"name": "重慶長江(集团) 有限公司", "capital": "100(万元人民币)"}
    place.merge(place.deliver([row(1, **first), row(2, capital="100(万元人民币)")]))
    place.enter(register_entry(OTHER_ENTRY))
    others = [row(1, name="重庆长江（集团）有限公司（原长江厂）", capital="1,000,000元"), row(2, capital="100(万美元)")]
    place.merge(place.deliver(others, OTHER_ENTRY))
    assert place.subject(1).fields["name"].value == "重慶長江(集团) 有限公司"
    assert not any(field.contested for field in place.subject(1).fields.values())
    assert {(one.code, one.field) for one in place.conflicts()} == {(code(2), "capital")}
    rates = {rate.field: rate for rate in library.rates(place.pools)}
    assert (rates["name"].checked, rates["name"].conflicts) == (2, 0)
    assert (rates["capital"].checked, rates["capital"].conflicts) == (2, 1)


def test_a_source_that_corrects_itself_contradicts_nobody(place: Place) -> None:
    """The newest word of a source is its word; what it said before is history, and stays."""
    place.merge(place.deliver([row(1, name="错名公司")]))
    assert place.merge(place.deliver([row(1)])).conflicts == 0
    assert (place.subject(1).fields["name"].value, place.conflicts()) == ("重庆第1百货有限公司", ())
    assert len(place.table("library/legal_person_source", order="_at")) == 2


def test_a_rank_settles_a_conflict_of_what_is_already_merged(place: Place) -> None:
    """The named source's value stands, undisputed; what the others say stays a conflict, for them to check."""
    two_sources(place, row(1), row(1, name="重庆改名有限公司"))
    named = place.authority("name", OTHER_ENTRY, 1)
    golden = place.subject(1)
    assert (golden.fields["name"].value, golden.fields["name"].rank) == ("重庆改名有限公司", 1)
    assert (golden.disputed, golden.fields["name"].contested) == ((), True)
    assert {each.value: each.kept for each in place.conflicts()} == {
        "重庆改名有限公司": True,
        "重庆第1百货有限公司": False,
    }
    assert place.settle(named) == 1, "settled once, and again is no change"
    assert len(place.lines("library.settled")) == 2  # one for each entry of which rows were merged


def test_the_highest_rank_stands_only_while_it_says_one_thing(place: Place) -> None:
    """A source that contradicts itself in one delivery is passed over for the next that does not."""
    place.enter(register_entry(OTHER_ENTRY))
    place.authority("name", ENTRY, 1)
    place.authority("name", OTHER_ENTRY, 2)
    place.merge(place.deliver([row(1), row(1, name="甲公司")]))
    place.merge(place.deliver([row(1, name="乙公司")], OTHER_ENTRY))
    golden = place.subject(1)
    assert (golden.fields["name"].value, golden.fields["name"].rank, golden.disputed) == ("乙公司", 2, ())


def test_the_conflict_rate_counts_only_what_several_sources_say(place: Place) -> None:
    """Filled, checked, contradicted, disputed: field by field."""
    place.enter(register_entry(OTHER_ENTRY))
    place.merge(place.deliver([row(1), row(2), row(3)]))
    place.merge(place.deliver([row(1, name="甲公司", city="N/A"), row(2)], OTHER_ENTRY))
    rates = {one.field: one for one in library.rates(place.pools)}
    name, city = rates["name"], rates["city"]
    assert (name.filled, name.checked, name.conflicts, name.disputed, name.share) == (3, 2, 1, 1, 0.5)
    assert (city.filled, city.checked, city.conflicts, city.share) == (3, 1, 0, 0.0)


def test_one_field_has_one_source_of_a_rank(place: Place) -> None:
    """Nobody is believed as much as another."""
    place.enter(register_entry(OTHER_ENTRY))
    place.authority("name", ENTRY, 1)
    with pytest.raises(Invalid):
        place.authority("name", OTHER_ENTRY, 1)


def test_unmerging_restores_both_records_to_the_letter(place: Place) -> None:
    """Nothing is overwritten: a merge and its undoing leave the golden records byte by byte as they were."""
    place.merge(place.deliver([row(1), row(2, address="别处3号"), row(3)]))
    before = place.golden()
    place.join(1, 2)
    merged = place.subject(2)
    assert (merged.code, merged.also, merged.rows) == (code(1), (code(2),), 2)
    assert library.count_subjects(place.pools) == 2
    place.part(2)
    assert place.golden() == before
    assert [line.act for line in place.lines("library.joined")] == ["library.joined"]
    assert code(2) not in place.lines("library.parted")[0].leaf().decode()


def test_what_was_parted_is_merged_again_only_by_saying_so(place: Place) -> None:
    """A negative link holds, also through a third record."""
    place.merge(place.deliver([row(1), row(2), row(3)]))
    place.join(1, 2)
    place.part(2)
    with pytest.raises(WrongMoment):
        place.join(1, 2)
    place.join(2, 3)
    with pytest.raises(WrongMoment):
        place.join(1, 3)
    place.part(3)
    place.join(1, 2, although_parted=True)
    assert place.subject(2).code == code(1)


def test_bonds_are_tied_between_records_that_exist_and_on_a_basis(place: Place) -> None:
    """An unknown code, a record with itself, no basis, a NUL in it: each is refused, and nothing is decided."""
    place.merge(place.deliver([row(1), row(2)]))
    for kept, other, basis in ((1, 9, "x"), (1, 1, "x"), (1, 2, " "), (1, 2, "a\0b"), (1, 2, "长" * 401)):
        with pytest.raises(Refused):
            place.join(kept, other, basis=basis)
    with pytest.raises(NotFound):
        place.part(2)
    with place.desk() as desk:
        assert library.decisions(desk.db) == ()


def test_two_names_in_one_delivery_are_a_conflict(place: Place) -> None:
    """The earlier row stands."""
    assert place.merge(place.deliver([row(1), row(1, name="甲公司")])).conflicts == 1
    assert place.subject(1).fields["name"].value == "重庆第1百货有限公司"


def test_what_changes_is_taken_from_the_newest_delivery(place: Place) -> None:
    """A firm that moved is found at its new address; what the newer delivery leaves empty stays."""
    place.merge(place.deliver([row(1)]))
    newer = place.deliver([row(1, address="重庆市江北区建新路2号", scope="N/A")])
    assert place.merge(newer).created == 0
    fields = place.subject(1).fields
    assert (fields["address"].value, fields["address"].batch) == ("重庆市江北区建新路2号", newer.id)
    assert fields["scope"].value == "日用百货"


def test_the_named_authority_is_believed_before_the_newer_source(place: Place) -> None:
    """Authority is given by law, field by field; neither the newest nor the majority is believed by itself."""
    place.enter(register_entry(OTHER_ENTRY))
    place.authority("address", ENTRY, 1)
    place.merge(place.deliver([row(1)]))
    place.merge(place.deliver([row(1, address="别处3号", city="江北")], OTHER_ENTRY))
    fields = place.subject(1).fields
    assert (fields["address"].value, fields["address"].rank) == ("重庆市渝中区民权路1号", 1)
    assert (fields["city"].value, fields["city"].rank) == ("江北", 1000)


def test_an_authority_is_for_a_field_that_exists() -> None:
    """A rank for nothing is refused."""
    with pytest.raises(Invalid):
        Authority(field="colour", entry=ENTRY, rank=1, basis="x")
    with pytest.raises(Invalid):
        Authority(field="name", entry=ENTRY, rank=0, basis="x")


def test_rows_without_a_code_have_no_golden_record(place: Place) -> None:
    """Old numbers, broken codes and empty ones are listed with the reason, and merged with nobody."""
    old = registration_number_of("32040400000955")
    batch = place.deliver([row(1), row(2, uscc=old), row(3, uscc=code(3)[:17]), row(4, uscc="N/A")])
    assert place.merge(batch).unkeyed == 3
    assert library.count_subjects(place.pools) == 1
    assert library.unkeyed_rows(place.pools, batch.id).to_pylist() == [
        {"_row": 2, "reason": "old-registration-number"},
        {"_row": 3, "reason": "invalid"},
        {"_row": 4, "reason": "empty"},
    ]
    with pytest.raises(NotFound):
        library.find_subject(place.pools, old, library.Bonds())


def test_a_doubtful_capital_has_no_amount(place: Place) -> None:
    """What cannot be told is not added up; the spelling stays."""
    assert place.merge(place.deliver([row(1, capital="200,0000000(万)")])).doubtful == 1
    golden = place.subject(1)
    assert (golden.capital.amount, golden.capital.doubt) == (None, quality.Doubt.COMMA)
    assert golden.fields["capital"].value == "200,0000000(万)"


def test_merging_again_changes_nothing(place: Place) -> None:
    """A batch that is merged again leaves every table and the ledger as they were."""
    batch = place.deliver([row(1), row(2), row(2, name="乙公司")])
    first = place.merge(batch)
    versions = {name: place.pools.lake.version(f"library/{name}") for name in ("legal_person", "legal_person_source")}
    assert place.merge(batch) == first
    assert versions == {name: place.pools.lake.version(f"library/{name}") for name in versions}
    assert len(place.lines("library.merged")) == 1


def test_a_merge_that_was_killed_before_it_was_recorded_is_taken_up(place: Place) -> None:
    """Landed, not recorded: the next try records the same counts and doubles nothing."""
    batch = place.deliver([row(1), row(2)])
    place.killed(library.merge, batch)
    assert place.lines("library.merged") == []
    assert place.merge(batch).created == 2
    assert len(place.table("library/legal_person_source", order="uscc")) == 2


def test_standard_rows_are_in_standard_form(place: Place) -> None:
    """Codes in capitals, nothing for N/A, only days that exist, amounts with unit and currency."""
    place.merge(place.deliver([row(1, uscc=code(1).lower(), reg_date="2002-02-30", scope="N/A", capital="80(万美元)")]))
    (standard,) = place.table(f"standard/{ENTRY}", order="_row")
    assert (standard["uscc"], standard["reg_date"], standard["scope"]) == (code(1), None, None)
    assert (standard["capital_currency"], standard["capital_unit"]) == ("USD", 10_000)


def test_evidence_of_a_merge_holds_counts_alone(place: Place) -> None:
    """How many were touched, made, contradicted; no name."""
    place.merge(place.deliver([row(1), row(1, name="甲公司")]))
    (line,) = place.lines("library.merged")
    assert (line.facts["touched"], line.facts["created"], line.facts["conflicts"]) == (1, 1, 1)
    assert "公司" not in line.leaf().decode()


def test_both_databases_keep_what_was_found(tmp_path: Path, postgres_database: str) -> None:  # noqa: F811
    """Examination, objection, answer, authority and merge, on PostgreSQL as on SQLite."""
    place = place_at(tmp_path, url=postgres_database.replace("postgresql://", "postgresql+psycopg://"))
    batch = place.deliver([row(1, name="N/A"), row(2), row(2, name="甲公司")])
    assert place.examine(batch).findings == {"name.required": 1, "uscc.unique": 1}
    with place.desk() as desk:
        opened = quality.open_objections(desk, batch.id)
        assert quality.objections(desk.db, only_open=True) == tuple(sorted(opened, key=lambda each: each.id))
        library.set_authority(desk, Authority(field="*", entry=ENTRY, rank=2, basis="三定规定"))
    assert place.merge(batch) == place.merge(batch)
    with place.desk() as desk:
        assert library.find_merge(desk.db, batch.id).conflicts == 1
        assert quality.find_examination(desk.db, batch.id).rows == 3
