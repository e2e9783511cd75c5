"""The questions of the page, each with its picture. One that nothing was measured for is left out."""

from __future__ import annotations

from html import escape

from limen.lab.catalogue import FIGURES, by_key, number
from limen.lab.page import charts
from limen.lab.page.tables import figure, legend, section, table
from limen.lab.records import Outage, Run
from limen.lab.statistics import median
from limen.lab.summary import label, outages_of, span, stores


def glance(run: Run) -> str:
    keys = (
        "authentication",
        "relative",
        "p50",
        "p99",
        "reads-seen",
        "reads-unseen",
        "reads-stale",
        "lag-p99",
        "store-refused",
        "session",
    )
    return (
        "<h2>At a glance</h2><p>Smaller is better, but for throughput. A row for each strategy on each "
        "store; "
        "<em>no cache</em> asks the store at every request.</p>"
        + table(run, [by_key(key) for key in keys], intervals=False)
    )


def processor(run: Run) -> str:
    parts = [
        ("part-network", "sockets and event loop"),
        ("part-framework", "server and framework"),
        ("part-authentication", "authentication"),
    ]
    return section(
        "Where a request’s time on the processor goes",
        "What a server costs per request says how many of them you need. Each part is the difference "
        "between two "
        "servers that differ in one thing: a socket that only answers, the same with uvicorn and "
        "Starlette, the "
        "same with Limen before it.",
        figure(
            charts.cost_bars(run),
            run,
            "Medians of the rounds; the table below has the intervals. "
            f"{run.options.concurrency} requests at once.",
            charts.swatches(parts),
        )
        + _of_peers(run),
    )


def _of_peers(run: Run) -> str:
    if not any(cell.is_peer for cell in run.cells()):
        return ""
    words = "Other libraries, each less the framework that it stands on, at another scale."
    return figure(charts.cost_bars(run, peers=True), run, words)


def latency(run: Run) -> str:
    inner = "".join(
        figure(
            charts.latencies(run, store),
            run,
            f"All requests of all rounds on {store}, "
            f"{run.options.concurrency} at once, each sent when the one before was answered.",
        )
        for store in stores(run)
    )
    return section(
        "How long an answer takes",
        "Read a line from the left: the sooner it rises, the better, and where it bends away at the top is "
        "what "
        "the slowest requests get.",
        f"{legend(run, references=True)}<div class=pair>{inner}</div>",
    )


def throughput(run: Run) -> str:
    if not _has_curve(run):
        return ""
    inner = "".join(
        figure(
            charts.throughput(run, store),
            run,
            f"On {store}, medians of three short turns at each concurrency.",
        )
        for store in stores(run)
    )
    return section(
        "Throughput against concurrency",
        f"With {run.options.workers} server process{'es' if run.options.workers > 1 else ''} a cell, a "
        "line goes "
        "flat where the processor is full; more requests at once then only wait longer.",
        f"{legend(run, references=True)}<div class=pair>{inner}</div>",
    )


def _has_curve(run: Run) -> bool:
    """Whether there is a curve to draw."""
    return any(turn.kind == "curve" for turn in run.turns)


def lag(run: Run) -> str:
    shared = [s for s in stores(run) if any(lag.apart for lag in run.lags if lag.cell.store == s)]
    if not shared:
        return ""
    first = next(lag for lag in run.lags if lag.apart)
    inner = "".join(
        figure(
            charts.lag_curve(run, store),
            run,
            f"On {store}. A second process was asked every {span(first.every)} "
            f"with the credential that the first had signed out, for {span(first.watched)} at most."
            f"{_outlived(run, store)}",
        )
        for store in shared
    )
    return section(
        "How soon a sign-out is true everywhere",
        "A sign-out is worth what the slowest process makes of it. Without a cache the next read knows; "
        "with the "
        "feed it is a matter of milliseconds; a token alone knows nothing of it until it expires.",
        f"{legend(run, peers=False)}<div class=pair>{inner}</div>",
    )


def _outlived(run: Run, store: str) -> str:
    """Whose line stays at nothing."""
    names = [label(lag.cell) for lag in run.lags if lag.cell.store == store and lag.outlived]
    return f" Not once in effect by then: {', '.join(names)}; it ends with the token." if names else ""


def outage(run: Run) -> str:
    inner = ""
    for what, words in (
        (
            "store",
            "The process that is asked reaches no store; another, where there is one, signs people out.",
        ),
        ("feed", "The store answers, but the feed of revocations does not get through."),
    ):
        several = outages_of(run, what)
        if several:
            said = f"{words}{_stopped(several)} {_signed_out(run, what)}"
            inner += figure(charts.outage_strips(run, what), run, said)
            inner += _outage_numbers(run, what)
    if not inner:
        return ""
    kinds = [
        ("beat-good", "as it should be"),
        ("beat-slow", "… after more than a second"),
        ("beat-unavailable", "refused (503)"),
        ("beat-late", "revoked, let in within the promise"),
        ("beat-wrong", "revoked, let in against the promise"),
    ]
    return section(
        "What an outage does",
        "Time runs to the right; each column is a quarter of a second of requests, a blank one had none, for "
        "as many as may be on their way were waiting. A strategy that needs "
        "the store "
        "refuses when it is away. The feed lets requests go on for max_staleness "
        f"({span(run.options.max_staleness)}), "
        "then nobody guesses: the store is asked, and where it cannot answer, the answer is no.",
        charts.swatches(kinds) + inner,
    )


def _stopped(several: list[Outage]) -> str:
    """Which stores were really stopped, and not only out of reach."""
    names = dict.fromkeys(outage.cell.store for outage in several if outage.how == "stopped")
    if not names:
        return ""
    return (
        f" On {' and '.join(names)} the server itself was stopped and started again: some had signed "
        "out just "
        "before it, and whoever tried meanwhile was told that it is not done."
    )


def _outage_numbers(run: Run, what: str) -> str:
    keys = [f"{what}-{key}" for key in ("refused", "slow", "late", "wrong", "recovery")]
    return table(run, [by_key(key) for key in keys])


def _signed_out(run: Run, what: str) -> str:
    """How many ended meanwhile, and where."""
    found = outages_of(run, what)
    apart = [str(outage.revoked) for outage in found if outage.apart]
    alone = [str(outage.revoked) for outage in found if not outage.apart]
    parts = [f"{', '.join(apart)} by another process"] if apart else []
    parts += [f"{', '.join(alone)} by the process itself"] if alone else []
    return f"Signed out meanwhile, cell by cell: {'; '.join(parts)}."


def scale(run: Run) -> str:
    inner = "".join(
        figure(
            charts.cores_needed(run, store),
            run,
            f"Processor time per request, measured on {store}, times the "
            "rate. A straight line is an assumption: it leaves out what saturates first.",
        )
        for store in stores(run)
    )
    return section(
        "What it costs at scale",
        "How many cores do nothing but authenticate, at a rate of requests. <code>limen lab plan</code> adds "
        "stores, memory, traffic and money.",
        f"{legend(run)}<div class=pair>{inner}</div>",
    )


def hashing(run: Run) -> str:
    if not run.hashing:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{escape(one.scheme)}</th><td>{number(median(one.seconds) * 1e3)} ms</td>"
        f"<td>{number(one.pooled_per_second)}</td><td>{one.threads}</td></tr>"
        for one in run.hashing
    )
    keys = ("sign-in", "sign-in-cost", "refresh", "refresh-cost")
    return section(
        "Signing in, and refreshing",
        "A sign-in is dear because a password hash must be. The rest of it was measured with hashes that "
        "cost "
        "nothing, so both can be seen: add one hash to each sign-in.",
        '<div class="scroll"><table><caption>Password hashes, run '
        f"{escape(run.id)}</caption><thead><tr><th>scheme"
        "<th>one<th>a second, all threads<th>threads</tr></thead><tbody>"
        f"{rows}</tbody></table></div>" + table(run, [by_key(key) for key in keys]),
    )


def every(run: Run) -> str:
    """Every figure, with its interval."""
    shown = [figure for figure in FIGURES if any(figure.of(run, cell) for cell in run.cells())]
    groups = [shown[place : place + 6] for place in range(0, len(shown), 6)]
    tables = "".join(table(run, group) for group in groups)
    return section(
        "Every figure",
        "The median, and below it the interval that holds the true one 19 times in 20 if rounds are alike. "
        "What "
        "was counted and not timed has none.",
        f"<details open><summary>{len(shown)} figures</summary>{tables}</details>",
    )
