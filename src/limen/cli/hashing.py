"""`limen lab hash`: password hashes over their parameters, on this machine."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from limen.cli.answer import Answer, Table, Verb
from limen.cli.measuring import Progress, Span
from limen.lab import archive, hashes, machine
from limen.lab.page import hash_page
from limen.lab.page.hashing import COLUMNS, Hashing, rows


@click.command("hash", cls=Verb)
@click.option("--target", type=Span(), default="100ms", show_default=True, help="A hash takes at most this.")
@click.option(
    "--times", type=click.IntRange(1, 100), default=5, show_default=True, help="Hashes of each kind."
)
@click.option("--scheme", type=click.Choice(["argon2id", "bcrypt"]), help="Both, if none.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=archive.FOLDER,
              show_default=True, help="Where the page goes.")  # fmt: skip
def hash_verb(target: float, times: int, scheme: str | None, out: Path) -> Answer:
    """Measure bcrypt and argon2id over their parameters, beside what they would cost an attacker.

    It is written as a page too, with a chart.
    """
    with Progress() as progress:
        found = hashes.compare(times=times, scheme=scheme, tell=progress.paced)
    best = hashes.recommended(found, target)
    lines = ["", "in limen.toml:", *(f"  {name} = {value}" for name, value in best.settings.items())]
    hashing = Hashing(archive.new_id(), machine.describe(), target, found, best)
    data = {
        "machine": msgspec.to_builtins(hashing.machine),
        "target": target,
        "measured": [msgspec.to_builtins(one) for one in found],
        "recommended": best.settings,
        "source": hashes.SOURCE,
    }
    page = archive.keep("hash", hashing.id, data, hash_page(hashing), out)
    lines += ["", f"An attacker's hashes a second: {hashes.SOURCE}.", "", f"page: {page}"]
    return Answer({**data, "page": str(page)}, lines, Table(COLUMNS, rows(hashing)))
