"""The stable codes of errors: which the source can raise, and which docs/errors.md explains.

`PYTHONPATH=tests .venv/bin/python -m support.codes` lists the difference.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator

from support.source import ROOT, Module, modules

PAGE = ROOT / "docs" / "errors.md"
SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
ERRORS = frozenset({"LimenError", "Denied", "Rejected", "Throttled", "Misconfigured", "Unavailable"})


def used(source: Iterable[Module]) -> dict[str, str]:
    """Code → the first place that names it, `path:line`."""
    found: dict[str, str] = {}
    for module in source:
        for value, line in _values(module):
            for literal in _strings(value):
                found.setdefault(literal, f"{module.path}:{line}")
    return found


def unreadable(source: Iterable[Module]) -> list[str]:
    """Places that give an error a code which is not written there, so that nobody can list it.

    Handing on one's own argument `code` is no such place: whoever calls has written it.
    """
    return [
        f"{module.path}:{line}: code={ast.unparse(value)}"
        for module in source
        for value, line in _values(module, only_errors=True)
        if not list(_strings(value)) and ast.unparse(value) != "code"
    ]


def explained(page: str) -> list[str]:
    """The codes that have a row in the page."""
    return _ROW.findall(page)


def _values(module: Module, *, only_errors: bool = False) -> Iterator[tuple[ast.expr, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            if only_errors and not (isinstance(node.func, ast.Name) and node.func.id in ERRORS):
                continue
            yield from ((k.value, node.lineno) for k in node.keywords if k.arg == "code")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from ((value, node.lineno) for arg, value in defaults if arg.arg == "code" and value)


def _strings(value: ast.expr) -> Iterator[str]:
    """The literals that an expression can come to: itself, or the branches of a condition."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _strings(value.body)
        yield from _strings(value.orelse)


def main() -> int:
    raised, rows = used(modules()), set(explained(PAGE.read_text()))
    for code in sorted(raised.keys() - rows):
        print(f"not explained: {code} ({raised[code]})")
    for code in sorted(rows - raised.keys()):
        print(f"raised nowhere: {code}")
    return int(raised.keys() != rows)


if __name__ == "__main__":
    sys.exit(main())
