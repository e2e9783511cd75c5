"""The Dockerfile: as hadolint wants it, and its very steps done here without an engine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.secret import Secret
from support.deploy import DEPLOY, Instruction, dockerfile, stages
from support.servers import free_port
from support.source import ROOT
from support.world import SECRET

HADOLINT = Path(sys.executable).parent / "hadolint"


def of(word: str) -> list[Instruction]:
    return [one for one in dockerfile() if one.word == word]


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([HADOLINT, DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_nobodys_image() -> None:
    assert [one.rest for one in of("USER")] == ["10001:10001"]
    last = [one.word for one in stages()[-1]]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert all(re.search(r":\$\{PYTHON\}", one.rest) for one in of("FROM"))
    assert not [one for one in of("ENV") if "LIMEN_" in one.rest], "it would win over limen.toml"


def test_no_secret_comes_into_a_layer() -> None:
    assert [one.rest.partition("=")[0] for one in of("ARG")] == ["PYTHON"]
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    named = [line.removeprefix("!") for line in allowed if line.startswith("!")]
    assert "*" in allowed
    assert {path.split("/")[0] for path in named} == {
        "requirements", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "src",
    }  # fmt: skip
    copied = {word for one in of("COPY") if "--from" not in one.rest for word in one.rest.split()[:-1]}
    assert copied == set(named)
    assert all((ROOT / path).exists() for path in copied)


def test_everything_is_installed_by_its_hash() -> None:
    installs = re.findall(r"pip (?:--python \S+ )?install ([^&]*)", " ".join(one.rest for one in of("RUN")))
    assert len(installs) == 3
    for said in installs:
        assert "--require-hashes --only-binary=:all:" in said or "--no-deps --no-index" in said


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="limen") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.slow
def test_its_steps_make_a_server_that_an_unprivileged_user_runs(place: Path) -> None:
    build, home, state = place / "build", place / "opt", place / "state"
    build.mkdir()
    _built(build, home)
    state.mkdir(mode=0o700)
    port, run = free_port(), [word.replace("/opt/limen", str(home)) for word in _command()]
    run = [str(port) if word == "8000" else word for word in run]
    environment = {
        "PATH": f"{home}/bin:/usr/bin:/bin", "LIMEN_DATABASE": f"sqlite:///{state}/limen.db",
        "LIMEN_ISSUER": "https://auth.example", "LIMEN_SECRET": Secret(SECRET).reveal(),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    before: list[str] = []
    if os.geteuid() == 0:
        os.chown(state, 10001, 10001)
        before = ["setpriv", "--reuid=10001", "--regid=10001", "--clear-groups", "--no-new-privs"]
    process = subprocess.Popen([*before, *run], cwd=state, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert _healthy(home, port), process.communicate(timeout=5)[1] if process.poll() is not None else ""
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
    wanted = subprocess.run([home / "bin/python", "-c", "import asyncpg, hiredis, pip"], capture_output=True)
    assert b"No module named 'pip'" in wanted.stderr


def _built(build: Path, home: Path) -> None:
    """COPY and RUN of the first stage, with folders of the test in place of the image's."""
    for one in stages()[0]:
        if one.word == "COPY":
            *sources, target = one.rest.split()
            for source in sources:
                _copied(ROOT / source, build / target)
        elif one.word == "RUN":
            command = one.rest.replace("/opt/limen", str(home))
            command = re.sub(r"(^|&& )python ", rf"\1{sys.executable} ", command)
            done = subprocess.run(["sh", "-ec", command], cwd=build, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(exist_ok=True)
        shutil.copy(source, target)


def _command() -> list[str]:
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    return [*entry.words, *command.words]


def _healthy(home: Path, port: int) -> bool:
    """What HEALTHCHECK asks, until it is answered."""
    (check,) = of("HEALTHCHECK")
    words = Instruction("CMD", check.rest[check.rest.index("[") :]).words
    asked = [word.replace("/opt/limen", str(home)).replace(":8000/", f":{port}/") for word in words]
    pause = threading.Event()
    for _ in range(40):
        if subprocess.run(asked, capture_output=True, timeout=10).returncode == 0:
            return True
        pause.wait(0.1)
    return False
