"""The page, from top to bottom: the answers, then each question with its picture, then every figure."""

from __future__ import annotations

from html import escape

from msgspec import structs

from limen.lab import figures
from limen.lab.page import sections
from limen.lab.page.answers import answers
from limen.lab.page.document import document, term_list
from limen.lab.page.strangers import strangers
from limen.lab.records import Run
from limen.lab.summary import span


def page(run: Run) -> str:
    """The whole document."""
    body = "".join(
        [
            _head(run),
            _careful(run),
            answers(run),
            sections.glance(run),
            sections.processor(run),
            sections.latency(run),
            sections.throughput(run),
            strangers(run),
            sections.lag(run),
            sections.outage(run),
            sections.scale(run),
            sections.hashing(run),
            sections.every(run),
            _method(run),
        ]
    )
    return document(f"Limen lab, run {run.id}", body)


def _head(run: Run) -> str:
    m, day = run.machine, run.id
    when = f"{day[:4]}-{day[4:6]}-{day[6:8]} {day[9:11]}:{day[11:13]} UTC"
    return (
        f'<header><p class="kicker">Limen lab · run {escape(day)}</p>'
        "<h1>Sessions, JWT or hybrid: what this machine says</h1>"
        f"<p>Measured {when} on {m.cores} cores of {escape(m.processor)}, {escape(m.python)}, with real "
        "servers "
        f"over HTTP, {run.options.concurrency} requests at once, in rounds in which everything takes turns. "
        f"It took {span(run.took)}.</p></header>"
    )


def _careful(run: Run) -> str:
    if not run.notes:
        return ""
    return f'<aside class="careful">{"".join(f"<p>{escape(note)}</p>" for note in run.notes)}</aside>'


def _method(run: Run) -> str:
    versions = ", ".join(f"{escape(name)} {escape(v)}" for name, v in sorted(run.versions.items()))
    o = run.options
    pairs = [
        ("repeat it", f"<code>{escape(run.command)}</code>"),
        ("raw", f"<code>{escape(run.id)}.json</code>, with every round and every latency in bins of 2 %"),
        ("machine", f"{run.machine.cores} × {escape(run.machine.processor)}, {escape(run.machine.system)}"),
        ("versions", versions),
        ("load before", "unknown" if run.load_average is None else f"{run.load_average:.2f} (one minute)"),
        ("others", _others(run)),
        ("between server and store", f"{span(o.rtt)} added" if o.rtt else "nothing added"),
        ("processes per cell", str(o.workers)),
        ("weighed", _weighed(run)),
        ("asked for", _asked(run)),
    ]
    return (
        "<h2>How it was measured</h2><p>Every server ran by itself on loopback and was loaded from another "
        "process "
        "over kept connections. Cells took turns in an order drawn anew each round, so a machine that was "
        "slow for "
        "a while was slow for all. Store operations were counted, delayed and cut between Limen and the "
        "store. "
        "Not measured: TLS, networks, and what happens when data no longer fits in "
        f"memory.</p>{term_list(pairs)}"
    )


def _weighed(run: Run) -> str:
    counts = {weight.thing: weight.count for weight in run.weights}
    return ", ".join(f"each {escape(thing)} over {count:,}" for thing, count in counts.items()) or "nothing"


def _asked(run: Run) -> str:
    return ", ".join(f"{name} {escape(_plain(value))}" for name, value in structs.asdict(run.options).items())


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else f"{value}"


def _others(run: Run) -> str:
    found = figures.foreign(run)
    return "unknown" if found is None else f"used {found:.0%} of the processors meanwhile"
