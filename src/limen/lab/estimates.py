"""A plan's numbers as people read them: one list, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable
from math import isinf

from limen.lab.catalogue import number
from limen.lab.plan import Estimate
from limen.lab.summary import span

ROWS: tuple[tuple[str, Callable[[Estimate], str]], ...] = (
    ("cores for authentication", lambda e: number(e.cores)),
    ("cores for password hashes", lambda e: number(e.hashing_cores)),
    ("first looks a second", lambda e: number(e.first_looks)),
    ("store reads a second", lambda e: number(e.reads)),
    ("store writes a second", lambda e: number(e.writes)),
    ("feed reads a second", lambda e: number(e.feed_reads)),
    ("feed events a second, delivered", lambda e: number(e.feed_events)),
    ("sessions in the store", lambda e: size(e.stored)),
    ("young revocations", lambda e: number(e.filtered)),
    ("memory of each process", lambda e: size(e.memory)),
    ("credentials on the wire", lambda e: f"{number(e.traffic * 8 / 1e6)} Mbit/s"),
    ("the store adds to a request", lambda e: span(e.added)),
    ("waiting for the processor", lambda e: span(e.wait)),
    ("revoked lives on, typically", lambda e: long(e.revoked_typical)),
    ("revoked lives on, at worst", lambda e: long(e.revoked_worst)),
    ("stolen, unnoticed, lives", lambda e: "while used" if isinf(e.stolen) else long(e.stolen)),
    ("requests refused in an outage", lambda e: number(e.refused)),
    ("a storm: events delivered", lambda e: number(e.storm_events)),
    ("a storm: longest wait to sign in", lambda e: _ever(e.storm_longest)),
    ("a storm: over after", lambda e: _ever(e.storm_over)),
    ("money a month", lambda e: number(e.money)),
)
"""What it is, and the number in its unit."""


def long(seconds: float) -> str:
    """A duration, in hours where it is many minutes."""
    return f"{number(seconds / 3_600)} h" if seconds >= 7_200 else span(seconds)


def size(value: float) -> str:
    """Bytes, in the unit that people say."""
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= of:
            return f"{number(value / of)} {unit}"
    return f"{number(value)} B"


def _ever(seconds: float) -> str:
    return "never" if isinf(seconds) else long(seconds)
