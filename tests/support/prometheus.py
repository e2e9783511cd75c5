"""Prometheus and its tool, where they are installed: Debian's package, which `scripts/servers` brings."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from support.servers import free_port


def command(name: str) -> str:
    """The program; skips the test where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here: `scripts/servers` installs Debian's package prometheus")
    return found


def promtool(
    *arguments: str, given: str = "", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What promtool says of these."""
    return subprocess.run(
        [command("promtool"), *arguments], input=given, text=True, capture_output=True, cwd=folder, timeout=60
    )


class Scraping:
    """A Prometheus of one test, with the rules that we ship, scraping this address."""

    def __init__(self, folder: Path, deployed: Path, target: str) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        said = (deployed / "prometheus.yml").read_text()
        (folder / "prometheus.yml").write_text(
            said.replace("127.0.0.1:9464", target).replace(": 15s", ": 1s")
        )
        shutil.copy(deployed / "limen.rules.yml", folder)
        options = [
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={self.address.removeprefix('http://')}",
            "--log.level=error",
        ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([command("prometheus"), *options], **quiet)

    def ask(self, query: str, *, patience: float = 30) -> list[dict[str, Any]]:
        """What the query finds, as soon as it finds anything."""
        pause = threading.Event()
        for _ in range(int(patience / 0.1)):
            with suppress(httpx2.TransportError):
                answer = httpx2.get(f"{self.address}/api/v1/query", params={"query": query})
                found = answer.json().get("data", {}).get("result", []) if answer.status_code == 200 else []
                if found:
                    return list(found)
            pause.wait(0.1)
        raise AssertionError(f"Prometheus never saw {query}")

    def rules(self) -> list[dict[str, Any]]:
        data = httpx2.get(f"{self.address}/api/v1/rules").json()["data"]
        return [rule for group in data["groups"] for rule in group["rules"]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
