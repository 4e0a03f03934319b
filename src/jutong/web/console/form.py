"""What came with a form, and its reading into a message: every fault at once, each under its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, get_origin

import msgspec
from litestar.datastructures import UploadFile

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

Message = TypeVar("Message", bound=msgspec.Struct)
SEEN_FIELD = "seen"
MANY = (tuple, list, set, frozenset, Sequence)


class Misfilled(Invalid):
    """A form whose fields do not have the form that is asked for; ``faults`` says which and why."""

    def __init__(self, faults: Mapping[str, Text]) -> None:
        super().__init__(
            text("the form is not filled in correctly in {count} places", count=len(faults)),
            remedy=text("correct the marked fields and send the form again; nothing was lost"),
        )
        self.faults = faults


@dataclass(slots=True)
class Spooled:
    """A file that came with a form and lies on disk, in a folder of its own that goes with the answer."""

    path: Path
    folder: TemporaryDirectory[str]
    kept: bool = False

    def keep(self) -> None:
        """Let it outlive the answer: whoever goes on with it removes it."""
        self.kept = True

    def leave(self) -> None:
        """Remove it, unless somebody goes on with it."""
        if not self.kept:
            self.folder.cleanup()


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form as they were typed; empty for a page that was only asked for."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    spooled: Mapping[str, Spooled] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field.

        >>> Form({"title": ("a", "b")}).get("title")
        'a'
        """
        return next(iter(self.fields.get(name, ())), default)

    @property
    def seen(self) -> str:
        """The digest of what the page had shown when the form was filled in; empty where it had shown nothing."""
        return self.get(SEEN_FIELD)

    @property
    def mark(self) -> str | None:
        """The mark of what the page had shown; empty where nothing stood, None where the form does not say."""
        return self.get(SEEN_FIELD) if SEEN_FIELD in self.fields else None

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field: ticked boxes, chosen options."""
        return self.fields.get(name, ())

    def read(self, model: type[Message]) -> Message:
        """Return the form as a message, or refuse it with every fault; an empty field is one not filled in."""
        found: dict[str, object] = {}
        faults: dict[str, Text] = {}
        for one in msgspec.structs.fields(model):
            values = tuple(value.strip() for value in self.all(one.encode_name) if value.strip())
            if not values:
                if one.required:
                    faults[one.encode_name] = text("this must be filled in")
                continue
            value: object = values if _many(one.type) else _ticked(values[0])
            try:
                found[one.name] = msgspec.convert(value, one.type, strict=False)
            except msgspec.ValidationError:
                faults[one.encode_name] = _fault(one.type)
        if faults:
            raise Misfilled(faults)
        return model(**found)


def _bare(kind: object) -> object:
    """Return a type without what is annotated to it and without its ``None``."""
    kind = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    others = [one for one in getattr(kind, "__args__", ()) if one is not type(None)]
    is_union = get_origin(kind) is None or get_origin(kind) not in MANY
    return _bare(others[0]) if is_union and len(others) == 1 else kind


def _many(kind: object) -> bool:
    bare = _bare(kind)
    return (get_origin(bare) or bare) in MANY


def _ticked(value: str) -> str:
    return "true" if value == "on" else value


def _fault(kind: object) -> Text:
    bare = _bare(kind)
    if bare is int:
        return text("a whole number is needed here, within the bounds that are given")
    if bare is date:
        return text("a day is needed here, such as 2026-01-31")
    if bare is datetime:
        return text("a day and a time are needed here")
    if _many(kind) or (isinstance(bare, type) and issubclass(bare, Enum)):
        return text("choose from the list")
    return text("this does not have the form that is asked for")
