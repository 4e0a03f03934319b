"""The lines of evidence at the foot of an agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jutong.kernel.text import Text, text
from jutong.ledger import Kept
from jutong.ledger.merkle import leaf_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Footnote:
    """A line of evidence at the foot of the document."""

    id: str
    words: Text
    kept: Kept
    digest: str


def footnote(kept: Kept) -> Footnote:
    """Return a line as it stands at the foot: its number, words and digest."""
    words: Mapping[str, Text] = {
        "sharing.approved": text("approved; the agreement stands"),
        "sharing.amended": text("changed as its using body applied for"),
        "sharing.delivered": text("the service was delivered"),
        "sharing.suspended": text("rights suspended"),
        "sharing.resumed": text("rights given back"),
        "sharing.terminated": text("ended"),
        "sharing.rectified": text("rectification reported"),
        "sharing.rectification_judged": text("rectification judged not enough"),
        "sharing.change_proposed": text("change of a service proposed"),
        "sharing.change_agreed": text("change of a service agreed to"),
        "sharing.change_declined": text("change of a service declined"),
        "sharing.change_taken_back": text("proposed change of a service taken back"),
        "sharing.concluded": text("agreement given up by the using body"),
        "sharing.expired": text("agreement ended with its term"),
        "sharing.disposed": text("disposal of copies certified"),
        "sharing.escalated": text("a missed day was reported"),
        "sharing.use_recorded": text("use of shared data recorded"),
        "sharing.deadline_recomputed": text("the due day was counted anew"),
        "delivery.opened": text("the service was opened"),
        "delivery.view_made": text("the view of the agreement was made"),
        "delivery.view_dropped": text("the view of the agreement was taken away"),
        "delivery.file_handed_over": text("the whole was handed over as one file"),
        "delivery.received": text("receipt of a delivery was confirmed"),
    }
    line = kept.line
    return Footnote(
        id=line.id,
        words=words.get(line.act) or text("an act: {word}", word=line.act),
        kept=kept,
        digest=leaf_hash(line.leaf()).hex(),
    )
