"""What a page's HTML says, read without a browser: its links, its parts by name, and what is wrong with its markup."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
OPTIONAL = {"li", "dt", "dd", "p", "option", "tr", "td", "th", "thead", "tbody", "tfoot"}
TYPED = {"input", "select", "textarea"}
UNLABELLED = {"hidden", "submit", "button", "reset"}
ADDRESSES = ("href", "src", "action", "formaction", "poster", "data-href", "hx-get", "hx-post")
Attributes = dict[str, str]


@dataclass
class Markup:
    """One page as it was read."""

    language: str = ""
    title: str = ""
    links: list[tuple[str, str, str]] = field(default_factory=list)  # element, attribute, address
    ids: Counter[str] = field(default_factory=Counter)
    labelled: set[str] = field(default_factory=set)
    pointed_at: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    fields: list[Attributes] = field(default_factory=list)

    def wrongs(self) -> list[str]:
        """Return what is wrong with the page, one line each; nothing is what we want."""
        wrong = list(self.faults)
        if not self.language:
            wrong.append("the page names no language")
        if not self.title.strip(" ·\n"):
            wrong.append("the page has no title")
        if self.headings.count("h1") != 1:
            wrong.append(f"{self.headings.count('h1')} headings of the first rank")
        wrong += [f"id {name} stands {count} times" for name, count in self.ids.items() if count > 1]
        wrong += [f"{name} points at no part: {part}" for name, part in self.pointed_at if part not in self.ids]
        for one in self.fields:
            named = one.get("aria-label") or one.get("aria-labelledby") or one.get("title")
            if not named and one.get("id") not in self.labelled:
                wrong.append(f"a field without a label: {one.get('name') or one}")
        return wrong


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Markup()
        self.open: list[str] = []
        self.inside_label = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        page = self.page
        if len(given) != len(attrs):
            page.faults.append(f"<{tag}> says something twice")
        if "id" in given:
            page.ids[given["id"]] += 1
        page.faults += [f"<{tag}> has {name}" for name in given if name == "style" or name.startswith("on")]
        runs = tag == "script" and "src" not in given and given.get("type") != "application/ld+json"
        if tag == "style" or runs:
            page.faults.append(f"<{tag}> stands in the page")
        page.links += [(tag, name, given[name]) for name in ADDRESSES if name in given]
        for name in ("aria-describedby", "aria-labelledby", "aria-controls", "for", "form", "popovertarget"):
            page.pointed_at += [(f"{tag} {name}", part) for part in given.get(name, "").split()]
        if tag == "html":
            page.language = given.get("lang", "")
        elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            page.headings.append(tag)
        elif tag == "label":
            self.inside_label += 1
            page.labelled.add(given.get("for", ""))
        elif tag in TYPED and given.get("type") not in UNLABELLED and not self.inside_label:
            page.fields.append(given)
        elif tag == "img" and "alt" not in given:
            page.faults.append("a picture without words")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.inside_label -= 1
        if tag in VOID:
            return
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.page.faults.append(f"</{tag}> closes <{self.open[-1] if self.open else 'nothing'}>")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.page.title += data


def read_markup(html: str) -> Markup:
    """Return a page's markup.

    >>> read_markup("<html><p id=a>b<p id=a><input name=c>").wrongs()[-2:]
    ['id a stands 2 times', 'a field without a label: c']
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page
