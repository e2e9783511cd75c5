"""Drawing in SVG by plain code: scales, axes, lines. Colours are classes, so that the page has the themes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """Values between two ends, onto pixels between two others; logarithmic where asked."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(max(value, 1e-12))
        share = (at - low) / (high - low) if high > low else 0.0
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values within the ends."""
        if self.log:
            return _log_ticks(self.low, self.high, most)
        step = _nice((self.high - self.low) / max(most - 1, 1))
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, int(self.high / step + 1e-9) + 1)]


def _nice(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least `rough`."""
    if rough <= 0:
        return 1.0
    power = float(10 ** math.floor(math.log10(rough)))
    return next(unit * power for unit in (1.0, 2.0, 5.0, 10.0) if unit * power >= rough * 0.999)


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    for units in ((1, 2, 5), (1, 3), (1,)):
        found = [
            unit * 10.0**power
            for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            for unit in units
            if low * 0.999 <= unit * 10.0**power <= high * 1.001
        ]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


@dataclass(slots=True)
class Drawing:
    """One SVG of a fixed size in its own units, which the page scales down and never up."""

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def line(self, a: Point, b: Point, kind: str) -> None:
        self.parts.append(
            f'<line class="{kind}" x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}"/>'
        )

    def path(self, points: Sequence[Point], kind: str, *, steps: bool = False) -> None:
        """A line through the points; with `steps` it goes right, then up."""
        if not points:
            return
        text = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
        for x, y in points[1:]:
            text.append(f"H{x:.1f}V{y:.1f}" if steps else f"L{x:.1f} {y:.1f}")
        self.parts.append(f'<path class="{kind}" d="{"".join(text)}"/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> None:
        inner = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
            f'height="{height:.1f}">{inner}</rect>'
        )

    def dot(self, at: Point, kind: str, tip: str = "", radius: float = 3.5) -> None:
        inner = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<circle class="{kind}" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius}">{inner}</circle>'
        )

    def text(self, at: Point, words: str, kind: str = "label", anchor: str = "start") -> None:
        self.parts.append(
            f'<text class="{kind}" x="{at[0]:.1f}" y="{at[1]:.1f}" '
            f'text-anchor="{anchor}">{escape(words)}</text>'
        )

    def svg(self, kind: str) -> str:
        return (
            f'<svg class="{kind}" width="{self.width:g}" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'role="img" aria-label="{escape(self.title, quote=True)}">'
            f"{''.join(self.parts)}</svg>"
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart's field lies within its drawing, with the axes around it."""

    drawing: Drawing
    x: Scale
    y: Scale

    def at(self, x: float, y: float) -> Point:
        return self.x(x), self.y(y)


def framed(
    drawing: Drawing,
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    names: tuple[str, str],
    tick: tuple[Callable[[float], str], Callable[[float], str]],
    log: tuple[bool, bool] = (False, False),
    left: float = 46.0,
) -> Frame:
    """Axes with ticks and names: the y axis's above it, where nobody must turn their head."""
    right, bottom, top = drawing.width - 14, drawing.height - 40, 26.0
    frame = Frame(drawing, Scale(*x, left, right, log[0]), Scale(*y, bottom, top, log[1]))
    for value in frame.y.ticks(5):
        drawing.line((left, frame.y(value)), (right, frame.y(value)), "grid")
        drawing.text((left - 6, frame.y(value) + 4), tick[1](value), "tick", "end")
    for value in frame.x.ticks(5 if drawing.width < 500 else 9):
        drawing.line((frame.x(value), bottom), (frame.x(value), bottom + 4), "axis")
        drawing.text((frame.x(value), bottom + 17), tick[0](value), "tick", "middle")
    drawing.line((left, bottom), (right, bottom), "axis")
    drawing.text((left - 40, 13), names[1], "name")
    drawing.text((right, drawing.height - 6), names[0], "name", "end")
    return frame
