"""What the wizard lets an officer choose from, with what helps to choose and the law beside each choice."""

from __future__ import annotations

from jutong.catalogue import (
    DataType,
    Format,
    OpenType,
    Purpose,
    ShareCondition,
    ShareType,
    Theme,
    UpdateCycle,
)
from jutong.guard import Method
from jutong.guard.grades import handling
from jutong.kernel.text import Text, plain, text
from jutong.terms import Grade

from .words import word_of

Choices = tuple[tuple[object, Text, Text, Text], ...]
NOTHING = text("")

FORMATS = tuple(Format)
THEMES = tuple(Theme)
PURPOSES = tuple(Purpose)
CYCLES = tuple(UpdateCycle)
TYPES = tuple(DataType)

SHARES: Choices = (
    (
        ShareType.UNCONDITIONAL,
        word_of(ShareType.UNCONDITIONAL),
        text("every government department may have it"),
        text("Order 809, art. 14"),
    ),
    (
        ShareType.CONDITIONAL,
        word_of(ShareType.CONDITIONAL),
        text("some departments may have it, for the purposes and under the conditions that you list next"),
        text("Order 809, arts 14, 15"),
    ),
    (
        ShareType.NOT_SHARED,
        word_of(ShareType.NOT_SHARED),
        text("only where a law, an administrative regulation or a State Council decision forbids sharing"),
        text("Order 809, arts 14, 15"),
    ),
)
CONDITIONS: Choices = tuple(
    (one, word_of(one), help_, text("Order 809, art. 15"))
    for one, help_ in (
        (ShareCondition.DUTY_ONLY, text("the purpose is named in the agreement and at each call")),
        (ShareCondition.NO_PASSING_ON, NOTHING),
        (ShareCondition.MASKED, text("by the mask of the item, or of its grade")),
        (ShareCondition.QUERY_OR_VERIFY_ONLY, text("no exchange of tables, no files")),
        (ShareCondition.SUBJECT_CONSENT, text("each call carries the consent")),
        (ShareCondition.CASE_BOUND, NOTHING),
        (ShareCondition.DISPOSE_AFTER_USE, NOTHING),
        (ShareCondition.SECURITY_LEVEL_3, text("GB/T 22239")),
        (ShareCondition.OWN_AREA_ONLY, text("rows of the asking body's area; name the item that holds the area")),
    )
)
METHODS: Choices = (
    (Method.QUERY, word_of(Method.QUERY), text("needs a key item"), text("Order 809, art. 22")),
    (Method.VERIFY, word_of(Method.VERIFY), text("yes or no; needs a key item"), text("Order 809, art. 22")),
    (Method.TABLE, word_of(Method.TABLE), text("items of grade L4 stay behind"), text("Order 809, art. 22")),
    (Method.FILE, word_of(Method.FILE), text("items of grade L4 stay behind"), text("Order 809, art. 22")),
    (Method.ENCLAVE, word_of(Method.ENCLAVE), text("the question travels, the rows stay"), NOTHING),
)
OPENINGS: Choices = (
    (OpenType.OPEN, word_of(OpenType.OPEN), text("items of grade L1 and L2 only"), NOTHING),
    (OpenType.CONDITIONAL, word_of(OpenType.CONDITIONAL), text("say under which conditions"), NOTHING),
    (OpenType.CLOSED, word_of(OpenType.CLOSED), NOTHING, NOTHING),
)
GRADES: Choices = (
    (Grade.L1, word_of(Grade.L1), NOTHING, text("GB/T 43697-2024")),
    (Grade.L2, word_of(Grade.L2), NOTHING, text("GB/T 43697-2024")),
    (
        Grade.L3,
        word_of(Grade.L3),
        text("shared under conditions at most; leaves masked unless agreed otherwise"),
        text("GB/T 43697-2024"),
    ),
    (
        Grade.L4,
        word_of(Grade.L4),
        text("shared under conditions at most; no tables, no files; clear text needs a second approval"),
        text("GB/T 43697-2024"),
    ),
)
MASKS: tuple[tuple[str, Text], ...] = (
    ("none", text("in clear")),
    ("keep:1:1", text("first and last character")),
    ("keep:3:4", text("first {head} and last {tail} characters", head=3, tail=4)),
    ("keep:6:4", text("first {head} and last {tail} characters", head=6, tail=4)),
    ("hash", text("a token of its own for each consumer")),
    ("year", text("of a date only the year")),
    ("month", text("of a date only the year and the month")),
    ("region:4", text("of a division only the city")),
    ("region:6", text("of a division only the district")),
    ("found", text("a text without numbers of persons")),
    ("drop", text("nothing at all")),
)


def masks_with(kept: str | None) -> tuple[tuple[str, Text], ...]:
    """Return the masks to choose from; one that was spelled out elsewhere stays among them."""
    known = {one for one, _ in MASKS}
    return MASKS if not kept or kept in known else (*MASKS, (kept, _words_of(kept)))


def mask_words(spelled: str | None, grade: Grade) -> Text:
    """Return a mask as people read it; where an item names none, its grade's."""
    spelling = spelled or handling(grade).default_mask
    words = dict(MASKS).get(spelling) or _words_of(spelling)
    return words if spelled else text("{mask} (by its grade)", mask=words)


def _words_of(spelling: str) -> Text:
    match spelling.split(":"):
        case ["keep", head, "0"]:
            return text("first {head} characters", head=head)
        case ["keep", "0", tail]:
            return text("last {tail} characters", tail=tail)
        case ["keep", head, tail]:
            return text("first {head} and last {tail} characters", head=head, tail=tail)
    return plain(spelling)
