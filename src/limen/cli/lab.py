"""`limen lab …`: measure the strategies on this machine, and look at what was measured."""

from __future__ import annotations

import asyncio
import webbrowser
from pathlib import Path

import click

from limen.cli.advising import advise_verb
from limen.cli.answer import Answer, Exit, Table, VerbGroup, note
from limen.cli.hashing import hash_verb
from limen.cli.identifying import id_verb
from limen.cli.measuring import Progress, Share, Span
from limen.cli.peering import peers_verb
from limen.cli.planning import plan_verb
from limen.lab import archive, machine
from limen.lab.catalogue import number
from limen.lab.compare import compare as measure
from limen.lab.diff import BETWEEN, Difference, comparable, diff
from limen.lab.page import page
from limen.lab.records import Options, Run
from limen.lab.summary import columns, data, findings, rows
from limen.lab.world import check_stores

_STRATEGIES = ("session", "jwt", "hybrid")


@click.group("lab", cls=VerbGroup)
def verb() -> None:
    """Measure the strategies on this machine, and choose by numbers."""


verb.add_command(plan_verb)
verb.add_command(advise_verb)
verb.add_command(hash_verb)
verb.add_command(id_verb)
verb.add_command(peers_verb)


@verb.command()
@click.option("--strategy", "strategies", type=click.Choice(_STRATEGIES), multiple=True, help="All, if none.")
@click.option("--store", "stores", metavar="STORE", multiple=True, default=("sqlite", "memory"),
              show_default=True, help="sqlite, memory, or the address of an empty database.")  # fmt: skip
@click.option("--duration", type=Span(), default="40s", show_default=True, help="Of the rounds of requests.")
@click.option(
    "--concurrency", type=click.IntRange(1, 512), default=32, show_default=True, help="Requests at once."
)
@click.option("--rtt", type=Span(), default="0", help="A delay before each store operation, such as 0.5ms.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes a cell.")
@click.option("--read-write", "writes", type=Share(), default="100:0", show_default=True,
              help="Requests with a credential : sign-ins among them.")  # fmt: skip
@click.option("--peers", is_flag=True, help="Other libraries too, those that `limen lab peers` finds.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of the order of turns and of intervals."
)
@click.option("--outage", type=Span(), default="10s", show_default=True, help="How long stores are away.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=archive.FOLDER,
              show_default=True, help="Where runs are kept.")  # fmt: skip
@click.pass_context
def compare(
    context: click.Context, strategies: tuple[str, ...], stores: tuple[str, ...], duration: float,
    concurrency: int, rtt: float, workers: int, writes: float, peers: bool, seed: int, outage: float,
    out: Path,
) -> Answer:  # fmt: skip
    """Start real servers, load them in turns, and write what was measured: JSON and a page.

    Ctrl-C ends it early and keeps what there is.
    """
    check_stores(stores)
    options = Options(
        strategies=list(dict.fromkeys(strategies)) or list(_STRATEGIES),
        stores=[archive.without_credentials(url) for url in stores],
        duration=duration,
        concurrency=concurrency,
        rtt=rtt,
        workers=workers,
        writes=writes,
        peers=peers,
        seed=seed,
        outage=outage,
    )
    run = Run(
        id=archive.new_id(),
        options=options,
        machine=machine.describe(),
        versions=machine.versions(),
        command=_command(options),
        load_average=machine.load_average(),
    )
    with Progress() as progress:
        run = asyncio.run(measure(run, list(stores), tell=progress.tell))
    path = archive.save(run, out)
    html = _write_page(run, path)
    return _told(run, path, html, exit=Exit.INTERRUPTED if run.interrupted else Exit.OK)


@verb.command()
@click.argument("run", required=False)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=archive.FOLDER,
              show_default=True, help="Where runs are kept.")  # fmt: skip
def show(run: str | None, opens: bool, out: Path) -> Answer:
    """Print an earlier run, the last one if none is named, and write its page anew."""
    path = archive.find(run, out)
    found = archive.load(path)
    html = _write_page(found, path)
    if opens:
        webbrowser.open(html.absolute().as_uri())
    return _told(found, path, html)


@verb.command(name="diff")
@click.argument("before")
@click.argument("after")
@click.option("--all", "everything", is_flag=True, help="Print what did not change too.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=archive.FOLDER,
              show_default=True, help="Where runs are kept.")  # fmt: skip
def compare_runs(before: str, after: str, everything: bool, out: Path) -> Answer:
    """Set two runs side by side, and say which differences are real."""
    one, other = (archive.load(archive.find(named, out)) for named in (before, after))
    for sentence in comparable(one, other):
        note(sentence)
    found = diff(one, other)
    real = [difference for difference in found if difference.real]
    shown = found if everything else real
    line = f"{len(real)} of {len(found)} figures differ by more than chance and {BETWEEN:.0%} explain"
    table = Table(
        ["cell", "figure", "before", "after", "after ÷ before", ""],
        [_row(difference) for difference in shown],
    )
    return Answer(
        {"before": one.id, "after": other.id, "differences": [_difference(d) for d in found]},
        ["", line] if shown else [line],
        table if shown else None,
    )


def _told(run: Run, path: Path, html: Path, *, exit: Exit = Exit.OK) -> Answer:  # noqa: A002 - Answer's word
    lines = ["* without hashing", "", *findings(run), "", *run.notes, "", f"raw: {path}", f"page: {html}"]
    said = {**data(run), "file": str(path), "page": str(html)}
    return Answer(said, lines, Table(columns(run), rows(run)), exit=exit)


def _write_page(run: Run, path: Path) -> Path:
    return archive.write_page(path, page(run))


def _command(options: Options) -> str:
    """The command that repeats this run; never with what a store's address may hold."""
    words = ["limen lab compare"]
    if options.strategies != list(_STRATEGIES):
        words += [f"--strategy {name}" for name in options.strategies]
    words += [f"--store {url}" for url in options.stores]
    words.append(f"--duration {options.duration:g}s --concurrency {options.concurrency}")
    if options.rtt:
        words.append(f"--rtt {options.rtt * 1e3:g}ms")
    if options.workers > 1:
        words.append(f"--workers {options.workers}")
    if options.writes:
        words.append(f"--read-write {100 - options.writes * 100:g}:{options.writes * 100:g}")
    if options.peers:
        words.append("--peers")
    return " ".join([*words, f"--seed {options.seed}", f"--outage {options.outage:g}s"])


def _row(difference: Difference) -> list[str]:
    change = difference.change
    ratio = "" if change is None else f"{change.value:.2f} ({change.low:.2f} to {change.high:.2f})"
    verdict = "" if not difference.real else ("better" if difference.better else "worse")
    unit = difference.figure.unit
    return [
        difference.cell.name,
        difference.figure.title,
        f"{number(difference.before.value)} {unit}".rstrip(),
        f"{number(difference.after.value)} {unit}".rstrip(),
        ratio,
        verdict,
    ]


def _difference(difference: Difference) -> dict[str, object]:
    change = difference.change
    return {
        "cell": difference.cell.name,
        "figure": difference.figure.key,
        "unit": difference.figure.unit,
        "before": difference.before.value,
        "after": difference.after.value,
        "ratio": None if change is None else [change.low, change.value, change.high],
        "real": difference.real,
        "better": difference.better if difference.real else None,
    }
