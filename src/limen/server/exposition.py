"""What a scrape of this process is answered: the metrics of its Limen, and of those who follow its feed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as Collects

from limen import metrics
from limen.clock import Seconds
from limen.metrics import Described
from limen.server.followers import Follower
from limen.server.site import Site
from limen.server.wire import Answer, Call

_GONE: Seconds = 300.0
"""A follower that was not heard of for so long was ended, and is nobody's concern."""

_UNMEASURED = -1.0


def _by_client(read: Callable[[Site, list[Follower]], float]) -> Callable[[Site], list[metrics.Sample]]:
    """One figure of the followers of each client that were heard of lately."""

    def figures(site: Site) -> list[metrics.Sample]:
        now = site.auth.clock.monotonic()
        found: dict[str, list[Follower]] = {}
        for one in site.followers.all():
            if now - one.heard <= _GONE or one.streams:
                found.setdefault(one.client, []).append(one)
        return [((client,), read(site, those)) for client, those in sorted(found.items())]

    return figures


def _age(site: Site, those: list[Follower]) -> float:
    return max(site.auth.clock.monotonic() - one.heard for one in those)


def _behind(site: Site, those: list[Follower]) -> float:
    return max(max(site.auth.filter.position - one.position, 0) for one in those)


def _lag(_: Site, those: list[Follower]) -> float:
    return max((one.lag for one in those if one.lag is not None), default=_UNMEASURED)


FOLLOWERS: tuple[Described[Site], ...] = (
    Described(
        "limen_followers",
        "gauge",
        "Followers of the feed over HTTP that this process heard of in the last five minutes, by client.",
        ("client",),
        _by_client(lambda _, those: len(those)),
    ),
    Described(
        "limen_follower_streams",
        "gauge",
        "Streams of the feed that are open in this process, by client.",
        ("client",),
        _by_client(lambda _, those: sum(one.streams for one in those)),
    ),
    Described(
        "limen_follower_age_seconds",
        "gauge",
        "Since the follower that is longest silent asked this process for a page, by client.",
        ("client",),
        _by_client(_age),
    ),
    Described(
        "limen_follower_behind_revocations",
        "gauge",
        "How many events the follower that is furthest behind had not seen when it last asked, by client.",
        ("client",),
        _by_client(_behind),
    ),
    Described(
        "limen_canary_follower_lag_seconds",
        "gauge",
        "From the canary's last end until the slowest follower had asked for it, by client.",
        ("client",),
        lambda site: [sample for sample in _by_client(_lag)(site) if sample[1] != _UNMEASURED],
    ),
)
"""The label is the id of a client of the configuration; several behind it are told as the worst of them."""


class FollowersCollector(Collects):
    """`FOLLOWERS` of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        for described in FOLLOWERS:
            yield described.family(described.read(self._site))

    def describe(self) -> Iterable[Metric]:
        return [described.family(()) for described in FOLLOWERS]


def scraped(site: Site, call: Call) -> Answer:
    """All that this process says of itself, in the form that the scraper asks for."""
    found = metrics.registry(metrics.Collector(site.auth), FollowersCollector(site))
    accept = b",".join(call.all(b"accept")).decode("latin-1")
    body, media = metrics.exposition(found, accept)
    return Answer(200, body, ((b"content-type", media.encode()),))
