"""Prometheus metrics of a Limen or a Verifier, read from what it counts at the moment of a scrape.

    from prometheus_client import REGISTRY
    REGISTRY.register(limen.metrics.Collector(auth))

docs/operating.md says what each means. A label is a fixed word, a code, or the id of a configured client:
never an account, a session, an address, or anything else that whoever asks may choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector as Collects

from limen.metrics.table import METRICS, Counted, Described, Reading, Sample

__all__ = ["METRICS", "Collector", "Counted", "Described", "Sample", "exposition", "registry"]


class Collector(Collects):
    """All of `METRICS` for one Limen or Verifier. `auth` may be what gives the one that counts now."""

    def __init__(self, auth: Counted | Callable[[], Counted]) -> None:
        self._auth = auth

    def collect(self) -> Iterator[Metric]:
        reading = Reading.of(self._auth() if callable(self._auth) else self._auth)
        for described in METRICS:
            yield described.family(described.read(reading))

    def describe(self) -> Iterable[Metric]:
        """Without having started anything: names alone."""
        return [described.family(()) for described in METRICS]


def registry(*collectors: Collects) -> CollectorRegistry:
    """A registry of its own with these, and with what the process takes (`process_…`)."""
    found = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=found)
    for collector in collectors:
        found.register(collector)
    return found


def exposition(found: CollectorRegistry, accept: str = "") -> tuple[bytes, str]:
    """What a scrape is answered, and its media type: OpenMetrics 1.0 where that is asked for."""
    if "application/openmetrics-text" in accept:
        shown: bytes = openmetrics.generate_latest(found)  # type: ignore[no-untyped-call]
        return shown, openmetrics.CONTENT_TYPE_LATEST
    return generate_latest(found), CONTENT_TYPE_PLAIN_0_0_4
