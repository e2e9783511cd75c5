"""At 400 lines a file and 40 a function, look for the second name inside."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from support.source import Module, modules, parse

FILE, FUNCTION = 400, 40

LARGER = {
    "limen.auth": (600, "the one object an application holds: each method hands on to one flow"),
    "limen.auth.Limen.__init__": (90, "the list of the parts, made in order, without a branch"),
    "limen.verifier.Verifier.__init__": (80, "the same list, and every option by its name"),
}
"""What may be larger, up to how many lines, and why."""


def sizes(source: Iterable[Module]) -> Iterator[tuple[str, int, int]]:
    """Name, lines and limit of each module and each function."""
    for module in source:
        yield module.name, len(module.text.splitlines()), FILE
        yield from ((name, lines, FUNCTION) for name, lines in _functions(module.tree, module.name))


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, int]]:
    for inner in ast.iter_child_nodes(node):
        name = within
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{inner.name}"
            if not isinstance(inner, ast.ClassDef):
                yield name, (inner.end_lineno or inner.lineno) - inner.lineno + 1
        yield from _functions(inner, name)


def too_large(source: Iterable[Module]) -> list[str]:
    return [
        f"{name}: {lines} lines, {LARGER.get(name, (limit, ''))[0]} are allowed"
        for name, lines, limit in sizes(source)
        if lines > LARGER.get(name, (limit, ""))[0]
    ]


def test_nothing_is_larger_than_its_name() -> None:
    assert too_large(modules()) == []


def test_what_may_be_larger_still_is() -> None:
    outgrown = {name for name, lines, limit in sizes(modules()) if lines > limit}
    assert LARGER.keys() - outgrown == set()


def test_a_large_file_and_a_large_function_are_seen() -> None:
    text = "class A:\n    async def f(self):\n" + "        x = 1\n" * 40
    assert too_large([parse("limen.keys", text)]) == ["limen.keys.A.f: 41 lines, 40 are allowed"]
    assert too_large([parse("limen.keys", "x = 1\n" * 401)]) == ["limen.keys: 401 lines, 400 are allowed"]
