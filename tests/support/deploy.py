"""The files of deploy/, read: a Dockerfile's instructions, YAML, what they set of Limen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.source import ROOT

DEPLOY = ROOT / "deploy"
VARIABLE = re.compile(r"\bLIMEN_[A-Z0-9_]+\b")


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """Of the form that is JSON."""
        found = json.loads(self.rest)
        assert isinstance(found, list)
        return [str(one) for one in found]


def dockerfile() -> list[Instruction]:
    """deploy/Dockerfile, without its comments."""
    lines = (line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    text = "\n".join(lines).replace("\\\n", " ")
    parts = (line.partition(" ") for line in text.splitlines() if line.strip())
    return [Instruction(word, " ".join(rest.split())) for word, _, rest in parts]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, with its FROM."""
    found: list[list[Instruction]] = []
    for one in dockerfile():
        if one.word == "FROM":
            found.append([])
        if found:
            found[-1].append(one)
    return found


def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


def manifests() -> list[dict[str, Any]]:
    """Every document of deploy/kubernetes."""
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [one for file in files for one in yaml.safe_load_all(file.read_text())]


def manifest(kind: str) -> dict[str, Any]:
    (found,) = (one for one in manifests() if one["kind"] == kind)
    return found


def unit() -> list[tuple[str, str]]:
    """The lines of the systemd unit, name and value."""
    lines = (DEPLOY / "systemd/limen.service").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return [(name, value) for name, _, value in pairs]


def files() -> Iterator[Path]:
    """All of ours: those of Prometheus and Grafana have tests of their own."""
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file() and path.relative_to(DEPLOY).parts[0] not in ("grafana", "prometheus"):
            yield path


def commands() -> dict[str, list[str]]:
    """Every command line of Limen in these files, by where it stands, without the program."""
    found = {"Dockerfile": next(one.words for one in dockerfile() if one.word == "CMD")}
    for name, service in compose()["services"].items():
        if service.get("image") == "limen":
            found[f"compose {name}"] = [str(word) for word in service["command"]]
    for kind in ("Deployment", "Job"):
        (container,) = manifest(kind)["spec"]["template"]["spec"]["containers"]
        found[kind] = [str(word) for word in container["args"]]
    found["systemd"] = dict(unit())["ExecStart"].split()[1:]
    return found
