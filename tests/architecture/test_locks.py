"""Locks pin every file by its hash, hold what pyproject.toml asks for, and name no place to get it from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.source import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PEERS = ROOT / "src" / "limen" / "lab" / "peers" / "node" / "package-lock.json"
NODE = [*sorted((ROOT / "tests").glob("*/package-lock.json")), PEERS]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)
# `https://…`, `git+ssh`, an option that names a place, or a file of some machine.
PLACE = re.compile(r"://|^\s*-(?!-hash)|(^|[\s=])(/|~|\.\.?/)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text()))


def asked(*, extras: tuple[str, ...], groups: tuple[str, ...]) -> set[str]:
    """The packages that pyproject.toml names for these extras and groups."""
    lines = [*PROJECT["project"]["dependencies"]] if extras else []
    lines += [line for extra in extras for line in PROJECT["project"]["optional-dependencies"][extra]]
    lines += [line for group in groups for line in PROJECT["dependency-groups"][group]]
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {match.group().lower() for match in found if match}


def test_there_are_locks() -> None:
    assert [lock.stem for lock in LOCKS] == ["bench", "build", "image", "lock", "run", "test"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_by_hash_and_names_no_place(lock: Path) -> None:
    text = lock.read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text[text.index("\n", text.rindex("#")) + 1 :])
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert PLACE.search(text) is None


@pytest.mark.parametrize(
    "text", ["a @ https://x/a.whl", "--index-url x", "-r other.txt", "a @ /srv/a.whl", "./a"]
)
def test_a_place_is_seen(text: str) -> None:
    assert PLACE.search(f"b==1 \\\n    --hash=sha256:0\n{text}\n") is not None


@pytest.mark.parametrize(
    ("name", "extras", "groups"),
    [
        ("run", ("server",), ()),
        ("image", ("server", "postgres", "redis"), ()),
        ("test", ("server",), ("test", "check")),
        ("bench", ("server",), ("test", "check", "bench")),
        ("build", (), ("build",)),
        ("lock", (), ("lock",)),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(
    name: str, extras: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    assert asked(extras=extras, groups=groups) - pins(ROOT / "requirements" / f"{name}.txt").keys() == set()


def test_the_build_group_is_what_the_build_system_names() -> None:
    assert set(PROJECT["build-system"]["requires"]) <= set(PROJECT["dependency-groups"]["build"])


def test_no_two_locks_disagree() -> None:
    """They are installed one over another."""
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        if lock.stem != "lock":
            for name, version in pins(lock).items():
                versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("lock", NODE, ids=lambda lock: lock.parent.name)
def test_a_lock_of_npm_names_no_place_either(lock: Path) -> None:
    packages = json.loads(lock.read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
