"""Drawings of who says what to whom, as SVG: `make drawings` writes docs/drawings/, a test holds it to this.

A drawing is read by a screen reader as its title and its steps in words. It stands by itself in light and in
dark; within the site it takes the colours of the page (docs/stylesheets/limen.css).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

COLUMN, ROW, TOP = 190, 46, 64
_STYLE = """
svg { color-scheme: light dark; font: 14px system-ui, sans-serif }
.paper { fill: #fff } .ink, .to { fill: #222 } .line { stroke: #777 }
.to { stroke: #fff; stroke-width: 4px; paint-order: stroke }
.actor { fill: #e8f2f0; stroke: #0b665b } .note { fill: #f4f4f4; stroke: #bbb }
.good { stroke: #0b665b; fill: #0b665b } .bad { stroke: #b3261e; fill: #b3261e }
.feed { stroke: #8a5a00; fill: #8a5a00 }
@media (prefers-color-scheme: dark) {
.paper { fill: #1c1f24 } .ink, .to { fill: #e6e6e6 } .to { stroke: #1c1f24 } .line { stroke: #8d939c }
.actor { fill: #17332f; stroke: #6fc3b6 } .note { fill: #282c33; stroke: #555 }
.good { stroke: #6fc3b6; fill: #6fc3b6 } .bad { stroke: #ff9b91; fill: #ff9b91 }
.feed { stroke: #e3b75c; fill: #e3b75c }
}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """`source` says `text` to `target`; to itself it is a note. `kind`: good, bad or feed."""

    source: int
    target: int
    text: str
    kind: str = "good"
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """Columns of those who speak, and what they say from top to bottom."""

    name: str
    title: str
    actors: tuple[str, ...]
    steps: tuple[Step, ...]

    def words(self) -> str:
        """The same as a list of sentences."""
        return " ".join(f"{number}. {self._said(one)}." for number, one in enumerate(self.steps, 1))

    def _said(self, one: Step) -> str:
        if one.source == one.target:
            return f"{self.actors[one.source]}: {one.text}"
        verb = "answers" if one.answer else "to"
        return f"{self.actors[one.source]} {verb} {self.actors[one.target]}: {one.text}"


def svg(drawing: Drawing) -> str:
    """The drawing as a file of its own."""
    width, height = COLUMN * len(drawing.actors), TOP + ROW * len(drawing.steps) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{drawing.name}-title {drawing.name}-desc">',
        f'<title id="{drawing.name}-title">{escape(drawing.title)}</title>',
        f'<desc id="{drawing.name}-desc">{escape(drawing.words())}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        *(_actor(name, column, height) for column, name in enumerate(drawing.actors)),
        *(_step(one, TOP + ROW * row + 30, width) for row, one in enumerate(drawing.steps)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _middle(column: int) -> int:
    return COLUMN * column + COLUMN // 2


def _actor(name: str, column: int, height: int) -> str:
    x = _middle(column)
    return (
        f'<line class="line" x1="{x}" y1="44" x2="{x}" y2="{height - 12}" stroke-dasharray="2 4"/>'
        f'<rect class="actor" x="{x - 76}" y="12" width="152" height="34" rx="6"/>'
        f'<text class="ink" x="{x}" y="34" text-anchor="middle">{escape(name)}</text>'
    )


def _step(one: Step, y: int, width: int) -> str:
    if one.source == one.target:
        return _note(one, y, width)
    begins, ends = _middle(one.source), _middle(one.target)
    way = 1 if ends > begins else -1
    dashes = ' stroke-dasharray="6 4"' if one.answer else ""
    head = f"M{ends} {y} l{-8 * way} -4 v8 z"
    return (
        f'<line class="{one.kind}" x1="{begins}" y1="{y}" x2="{ends - 7 * way}" y2="{y}"{dashes}/>'
        f'<path class="{one.kind}" d="{head}"/>'
        f'<text class="to" x="{(begins + ends) // 2}" y="{y - 7}" text-anchor="middle" font-size="12">'
        f"{escape(one.text)}</text>"
    )


def _note(one: Step, y: int, width: int) -> str:
    wide = 7 * len(one.text) + 20
    x = min(max(4, _middle(one.source) - wide // 2), width - wide - 4)
    return (
        f'<rect class="note" x="{x}" y="{y - 24}" width="{wide}" height="28" rx="4"/>'
        f'<text class="ink" x="{x + wide // 2}" y="{y - 6}" text-anchor="middle" font-size="12">'
        f"{escape(one.text)}</text>"
    )
