"""Every metric that a server exports, read where it is named.

Found is each call that describes one or makes one (`Counter("limen_…", "what it counts", ["by"])` and its
kin), in whichever module. Where there is none there is no page.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.site.reference.markdown import NOTE, code, sentence, table
from scripts.site.reference.source import SRC

HEAD = """# Metrics

What `/metrics` answers, in the format of Prometheus. A histogram is shown as `_bucket`, `_sum` and
`_count`.

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
    return f"{HEAD}{table(('metric', 'kind', 'labels', 'says'), rows)}{NOTE}" if rows else None


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
            made = ast.unparse(node.func).rpartition(".")[2]
            given = [*map(_literal, node.args), *[None] * 4]
            if made in KINDS:  # name, meaning, labels
                given.insert(1, KINDS[made])
            elif made != "Described":  # limen.metrics: name, kind, meaning, labels
                continue
            name, kind, says, labels = given[:4]
            named = {key.arg: _literal(key.value) for key in node.keywords}
            labels = labels or named.get("labelnames") or named.get("labels") or ()
            if isinstance(name, str) and name.startswith("limen_") and isinstance(labels, list | tuple):
                written = f"{name}_total" if kind == "counter" else name
                says = says or named.get("documentation") or ""
                yield Metric(written, str(kind), tuple(map(str, labels)), str(says))


def _literal(node: ast.expr) -> object:
    """What an expression is written as; None where it is worked out."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
