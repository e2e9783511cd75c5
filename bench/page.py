"""`python -m bench.page RESULT.json`: docs/speed.md of a run. No figure in it is written by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.harness import amount

PAGE = Path(__file__).parent.parent / "docs" / "speed.md"
HEAD = """# How fast

`make bench` measures each figure beside its rival in one interleaved run, and takes the median of the
rounds' ratios: machines differ, and a busy one slows both sides. `python -m bench.page RESULT.json` makes
this page of a run.

The run below: {cores} cores, {arch}, Python {python}; {versions}.
{kept} of the {bounded} bounds that Limen sets itself were kept.

"""
TABLE = "| what | measured | bound | kept | medians |\n|---|---|---|---|---|\n"
NOTES = """
Times are in microseconds unless their name says otherwise. A ratio reads as its name does: `PyJWT / verify
HS256` is PyJWT's time over ours. "Primitive" is the bare signature check of `cryptography` and a typed decode
of the claims, nothing checked. Where a bound against another library was missed, look at the primitive beside
it: for ECDSA, Ed25519 and RSA nearly all of both times is the same call into OpenSSL.
"""


def main(path: str) -> int:
    run = json.loads(Path(path).read_text())
    PAGE.write_text(page(run))
    print(f"written to {PAGE.name}")
    return 0


def page(run: dict[str, Any]) -> str:
    figures = run["figures"]
    bounded = [figure for figure in figures if figure["bound"] is not None]
    head = HEAD.format(
        **run["machine"],
        versions=", ".join(f"{name} {version}" for name, version in run["versions"].items()),
        kept=sum(figure["kept"] for figure in bounded),
        bounded=len(bounded),
    )
    return head + TABLE + "\n".join(map(_row, figures)) + "\n" + NOTES


def _row(figure: dict[str, Any]) -> str:
    bound, kept = "", ""
    if figure["bound"] is not None:
        unit = " ×" if " / " in figure["name"] else ""
        bound = f"{'≥' if figure['better'] == 'most' else '≤'} {figure['bound']:g}{unit}"
        kept = "yes" if figure["kept"] else "**no**"
    medians = ", ".join(f"{name} {value:g}" for name, value in figure["detail"].items())
    return f"| {figure['name']} | {amount(figure['name'], figure['ratio'])} | {bound} | {kept} | {medians} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
