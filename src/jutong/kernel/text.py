"""What is said to people: an English template with values, shown in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from babel.messages.pofile import read_po

LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"
COUNTING = ("count", "days", "minutes", "seconds", "rows", "size", "conflicts")  # slots by which a sentence counts
ONE = (1, "1")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence whose wording is chosen only when somebody reads it.

    >>> str(text("{count} rows landed", count=3))
    '3 rows landed'
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said_in("en")

    def __bool__(self) -> bool:
        return bool(self.template)

    def said_in(self, language: str) -> str:
        """Return the sentence in ``language`` (a tag of ``LANGUAGES``); nested texts follow."""
        if language == "en":
            template = _of_one(self.template) if self._counts_one() else self.template
        else:
            template = translations(language).get(self.template, self.template)
        return template.format_map({name: _said(value, language) for name, value in self.values.items()})

    def _counts_one(self) -> bool:
        return any(self.values.get(name) in ONE for name in COUNTING)


def text(template: str, /, **values: object) -> Text:
    """Return a sentence for people; ``template`` must be a literal, so that the tests can find it."""
    return Text(template, values)


def plain(words: object) -> Text:
    """Return words that are the same in every language: a name, a code, a title that an officer typed."""
    return Text("{words}", {"words": words})


def spelled(words: Text) -> dict[str, Any]:
    """Return a sentence as plain JSON values, so that it can be kept and said later in any language.

    >>> told_again(spelled(text("{why}: {count} rows", why=text("too long"), count=3))).said_in("en")
    'too long: 3 rows'
    """
    values = {name: spelled(one) if isinstance(one, Text) else str(one) for name, one in words.values.items()}
    return {"template": words.template, "values": values}


def told_again(told: Mapping[str, Any]) -> Text:
    """Return the sentence that was spelled so, with the sentences inside it as sentences."""
    values = {name: told_again(one) if isinstance(one, Mapping) else one for name, one in told["values"].items()}
    return Text(told["template"], values)


def _said(value: object, language: str) -> Any:
    return value.said_in(language) if isinstance(value, Text) else value


@cache
def _of_one(template: str) -> str:
    """Return how English says a sentence of one thing, where it says it otherwise than of several.

    >>> _of_one("{days} working days left")
    '{days} working day left'
    """
    return _kept_in("en").get(template, template)


@cache
def translations(language: str) -> Mapping[str, str]:
    """Return template -> translated template for ``language``; empty for English."""
    return {} if language == "en" else _kept_in(language)


@cache
def _kept_in(language: str) -> Mapping[str, str]:
    folder = files("jutong").joinpath("locale", language)
    found: dict[str, str] = {}
    for part in sorted(folder.iterdir(), key=lambda one: one.name):
        with part.open("rb") as stream:
            messages = read_po(stream, locale=language.replace("-", "_"), charset="utf-8")
        found |= {str(one.id): str(one.string) for one in messages if one.id and one.string}
    return found


def preferred_language(accepted: str | None, *, default: str = DEFAULT_LANGUAGE) -> str:
    """Choose from an ``Accept-Language`` header (RFC 9110, 12.5.4) or a locale name such as ``zh_CN.UTF-8``.

    >>> preferred_language("fr;q=0.9, en-GB;q=0.8")
    'en'
    >>> preferred_language(None)
    'zh-CN'
    """
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate((accepted or "").split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), place, tag.replace("_", "-").lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        for language in LANGUAGES:
            if tag.split("-")[0] == language.split("-")[0]:
                return language
    return default
