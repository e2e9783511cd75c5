"""What every part of the page is made of: sections, figures with their captions, tables with intervals."""

from __future__ import annotations

from html import escape

from limen.lab.catalogue import Figure, number
from limen.lab.page import charts
from limen.lab.records import Cell, Run
from limen.lab.summary import lags_of, span


def section(title: str, words: str, inner: str) -> str:
    return f"<section><h2>{title}</h2><p>{words}</p>{inner}</section>"


def figure(svg: str, run: Run, words: str, above: str = "") -> str:
    return f"{above}<figure>{svg}<figcaption>{escape(words)} Run {escape(run.id)}.</figcaption></figure>"


def legend(run: Run, *, references: bool = False, peers: bool = True) -> str:
    cells = [c for c in run.cells() if not c.is_reference or (references and c.strategy == "bare")]
    return charts.legend([cell for cell in cells if peers or not cell.is_peer])


def table(run: Run, shown: list[Figure], *, intervals: bool = True) -> str:
    head = "".join(f"<th scope=col>{escape(f.title)}{f', {f.unit}' if f.unit else ''}</th>" for f in shown)
    rows = "".join(_row(run, cell, shown, intervals) for cell in run.cells() if _has_any(run, cell, shown))
    return (
        f'<div class="scroll"><table><caption>Run {escape(run.id)}</caption><thead><tr><th '
        "scope=col>cell</th>"
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _has_any(run: Run, cell: Cell, shown: list[Figure]) -> bool:
    return any(figure.of(run, cell) is not None for figure in shown)


def _row(run: Run, cell: Cell, shown: list[Figure], intervals: bool) -> str:
    cells = "".join(f"<td>{_value(run, cell, figure, intervals)}</td>" for figure in shown)
    kind = ' class="reference"' if cell.is_reference else ""
    return f"<tr{kind}><th scope=row>{escape(cell.name)}</th>{cells}</tr>"


def _value(run: Run, cell: Cell, figure: Figure, intervals: bool) -> str:
    lag = lags_of(run, cell)
    if figure.key.startswith("lag") and lag is not None and lag.outlived:
        return f"till expiry<small>{span(lag.promised)}</small>" if intervals else "till expiry"
    found = figure.of(run, cell)
    if found is None:
        return "–"
    around = (
        f"<small>{number(found.low)} – {number(found.high)}</small>" if intervals and not figure.exact else ""
    )
    return f"{number(found.value)}{around}"
