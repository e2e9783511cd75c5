"""J53: bytes that only their holder knows are compared in constant time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import pytest

from support.source import Module, modules, parse

HIDDEN = re.compile(r"(^|_)(mac|hmac|tag|digest|hexdigest|signature|finalize|secret|verifier_hash)$")
"""Names of what a caller could guess byte by byte."""
ALLOWED = {
    "limen.stores.memory: session.digest != spent": "SHA-256 of what was given, as SQL compares it: nobody "
    "chooses how far it agrees",
}
"""`module: comparison`, and why its timing tells nothing."""


def comparisons(source: Iterable[Module]) -> list[str]:
    """Each `==` or `!=` with something hidden on one side, as `module: comparison`."""
    return [
        f"{module.name}: {ast.unparse(node)}"
        for module in source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare)
        if any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        if any(HIDDEN.search(_last_name(side)) for side in (node.left, *node.comparators))
    ]


def _last_name(node: ast.expr) -> str:
    """`digest` of `row.digest`, `hmac.digest(…)` and `digest[:8]`; nothing of a constant."""
    if isinstance(node, ast.Call | ast.Subscript):
        return _last_name(node.func if isinstance(node, ast.Call) else node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_J53_what_is_hidden_is_compared_in_constant_time() -> None:
    assert [found for found in comparisons(modules()) if found not in ALLOWED] == []


def test_J53_what_is_allowed_is_still_there() -> None:
    assert ALLOWED.keys() - set(comparisons(modules())) == set()


@pytest.mark.parametrize(
    "text",
    [
        "a = signature == other",
        "a = hmac.digest(key, m, 'sha256') != given",
        "a = row.digest == digest",
        "a = keyed.finalize() == tag[:16]",
        "a = given == self._secret",
    ],
)
def test_J53_a_comparison_that_takes_its_time_is_seen(text: str) -> None:
    assert comparisons([parse("limen.sessions", text)]) != []


@pytest.mark.parametrize(
    "text", ["a = len(signature) != 64", "a = compare_digest(mac, given)", "a = secret is None"]
)
def test_J53_a_length_is_no_secret(text: str) -> None:
    assert comparisons([parse("limen.sessions", text)]) == []
