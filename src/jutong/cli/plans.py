"""Plans from the terminal: keep a source's word, try the source, keep the plan, run it, decide about its columns."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jutong import registers
from jutong.collection import Layout, Reach, ReachKind, Reading, plans
from jutong.collection.plans import Plan, Run, Schedule, Wanted
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import write_whole
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Home
from jutong.kernel.text import text

from .command import HERE, HomeOption, JsonOption, TokenOption, app, as_somebody, at_desk
from .output import ending, progress, show

commands = typer.Typer(name="plan", no_args_is_help=True, help="Rows that come in by themselves.")
app.add_typer(commands)
EntryArgument = Annotated[str, typer.Argument(help="The entry's identifier.")]
PlanArgument = Annotated[str, typer.Argument(help="The plan's identifier.")]
FileArgument = Annotated[
    Path, typer.Argument(help="A JSON file: title, reach (kind, host, table, url, secret ...), headers, watermark ...")
]


class Sheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A plan as it stands in a file."""

    title: str = ""
    reach: Reach
    headers: dict[str, str] = {}
    castable: tuple[str, ...] = ()
    watermark: str = ""
    overlap: int = 0
    checksum: bool = True
    publication: str = ""
    stream: bool = False
    loss_share: int = 20
    schedule: str = ""

    def layout(self) -> Layout:
        """Return which columns stand for which items."""
        return Layout(headers=self.headers, castable=frozenset(self.castable))


@commands.command()
def secret(
    provider: Annotated[str, typer.Argument(help="The department's unified social credit code.")],
    name: Annotated[str, typer.Argument(help="How plans call it.")],
    word: Annotated[str, typer.Option(prompt=True, hide_input=True, help="The password or token; better asked for.")],
    home: HomeOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Keep a source's password or token in this home, for one department's plans and no other's."""
    with ending():
        with_name = plans.secret_of(provider, Reach(kind=ReachKind.API, url="https://-", secret=name))
        if not provider.isalnum() or "\n" in word:
            raise Invalid(text("a secret is one line, and its provider is named by its credit code"))
        path = Home.open(home).folder / "keys" / "sources" / with_name
        write_whole(path, f"{word}\n".encode(), mode=0o600)
        path.parent.chmod(0o700)
    show({"secret": name, "provider": provider}, as_json=as_json)


@commands.command(name="try")
def try_source(
    entry: EntryArgument,
    file: FileArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Reach a source, show its columns and a few rows, masked as their grades ask; nothing is kept."""
    sheet = _sheet(file)
    with closing(Outward(inside=True)) as outward, at_desk(home, token) as desk:
        provider = plans.provider_for(desk, entry)
        door = plans.door_of(Home.open(home), provider, sheet.reach, outward)
        glance = plans.try_source(desk, entry, sheet.reach, sheet.layout(), door)
    show(
        {
            "columns": dict(glance.columns),
            "matched": dict(glance.matched),
            "left_aside": list(glance.left_aside),
            "misfit": str(glance.misfit.reason) if glance.misfit else "",
            "rows": list(glance.rows),
        },
        as_json=as_json,
    )


@commands.command()
def keep(
    entry: EntryArgument,
    file: FileArgument,
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep a plan; with a schedule it runs by itself while the node is served."""
    sheet = _sheet(file)
    with at_desk(home, token) as desk:
        wanted = Wanted(
            title=sheet.title,
            reach=sheet.reach,
            layout=sheet.layout(),
            reading=Reading.of(
                sheet.watermark,
                overlap=sheet.overlap,
                checksum=sheet.checksum,
                publication=sheet.publication,
                stream=sheet.stream,
                loss_share=sheet.loss_share,
            ),
            schedule=Schedule(sheet.schedule),
        )
        plan = plans.keep(desk, entry, wanted)
    show(_plan(plan), as_json=as_json)


@commands.command(name="list")
def list_plans(home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """List your body's plans."""
    with as_somebody(home, token) as (house, actor), house.reading() as db:
        over_all = bool(actor.duties & plans.OVER_ALL) and actor.org in registers.authorities(db)
        found = plans.plans_listed(db, provider="" if over_all else actor.org, limit=500)
    show([_plan(one) for one in found], as_json=as_json)


@commands.command()
def run(plan: PlanArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Run a plan now; a run that was killed is taken up where its rows lie."""
    with (
        closing(Outward(inside=True)) as outward,
        progress(text("collecting {name}", name=plan), quiet=as_json) as bar,
        as_somebody(home, token) as (house, actor),
    ):
        ended = plans.run_plan(house, actor, plan, outward, progress=bar)
    show(_run(ended), as_json=as_json)


@commands.command()
def runs(plan: PlanArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """List what came of a plan's runs, the newest first."""
    with as_somebody(home, token) as (house, actor), house.reading() as db:
        seen = plans.visible_plan(db, plan, actor, over_all=actor.org in registers.authorities(db))
        found = plans.runs_of(db, seen.id, limit=100)
    show([_run(one) for one in found], as_json=as_json)


@commands.command()
def pause(plan: PlanArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Let a plan run only by hand."""
    with at_desk(home, token) as desk:
        show(_plan(plans.pause(desk, plan)), as_json=as_json)


@commands.command()
def resume(plan: PlanArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Let a plan run by its schedule again."""
    with at_desk(home, token) as desk:
        show(_plan(plans.resume(desk, plan)), as_json=as_json)


@commands.command()
def restart(plan: PlanArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Let the next run of a stream read all rows and begin anew, because rows were deleted at the source."""
    with at_desk(home, token) as desk:
        show(_plan(plans.restart(desk, plan)), as_json=as_json)


@commands.command()
def end(plan: PlanArgument, home: HomeOption = HERE, token: TokenOption = "", as_json: JsonOption = False) -> None:
    """End a plan for good; the source of a stream keeps no log for it any more."""
    with closing(Outward(inside=True)) as outward, as_somebody(home, token) as (house, actor):
        show(_plan(plans.end_plan(house, actor, plan, outward)), as_json=as_json)


@commands.command()
def settle(
    plan: PlanArgument,
    accept: Annotated[bool, typer.Option("--accept/--decline", help="Whether the changed columns are right.")],
    home: HomeOption = HERE,
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Decide about the changed columns of a plan's source."""
    with at_desk(home, token) as desk:
        show(_plan(plans.settle_drift(desk, plan, accept=accept)), as_json=as_json)


def _sheet(file: Path) -> Sheet:
    with ending():
        try:
            return msgspec.json.decode(file.read_bytes(), type=Sheet)
        except OSError as error:
            raise NotFound("file", file.name) from error
        except msgspec.MsgspecError as error:
            raise Invalid(text("{path}: {why}", path=file.name, why=str(error))) from error


def _plan(plan: Plan) -> dict[str, object]:
    return {
        "plan": plan.id,
        "entry": plan.entry,
        "title": plan.title,
        "place": plan.reach.place,
        "schedule": plan.schedule.spelled,
        "state": plan.state.value,
        "next_at": plan.next_at,
        "read_up_to": plan.until,
        "changed_columns": [f"{one.column}: {one.change.value}" for one in plan.drift],
    }


def _run(run: Run) -> dict[str, object]:
    return {
        "run": run.id,
        "outcome": run.outcome.value,
        "rows": run.rows,
        "taken_back": run.withdrawn,
        "read_again": run.again,
        "bytes_behind": run.behind,
        "batch": run.batch,
        "began": run.began,
        "ended": run.ended,
        "reason": str(run.reason),
    }
