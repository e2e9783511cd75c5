"""`make soak ARGS="--minutes 10 --seed 7 --store postgres"`: a long run, its summary, and 1 for a finding."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from pathlib import Path

from _pytest.outcomes import Skipped

from soak.checker import check
from soak.history import History
from soak.homes import HOMES
from soak.run import Plan, run
from soak.summary import summary


def main() -> int:
    """0 where nothing was found, else 1."""
    given = _arguments()
    if given.check is not None:
        return _told(History.read(given.check))
    path = given.history or Path(f"soak-{given.store}-{given.seed}-{time.strftime('%H%M%S')}.jsonl")
    plan = Plan(
        store=given.store, seed=given.seed, seconds=60 * given.minutes, people=given.people,
        lossy=given.lossy, only=tuple(given.only), folder=given.logs,
    )  # fmt: skip
    logging.basicConfig(level=logging.CRITICAL)
    with path.open("w") as file:
        try:
            history = asyncio.run(run(plan, file))
        except Skipped as missing:
            print(missing, file=sys.stderr)
            return 2
    print(f"history: {path}")
    return _told(history)


def _told(history: History) -> int:
    verdict = check(history)
    print(summary(history, verdict))
    return 1 if verdict.findings else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--store", choices=sorted(HOMES), default="sqlite")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--lossy", action="store_true", help="a failover may lose what the docs say it may")
    parser.add_argument("--history", type=Path, help="where to write what happened, as lines of JSON")
    parser.add_argument("--only", action="append", default=[], help="of the store's faults this one alone")
    parser.add_argument("--logs", type=Path, help="an empty folder to keep the processes' words in")
    parser.add_argument("--check", type=Path, help="check a history again instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
