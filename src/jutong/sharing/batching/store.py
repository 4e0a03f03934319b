"""Templates, and the requests of one application."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Json, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn
from jutong.terms.actor import Actor

from ..request import Request
from ..store import request
from .template import Template

template = sa.Table(
    "sharing_template",
    metadata,
    sa.Column("body", sa.String(18), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("id", sa.String(26), nullable=False, unique=True),
    sa.Column("kept", Json, nullable=False),
)

learn(Request, Template)


def requests_of_batch(db: Db, batch: str, actor: Actor) -> tuple[Request, ...]:
    """Return the requests of an application that ``actor`` may see, in one order that stays."""
    query = sa.select(request.c.body).where(request.c.batch == batch).order_by(request.c.id)
    found = (msgspec.convert(body, Request) for body in db.execute(query).scalars())
    seen = tuple(one for one in found if one.visible_to(actor))
    if not batch or not seen:
        raise NotFound("application", batch)
    return seen


def templates(db: Db, body: str) -> tuple[Template, ...]:
    """Return the templates of a body by their names."""
    query = sa.select(template.c.kept).where(template.c.body == body).order_by(template.c.name)
    return tuple(msgspec.convert(kept, Template) for kept in db.execute(query).scalars())


def find_template(db: Db, template_id: str, body: str) -> Template:
    """Return a template of a body; another's is as if it were not there."""
    query = sa.select(template.c.kept).where(template.c.id == template_id, template.c.body == body)
    kept = db.execute(query).scalar()
    if kept is None:
        raise NotFound("template", template_id)
    return msgspec.convert(kept, Template)


def save_template(db: Db, noun: Template) -> None:
    """Keep a template under its name."""
    kept = msgspec.to_builtins(noun, order="deterministic")
    upsert(db, template, {"body": noun.body, "name": noun.name, "id": noun.id, "kept": kept}, key=("body", "name"))


def remove_template(db: Db, noun: Template) -> None:
    """Forget a template."""
    db.execute(template.delete().where(template.c.id == noun.id))
