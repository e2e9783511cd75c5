"""A page whose commands are run as they are written, and whose outputs are what comes of them.

Its fenced blocks, in their order, in one shell and one empty folder:

- a block with a file name as its title is that file; with ", at its end" behind it, what is added to it;
- `sh` is run, and must end well; titled "in a terminal of its own" it goes on beside the rest;
- `text` or `json` is what the block before it has printed. `…` in a line stands for anything in it, a line of
  `…` alone for any lines;
- `sh` with the title "install" is not run: the environment of the tests is the installation. What it asks for
  must be an extra of the package.
"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.source import ROOT

_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXTRAS = re.compile(r"limen\[([a-z,]+)\]")
BESIDE = "in a terminal of its own"
AT_ITS_END = ", at its end"
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    kind: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(kind, title, text) for kind, title, text in _BLOCK.findall(page)]


def fits(written: str, printed: str) -> bool:
    """Whether the output is what the page says."""
    parts = []
    for line in written.strip().splitlines():
        cells = [re.escape(cell) for cell in line.strip().split("…")]
        parts.append(r"(?:.*\n)*?" if line.strip() == "…" else r"[^\n]*".join(cells) + r"\s*\n")
    said = "".join(f"{line.strip()}\n" for line in printed.strip().splitlines())
    return re.fullmatch("".join(parts) + r"\s*", said) is not None


class Shell:
    """A shell that keeps its variables from one block to the next, with an environment of its own."""

    def __init__(self, folder: Path, *, path: str = "") -> None:
        self.folder = folder
        self._beside: list[subprocess.Popen[str]] = []
        own = [str(Path(sys.executable).parent), path, "/usr/local/bin", "/usr/bin", "/bin"]
        self._environment = {
            "PATH": os.pathsep.join(filter(None, own)),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",  # a terminal keeps no output waiting
        }
        self._shell = self._started("bash", "--noprofile", "--norc")
        self._blocks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._shell, *self._beside):
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=PATIENCE)

    def run(self, text: str) -> str:
        """Everything that it prints; AssertionError if one of its commands fails."""
        self._blocks += 1
        script = self.folder.parent / f"{self.folder.name}-block-{self._blocks}"
        script.write_text(text)
        done = f"--- done {self._blocks}"
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"set -e -o pipefail; . {script} </dev/null; set +e; echo; echo '{done}'\n")
        self._shell.stdin.flush()
        printed = _until(self._shell, lambda said: said.endswith(f"{done}\n"))
        assert printed.endswith(f"{done}\n"), f"a command of this block fails:\n{text}\n{printed}"
        return printed.removesuffix(f"{done}\n")

    def leave_running(self, text: str, ready: str) -> str:
        """What it has printed by the time that the page's output fits it."""
        process = self._started("bash", "--noprofile", "--norc", "-c", f"{self._known()}exec {text}")
        self._beside.append(process)
        return _until(process, lambda said: fits(ready, said))

    def _known(self) -> str:
        """What earlier blocks have exported: the other terminal is of the same person."""
        names = self.run("export -p")
        return "".join(f"{line}\n" for line in names.splitlines() if " LIMEN_" in line)

    def _started(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=self.folder, env=self._environment, text=True, bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


def _until(process: subprocess.Popen[str], enough: object) -> str:
    """What a process prints until that is enough, or it ends, or patience does."""
    assert process.stdout is not None
    assert callable(enough)
    descriptor, said = process.stdout.fileno(), b""
    ends = time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not enough(said.decode(errors="replace")) and time.monotonic() < ends:
            if selector.select(timeout=0.5):
                more = os.read(descriptor, 65_536)
                if not more:
                    break
                said += more
    return said.decode(errors="replace")


def follow(page: str, shell: Shell, here: Mapping[str, str]) -> Iterator[tuple[Block, str, str]]:
    """Each output that the page shows: the block that was run, what the page says, what was printed.

    `here` is what is called otherwise on this machine: ports, for one.
    """
    outputs = ("text", "json")
    steps = [Block(one.kind, one.title, _placed(one.text, here)) for one in blocks(page)]
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        shown = after.text if after is not None and after.kind in outputs else "…"
        assert step.kind == "sh" or shown == "…" or step.kind in outputs, f"an output of no command: {shown}"
        if step.kind == "sh" and step.title == "install":
            check_extras(step.text)
        elif step.kind == "sh" and step.title == BESIDE:
            yield step, shown, shell.leave_running(step.text.strip(), shown)
        elif step.kind == "sh":
            yield step, shown, shell.run(step.text)
        elif step.title:
            name, end, _ = step.title.partition(AT_ITS_END)
            with (shell.folder / name).open("a" if end else "w") as file:
                file.write(step.text)


def check_extras(text: str) -> None:
    """AssertionError unless what is installed are extras that there are."""
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {name for found in _EXTRAS.findall(text) for name in found.split(",")}
    assert asked, "an installation that names no extra"
    assert asked <= package["optional-dependencies"].keys()


def _placed(text: str, here: Mapping[str, str]) -> str:
    for said, meant in here.items():
        text = text.replace(said, meant)
    return text
