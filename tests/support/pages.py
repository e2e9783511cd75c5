"""A server with the pages, people who have accounts there, and what they do in a browser."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.serving import Serving
from support.shell import COMMAND, surroundings

PASSWORD = "correct horse battery staple"
AXE = Path(__file__).parents[1] / "browser/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_numbers = itertools.count(1)


class Place:
    """A running server and its folder."""

    def __init__(self, folder: Path, serving: Serving, environment: dict[str, str]) -> None:
        self.folder, self.serving, self.environment = folder, serving, environment
        self.address = serving.address

    def person(self) -> str:
        """The address of somebody with an account of their own, whose password is PASSWORD."""
        email = f"person{next(_numbers)}@example.com"
        subprocess.run(
            [*COMMAND, "account", "add", email, "--password-stdin"],
            input=PASSWORD.encode(),
            cwd=self.folder,
            env=surroundings(**self.environment),
            check=True,
            capture_output=True,
        )
        return email


def sign_in(page: Any, place: Place, email: str, password: str = PASSWORD) -> None:
    """By the page, to the account."""
    page.goto(f"{place.address}/sign-in")
    page.fill("#email", email)
    page.fill("#password", password)
    submit(page)
    page.wait_for_url("**/account")


def submit(page: Any) -> None:
    """Press the button of the form that the page is about."""
    page.click(".acts button")


def notice(page: Any) -> str:
    return str(page.inner_text(".notice"))


def violations(page: Any) -> list[Any]:
    """What axe finds."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: `make test` does it, or `npm ci` in tests/browser")
    page.evaluate(AXE.read_text())
    found: list[Any] = page.evaluate(
        "(tags) => axe.run({ runOnly: tags }).then(({ violations }) =>"
        " violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))]))",
        RULES,
    )
    return found
