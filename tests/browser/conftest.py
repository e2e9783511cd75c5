"""The workbench in Node and in Debian's Chromium, from a `limen serve` of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from limen.server.workbench import assets
from support.serving import Serving

HERE = Path(__file__).parent
Ask = Callable[[list[tuple[str, Any]]], list[Any]]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Questions for the page's modules, as they are served; an exception there is a failure here."""
    beside = Path(sys.executable).with_name("node")
    program = str(beside) if beside.exists() else shutil.which("node")
    if program is None:
        pytest.skip("there is no node on this machine: `make test` installs one")
    folder = tmp_path_factory.mktemp("modules")
    for name, content in assets().items():
        folder.joinpath(name).write_bytes(content)
    folder.joinpath("package.json").write_text('{"type": "module"}')
    with subprocess.Popen(
        [program, str(HERE / "modules.mjs"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={"PATH": os.environ["PATH"]},
    ) as process:
        asked, answered = process.stdin, process.stdout
        assert asked is not None
        assert answered is not None

        def ask(questions: list[tuple[str, Any]]) -> list[Any]:
            asked.write(json.dumps(questions) + "\n")
            asked.flush()
            found = json.loads(answered.readline())
            failed = [
                (question, one["failed"])
                for question, one in zip(questions, found, strict=True)
                if "failed" in one
            ]
            assert failed == []
            return [one["answer"] for one in found]

        yield ask
        process.terminate()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; `scripts/browser` installs it.

    While it is open no other test can run an event loop here, which is how Playwright without `async` works:
    so it does not stay open for the session.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium on this machine: `sh scripts/browser` installs Debian's")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server in development."""
    with Serving(tmp_path_factory.mktemp("server"), "--port", "0") as serving:
        yield serving.address
