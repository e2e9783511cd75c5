"""Every metric that a server exports, read where it is named.

Found is each call that makes one (`Counter("limen_…", "what it counts", ["by"])` and its kin, and the
families that a collector yields), whichever module makes it. Where there is none there is no page.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.site.reference.markdown import NOTE, code, sentence, table
from scripts.site.reference.source import SRC

HEAD = """# Metrics

What `/metrics` answers, in the format of Prometheus. A counter is shown with `_total` behind its name, a
histogram as `_bucket`, `_sum` and `_count`.

"""
KINDS = {
    "Counter": "counter",
    "CounterMetricFamily": "counter",
    "Gauge": "gauge",
    "GaugeMetricFamily": "gauge",
    "Histogram": "histogram",
    "HistogramMetricFamily": "histogram",
    "Info": "info",
    "InfoMetricFamily": "info",
    "Summary": "summary",
    "SummaryMetricFamily": "summary",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is made."""

    name: str
    kind: str
    labels: tuple[str, ...]
    says: str


def page() -> str | None:
    rows = [
        (code(one.name), one.kind, ", ".join(map(code, one.labels)) or "–", sentence(one.says))
        for one in sorted(found(), key=lambda one: one.name)
    ]
    return f"{NOTE}\n{HEAD}{table(('metric', 'kind', 'labels', 'says'), rows)}" if rows else None


def found() -> Iterator[Metric]:
    """The metrics of the source, each once."""
    seen = set()
    for path in sorted(SRC.rglob("*.py")):
        for one in of(ast.parse(path.read_text())):
            if one.name not in seen:
                seen.add(one.name)
                yield one


def of(tree: ast.AST) -> Iterator[Metric]:
    """The metrics that are made in this tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            kind = KINDS.get(ast.unparse(node.func).rpartition(".")[2])
            given = [*map(_literal, node.args), *[None] * 3]
            if kind and isinstance(given[0], str) and given[0].startswith("limen_"):
                named = {key.arg: _literal(key.value) for key in node.keywords}
                labels = named.get("labelnames") or named.get("labels") or given[2] or ()
                says = given[1] if len(node.args) > 1 else named.get("documentation")
                yield Metric(
                    given[0],
                    kind,
                    tuple(map(str, labels if isinstance(labels, list | tuple) else ())),
                    str(says or ""),
                )


def _literal(node: ast.expr) -> object:
    """What an expression is written as; None where it is worked out."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
