"""Every sentence for people exists in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from jutong.kernel.text import text, translations

ROOT = Path(__file__).parents[2] / "src" / "jutong"
TEMPLATES = ROOT / "web" / "templates"
SAYING = {"text", "NotFound"}  # the kind of a thing that is not there is a word for people too
ONES = ROOT / "locale" / "en" / "ones.po"
PLURAL = re.compile(r"\{(?:count|days|minutes|seconds|rows|size)\} (?!is |of |of$)(?:\w+ ){0,2}\w+[^s\W]s\b")
BOUND = re.compile(r"\b(?:1|first|last|most|least) (?:to )?\{count\}|\{(?:count|days)\} to|most \{|first \{")
NEVER_ONE = {
    "These bytes, and no others, are what the log commits to ({count} bytes).",
    "a form of {count} characters is too long to be kept",
    "item {item} stands {count} times",
    "row {place} has a key of {size} bytes",
    "and {count} more of this series",
}
SLOT = re.compile(r"\{(\w+)\}")


def spoken() -> dict[str, str]:
    """Return every template of the product, with the module that says it."""
    found: dict[str, str] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING and node.args:
                template = node.args[0]
                assert isinstance(template, ast.Constant), f"{path.name}:{node.lineno}: a template must be a literal"
                found[str(template.value)] = f"{path.relative_to(ROOT)}:{node.lineno}"
    for path in TEMPLATES.rglob("*.html"):
        for call in Environment().parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t":
                said = call.args[0]
                assert isinstance(said, nodes.Const), f"{path.name}:{call.lineno}: a template must be a literal"
                found[str(said.value)] = f"{path.relative_to(ROOT)}:{call.lineno}"
    return found


def test_nothing_is_left_untranslated() -> None:
    """A Chinese officer never reads an English refusal."""
    chinese = translations("zh-CN")
    missing = {template: place for template, place in spoken().items() if template and template not in chinese}
    assert not missing, "\n".join(f"{place}: {template}" for template, place in missing.items())


def test_a_translation_has_the_same_slots() -> None:
    """A translated sentence names the same things as the original."""
    chinese = translations("zh-CN")
    assert not [t for t in spoken() if set(SLOT.findall(t)) != set(SLOT.findall(chinese.get(t, t)))]


def test_no_translation_is_left_over() -> None:
    """A sentence that nobody says any more leaves the catalogue."""
    assert not set(translations("zh-CN")) - set(spoken())


def test_english_counts_one_thing_as_one() -> None:
    """Where a page or a refusal counts, one is no plural; what is said of one has the slots of what is said of many."""
    singular = {str(one.id): str(one.string) for one in read_po(ONES.open("rb"), charset="utf-8") if one.id}
    assert set(singular) <= set(spoken())
    assert not [many for many, one in singular.items() if set(SLOT.findall(many)) != set(SLOT.findall(one))]
    counted = {sentence for sentence in spoken() if PLURAL.search(sentence) and not BOUND.search(sentence)}
    assert counted - set(singular) == NEVER_ONE
    assert str(text("{days} working days left", days=1)) == "1 working day left"
    assert str(text("{days} working days left", days=2)) == "2 working days left"


def test_a_sentence_is_translated_once_and_in_the_words_of_the_glossary() -> None:
    """One term has one translation, whichever file it stands in."""
    seen: dict[str, str] = {}
    for path in sorted((ROOT / "locale" / "zh-CN").iterdir()):
        for message in read_po(path.open("rb"), locale="zh_CN", charset="utf-8"):
            if message.id:
                assert message.id not in seen, f"{path.name} and {seen[message.id]}: {message.id}"
                assert "信息项" not in message.string, f"{path.name}: an item is 数据项"
                seen[message.id] = path.name
