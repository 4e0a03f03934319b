"""Outflows from the terminal: declare a target, keep its word, test it, turn it on, run it, compare, end it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong.catalogue import Purpose
from jutong.collection.plans import Schedule
from jutong.delivery.bulk import outflow
from jutong.delivery.bulk.outflow import Outflow, Run, Target, TargetKind
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import write_whole
from jutong.kernel.settings import Home
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import ending, progress, show

commands = typer.Typer(
    name="outflows", no_args_is_help=True, help="Rows that go by themselves into consumers' targets."
)
app.add_typer(commands)
LISTED_MOST = 1000
AgreementArgument = Annotated[str, typer.Argument(help="The agreement's identifier.")]
OutflowArgument = Annotated[str, typer.Argument(help="The outflow's identifier.")]


class Sheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An outflow as it stands in a file."""

    title: str
    target: Target
    purpose: Purpose
    schedule: str = ""


@commands.command()
def secret(
    consumer: Annotated[str, typer.Argument(help="The using body's unified social credit code.")],
    name: Annotated[str, typer.Argument(help="How its targets call it.")],
    word: Annotated[str, typer.Option(prompt=True, hide_input=True, help="The password; better asked for.")],
    home: HomeOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Keep a target's password in this home, for one body's outflows and no other's."""
    with ending():
        kept = outflow.secret_of(consumer, Target(kind=TargetKind.FOLDER, path="/", secret=name))
        if not consumer.isalnum() or "\n" in word:
            raise Invalid(text("a secret is one line, and its consumer is named by its credit code"))
        path = Home.open(home).folder / "keys" / "targets" / kept
        write_whole(path, f"{word}\n".encode(), mode=0o600)
        path.parent.chmod(0o700)
    show({"secret": name, "consumer": consumer}, as_json=as_json)


@commands.command()
def declare(
    agreement: AgreementArgument,
    file: Annotated[
        Path, typer.Argument(help="A JSON file: title, purpose, schedule, target (kind, host, table, path, url ...)")
    ],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Declare, as the using body, into which target rows are to go; the provider tests it and turns it on."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        sheet = _sheet(file)
        kept = outflow.declare_outflow(
            desk, agreement, sheet.title, sheet.target, sheet.purpose, Schedule(sheet.schedule), key=house.key
        )
    show(_told(kept), as_json=as_json)


@commands.command("list")
def list_outflows(
    agreement: AgreementArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """List the outflows of an agreement: where they go, and which version stands there."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        known = outflow.agreement_shown(db, agreement, who)
        found = outflow.outflows_of(db, known.id, limit=LISTED_MOST)
    show([_told(one) for one in found], as_json=as_json)


@commands.command(name="try")
def try_target(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Reach a target, as the provider, and say in what it does not fit; not a row leaves."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        _, differences = outflow.try_outflow(desk, agreement, outflow_id, outflow.looking(house))
    show({"fits": not differences, "differences": list(map(str, differences))}, as_json=as_json)


@commands.command()
def start(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Turn on, as the provider, what was tested; it runs while the node is served."""
    with at_desk(home, token) as desk:
        show(_told(outflow.start_outflow(desk, agreement, outflow_id)), as_json=as_json)


@commands.command()
def pause(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let nothing go out; a run under way ends before its next batch."""
    with at_desk(home, token) as desk:
        show(_told(outflow.pause_outflow(desk, agreement, outflow_id)), as_json=as_json)


@commands.command()
def run(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Run an outflow now, as the provider; a run that was killed left nothing half, and is done again."""
    with (
        progress(text("delivering {name}", name=outflow_id), quiet=as_json) as bar,
        as_somebody(home, token) as (house, who),
    ):
        with house.reading() as db:
            kept = outflow.find_outflow(db, outflow_id, outflow.agreement_shown(db, agreement, who).id)
        ended = outflow.run_outflow(house, who, kept.id, progress=bar)
    show(_run(ended), as_json=as_json)


@commands.command()
def runs(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List what came of an outflow's runs, the newest first."""
    with as_somebody(home, token) as (house, who), house.reading() as db:
        kept = outflow.find_outflow(db, outflow_id, outflow.agreement_shown(db, agreement, who).id)
        found = outflow.runs_of(db, kept.id, limit=100)
    show([_run(one) for one in found], as_json=as_json)


@commands.command()
def compare(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Compare what stands in a target with what was delivered, by count and checksum."""
    with as_somebody(home, token) as (house, who), house.desk(who) as desk:
        ours, theirs = outflow.compare_outflow(desk, agreement, outflow_id, outflow.comparing(house))
    show({"same": ours == theirs, "delivered": ours.rows, "found": theirs.rows}, as_json=as_json)


@commands.command()
def anew(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Have the whole delivered anew, as the using body, over whatever stands in its target."""
    with at_desk(home, token) as desk:
        show(_told(outflow.renew_outflow(desk, agreement, outflow_id)), as_json=as_json)


@commands.command()
def end(
    agreement: AgreementArgument,
    outflow_id: OutflowArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """End an outflow for good; what was delivered stays the using body's."""
    with at_desk(home, token) as desk:
        show(_told(outflow.end_outflow(desk, agreement, outflow_id)), as_json=as_json)


def _sheet(file: Path) -> Sheet:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Sheet)
    except OSError as error:
        raise NotFound("file", file.name) from error
    except msgspec.MsgspecError as error:
        raise Invalid(text("{path}: {why}", path=file.name, why=str(error))) from error


def _told(kept: Outflow) -> dict[str, object]:
    return {
        "outflow": kept.id,
        "title": kept.title,
        "kind": kept.target.kind.value,
        "place": kept.target.place,
        "schedule": kept.schedule.spelled,
        "state": kept.state.value,
        "version": kept.version,
        "rows": kept.rows,
        "delivered": kept.delivered,
        "next_at": kept.next_at,
    }


def _run(run: Run) -> dict[str, object]:
    return {
        "run": run.id,
        "outcome": run.outcome.value,
        "version": run.version,
        "base": run.base,
        "rows": run.rows,
        "changed": run.changed,
        "manifest": run.manifest,
        "began": run.began,
        "ended": run.ended,
        "reason": str(run.reason),
    }
