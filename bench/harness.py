"""Rounds that take turns, medians, and one record for each figure."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One ratio and its bound, which is a least ("most" is better) or a highest value ("least" is better).

    A name without a slash says the unit of what is no ratio.
    """

    name: str
    ratio: float
    bound: float | None
    better: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> bool | None:
        if self.bound is None:
            return None
        return self.ratio >= self.bound if self.better == "most" else self.ratio <= self.bound

    @property
    def shown(self) -> str:
        return amount(self.name, self.ratio)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kept": self.kept}


def amount(name: str, value: float) -> str:
    """A figure as people read it."""
    return f"{value:.2f} ×" if " / " in name else f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"


Samples = dict[str, list[float]]


def interleave(
    sides: Mapping[str, Callable[[], object]], *, seconds: float = 4.0, rounds: int = 41
) -> Samples:
    """Seconds per call of each side, a sample a round. Each side gets about the same time a round."""
    share = seconds / rounds / len(sides)
    counts = {name: _count(side, share) for name, side in sides.items()}
    samples: Samples = {name: [] for name in sides}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, side in sides.items():
                samples[name].append(_time(side, counts[name]))
    finally:
        gc.enable()
    return samples


async def interleave_async(
    sides: Mapping[str, Callable[[int], Awaitable[None]]], *, number: Mapping[str, int], rounds: int = 15
) -> Samples:
    """As `interleave`, for sides that do `n` operations when awaited."""
    samples: Samples = {name: [] for name in sides}
    for name, side in sides.items():
        await side(max(number[name] // 10, 1))
    for _ in range(rounds):
        for name, side in sides.items():
            start = time.perf_counter()
            await side(number[name])
            samples[name].append((time.perf_counter() - start) / number[name])
    return samples


def ratio(samples: Samples, above: str, below: str) -> float:
    """The median over the rounds of above / below."""
    return statistics.median(a / b for a, b in zip(samples[above], samples[below], strict=True))


def medians(samples: Samples) -> dict[str, float]:
    """Median microseconds per operation of each side."""
    return {name: round(statistics.median(values) * 1e6, 3) for name, values in samples.items()}


def _count(side: Callable[[], object], share: float) -> int:
    count = 1
    while True:
        taken = _time(side, count) * count
        if taken > share / 4:
            return max(int(count * share / taken), 1)
        count *= 4


def _time(side: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        side()
    return (time.perf_counter() - start) / count
