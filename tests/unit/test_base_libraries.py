"""The four base libraries: natural persons, legal persons, natural resources and space, electronic licences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong import collection, library
from jutong.catalogue.entry import Entry
from jutong.collection import Batch, ParquetSource
from jutong.collection.layout import Layout
from jutong.kernel.errors import Invalid, NotAllowed, NotFound
from jutong.library import KINDS, LICENCE, NATURAL_PERSON, SPATIAL_OBJECT, Authority, Kind
from jutong.library.standard import standard_of
from jutong.library.subject import key_of, kind_of
from jutong.registers import shipped
from jutong.terms import Grade
from jutong.terms.identifier import licence_id_of, resident_id_of
from tests.fitness import KEEPER, Place, place_at, register_entry

PEOPLE, MORE_PEOPLE, PARCELS, LICENCES = (f"01JZ000000000000000000000{letter}" for letter in "PQSL")
ELEMENTS = {one.id: one for one in shipped.elements()}
FIRST_GENERATION = "130503670401001"  # the standard's own examples, of nobody
SAME_IN_LONG = "130503196704010016"


def number(sequence: int, *, division: str = "500103") -> str:
    """Return a made-up number that checks out."""
    return resident_id_of(f"{division}19800101{sequence:03d}")


def licence(serial: int) -> str:
    """Return a made-up licence's identifier that checks out."""
    return licence_id_of("11100000000013338W011", "11430000006122244L", f"2023{serial:07d}", "001")


def entry_of(entry_id: str, elements: Mapping[str, str], key: str) -> Entry:
    """Return a published entry with these items, the key item among them."""
    items = tuple(
        replace(register_entry().items[0], name=name, title=name, element=element, key=name == key)
        for name, element in elements.items()
    )
    return replace(register_entry(entry_id), items=items, service=f"s-{entry_id[-1].lower()}")


PERSON = {"id_no": "resident-id", "xm": "person-name", "csrq": "birth-date", "xb": "sex", "dh": "phone"}
FEATURE = {"layer": "layer-code", "code": "feature-code", "name": "feature-name", "lx": "feature-class"}
PAPER = {"zzbs": "licence-id", "name": "licence-name", "holder": "holder-name", "code": "holder-code"}
PAPER |= {"issuer": "issuing-body", "until": "valid-until"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = place_at(tmp_path)
    for entry in (
        entry_of(PEOPLE, PERSON, "id_no"),
        entry_of(MORE_PEOPLE, PERSON, "id_no"),
        entry_of(PARCELS, FEATURE, "code"),
        entry_of(LICENCES, PAPER, "zzbs"),
    ):
        place.enter(entry)
    return place


def deliver(place: Place, entry: str, rows: Sequence[Mapping[str, str | None]]) -> Batch:
    """Collect rows of an entry and merge them."""
    path = place.folder / f"{entry}-{place.now:%H%M%S}.parquet"
    names = list(rows[0])
    pq.write_table(pa.table({name: pa.array([one[name] for one in rows], pa.string()) for name in names}), path)
    with place.desk() as desk:
        batch = collection.collect(desk, entry, ParquetSource(path, Layout()))
    place.merge(batch)
    return batch


def person(id_no: str, name: str = "张三丰", born: str = "1980-01-01") -> dict[str, str]:
    return {"id_no": id_no, "xm": name, "csrq": born, "xb": "1", "dh": "13800138000"}


def looked_up(place: Place, kind: Kind, key: str) -> library.Golden:
    """Look a record up as the keeper of the libraries."""
    with place.desk(KEEPER) as desk:
        return library.look_up(desk, key, kind)


def settled(place: Place) -> None:
    """Let the records follow the newest decision."""
    with place.desk() as desk:
        ((_, taken),) = library.decisions(desk.db, limit=1)
    place.settle(taken.id)


def test_the_key_item_says_which_library_an_entry_fills() -> None:
    """A person's number that merely stands in a row makes no record of the person."""
    assert kind_of(entry_of(PEOPLE, PERSON, "id_no")) is NATURAL_PERSON
    assert kind_of(entry_of(PARCELS, FEATURE, "code")) is SPATIAL_OBJECT
    assert kind_of(entry_of(LICENCES, PAPER, "zzbs")) is LICENCE
    assert kind_of(register_entry()) is library.LEGAL_PERSON
    assert kind_of(entry_of(PEOPLE, PERSON, "")) is None


def test_a_person_is_one_record_under_old_and_new_number(place: Place) -> None:
    """A first-generation number, blanks, full width and a small x lead to one person; what is unsound to nobody."""
    x = next(one for one in (number(n) for n in range(1, 60)) if one.endswith("X"))
    abolished, resident_of_taiwan = number(7, division="440524"), number(8, division="830000")
    batch = deliver(
        place,
        PEOPLE,
        [
            person(FIRST_GENERATION, born="1967-04-01"),
            person(SAME_IN_LONG, born="1967-04-01"),
            person(f" {x[:17]}x "),
            person("".join(chr(ord(one) + 0xFEE0) for one in x)),
            person(abolished),
            person(resident_of_taiwan),
            person("130503670401997"),  # born before 1900: the century is not in the number
            person(number(9)[:17] + "0" if number(9)[17] != "0" else number(9)[:17] + "1"),
            person("13050367023000" + "1"),  # the 30th of February
            person(""),
        ],
    )
    with place.desk() as desk:
        done = library.find_merge(desk.db, batch.id)
    assert (done.touched, done.unkeyed) == (4, 4)
    assert looked_up(place, NATURAL_PERSON, FIRST_GENERATION).rows == 2
    assert looked_up(place, NATURAL_PERSON, x.lower()).rows == 2
    reasons = library.unkeyed_rows(place.pools, batch.id)["reason"].to_pylist()
    assert reasons == ["century", "invalid", "invalid", "empty"]


def test_a_person_is_shown_masked_and_named_in_no_list_line_or_refusal(place: Place) -> None:
    """Names and numbers stand in no answer, no evidence, no error; only who has the number finds anybody."""
    one = number(1)
    deliver(place, PEOPLE, [person(one)])
    deliver(place, MORE_PEOPLE, [person(one, name="张三峰")])
    found = looked_up(place, NATURAL_PERSON, one)
    assert {name: field.value for name, field in found.fields.items()} == {
        "name": "张***",
        "birth_date": "1980",
        "sex": "1",
        "phone": "138***00",
    }
    assert (found.code, found.disputed) == ("500103***", ("name",))
    rates = {rate.field: rate for rate in library.rates(place.pools, NATURAL_PERSON)}
    assert (rates["name"].conflicts, rates["sex"].conflicts) == (1, 0)
    with pytest.raises(NotAllowed), place.desk(KEEPER) as desk:
        library.look_at_disputes(desk, kind=NATURAL_PERSON)
    with pytest.raises(Invalid) as refused, place.desk(KEEPER) as desk:
        library.look_up(desk, library.checked_key(one[:17] + ("1" if one[17] != "1" else "2"), NATURAL_PERSON))
    with pytest.raises(NotFound) as unknown:
        looked_up(place, NATURAL_PERSON, number(99))
    written = "".join(line.leaf().decode() for line in place.lines())
    for secret in (one, "张三", number(99), one[:17]):
        assert secret not in written
        assert secret not in f"{refused.value}{unknown.value}"


def test_a_person_is_looked_up_only_with_the_clearance_of_the_kind(place: Place) -> None:
    """Who may look up firms may not look up persons: their grade is L4."""
    deliver(place, PEOPLE, [person(number(1))])
    less = replace(KEEPER, cleared=Grade.L3)
    with pytest.raises(NotAllowed), place.desk(less) as desk:
        library.look_up(desk, number(1), NATURAL_PERSON)
    with pytest.raises(NotFound), place.desk(less) as desk:
        library.look_up(desk, licence(1), LICENCE)


def test_records_of_each_kind_are_ranked_merged_and_parted(place: Place) -> None:
    """One machinery: a rank settles a conflict, a merge is undone to the letter, each kind by itself."""
    deliver(place, PEOPLE, [person(number(1)), person(number(2), name="李四")])
    deliver(place, MORE_PEOPLE, [person(number(1), name="张三峰")])
    with place.desk() as desk:
        named = Authority(field="name", entry=MORE_PEOPLE, rank=1, basis="户口登记条例")
        assert library.set_authority(desk, named).about == "natural_person"
        with pytest.raises(Invalid):
            library.set_authority(desk, replace(named, field="capital"))
    settled(place)
    golden = looked_up(place, NATURAL_PERSON, number(1))
    assert (golden.fields["name"].rank, golden.disputed) == (1, ())
    before = place.table(NATURAL_PERSON.sources, order="id_number")
    with place.desk(KEEPER) as desk:
        library.join(desk, number(1), number(2), basis="户籍档案", kind=NATURAL_PERSON)
    settled(place)
    assert library.count_subjects(place.pools, NATURAL_PERSON) == 1
    with place.desk(KEEPER) as desk:
        library.part(desk, number(2), basis="更正", kind=NATURAL_PERSON)
    settled(place)
    assert library.count_subjects(place.pools, NATURAL_PERSON) == 2
    assert place.table(NATURAL_PERSON.sources, order="id_number") == before


def test_a_decision_on_one_kind_leaves_the_others_alone(place: Place) -> None:
    """Codes of firms and numbers of persons never meet in a bond."""
    deliver(place, PEOPLE, [person(number(1)), person(number(2))])
    with place.desk(KEEPER) as desk:
        library.join(desk, number(1), number(2), basis="档案", kind=NATURAL_PERSON)
        assert library.bonds(desk.db).decided == ()
        assert len(library.bonds(desk.db, NATURAL_PERSON).decided) == 1


def test_features_are_known_by_layer_and_code_and_licences_by_their_identifier(place: Place) -> None:
    """The same code in two layers is two features; a licence whose check fails is kept apart, not dropped."""
    deliver(
        place,
        PARCELS,
        [
            {"layer": "Parcels", "code": "A-1", "name": "一号地块", "lx": "宗地"},
            {"layer": "bridges", "code": "A-1", "name": "一号桥", "lx": "桥梁"},
            {"layer": None, "code": "A-2", "name": "无图层", "lx": "桥梁"},
        ],
    )
    assert library.count_subjects(place.pools, SPATIAL_OBJECT) == 2
    assert looked_up(place, SPATIAL_OBJECT, "bridges:A-1").fields["name"].value == "一号桥"
    false = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
    paper = {
        "zzbs": licence(1),
        "name": "营业执照",
        "holder": "张三丰",
        "code": number(3),
        "issuer": "某局",
        "until": "2030-01-01",
    }
    batch = deliver(place, LICENCES, [paper, {**paper, "zzbs": licence(2).lower()}, {**paper, "zzbs": false}])
    with place.desk() as desk:
        assert library.find_merge(desk.db, batch.id).unkeyed == 1
    found = looked_up(place, LICENCE, licence(2))
    assert (found.fields["name"].value, found.fields["holder_name"].value) == ("营业执照", "张***")
    assert number(3) not in str(found)


KEYS = {
    NATURAL_PERSON.name: (FIRST_GENERATION, SAME_IN_LONG, "11010519491231002x", "440524188001010014", "130503670401996",
                     "110105194912310021", "1101051949123100", "", " １１010519491231002X", "13050367023x001"),
    LICENCE.name: (licence(5), licence(5).lower(), licence(5)[:-1] + "?", "1.2.156", licence(6).replace(".", "．")),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_read_in_sql_as_they_are_in_python(place: Place, name: str) -> None:
    """The engine and the form where an official types read a key alike."""
    spelled, kind = KEYS[name], KINDS[name]
    entry = entry_of(PEOPLE, {"k": kind.element}, "k")
    batch = "01JZ00000000000000000000B0"
    raw = pa.table({"k": spelled, "_batch": [batch] * len(spelled), "_row": pa.array(range(len(spelled)), pa.int64())})
    standard = standard_of(entry, ELEMENTS, batch)
    told = place.pools.engine.query(standard.sql, {"raw": raw, **standard.tables}).read_all().sort_by("_row")
    assert told["_key"].to_pylist() == [key_of(one, kind) for one in spelled]


def test_every_kind_is_whole() -> None:
    """Each field is filled by an element that is shipped, and each has a name of its own."""
    for kind in KINDS.values():
        assert kind.element in ELEMENTS
        assert {field.element for field in kind.fields} <= set(ELEMENTS)
        assert len({field.name for field in kind.fields}) == len(kind.fields) < 60
