"""`make fuzz`: minutes at all targets, or at some. What reached something new stays in .limen/fuzz."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.fuzzer import Outcome, search, targets

KEPT = Path(__file__).parents[2] / ".limen" / "fuzz"
ROW = "{:<20}{:>14}{:>9}{:>10}{:>8}  {}"


def main() -> int:
    asked = _asked()
    chosen = asked.targets or list(targets())
    seconds = max(int(asked.minutes * 60 * asked.jobs / len(chosen)), 1)
    print(ROW.format("target", "executions", "edges", "features", "corpus", ""), flush=True)
    bad = 0
    for one in _searched(chosen, seconds, asked.jobs):
        verdict = "FOUND" if one.found else ""
        counts = (one.edges, one.features, one.corpus)
        print(ROW.format(one.name, f"{one.executions:,}", *counts, verdict), flush=True)
        if one.found:
            bad += 1
            print(_told(one), file=sys.stderr, flush=True)
    return 1 if bad else 0


def _asked() -> argparse.Namespace:
    asks = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    asks.add_argument("targets", nargs="*", metavar="TARGET", help="all, if none is named")
    asks.add_argument("--minutes", type=float, default=5, help="for all of them together (5)")
    asks.add_argument("--jobs", type=int, default=1, help="targets at once (1)")
    asked = asks.parse_args()
    unknown = set(asked.targets) - targets().keys()
    if unknown:
        asks.error(f"no target is called {', '.join(sorted(unknown))}; there are {', '.join(targets())}")
    return asked


def _searched(chosen: list[str], seconds: int, jobs: int) -> Iterator[Outcome]:
    def one(name: str) -> Outcome:
        return search(name, f"-max_total_time={seconds}", corpus=KEPT / name, nice=10)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(one, chosen)


def _told(one: Outcome) -> str:
    """The finding: its line for tests/fuzz/found.py, the traceback, and where the input lies."""
    begins = one.found.find("\nFOUND ")
    return one.found[begins:] if begins >= 0 else one.found[-2_000:]


if __name__ == "__main__":
    sys.exit(main())
