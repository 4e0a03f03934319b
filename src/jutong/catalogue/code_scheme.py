"""Resource codes: how each coding rule spells one, reads one and issues the next; an entry may have several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import Text, text

SHOWN = 80
NUMBER_LIMIT = 10**18


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code, read: by which scheme, what stands before its number, and the number."""

    scheme: str
    stem: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScheme:
    """One coding rule: a classification (and the provider, where the rule has it), a mark, a running number.

    ``read`` says whether the rule's text was before us; of the others only the head was, so that a node that must
    follow one checks the form with its authority first.
    """

    id: str
    title: Text
    standard: str
    classification: str  # a pattern: what an officer chooses
    help: Text
    separator: str
    digits: int  # of the running number, at least
    prefix: str = ""
    names_provider: bool = False
    read: bool = False

    def stem(self, provider: str, classification: str) -> str:
        """Return what stands before the number, or refuse a classification that the rule does not know."""
        if re.fullmatch(self.classification, classification) is None:
            raise Invalid(
                text("{given} is no classification of {scheme}", given=classification[:SHOWN], scheme=self.title),
                basis=self.standard,
                remedy=self.help,
            )
        own = f"{provider}-" if self.names_provider else ""
        return f"{self.prefix}{own}{classification}"

    def spelled(self, stem: str, number: int) -> str:
        """Return the code of a number.

        >>> SCHEMES["national-2017"].spelled("101001001", 123)
        '101001001/000123'
        """
        return f"{stem}{self.separator}{number:0{self.digits}d}"

    def parsed(self, spelled: str) -> Code | None:
        """Return the code that is spelled so; nothing if it is none of this scheme.

        >>> SCHEMES["national-2017"].parsed("101001001/000123").number
        123
        """
        own = "[0-9A-HJ-NP-RT-UW-Y]{18}-" if self.names_provider else ""
        form = f"({re.escape(self.prefix)}{own}(?:{self.classification})){re.escape(self.separator)}([0-9]{{1,18}})"
        found = re.fullmatch(form, spelled)
        return None if found is None else Code(scheme=self.id, stem=found[1], number=int(found[2]))


# 发改高技术〔2017〕1272号: class (base, theme, department), item, subitem, detail, a slash, a running number.
NATIONAL = CodeScheme(
    id="national-2017",
    title=text("national guide of 2017"),
    standard="发改高技术〔2017〕1272号",
    classification="[123][0-9]{5}[0-9]{0,20}",
    help=text("six or more digits: class 1 to 3, item of two, subitem of three, then the detail; such as 101001001"),
    separator="/",
    digits=6,
    read=True,
)
# Local rules of which only the heads were before us: told apart by the division's digits, spelled as the guide does.
SICHUAN = CodeScheme(
    id="sichuan-2021",
    title=text("Sichuan"),
    standard="DB51/T 2847-2021",
    classification="[123][0-9]{5}[0-9]{0,20}",
    help=text("as in the national guide; the provider's credit code stands before it"),
    separator="/",
    digits=6,
    prefix="51-",
    names_provider=True,
)
TIANJIN = CodeScheme(
    id="tianjin-2023",
    title=text("Tianjin"),
    standard="DB12/T 1233-2023",
    classification="[123][0-9]{5}[0-9]{0,20}",
    help=text("as in the national guide, with 12 before it"),
    separator="/",
    digits=8,
    prefix="12-",
)
SCHEMES: Mapping[str, CodeScheme] = {one.id: one for one in (NATIONAL, SICHUAN, TIANJIN)}


def scheme_called(scheme_id: str) -> CodeScheme:
    """Return the scheme of that name."""
    if scheme_id not in SCHEMES:
        raise NotFound("code scheme", scheme_id[:SHOWN])
    return SCHEMES[scheme_id]


def read_code(spelled: str) -> Code | None:
    """Return a code by whichever scheme spells it so; nothing if none does."""
    return next((found for one in SCHEMES.values() if (found := one.parsed(spelled))), None)


def code_faults(codes: tuple[str, ...]) -> Iterator[Text]:
    """Yield what is wrong with an entry's codes."""
    for code in codes:
        if read_code(code) is None:
            yield text("resource code {code} is not of the form 101001001/000123", code=code[:SHOWN])
    if len(set(codes)) != len(codes):
        yield text("a resource code stands twice")
