"""The words of the audit log: whatever is recorded is explained, and whatever is explained is recorded."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from limen.audit import EVENTS, RESULTS
from support.source import ROOT, Module, modules, parse

RECORDING = {"record": 0, "note": 0, "charge": 1, "move_key": 2, "_told": 4}
"""What takes an event, and as which of its arguments."""


def recorded(source: Iterable[Module]) -> Iterator[tuple[str, str]]:
    """Every event and result that stands in a call, with its place."""
    for module in source:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
                if name == "note" and isinstance(node.func, ast.Name):
                    continue  # a word to whoever runs a command
                said = node.args[RECORDING[name] :][:1] if name in RECORDING else []
                said += [k.value for k in node.keywords if k.arg == "result" and name in RECORDING]
                yield from ((place, module.path) for one in said for place in _words(one))


def _words(node: ast.expr) -> list[str]:
    return [
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def test_every_word_that_is_recorded_is_explained() -> None:
    known = EVENTS.keys() | RESULTS.keys()
    assert [(word, path) for word, path in recorded(modules()) if word not in known] == []


def test_every_word_that_is_explained_is_recorded() -> None:
    texts = [module.text for module in modules() if module.name != "limen.audit"]
    assert [word for word in EVENTS.keys() | RESULTS.keys() if not any(f'"{word}"' in t for t in texts)] == []


def test_a_word_that_nobody_explains_is_seen() -> None:
    text = "async def f(parts):\n    await parts.record('waved', result='maybe')\n    _told(a, b, c, d, 'x')"
    assert sorted(word for word, _ in recorded([parse("limen.flows.x", text)])) == ["maybe", "waved", "x"]


def test_every_word_is_in_the_documentation() -> None:
    page = (ROOT / "docs/admin.md").read_text()
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [word for word in sorted(EVENTS) if word not in listed] == []
    assert [word for word in RESULTS if f"`{word}`" not in page] == []
