"""Password hashes as one page: what each costs here, beside what it costs who has stolen them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from msgspec import Struct

from limen.lab import hashes
from limen.lab.catalogue import number
from limen.lab.hashes import Hashed
from limen.lab.page import charts
from limen.lab.page.document import captioned, cards, document, header, plain_table, term_list
from limen.lab.page.drawing import Drawing, framed
from limen.lab.page.tables import section
from limen.lab.records import Machine

_KINDS = {"argon2id": "s-hybrid", "bcrypt": "s-jwt"}
_GUESSES = 1e9
"""Of a password, to have something that people can imagine."""
_DAY = 86_400.0


class Hashing(Struct, frozen=True):
    """What was measured, when, where, and what for."""

    id: str
    machine: Machine
    target: float
    found: Sequence[Hashed]
    best: Hashed


def hash_page(hashing: Hashing) -> str:
    """The whole document."""
    best, m = hashing.best, hashing.machine
    settings = "\n".join(f"{name} = {value}" for name, value in best.settings.items())
    body = (
        header(
            f"Limen lab · hashes, run {hashing.id}",
            f"Take {best.scheme}, {best.parameters}",
            f"It takes {number(best.seconds * 1e3)} ms here, on {m.cores} cores of {m.processor}, where "
            f"{number(hashing.target * 1e3)} ms were allowed, and costs an attacker more than "
            "whatever else does.",
        )
        + cards(_answers(best))
        + section("In limen.toml", "Ready to paste.", f"<pre><code>{escape(settings)}</code></pre>")
        + section(
            "What you pay, and what an attacker pays",
            "To the right it costs you more time, further down an attacker makes fewer guesses: down and to "
            "the left is what you want. A larger dot takes more memory, here and there.",
            captioned(_trade(hashing), f"{_source()} Run {hashing.id}.", _legend()),
        )
        + section(
            "Milliseconds and memory",
            "The upper bar of each is time, the lower memory: sign-ins at the same moment need both "
            "for each.",
            captioned(_bars(hashing), f"Medians. Run {hashing.id}.", charts.swatches(
                [("part-authentication", "milliseconds"), ("part-framework", "MiB")])),
        )
        + _table(hashing)
        + f"<h2>What it stands on</h2>{term_list([('source', escape(hashes.SOURCE))])}"
    )  # fmt: skip
    return document(f"Limen lab, hashes, run {hashing.id}", body)


def _answers(best: Hashed) -> list[tuple[str, str]]:
    days = _GUESSES / best.attacker / _DAY
    return [
        (f"{number(best.seconds * 1e3)} ms", "of one processor for each sign-in"),
        (f"{number(best.memory / 2**20)} MiB", "while it runs, for each that runs at once"),
        (f"{number(best.pooled)} a second", "in the pool, on all cores: so many sign-ins there are at most"),
        (
            f"{number(days)} days" if days >= 0.1 else f"{number(days * 24)} hours",
            f"for a thousand million guesses at one password on one {hashes.CARD}, at least",
        ),
    ]


def _trade(hashing: Hashing) -> str:
    """Attacker's guesses against milliseconds, both by tens."""
    times = [one.seconds * 1e3 for one in hashing.found]
    rates = [one.attacker for one in hashing.found]

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing,
            (min(times) / 2, max(*times, hashing.target * 1e3) * 2),
            (min(rates) / 3, max(rates) * 3),
            names=("milliseconds here", f"guesses a second, one {hashes.CARD}, at most"),
            tick=(charts.plain, charts.thousands),
            log=(True, True),
            left=56,
        )
        edge = frame.x(hashing.target * 1e3)
        drawing.line((edge, frame.y.start), (edge, frame.y.end), "moment")
        drawing.text((edge + 4, frame.y.end + 10), "allowed", "value")
        for place, one in enumerate(hashing.found):
            at = frame.at(one.seconds * 1e3, one.attacker)
            tip = f"{one.scheme}, {one.parameters}: {number(one.seconds * 1e3)} ms"
            drawing.dot(at, f"dot {_KINDS[one.scheme]}", tip, 3.5 + (one.memory / 2**20) ** 0.5 / 2)
            best = " ←" if one is hashing.best else ""
            drawing.text((at[0] + 8, at[1] + (17 if place % 2 else -8)), f"{_short(one)}{best}", "value")

    return charts.both("What you pay and what an attacker pays", 320, draw, wide=charts.WIDE)


def _bars(hashing: Hashing) -> str:
    longest = max(one.seconds for one in hashing.found)
    largest = max(one.memory for one in hashing.found)

    def draw(drawing: Drawing) -> None:
        left = 150.0 if drawing.width > 500 else 120.0
        room = drawing.width - left - 80
        for place, one in enumerate(hashing.found):
            top = 6 + 36.0 * place
            drawing.text((left - 8, top + 17), f"{one.scheme} {_short(one)}", "label", "end")
            for row, (share, words, kind) in enumerate((
                (one.seconds / longest, f"{number(one.seconds * 1e3)} ms", "part-authentication"),
                (one.memory / largest, f"{number(one.memory / 2**20)} MiB", "part-framework"),
            )):  # fmt: skip
                drawing.rect(left, top + 13 * row, share * room, 11, kind, words)
                drawing.text((left + share * room + 5, top + 13 * row + 10), words, "value")

    return charts.both("Milliseconds and memory", 36 * len(hashing.found) + 8, draw, wide=charts.WIDE)


def _short(one: Hashed) -> str:
    return one.parameters.replace(" passes", "×").replace(" pass", "×").replace("cost ", "")


def _legend() -> str:
    dots = "".join(
        '<li><svg width="12" height="12" aria-hidden="true">'
        f'<circle class="dot {kind}" cx="6" cy="6" r="5"/></svg>'
        f"{name}</li>"
        for name, kind in _KINDS.items()
    )
    return f'<ul class="legend">{dots}</ul>'


def _source() -> str:
    return f"{hashes.SOURCE[0].upper()}{hashes.SOURCE[1:]}."


COLUMNS = ("scheme", "ms", "MiB", "a second, one core", "all cores", f"{hashes.CARD}, at most", "")


def rows(hashing: Hashing) -> list[list[str]]:
    """What was measured, as text under COLUMNS."""
    return [
        [
            f"{one.scheme}, {one.parameters}",
            number(one.seconds * 1e3),
            number(one.memory / 2**20),
            number(one.per_core),
            number(one.pooled),
            number(one.attacker),
            "recommended" if one is hashing.best else "",
        ]
        for one in hashing.found
    ]


def _table(hashing: Hashing) -> str:
    table = plain_table(f"Run {hashing.id}", COLUMNS, rows(hashing))
    return section("Every number", "Hashes a second are of one processor alone, then of the pool.", table)
