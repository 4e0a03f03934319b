"""Which field of a portal's record says what: guessed from its name and its values, with a confidence each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .spelling import absent, cycle_of, day_of, formats_of, listed, number_of, open_of, share, theme_of
from .vocabulary import folded, vocabulary

LEAST = 0.30  # below it nothing is proposed
SURE = 0.80  # below it a person should look
NAME_KNOWN = 0.5
FEW = 5  # values that contradict a name before it is doubted
URL = re.compile(r"(?i)(https?|ftp)://\S+")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
PHONE = re.compile(r"(\+?86[- ]?)?(1[3-9]\d{9}|(0\d{2,3}[- ]?)?[2-8]\d{6,7}(-\d{1,6})?|400[- ]?\d{3}[- ]?\d{4}|12345)")
CODE = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}|[0-9a-zA-Z]*\d[0-9a-zA-Z_/-]{5,}")
ORGAN = re.compile(
    r".{1,40}(局|委|办|厅|院|中心|公司|政府|部|处|站|队|委员会|协会|集团|办公室|银行|海关|法院|检察院|联合会|学校|所|会)"
)
SECTIONS = re.compile(
    r".*(农、林、牧、渔|采矿业|制造业|电力、热力|建筑业|批发和零售|交通运输、仓储|住宿和餐饮|信息传输|金融业|房地产业|租赁和商务|科学研究和技术|水利、环境|居民服务|教育$|卫生和社会工作|文化、体育和娱乐|公共管理|国际组织).*"
)


class Idea(StrEnum):
    """What a field of a portal's record can say; ``aside`` is kept as the portal says it, and means nothing to us."""

    TITLE = "title"
    DESCRIPTION = "description"
    DEPARTMENT = "department"
    CATEGORY = "category"
    INDUSTRY = "industry"
    TAGS = "tags"
    IS_OPEN = "is_open"
    UPDATE_FREQUENCY = "update_frequency"
    PUBLISH_TIME = "publish_time"
    UPDATE_TIME = "update_time"
    DATA_FORMATS = "data_formats"
    DATA_VOLUME = "data_volume"
    TELEPHONE = "telephone"
    EMAIL = "email"
    URL = "url"
    IDENTIFIER = "identifier"
    FIELDS = "fields"
    ASIDE = "aside"


# Values that a field of this idea must have, if it has any: a name that they contradict is doubted.
STRICT = frozenset(
    {
        *(Idea.UPDATE_FREQUENCY, Idea.PUBLISH_TIME, Idea.UPDATE_TIME, Idea.IS_OPEN, Idea.URL, Idea.EMAIL),
        *(Idea.TELEPHONE, Idea.DATA_FORMATS, Idea.DATA_VOLUME),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a field is taken to say, how surely (0 to 1), and a few of its values."""

    field: str
    idea: Idea
    confidence: float
    samples: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        """Say whether nobody needs to look."""
        return self.confidence >= SURE


Mapped = Mapping[str, Idea]


def guessed(fields: Mapping[str, Iterable[str]]) -> tuple[Guess, ...]:
    """Return a guess for every field of a source; ``fields`` holds samples of the values of each.

    >>> [(one.field, one.idea.value) for one in guessed({"更新周期": ["每年"], "标题": ["名录"]})]
    [('更新周期', 'update_frequency'), ('标题', 'title')]
    """
    samples = {field: tuple(values) for field, values in fields.items()}
    scores = {field: _scores(field, values) for field, values in samples.items()}
    ranked = sorted(
        ((score, field, idea) for field, found in scores.items() for idea, score in found.items() if score >= LEAST),
        key=lambda one: (-one[0], list(samples).index(one[1]), one[2]),
    )
    taken: dict[str, tuple[Idea, float]] = {}
    given: set[Idea] = set()
    for score, field, idea in ranked:
        if field not in taken and (idea is Idea.ASIDE or idea not in given):
            taken[field] = (idea, score)
            given.add(idea)
    return tuple(
        Guess(
            field=field,
            idea=taken[field][0] if field in taken else Idea.ASIDE,
            confidence=round(taken[field][1], 2) if field in taken else 0.0,
            samples=_shown(values),
        )
        for field, values in samples.items()
    )


def chosen(guesses: Iterable[Guess], wishes: Mapping[str, str]) -> Mapped:
    """Return the mapping with what a person wished otherwise; refuse fields and ideas that are not there."""
    mapped = {one.field: one.idea for one in guesses}
    for field, wish in wishes.items():
        if field not in mapped:
            raise Invalid(
                text("the source has no field {field}", field=field[:80]),
                remedy=text("use one of: {names}", names=", ".join(mapped)[:400]),
            )
        if wish not in set(Idea):
            raise Invalid(
                text("there is no idea {idea}", idea=wish[:80]),
                remedy=text("use one of: {names}", names=", ".join(Idea)),
            )
        mapped[field] = Idea(wish)
    check(mapped)
    return mapped


def check(mapped: Mapped) -> None:
    """Refuse a mapping in which two fields say the same, or none is the title."""
    said = [idea for idea in mapped.values() if idea is not Idea.ASIDE]
    twice = sorted({idea.value for idea in said if said.count(idea) > 1})
    if twice:
        raise Invalid(
            text("more than one field is mapped to {ideas}", ideas=", ".join(twice)),
            remedy=text("set all but one of them aside"),
        )
    if Idea.TITLE not in said:
        raise Invalid(
            text("no field of this file is known to hold the title"),
            remedy=text("say which one does, or look whether this is a list of catalogue entries"),
        )


def _scores(field: str, values: tuple[str, ...]) -> dict[Idea, float]:
    told = [one for one in values if not absent(one)]
    by_name, by_value = _by_name(field), _by_values(told)
    found: dict[Idea, float] = {}
    for idea in Idea:
        name, value = by_name.get(idea, 0.0), by_value.get(idea, 0.0)
        if name and idea in STRICT and value < 0.2 and len(told) >= FEW:
            found[idea] = name * 0.4
        elif name:
            found[idea] = name + (1 - name) * 0.6 * value
        elif value and max(by_name.values(), default=0.0) < NAME_KNOWN:
            found[idea] = 0.75 * value
        elif value > 0.9 and idea in STRICT:  # the name says otherwise, but every value is of this kind
            found[idea] = 0.45 * value
    return found


def _by_name(field: str) -> dict[Idea, float]:
    name = folded(field)
    found: dict[Idea, float] = {}
    for idea, patterns in vocabulary().names.items():
        weight = max((weight for weight, pattern in patterns if pattern.fullmatch(name)), default=0.0)
        if weight:
            found[Idea(idea)] = weight
    if found.get(Idea.ASIDE):  # it names what we do not keep; a looser pattern of ours says nothing against it
        return {idea: weight for idea, weight in found.items() if idea is Idea.ASIDE or weight > 0.9}
    return found


def _by_values(told: list[str]) -> dict[Idea, float]:
    if not told:
        return {}
    distinct, lengths = len(set(told)) / len(told), sum(map(len, told)) / len(told)
    days = share(day_of(one) is not None for one in told)
    organs = share(ORGAN.fullmatch(one) is not None for one in told)
    themes = share(len(one) <= 16 and theme_of(one) is not None for one in told)
    found = {
        Idea.PUBLISH_TIME: 0.6 * days,
        Idea.UPDATE_TIME: 0.55 * days,
        Idea.URL: share(URL.fullmatch(one) is not None for one in told),
        Idea.EMAIL: share(EMAIL.fullmatch(one) is not None for one in told),
        Idea.TELEPHONE: share(PHONE.fullmatch(one) is not None for one in told),
        Idea.UPDATE_FREQUENCY: share(cycle_of(one) is not None for one in told),
        Idea.IS_OPEN: share(open_of(one) is not None for one in told),
        Idea.DATA_FORMATS: share(_all_formats(one) for one in told),
        Idea.DEPARTMENT: 0.9 * organs if distinct < 0.7 or len(told) < FEW else 0.4 * organs,
        Idea.INDUSTRY: 0.95 * share(SECTIONS.fullmatch(one) is not None for one in told),
        Idea.CATEGORY: 0.8 * themes if distinct < 0.5 or len(told) < FEW else 0.0,
        Idea.DATA_VOLUME: 0.45 * share(number_of(one) is not None for one in told),
        Idea.IDENTIFIER: 0.7 * share(CODE.fullmatch(one) is not None for one in told) if distinct > 0.95 else 0.0,
    }
    if days < 0.5 and not any(found[idea] > 0.5 for idea in STRICT | {Idea.IDENTIFIER}):
        found[Idea.DESCRIPTION] = 0.7 if lengths > 30 else 0.0
        found[Idea.TITLE] = 0.6 if len(told) >= FEW and distinct > 0.9 and 4 <= lengths <= 30 else 0.0
        found[Idea.TAGS] = 0.5 * share("," in one or "，" in one or " " in one for one in told) if lengths < 30 else 0.0
    return {idea: value for idea, value in found.items() if value}


def _all_formats(words: str) -> bool:
    known, unknown = formats_of(words)
    return bool(known) and not unknown and bool(listed(words))


def _shown(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(one[:60] for one in list(dict.fromkeys(one for one in values if one))[:3])
