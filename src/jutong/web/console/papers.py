"""Papers that go with a request: their titles and digests are kept, their files stay with whoever holds them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from litestar.datastructures import UploadFile

from jutong.kernel.text import Text, text
from jutong.sharing import Paper

from .form import Misfilled
from .visit import Visit

CHUNK = 1 << 16
TITLE_LIMIT = 300


def papers_of(visit: Visit) -> tuple[Paper, ...]:
    """Return the papers of a form: fields ``paper-title-N``, with a file or with the digest of one.

    A file that was sent is known by its digest from here on, so that nobody must choose it again after a refusal.
    """
    faults: dict[str, Text] = {}
    found = []
    typed = dict(visit.form.fields)
    for place in sorted({name.rpartition("-")[2] for name in (*typed, *visit.form.files) if name.startswith("paper-")}):
        file = visit.form.files.get(f"paper-file-{place}")
        title = visit.form.get(f"paper-title-{place}").strip()
        digest = visit.form.get(f"paper-digest-{place}").strip().lower()
        if file is not None and file.filename:
            digest, title = digest_of(file), title or file.filename
            typed |= {f"paper-digest-{place}": (digest,), f"paper-title-{place}": (title,)}
        if digest and not title:
            faults[f"paper-title-{place}"] = text("this must be filled in")
        elif title and not digest:
            faults[f"paper-file-{place}"] = text("choose the file, or give its SHA-256")
        elif title:
            found.append(Paper(title=title[:TITLE_LIMIT], digest=digest))
    visit.form = replace(visit.form, fields=typed)
    if faults:
        raise Misfilled(faults)
    return tuple(found)


def digest_of(file: UploadFile) -> str:
    """Return the SHA-256 of a file that was sent; the file itself is not kept."""
    hashed = hashlib.sha256()
    file.file.seek(0)
    while chunk := file.file.read(CHUNK):
        hashed.update(chunk)
    return hashed.hexdigest()
