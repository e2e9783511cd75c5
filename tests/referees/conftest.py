"""The referees: PyJWT, joserfc, and `jose` from npm as one process that answers line by line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


class Refused(Exception):
    """The referee does not accept it."""


class NodeReferee:
    """`jose.mjs` beside this file."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, ask: str, **question: Any) -> Any:
        """The answer, or Refused with the referee's code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"ask": ask, **question}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["answer"]


@pytest.fixture(scope="session")
def node() -> Iterator[NodeReferee]:
    """A long-lived node; its packages come with `make test`, or `npm ci` in this folder."""
    beside = Path(sys.executable).with_name("node")
    program = str(beside) if beside.exists() else shutil.which("node")
    if program is None:
        pytest.skip("there is no node on this machine: `make test` installs one")
    if not (HERE / "node_modules/jose").is_dir():
        pytest.skip("`jose` is not installed: `make test` does it, or `npm ci` in tests/referees")
    with subprocess.Popen(
        [program, str(HERE / "jose.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={"PATH": os.environ["PATH"]},
    ) as process:
        yield NodeReferee(process)
        process.terminate()
