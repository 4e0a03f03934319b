"""People who walk through the demo's pages: each has a browser of its own, at the node of the own tier."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from jutong import access
from jutong.cli.demo.tiers import Tier
from jutong.kernel.clock import system_clock
from tests.demo import path_with

PATIENCE_SECONDS = 90
DESK, TELEPHONE = 1440, 390
HEIGHT = 900


@dataclass
class Walk:
    """One walk: in one language, with scripts or without; every page on the way is pictured."""

    browser: Browser
    tiers: Mapping[str, Tier]
    language: str
    script: bool
    shot: Callable[[Page, str], None]
    complaints: list[str] = field(default_factory=list)
    pictured: set[str] = field(default_factory=set)

    def come(self, tier: str, account: str) -> Walker:
        """Let somebody sit down before a browser and sign in, with a second factor where there is one."""
        node = self.tiers[tier]
        context = self.browser.new_context(
            base_url=node.url,
            viewport={"width": DESK, "height": HEIGHT},
            java_script_enabled=self.script,
            locale=self.language,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if _grave(said.text, said.type) else None)
        walker = Walker(self, page, node, account)
        walker.sign_in()
        return walker

    def name(self, page: str) -> str:
        """Name a picture by the walk that it was taken on."""
        return f"walk-{self.language}-{page}"


@dataclass
class Walker:
    """Somebody on the walk."""

    walk: Walk
    page: Page
    tier: Tier
    account: str

    def sign_in(self) -> None:
        """Sign in as an official does; administrators show the code of their phone."""
        way = self.tier.ways_in[self.account]
        self.page.goto("/login?next=/desk")
        self.look("sign-in")
        self.page.fill("#field-account", self.account)
        self.page.fill("#field-password", way.password)
        self.press("/login?next=/desk")
        if way.secret:
            self.look("second-factor")
            step = access.step_of(system_clock())
            self.page.fill("#field-code", access.code_at(access.read_secret(way.secret), step))
            self.page.click("form[action^='/login/code'] button")
        self.page.wait_for_url("**/desk")
        self.look(f"desk-{self.account}")

    def press(self, action: str) -> None:
        """Press the button of the form that goes to an address; what asks first is answered."""
        form = self.page.locator(f"form[action$='{action}']").first
        closed = self.page.locator("details:not([open])", has=form)
        for _ in range(closed.count()):
            closed.first.locator("summary").first.click()
        button = form.locator("button:visible")
        button.first.click()
        self.page.wait_for_load_state()

    def look(self, name: str) -> None:
        """Keep pictures of the page, and see that it fits a telephone."""
        if name in self.walk.pictured:
            return
        self.walk.pictured.add(name)
        for width in (TELEPHONE, DESK):
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                self.walk.complaints.append(f"{name} is {wide} wide where {width} are shown")
            if self.walk.script is (width == DESK):
                self.walk.shot(self.page, self.walk.name(name))

    def open(self, path: str, name: str = "", *, until: str = "main h1", more: str = "") -> None:
        """Open a page, again and again until it shows what is waited for: other tiers need a moment."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            self.page.goto(path)
            if self.page.locator(until).count() and (not more or self.page.locator(more).count()):
                break
            if time.monotonic() > give_up:
                self.walk.shot(self.page, self.walk.name("waits"))
                raise AssertionError(f"{self.account} waits at {path} for {until} {more}")
            time.sleep(0.5)
        if name:
            self.look(name)

    def from_desk(self, path: str, name: str = "") -> None:
        """Take up what waits on the own desk."""
        link = f"[data-todo] a[href$='{path}']"
        self.open("/desk", f"desk-{self.account}-busy", until=link)
        self.page.locator(link).first.click()
        self.page.wait_for_url(f"**{path}")
        if name:
            self.look(name)

    def run(self, command: str, folder: Path, environment: Mapping[str, str]) -> str:
        """Run a command as a page shows it, where the consumer's key lies."""
        jutong = shlex.join([sys.executable, "-m", "jutong"])
        done = subprocess.run(
            ["bash", "-c", f'jutong() {{ {jutong} "$@"; }}\n{command}'],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": path_with(), **environment},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _grave(said: str, kind: str) -> bool:
    return kind == "error" and "Failed to load resource" not in said
