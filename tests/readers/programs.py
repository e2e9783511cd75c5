"""The readers: other people's libraries, run over all tokens in one process, from the files of the docs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CHECKERS = HERE.parents[1] / "examples" / "readers"
JOSE = HERE.parent / "referees" / "node_modules"
GO = "/usr/share/gocode/src/github.com/coreos/go-oidc"


@dataclass(frozen=True)
class Reader:
    """A library, and how its checker is run over tokens."""

    checker: str
    each: str
    command: Callable[[], Sequence[str]]
    needs: tuple[str, ...] = ()
    """Programs, and files by their whole paths."""
    install: str = "`make test`"
    environment: Mapping[str, str] | None = None


def python(module: str) -> Reader:
    return Reader(f"{module}.py", "each.py", lambda: (sys.executable, "each.py", module))


def node() -> str:
    beside = Path(sys.executable).with_name("node")
    return str(beside) if beside.exists() else "node"


# What Debian packages of Go there is lies below GOPATH, as before there were modules.
GO_PATH = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "-p=2", "CGO_ENABLED": "0"}
READERS = {
    "PyJWT": python("check_pyjwt"),
    "joserfc": python("check_joserfc"),
    "Authlib": python("check_authlib"),
    "jose": Reader("check.mjs", "each.mjs", lambda: (node(), "each.mjs"), (str(JOSE / "jose"),)),
    "go-oidc": Reader(
        "check.go", "each.go", lambda: ("sh", "-c", "go build -o each check.go each.go && ./each"),
        ("go", GO), "golang-go with golang-github-coreos-go-oidc-dev", GO_PATH,
    ),
    "ruby-jwt": Reader("check.rb", "each.rb", lambda: ("ruby", "each.rb"), ("ruby",), "ruby with ruby-jwt"),
    "Crypt::JWT": Reader(
        "check.pl", "each.pl", lambda: ("perl", "each.pl"),
        ("perl", "/usr/share/perl5/Crypt/JWT.pm"), "libcrypt-jwt-perl",
    ),
    "latchset jose": Reader(
        "check.sh", "each.sh", lambda: ("sh", "each.sh"), ("jose", "jq", "curl"), "jose with jq and curl"
    ),
}  # fmt: skip
PINNED = frozenset({"PyJWT", "joserfc", "Authlib", "jose"})
"""Those whose version is ours to choose: what is said of them is exact."""


def verdicts(name: str, folder: Path, tokens: Sequence[str], **environment: str) -> list[dict[str, Any]]:
    """What a reader says of each token: its claims, or why it is refused. Skips where it is not installed."""
    reader = READERS[name]
    missing = [one for one in reader.needs if not (Path(one).exists() or shutil.which(one))]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not there: {reader.install} runs this test")
    for file in (CHECKERS / reader.checker, HERE / reader.each):
        shutil.copy(file, folder)
    (folder / "node_modules").symlink_to(JOSE)
    kept = {one: os.environ[one] for one in ("PATH", "HOME", "GOCACHE", "TMPDIR") if one in os.environ}
    kept.setdefault("HOME", str(folder))  # go keeps what it has built
    done = subprocess.run(
        reader.command(), cwd=folder, input="".join(f"{one}\n" for one in tokens), text=True,
        encoding="utf-8", capture_output=True, timeout=120,
        env={**kept, "LC_ALL": "C.UTF-8", **(reader.environment or {}), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(said) == len(tokens), done.stderr
    return said
