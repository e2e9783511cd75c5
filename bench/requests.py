"""The request path: an authenticated GET through the ASGI middleware against the same application without it.

Both servers run at once, each in a process of its own, and load takes turns between them. Requests per second
come from `wrk`, which is faster than the servers; processor time per request comes from the kernel.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from bench.harness import Figure

ROUNDS = 9
SECONDS = 2
CONNECTIONS = 32


def run() -> Iterator[Figure]:
    if shutil.which("wrk") is None:
        print("skipped: request path (needs wrk: apt-get install wrk)", file=sys.stderr)
        return
    for strategy in ("jwt", "hybrid", "session"):
        yield _figure(strategy)


def _figure(strategy: str) -> Figure:
    with _server("bare", strategy) as bare, _server("guarded", strategy) as guarded:
        rates: dict[str, list[float]] = {"bare": [], "guarded": []}
        costs: dict[str, list[float]] = {"bare": [], "guarded": []}
        for server in (bare, guarded):
            _load(server, seconds=1)
        for turn in range(ROUNDS):
            order = (bare, guarded) if turn % 2 else (guarded, bare)
            for server in order:
                before = _cpu(server["pid"])
                count, rate = _load(server, seconds=SECONDS)
                rates[server["name"]].append(rate)
                costs[server["name"]].append((_cpu(server["pid"]) - before) / count * 1e6)
    ratios = [g / b for g, b in zip(rates["guarded"], rates["bare"], strict=True)]
    detail = {
        "bare_per_s": round(statistics.median(rates["bare"])),
        "guarded_per_s": round(statistics.median(rates["guarded"])),
        "bare_cpu_us": round(statistics.median(costs["bare"]), 1),
        "guarded_cpu_us": round(statistics.median(costs["guarded"]), 1),
    }
    return Figure(f"requests/s, {strategy} / bare ASGI", statistics.median(ratios), 0.9, "most", detail)


@contextmanager
def _server(name: str, strategy: str) -> Iterator[dict]:
    """A server process on a free loopback port; it prints the credential that it signed in."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "BENCH_STRATEGY": strategy,
        "LIMEN_SECRET": secrets.token_urlsafe(32),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.app", name, str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        credential = json.loads(process.stdout.readline())["credential"]
        _wait(port, credential)
        yield {"name": name, "port": port, "credential": credential, "pid": process.pid}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _wait(port: int, credential: str) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", headers={"Authorization": f"Bearer {credential}"}
    )
    for _ in range(200):
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                assert answer.status == 200
                return
        except ConnectionError:
            time.sleep(0.05)
        except OSError as error:
            if "refused" not in str(error):
                raise
            time.sleep(0.05)
    raise RuntimeError("the server did not come up")


def _load(server: dict, *, seconds: int) -> tuple[int, float]:
    """(requests, requests per second), all answered with 200."""
    output = subprocess.run(
        [
            "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
            "-H", f"Authorization: Bearer {server['credential']}",
            f"http://127.0.0.1:{server['port']}/",
        ],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"not every request was answered with 200: {output}")
    count = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert count is not None
    assert rate is not None
    return int(count[1]), float(rate[1])


def _cpu(pid: int) -> float:
    """Processor seconds that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
