"""The kinds of subjects, one for each base library: what each is known by, and which fields are kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jutong.guard.mask import parse_mask
from jutong.kernel.errors import NotAllowed, NotFound
from jutong.kernel.text import Text, text
from jutong.pools.layout import library_table
from jutong.terms.grade import Grade

CAPITAL = "registered-capital"


class Nature(StrEnum):
    """How a field behaves when sources or deliveries differ."""

    IDENTIFYING = "identifying"  # two values are a conflict: the first stands, disputed, until somebody decides
    CHANGING = "changing"  # the highest source's newest value stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of golden records, filled from items of one standard element; ``mask`` is what pages show of it."""

    name: str
    element: str
    nature: Nature = Nature.CHANGING
    mask: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One base library: the column and the element of its key, its fields, and how grave it is.

    Of a ``secret`` kind no list shows anybody: whoever looks has the key and sees masked values.
    """

    name: str
    title: Text
    key: str
    key_title: Text
    element: str
    fields: tuple[Field, ...]
    grade: Grade
    secret: bool = False
    key_mask: str = "none"

    @property
    def spelled(self) -> str:
        """The kind in addresses, commands and evidence."""
        return self.name.replace("_", "-")

    @property
    def golden(self) -> str:
        """The table of golden records, all versions."""
        return library_table(self.name)

    @property
    def sources(self) -> str:
        """The table of what every source said."""
        return library_table(f"{self.name}_source")

    @property
    def gone(self) -> str:
        """The table of which rows of the sources were taken back, by which delivery."""
        return library_table(f"{self.name}_gone")

    @property
    def identifying(self) -> frozenset[str]:
        """The fields of which two values are a conflict."""
        return frozenset(field.name for field in self.fields if field.nature is Nature.IDENTIFYING)

    @property
    def amounts(self) -> tuple[str, ...]:
        """The fields that hold an amount, which is read."""
        return tuple(field.name for field in self.fields if field.element == CAPITAL)

    def shown_key(self, key: str) -> str:
        """Return what pages, lists and answers show of a key.

        >>> NATURAL_PERSON.shown_key("11010519491231002X")
        '110105***'
        """
        return parse_mask(self.key_mask).compile()(key) or ""

    def shown(self, field: str, value: str) -> str:
        """Return what pages, lists and answers show of a field's value.

        >>> NATURAL_PERSON.shown("name", "张三丰")
        '张***'
        """
        return parse_mask(next(one.mask for one in self.fields if one.name == field)).compile()(value) or ""


LEGAL_PERSON = Kind(
    name="legal_person",
    title=text("Legal persons"),
    key="uscc",
    key_title=text("Credit code"),
    element="credit-code",
    fields=(
        Field(name="name", element="enterprise-name", nature=Nature.IDENTIFYING),
        Field(name="reg_date", element="registration-date"),
        Field(name="ent_type", element="enterprise-type"),
        Field(name="capital", element=CAPITAL),
        Field(name="scope", element="business-scope"),
        Field(name="province", element="province"),
        Field(name="city", element="place"),
        Field(name="address", element="address"),
    ),
    grade=Grade.L2,  # registration data
)
NATURAL_PERSON = Kind(
    name="natural_person",
    title=text("Natural persons"),
    key="id_number",
    key_title=text("Identity number"),
    element="resident-id",
    fields=(
        Field(name="name", element="person-name", nature=Nature.IDENTIFYING, mask="keep:1:0"),
        Field(name="birth_date", element="birth-date", nature=Nature.IDENTIFYING, mask="year"),
        Field(name="sex", element="sex", nature=Nature.IDENTIFYING),
        Field(name="ethnicity", element="ethnicity"),
        Field(name="address", element="address", mask="keep:6:0"),
        Field(name="phone", element="phone", mask="keep:3:2"),
    ),
    grade=Grade.L4,  # numbers of persons (PIPL art. 28, domain grades)
    secret=True,
    key_mask="keep:6:0",
)
SPATIAL_OBJECT = Kind(
    name="spatial_object",
    title=text("Natural resources and space"),
    key="feature",
    key_title=text("Layer and feature code"),
    element="feature-code",
    fields=(
        Field(name="name", element="feature-name", nature=Nature.IDENTIFYING),
        Field(name="category", element="feature-class"),
        Field(name="division", element="division"),
        Field(name="address", element="address"),
        Field(name="crs", element="crs"),
        Field(name="geometry", element="geometry"),
    ),
    grade=Grade.L2,
)
LICENCE = Kind(
    name="licence",
    title=text("Electronic licences"),
    key="licence_id",
    key_title=text("Licence identifier"),
    element="licence-id",
    fields=(
        Field(name="name", element="licence-name", nature=Nature.IDENTIFYING),
        Field(name="holder_code", element="holder-code", nature=Nature.IDENTIFYING, mask="keep:6:2"),
        Field(name="holder_name", element="holder-name", nature=Nature.IDENTIFYING, mask="keep:1:0"),
        Field(name="issuer", element="issuing-body", nature=Nature.IDENTIFYING),
        Field(name="issued_on", element="issue-date"),
        Field(name="valid_until", element="valid-until"),
        Field(name="status", element="licence-status"),
    ),
    grade=Grade.L3,  # a holder may be a person
)
KINDS: Mapping[str, Kind] = {one.name: one for one in (NATURAL_PERSON, LEGAL_PERSON, SPATIAL_OBJECT, LICENCE)}


def check_listed(kind: Kind) -> None:
    """Refuse to list subjects of a secret kind."""
    if kind.secret:
        raise NotAllowed(
            text("no list shows persons"),
            basis=text("Personal Information Protection Law, art. 6: the least that is needed"),
            remedy=text("look up one person by number; how often sources differ stands under the rates"),
        )


def kind_named(name: str) -> Kind:
    """Return a kind, or refuse; addresses and commands spell it with a hyphen.

    >>> kind_named("natural-person").key
    'id_number'
    """
    found = KINDS.get(name.replace("-", "_"))
    if found is None:
        raise NotFound("base library", name[:40])
    return found
