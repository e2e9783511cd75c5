"""Runs targets under atheris, each in a process of its own, and reads what libFuzzer says in the end."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzz.target import TARGETS, Target

WATCHED = {
    "tokens": ("jose", "ids", "lint"),
    "requests": (
        "cookies", "next_url", "proxies", "transport", "accounts", "audit", "server.bodies", "server.wire",
        "server.user_agents", "server.hosts", "server.pages.language",
        "server.admin.log",
    ),
    "sealed": (
        "devices", "factors", "letters", "passwords", "sessions", "set_up", "status_list", "tickets",
    ),
    "remote": (
        "feed_page", "settings", "secret", "stores.postgres.address", "stores.redis.address",
        "stores.redis.line", "stores.redis.records", "verifier.issuer",
    ),
    "planted": ("jose.b64",),
}  # fmt: skip
"""By module of targets what of ours it watches."""
TESTS = Path(__file__).parents[1]
SLOWEST = 5
"""Seconds that one input may take."""
MEMORY_MB = 1_024
_DONE = re.compile(r"#(\d+)\s+DONE\s+(?:cov: (\d+) )?(?:ft: (\d+) )?(?:corp: (\d+))?")


@dataclass(frozen=True)
class Outcome:
    """How often a target ran, and how much of our code its inputs reached: edges, and counts of them."""

    name: str
    executions: int
    edges: int
    features: int
    corpus: int
    found: str
    """What libFuzzer said, where it found something; else empty."""


def targets() -> dict[str, tuple[str, Target]]:
    """All of them, with their modules, by name."""
    return _of(*(module for module in WATCHED if module != "planted"))


def planted() -> dict[str, tuple[str, Target]]:
    """What is there to be found."""
    return _of("planted")


def _of(*modules: str) -> dict[str, tuple[str, Target]]:
    for module in modules:
        importlib.import_module(f"fuzz.{module}")
    return {name: (module, one) for module in modules for name, one in TARGETS[module].items()}


def search(name: str, *options: str, corpus: Path | None = None, nice: int = 0) -> Outcome:
    """Fuzz a target. What reaches something new goes into `corpus`, and a finding beside it."""
    module, one = (targets() | planted())[name]
    with tempfile.TemporaryDirectory() as folder:
        here = corpus or Path(folder) / "corpus"
        here.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(one.seeds):
            (here / f"seed-{number}").write_bytes(seed)
        if one.words:
            words = Path(folder) / "words"
            words.write_text("".join(map(_quoted, one.words)))
            options = (f"-dict={words}", *options)
        limits = (f"-max_len={one.longest}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY_MB}")
        done = subprocess.run(
            [
                sys.executable, "-m", "fuzz.guided", module, name, ",".join(WATCHED[module]),
                str(here), f"-artifact_prefix={here.parent}/{name}-", *limits, *options,
            ],
            cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            preexec_fn=lambda: os.nice(nice), env={**os.environ, "PYTHONPATH": str(TESTS)},
        )  # fmt: skip
        return _read(name, done, len(list(here.iterdir())))


def _quoted(word: bytes) -> str:
    """A line of libFuzzer's dictionaries."""
    digits = "".join(rf"\x{byte:02x}" for byte in word)
    return f'"{digits}"\n'


def _read(name: str, done: subprocess.CompletedProcess[str], corpus: int) -> Outcome:
    last = _DONE.search(done.stdout)
    counts = [int(one or 0) for one in last.groups()] if last is not None else [0, 0, 0, 0]
    return Outcome(name, counts[0], counts[1], counts[2], corpus, done.stdout if done.returncode else "")
