"""What the import contracts cannot say about the house."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2] / "src" / "jutong"
FACES = {"web", "cli"}
# waiting, strands: what of a room waits for somebody, read beside its store, alone or as part of one list.
SHELL = {"acts", "store", "strands", "waiting"}
# Adapters to the world outside, by name: each is a seam with a contract suite or a protocol of its own.
# Acts beside a room's own, where they would not fit into one file.
ACTS = {"jutong.access.keyring", "jutong.access.tending", "jutong.access.vouching"}
ADAPTERS = {
    "jutong.collection.taken_back",
    "jutong.desk",
    "jutong.follows",
    "jutong.__main__",
    "jutong.app",
    "jutong.kernel.db",
    "jutong.kernel.disk",
    "jutong.kernel.files",
    "jutong.kernel.lock",
    "jutong.kernel.settings",
    "jutong.kernel.keys",
    "jutong.kernel.vault",
    "jutong.kernel.clock",
    "jutong.kernel.telling",
    "jutong.kernel.text",
    "jutong.kernel.migrate",
    "jutong.kernel.foreign",
    "jutong.kernel.outward",
    "jutong.kernel.pace",
    "jutong.kernel.sources",
    "jutong.ledger.tiles",
    "jutong.ledger.journal",
    "jutong.ledger.audit",
    "jutong.ledger.sequencer",
    "jutong.ledger.serving",
    "jutong.access.keyring",
    "jutong.access.provider",
    "jutong.access.ring",
    "jutong.access.sitting",
    "jutong.access.tending",
    "jutong.access.vouching",
    "jutong.search.index",
    "jutong.search.feed",
    "jutong.search.looking",
    "jutong.catalogue.showing",
    "jutong.pools.lake",
    "jutong.pools.history",
    "jutong.pools.upkeep",
    "jutong.custody.tending",
    "jutong.custody.erasing",
    "jutong.custody.resting",
    "jutong.delivery.bulk.proving",
    "jutong.custody.showing",
    "jutong.pools.removal",
    "jutong.pools.engine",
    "jutong.pools.files",
    "jutong.pools.place",
    "jutong.pools.asking",
    "jutong.pools.ranges",
    "jutong.pools.spark",
    "jutong.pools.lookup",
    "jutong.pools.lookup_postgres",
    "jutong.registers.directory",
    "jutong.sharing.clocks",
    "jutong.sharing.drafting",
    "jutong.catalogue.harvest.feed",
    "jutong.catalogue.harvest.gathering",
    "jutong.catalogue.harvest.looking",
    "jutong.catalogue.harvest.reading",
    "jutong.catalogue.harvest.tables",
    "jutong.registers.shipped",
    "jutong.collection.landing",
    "jutong.collection.packages.depot",
    "jutong.collection.packages.feed",
    "jutong.collection.packages.sealing",
    "jutong.collection.packages.taking",
    "jutong.collection.plans.pending",
    "jutong.collection.plans.running",
    "jutong.collection.pushes.client",
    "jutong.collection.pushes.parts",
    "jutong.collection.pushes.receiving",
    "jutong.collection.underway",
    "jutong.quality.scan",
    "jutong.quality.asking",
    "jutong.quality.doubting",
    "jutong.quality.measuring",
    "jutong.quality.books.files",
    "jutong.library.addresses",
    "jutong.library.laying",
    "jutong.library.space.placing",
    "jutong.library.making",
    "jutong.library.matching",
    "jutong.library.settling",
    "jutong.delivery.gateway",
    "jutong.delivery.client",
    "jutong.delivery.copies",
    "jutong.delivery.bulk.fetching",
    "jutong.delivery.bulk.handing",
    "jutong.delivery.bulk.keeping",
    "jutong.delivery.bulk.making",
    "jutong.delivery.bulk.outflow.loading",
    "jutong.delivery.bulk.outflow.ordering",
    "jutong.delivery.bulk.outflow.right",
    "jutong.delivery.bulk.outflow.running",
    "jutong.delivery.bulk.outflow.targets",
    "jutong.delivery.bulk.outflow.ways",
    "jutong.delivery.bulk.rights",
    "jutong.delivery.bulk.server",
    "jutong.delivery.bulk.shelf",
    "jutong.delivery.bulk.telling.sending",
    "jutong.delivery.bulk.tracing",
    "jutong.delivery.bulk.writing",
    "jutong.delivery.policies.seeing",
    "jutong.delivery.policies.trying",
    "jutong.delivery.listing.copying",
    "jutong.delivery.listing.keeping",
    "jutong.delivery.listing.sight",
    "jutong.delivery.proxy.sight",
    "jutong.delivery.proxy.telling",
    "jutong.delivery.proxy.trying",
    "jutong.delivery.proxy.upstream",
    "jutong.delivery.quota",
    "jutong.cascade.feed",
    "jutong.cascade.listen",
    "jutong.cascade.peer",
    "jutong.cascade.witnessing",
    "jutong.census.looking",
    "jutong.census.survey",
    "jutong.atlas.looking",
    "jutong.oversight.accepting",
    "jutong.oversight.looking",
    "jutong.notices.outbox",
}
IO = {
    "sqlalchemy",
    "sqlite3",
    "socket",
    "requests",
    "httpx",
    "duckdb",
    "psycopg",
    "lmdb",
    "deltalake",
    "os",
    "pathlib",
    "subprocess",
}


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    """Yield every module of the product."""
    for path in sorted(ROOT.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        name = ".".join(("jutong", *path.relative_to(ROOT).with_suffix("").parts))
        yield name.removesuffix(".__init__"), path, ast.parse(path.read_text("utf-8"))


def is_noun(name: str, path: Path) -> bool:
    """Whether the module is one that must stay pure."""
    parts = name.split(".")
    return not (
        len(parts) < 2
        or parts[1] in FACES
        or parts[-1] in SHELL
        or path.name == "__init__.py"
        or name in ADAPTERS
        or "sources" in parts
        or any(name.startswith(adapter + ".") for adapter in ADAPTERS)
    )


def test_a_noun_module_does_no_io() -> None:
    """A noun decides from values alone: it imports nothing that reaches a disk, a network or a database."""
    bad = []
    for name, path, tree in modules():
        if not is_noun(name, path):
            continue
        for node in ast.walk(tree):
            wanted = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            bad += [f"{name} imports {module}" for module in wanted if module.split(".")[0] in IO]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                bad.append(f"{name} opens a file")
    assert not bad, bad


def test_nouns_are_pure_all_the_way_down() -> None:
    """No noun reaches the control database, the lake or a file through anything that it imports."""
    graph = grimp.build_graph("jutong")
    nouns = [name for name, path, _ in modules() if is_noun(name, path)]
    assert len(nouns) > 25
    shells = ["jutong.kernel.db", "jutong.kernel.files", "jutong.pools.lake", "jutong.desk"]
    bad = [chain for noun in nouns for shell in shells if (chain := graph.find_shortest_chain(noun, shell))]
    assert not bad, "\n".join(" -> ".join(chain) for chain in bad)


def _acts() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield each act with the private functions of its module that it calls written into it."""
    for name, path, tree in modules():
        if path.stem == "acts" or name in ACTS:
            functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
            for act in functions.values():
                if not act.name.startswith("_"):
                    called = {node.id for node in ast.walk(act) if isinstance(node, ast.Name)}
                    act.body += [functions[one] for one in sorted(called & functions.keys()) if one.startswith("_")]
                    yield name.split(".")[1], act


def _desk_calls(function: ast.FunctionDef, method: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "desk"
    ]


def test_every_act_asks_the_guard_and_leaves_evidence() -> None:
    """An act takes the desk first, asks ``desk.allow``, and leaves its line with ``desk.record``."""
    bad = []
    for room, function in _acts():
        if not function.args.args or function.args.args[0].arg != "desk":
            bad.append(f"{room}.{function.name}: its first parameter is not the desk")
        for need in ("allow", "record"):
            if not _desk_calls(function, need):
                bad.append(f"{room}.{function.name} never calls desk.{need}")
        if not ast.get_docstring(function):
            bad.append(f"{room}.{function.name} has no docstring")
    assert not bad, bad
    assert sum(1 for _ in _acts()) > 20


def test_ledger_words_are_the_rooms_own() -> None:
    """A room writes only words that begin with its own name, in the past tense of an act."""
    bad = []
    for room, function in _acts():
        for call in _desk_calls(function, "record"):
            word = call.args[0]
            if not isinstance(word, ast.Constant) or not str(word.value).startswith(f"{room}."):
                bad.append(f"{room}.{function.name} records {ast.unparse(word)}")
    assert not bad, bad


def test_every_act_that_is_asked_for_has_a_policy() -> None:
    """The guard's table agrees with acts and pages: none of them without a policy, no policy without one of them."""
    from jutong.guard import POLICIES

    asked = {
        str(word.value.value)
        for _, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"shown", "acted"}
        for word in node.keywords
        if word.arg == "guard" and isinstance(word.value, ast.Constant) and word.value.value is not None
    } | {
        str(node.args[0].value)
        for _, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "allow"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert asked == set(POLICIES)


def test_every_module_opens_with_one_sentence() -> None:
    """A reader learns from the first line what a module is for."""
    assert not [name for name, _, tree in modules() if not (ast.get_docstring(tree) or "").strip()]


def test_no_import_is_hidden() -> None:
    """An import under TYPE_CHECKING or inside a function hides a circle."""
    bad = []
    for name, path, tree in modules():
        if "TYPE_CHECKING" in path.read_text("utf-8"):
            bad.append(f"{name}: TYPE_CHECKING")
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                bad += [
                    f"{name}.{function.name}"
                    for node in ast.walk(function)
                    if isinstance(node, (ast.Import, ast.ImportFrom))
                ]
    assert not bad, bad


def test_reactions_cannot_chase_their_own_tail() -> None:
    """What follows what has no circle: following the table from any word comes to an end."""
    said: dict[str, set[str]] = {}
    asks: dict[str, set[str]] = {}
    for room, act in _acts():
        name = f"{room}.{act.name}"
        said[name] = {
            str(call.args[0].value) for call in _desk_calls(act, "record") if isinstance(call.args[0], ast.Constant)
        }
        asks[name] = {f"{room}.{node.id}" for node in ast.walk(act) if isinstance(node, ast.Name)} | {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(act)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
    for _ in said:  # an act also says what the acts that it calls say
        for name, called in asks.items():
            said[name] |= {word for other in called & said.keys() for word in said[other]}
    tree = ast.parse((ROOT / "follows.py").read_text("utf-8"))
    reactions = {
        node.name: {
            word
            for call in ast.walk(node)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            for word in said.get(f"{call.func.value.id}.{call.func.attr}", set())
        }
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    table = next(
        node.value for node in tree.body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "FOLLOWS"
    )
    assert isinstance(table, ast.Dict)
    edges = {
        str(key.value): {
            word for name in ast.walk(value) if isinstance(name, ast.Name) for word in reactions.get(name.id, set())
        }
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant)
    }

    def walk(word: str, seen: tuple[str, ...]) -> None:
        for following in edges.get(word, set()):
            assert following not in seen, f"{' -> '.join(seen)} -> {following}"
            walk(following, (*seen, following))

    assert edges
    for word in edges:
        walk(word, (word,))


def test_what_messages_are_read_into_is_learnt_when_the_module_is_loaded() -> None:
    """Two threads that bring msgspec a new type at the same moment bring the process down."""
    bad = []
    for name, path, tree in modules():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        learnt = {
            arg.id
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id == "learn"
            for arg in call.args
            if isinstance(arg, ast.Name)
        }
        # What the command line reads, it reads in one thread; so are settings and what the package ships.
        if name.startswith("jutong.cli") or name in {"jutong.kernel.settings", "jutong.registers.shipped"}:
            continue
        wanted = {
            kind.id
            for call in calls
            if ast.unparse(call.func) in {"msgspec.convert", "msgspec.json.decode"}
            for kind in [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "type")]
            if isinstance(kind, ast.Name)
        }
        own = {"Manifest"} if wanted == {"cls"} else wanted
        bad += [f"{name} reads {kind} ({path.name})" for kind in sorted(own - learnt - {"str", "dict"})]
    assert not bad, bad


@pytest.mark.parametrize("limit", [400])
def test_modules_stay_small(limit: int) -> None:
    """A module over 400 lines holds a second noun."""
    assert not [
        f"{name}: {n}" for name, path, _ in modules() if (n := len(path.read_text("utf-8").splitlines())) > limit
    ]


def test_what_is_imported_is_declared() -> None:
    """A newcomer's installation has every package that the product imports, and none that it does not."""
    declared = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.split(r"[\[>=<~ ]", one)[0].lower() for one in declared["dependencies"]}
    owners = importlib.metadata.packages_distributions()
    imported = {
        name.split(".")[0]
        for _, _, tree in modules()
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    used = {
        owner.lower()
        for name in imported - {"jutong", *sys.stdlib_module_names}
        for owner in owners.get(name, [name])[:1]
    }
    # psycopg is named by the database's URL; what weighs a second is loaded when it is first needed.
    by_name_only = {"psycopg", "jieba", "pypinyin", "splink"}
    assert used | by_name_only <= wanted | {"psycopg-pool"}
    assert wanted <= used | by_name_only
