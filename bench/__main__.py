"""`python -m bench [part …]`: run the parts, print a table, keep the figures as JSON."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

from bench.harness import Figure

PARTS = ("tokens", "recall", "sqlite", "postgres", "redis", "lag", "feed", "storm", "requests", "scale")
RESULTS = Path(__file__).parent / "results"
PEERS = (
    "argon2-cffi",
    "asyncpg",
    "cryptography",
    "django",
    "hiredis",
    "joserfc",
    "msgspec",
    "pyjwt",
    "redis",
    "uvicorn",
)


def main(parts: list[str]) -> int:
    unknown = set(parts) - set(PARTS)
    if unknown:
        print(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    figures = []
    for part in parts or PARTS:
        for figure in importlib.import_module(f"bench.{part}").run():
            figures.append(figure)
            print(_line(figure), flush=True)
    print(f"written to {_write(figures).relative_to(Path.cwd())}")
    return 0


def _line(figure: Figure) -> str:
    if figure.bound is None:
        return f"      {figure.shown:>10}            {figure.name}"
    sign = "≥" if figure.better == "most" else "≤"
    mark = "kept  " if figure.kept else "MISSED"
    return f"{mark}{figure.shown:>10}  {sign} {figure.bound:<6g}  {figure.name}"


def _write(figures: list[Figure]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    run = {
        "machine": {"cores": os.cpu_count(), "arch": platform.machine(), "python": platform.python_version()},
        "versions": {name: version(name) for name in PEERS},
        "figures": [figure.as_json() for figure in figures],
    }
    path.write_text(json.dumps(run, indent=2) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
