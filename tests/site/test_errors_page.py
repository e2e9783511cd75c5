"""docs/errors.md says of each code its class and its status: as they are where the code is raised."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from support.codes import PAGE
from support.source import Module, modules, parse

ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|", re.MULTILINE)
USUAL = {"Rejected": "400", "Throttled": "429", "Misconfigured": "–", "Unavailable": "503"}


def raised(source: Iterable[Module]) -> Iterator[tuple[str, str, str]]:
    """Code, class and status of every error that is made with all of them written there."""
    for module in source:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = {key.arg: key.value for key in node.keywords}
                code, status = named.get("code"), _status(node.func.id, named)
                if isinstance(code, ast.Constant) and status:
                    yield str(code.value), node.func.id, status


def _status(name: str, named: dict[str | None, ast.expr]) -> str:
    """As the page has it; empty where it is not written in the call."""
    if name == "Denied":
        forbidden = named.get("forbidden", ast.Constant(False))
        return (
            {True: "403", False: "401"}.get(forbidden.value, "")
            if isinstance(forbidden, ast.Constant)
            else ""
        )
    status = named.get("status")
    if status is None:
        return USUAL.get(name, "")
    return str(status.value) if isinstance(status, ast.Constant) else ""


def wrong(page: str, source: Iterable[Module]) -> list[tuple[str, str, str]]:
    rows = {code: (name, status) for code, name, status in ROW.findall(page)}
    return sorted({one for one in raised(source) if one[0] in rows and rows[one[0]] != one[1:]})


def test_the_page_has_the_class_and_the_status_of_each_code() -> None:
    assert wrong(PAGE.read_text(), modules()) == []
    assert len({code for code, _, _ in raised(modules())}) >= 60


def test_another_status_is_seen() -> None:
    page = "| `a` | Denied | 401 | x |\n| `b` | Rejected | 409 | x |\n"
    text = "raise Denied('no', code='a', forbidden=True)\nraise Rejected('no', code='b', status=409)"
    assert wrong(page, [parse("limen.keys", text)]) == [("a", "Denied", "403")]
