"""OpenLineage run events (2-0-2): read from other programs, and written for what this node runs itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .edge import Drawing, Edge, How, Kind, Node, item_node, node_name

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
COLUMN_FACET = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json"
PRODUCER = "https://jutong.invalid/atlas"
SETS_LIMIT = 200
FIELDS_LIMIT = 5000
NAME_LIMIT = 300
OWN = "jutong"  # the name space of this node's catalogue: a data set there is an entry, by its identifier
_RUNS = uuid.UUID("6f4b2f0e-8d7c-4c8e-9a55-6a7574746e67")
_TYPES = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})
Name = tuple[str, str]  # name space and name


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One state of one run of one job: which data sets it reads and writes, and from which fields which field comes."""

    run: str
    type: str
    time: datetime
    job: Name
    inputs: tuple[Name, ...] = ()
    outputs: tuple[Name, ...] = ()
    fields: tuple[tuple[Name, str, Name, str], ...] = ()  # from data set, field, to data set, field
    left_out: int = 0  # data sets and fields above the limits
    org: str = ""
    id: str = field(default="")

    @property
    def origin(self) -> str:
        """What draws: a job; its runs only add, so the order in which they arrive does not matter."""
        return node_name(f"job:{self.org}/{self.job[0]}/{self.job[1]}")

    def document(self) -> Mapping[str, Any]:
        """Return the event as it goes over the wire."""
        return {
            "eventType": self.type,
            "eventTime": self.time.isoformat(),
            "run": {"runId": self.run},
            "job": {"namespace": self.job[0], "name": self.job[1]},
            "inputs": [{"namespace": space, "name": name} for space, name in self.inputs],
            "outputs": [self._output(one) for one in self.outputs],
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
        }

    def _output(self, one: Name) -> Mapping[str, Any]:
        told: dict[str, list[Mapping[str, str]]] = {}
        for source, came, target, made in self.fields:
            if target == one:
                told.setdefault(made, []).append({"namespace": source[0], "name": source[1], "field": came})
        if not told:
            return {"namespace": one[0], "name": one[1]}
        fields = {made: {"inputFields": sources} for made, sources in told.items()}
        facet = {"_producer": PRODUCER, "_schemaURL": COLUMN_FACET, "fields": fields}
        return {"namespace": one[0], "name": one[1], "facets": {"columnLineage": facet}}

    def drawing(self) -> Drawing:
        """Return what the event puts on the map."""
        nodes = {
            _node(one): Node(id=_node(one), kind=Kind.DATA_SET, title=one[1], body=self.org)
            for one in (*self.inputs, *self.outputs)
            if one[0] != OWN
        }
        edges = {
            (source, target): self._edge(_node(source), _node(target))
            for source in self.inputs
            for target in self.outputs
        }
        for source, came, target, made in self.fields:
            here, there = _field(source, came), _field(target, made)
            for name, one, title in ((here, source, came), (there, target, made)):
                if one[0] != OWN:
                    nodes[name] = Node(id=name, kind=Kind.FIELD, title=title, body=self.org)
            edges[source, (there, here)] = self._edge(here, there)
        return Drawing(origin=self.origin, nodes=tuple(nodes.values()), edges=tuple(edges.values()))

    def _edge(self, source: str, target: str) -> Edge:
        return Edge(source=source, target=target, how=How.RUN, body=self.org)


def run_of(subject: str) -> str:
    """Return the run identifier of something that this node ran; the same for the same thing.

    >>> run_of("x") == run_of("x") != run_of("y")
    True
    """
    return str(uuid.uuid5(_RUNS, subject))


def event_of(document: Mapping[str, Any], org: str) -> RunEvent:
    """Read an event, or refuse it; data sets, fields and facets beyond the limits are left out and counted."""
    try:
        kind = str(document.get("eventType") or "OTHER").upper()
        time = datetime.fromisoformat(str(document["eventTime"]))
        run = str(uuid.UUID(str(document["run"]["runId"])))
        job = _name(document["job"])
        inputs, outputs = list(document.get("inputs") or ()), list(document.get("outputs") or ())
        reads = tuple(dict.fromkeys(map(_name, inputs[:SETS_LIMIT])))
        writes = tuple(dict.fromkeys(map(_name, outputs[:SETS_LIMIT])))
        told = list(_fields(outputs[:SETS_LIMIT]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _misspelled() from error
    if kind not in _TYPES or time.tzinfo is None:
        raise _misspelled()
    if any(space == OWN for space, _ in writes):
        raise Invalid(
            text("another program does not write this node's catalogue"),
            remedy=text("name your own data set as the output"),
        )
    over = sum(max(0, len(sets) - SETS_LIMIT) for sets in (inputs, outputs)) + max(0, len(told) - FIELDS_LIMIT)
    return RunEvent(
        run=run,
        type=kind,
        time=time,
        job=job,
        inputs=reads,
        outputs=writes,
        fields=tuple(dict.fromkeys(told[:FIELDS_LIMIT])),
        left_out=over,
        org=org,
    )


def _fields(outputs: list[Mapping[str, Any]]) -> Iterator[tuple[Name, str, Name, str]]:
    for output in outputs:
        facet = ((output.get("facets") or {}).get("columnLineage") or {}).get("fields") or {}
        for made, sources in facet.items():
            for one in sources.get("inputFields") or ():
                yield _name(one), _short(one["field"]), _name(output), _short(made)


def _name(told: Mapping[str, Any]) -> Name:
    return _short(told["namespace"]), _short(told["name"])


def _short(told: object) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= NAME_LIMIT or "\0" in told:
        raise ValueError
    return told


def _node(one: Name) -> str:
    return node_name(f"entry:{one[1]}" if one[0] == OWN else f"data-set:{one[0]}/{one[1]}")


def _field(one: Name, name: str) -> str:
    return item_node(one[1], name) if one[0] == OWN else node_name(f"field:{one[0]}/{one[1]}/{name}")


def _misspelled() -> Invalid:
    return Invalid(
        text("this is not an OpenLineage run event"),
        basis=text("OpenLineage 2-0-2, RunEvent"),
        remedy=text(
            "send eventTime with its zone, run.runId, job, inputs, outputs; a name has up to {most} characters",
            most=NAME_LIMIT,
        ),
    )
