"""What a gather found, as a program or a page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .gather import Gather, Source
from .listed import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A gather with what became of its source."""

    gather: Gather
    source: Source
    normalised: Mapping[str, Mapping[str, int]]
    unknown: tuple[Unknown, ...]
    flaws: tuple[tuple[int, str], ...]

    def document(self, *, known: bool = False) -> Mapping[str, object]:
        """Return it as plain values; of a file that was ``known``, nothing counts as changed."""
        gather, counts = self.gather, self.gather.counts
        changes = {
            "read": counts.read,
            "new": 0 if known else counts.new,
            "updated": 0 if known else counts.updated,
            "unchanged": counts.read - counts.refused if known else counts.unchanged,
            "refused": counts.refused,
            "vanished": 0 if known else counts.vanished,
            "held_back": counts.held_back,
        }
        return {
            "gather": gather.id,
            "source": gather.source,
            "file": gather.file,
            "content": gather.content,
            "stage": gather.stage.value,
            "complete_list": gather.complete,
            "identity": gather.identity.value,
            "division": self.source.division,
            "mapping_accepted": self.source.accepted,
            "mapping": [
                {"field": one.field, "idea": one.idea.value, "confidence": one.confidence, "samples": list(one.samples)}
                for one in gather.guesses
            ],
            **changes,
            "refused_by_reason": dict(gather.flaws),
            "refused_rows": [{"line": line, "reason": flaw} for line, flaw in self.flaws],
            "collapsed": gather.kin.get("duplicate", 0),
            "paired": gather.kin.get("twin", 0),
            "grouped": gather.kin.get("series", 0),
            "normalised": {name: dict(codes) for name, codes in self.normalised.items()},
            "unknown": [{"idea": one.idea.value, "value": one.words, "count": one.records} for one in self.unknown],
        }
