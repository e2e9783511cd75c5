# ruff: noqa: E501 - lines of the page are as long as those of other pages
"""`python -m bench.scale_page`: docs/scale.md of docs/runs/scale.json. No figure in it is written by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUN, PAGE = ROOT / "docs" / "runs" / "scale.json", ROOT / "docs" / "scale.md"
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Load:
    """A deployment at its busiest. What is assumed is here, and in the page's first table."""

    accounts: int
    requests: float = 1e6
    """A second."""
    sessions_each: float = 2
    sign_ins_a_day: float = 0.2
    """Of an account."""
    ends_a_day: float = 0.1
    busy: float = 3
    """How much more the busiest hour has than the day's mean."""
    active: float = 0.02
    """The share of accounts that is there in that hour."""
    access: float = 900
    """Seconds that an access token lives."""
    memory: float = 1_030
    """Seconds that a verifier remembers a revocation: `Lifetimes.memory` of these settings."""
    verifiers: int = 200
    """Processes that check; each sees one in so many requests of a person first."""
    max_staleness: float = 5

    @property
    def sessions(self) -> float:
        return self.accounts * self.sessions_each

    @property
    def sign_ins(self) -> float:
        return self.accounts * self.sign_ins_a_day * self.busy / 86_400

    @property
    def ends(self) -> float:
        return self.accounts * self.ends_a_day * self.busy / 86_400

    @property
    def refreshes(self) -> float:
        return self.accounts * self.active / self.access

    @property
    def first_looks(self) -> float:
        """A token is new to each process that it comes to: at most as often as there are requests."""
        return min(self.refreshes * self.verifiers, self.requests)

    @property
    def pages(self) -> float:
        """Of the feed, asked by all verifiers in a second: each at 0.36 of `max_staleness` in the mean."""
        return self.verifiers / (self.max_staleness * 0.4 * 0.9)


Row = tuple[str, str, Callable[[Load, Figures], str]]


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1_000:
            return f"{value:.3g} {unit}"
        value /= 1_000
    return f"{value:.3g} TB"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _exact(load: Load, f: Figures) -> float:
    entries = load.ends * load.memory
    kept, beyond = min(entries, 1e6), max(entries - 1e6, 0)
    return kept * f["filter: bytes of an event"] + beyond * f["filter: bytes beyond a million"]


ROWS: tuple[Row, ...] = (
    ("sessions", "accounts × 2", lambda w, f: f"{w.sessions:,.0f}"),
    (
        "accounts and sessions in SQLite",
        "accounts × {SQLite: bytes of an account} + sessions × {SQLite: bytes of a session} B",
        lambda w, f: _bytes(
            w.accounts * f["SQLite: bytes of an account"] + w.sessions * f["SQLite: bytes of a session"]
        ),
    ),
    (
        "the same in PostgreSQL",
        "{PostgreSQL: bytes of an account} and {PostgreSQL: bytes of a session} B",
        lambda w, f: _bytes(
            w.accounts * f["PostgreSQL: bytes of an account"]
            + w.sessions * f["PostgreSQL: bytes of a session"]
        ),
    ),
    (
        "sessions in Redis: memory",
        "sessions × {Redis: bytes of a session} B",
        lambda w, f: _bytes(w.sessions * f["Redis: bytes of a session"]),
    ),
    ("sign-ins a second", "accounts × 0.2 × 3 / 86,400", lambda w, f: _rate(w.sign_ins)),
    (
        "… cores for argon2id",
        "× {sign-in: ms of one core for the hash} ms",
        lambda w, f: _rate(w.sign_ins * f["sign-in: ms of one core for the hash"] / 1e3),
    ),
    ("sign-outs and other ends a second", "accounts × 0.1 × 3 / 86,400", lambda w, f: _rate(w.ends)),
    ("refreshes a second, hybrid", "accounts × 0.02 / 900", lambda w, f: _rate(w.refreshes)),
    ("young revocations", "ends × 1,030 s", lambda w, f: _rate(w.ends * w.memory)),
    (
        "filter in each verifier",
        "{filter: bytes of an event} B each up to a million, {filter: bytes beyond a million} B beyond",
        lambda w, f: _bytes(_exact(w, f)),
    ),
    (
        "feed to one verifier, a second",
        "ends × ({HTTP feed: bytes of an event in the stream} + {HTTP feed: bytes of an event in a page}) B"
        " + a page of {HTTP feed: bytes of a page without events} B every 1.8 s",
        lambda w, f: _bytes(
            w.ends
            * (f["HTTP feed: bytes of an event in the stream"] + f["HTTP feed: bytes of an event in a page"])
            + w.pages / w.verifiers * f["HTTP feed: bytes of a page without events"]
        ),
    ),
    (
        "… to 200 verifiers",
        "× 200",
        lambda w, f: _bytes(
            w.verifiers
            * w.ends
            * (f["HTTP feed: bytes of an event in the stream"] + f["HTTP feed: bytes of an event in a page"])
            + w.pages * f["HTTP feed: bytes of a page without events"]
        ),
    ),
    (
        "cores for a million checks a second: seen before",
        "requests × {check: µs seen before} µs",
        lambda w, f: _rate((w.requests - w.first_looks) * f["check: µs seen before"] / 1e6),
    ),
    (
        "… first seen, if a person's requests go to any process",
        "refreshes × 200 × {check: µs first seen, ES256} µs",
        lambda w, f: _rate(w.first_looks * f["check: µs first seen, ES256"] / 1e6),
    ),
    (
        "… first seen, if they go to one",
        "refreshes × {check: µs first seen, ES256} µs",
        lambda w, f: _rate(w.refreshes * f["check: µs first seen, ES256"] / 1e6),
    ),
    (
        "store reads a second: session without a cache",
        "requests",
        lambda w, f: _rate(w.requests),
    ),
    (
        "… how many times what one PostgreSQL on two cores answered",
        "/ {PostgreSQL: lookups a second}",
        lambda w, f: _rate(w.requests / f["PostgreSQL: lookups a second"]),
    ),
    (
        "… or one Redis",
        "/ {Redis: lookups a second}",
        lambda w, f: _rate(w.requests / f["Redis: lookups a second"]),
    ),
    ("store reads a second: hybrid, or session with a cache", "0 for what was seen before", lambda w, f: "0"),
    (
        "store writes a second: hybrid",
        "sign-ins + ends + refreshes",
        lambda w, f: _rate(w.sign_ins + w.ends + w.refreshes),
    ),
    (
        "… share of what one PostgreSQL on two cores took",
        "refreshes / {PostgreSQL: rotations a second} + sign-ins / {PostgreSQL: sessions opened a second}"
        " + ends / {PostgreSQL: revocations a second}",
        lambda w, f: _share(w, f, "PostgreSQL"),
    ),
    (
        "… or one Redis",
        "refreshes / {Redis: rotations a second} + sign-ins / {Redis: sessions opened a second}"
        " + ends / {Redis: revocations a second}",
        lambda w, f: _share(w, f, "Redis"),
    ),
    (
        "share of what one stream of Redis takes",
        "ends / {Redis: revocations a second}",
        lambda w, f: f"{w.ends / f['Redis: revocations a second']:.2%}",
    ),
)


def _share(w: Load, f: Figures, home: str) -> str:
    part = (
        w.refreshes / f[f"{home}: rotations a second"]
        + w.sign_ins / f[f"{home}: sessions opened a second"]
        + w.ends / f[f"{home}: revocations a second"]
    )
    return f"{part:.1%}"


HEAD = """# What each part costs when there are many

`python -m bench.scale docs/runs/scale.json` weighs each part on one machine, and `python -m bench.scale_page` makes this page of
it. Bytes are bytes on any machine. Rates are what client and server did together on {cores} shared cores (Python {python}, SQLite
{sqlite}), so they are floors, and good for comparison with each other more than with yours.

Assumed: two sessions an account; a sign-in every five days and an end every ten; three times the mean in the busiest hour, in which
2 % of the accounts are there; access tokens of 15 minutes; a million requests a second over 200 verifying processes; `max_staleness` 5 s.

| | formula | 1 million accounts | 100 million accounts |
|---|---|---|---|
"""

TAIL = """
## What follows

- **Requests cost cores, not stores**, as long as they are seen before. What costs is the first look: a token is new to each process
  that it comes to. Where a person's requests go to one process (a consistent hash of the cookie in the load balancer) a million
  requests a second need few cores; where they go anywhere, first looks outweigh everything else. `limen lab plan` computes with your numbers.
- **Plain sessions without a cache** ask a store for each request; {lookups:.0f} such PostgreSQL or {redis:.0f} such Redis would have to
  answer a million a second. With the cache, which the same feed keeps honest, it is the hybrid's arithmetic.
- **One feed is enough** for a hundred million accounts: {ends:,.0f} ends a second are {stream:.1%} of what one Redis stream took here, and
  {postgres:.1%} of PostgreSQL's. What a verifier reads of it is less than a picture a second.
- **The filter** stays a few megabytes: it grows with the rate of ends and the life of a token, and not with accounts. Halve `access_lifetime`,
  and it is half as large.

## Where it ends, and what comes then

- **SQLite** ends with one machine, and before that with the size that you want to back up.
- **Redis** keeps all sessions in one slot of a Cluster, because a step that ends a session also appends to the one feed ([redis](redis.md)): its
  breadth is the memory of one server, {memory} at a hundred million accounts. A Cluster gives its failover and not its breadth. Where that is too
  much, keep sessions in PostgreSQL, where they are a table with a primary key that partitions by time, for a UUIDv7 begins with it.
- **Writes** of one PostgreSQL primary are the next limit: sign-ins first, for each is a row, an index entry and a log record.
- **Beyond one feed**: several issuers, each with its accounts (by tenant, or by a hash of the address), its store and its feed. Services take one
  `Verifier` for each. Nothing here shards one issuer's feed, and no measurement says that it has to be.
- **A verifier's first page** after a restart holds all young revocations: {first} at a hundred million accounts. A thousand that come back at
  once spread out by themselves ([verifier](verifier.md)).

## What was measured

| | |
|---|---|
"""


def page(run: Mapping[str, Mapping[str, float]]) -> str:
    """The whole document of a run."""
    figures, large = run["figures"], Load(100_000_000)
    text = HEAD.format(**run["machine"])
    for name, formula, value in ROWS:
        said = formula
        for key, number in figures.items():
            said = said.replace(f"{{{key}}}", f"{number:g}")
        text += f"| {name} | {said} | {value(Load(1_000_000), figures)} | {value(large, figures)} |\n"
    text += TAIL.format(
        lookups=large.requests / figures["PostgreSQL: lookups a second"],
        redis=large.requests / figures["Redis: lookups a second"],
        ends=large.ends,
        stream=large.ends / figures["Redis: revocations a second"],
        postgres=large.ends / figures["PostgreSQL: revocations a second"],
        memory=_bytes(large.sessions * figures["Redis: bytes of a session"]),
        first=_bytes(large.ends * large.memory * figures["HTTP feed: bytes of an event in a page"]),
    )
    return text + "".join(f"| {name} | {value:g} |\n" for name, value in figures.items())


def main() -> int:
    PAGE.write_text(page(json.loads(RUN.read_text())))
    print(f"written to {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
