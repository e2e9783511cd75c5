"""The reasons with which a check can refuse a credential, as the source has them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from support.source import Module

CHECKS = (
    "limen.jose.jws",
    "limen.jose.jwt",
    "limen.jose.payloads",
    "limen.strategies",
    "limen.auth",
    "limen.flows.refresh",
)
_OF_A_SIGN_IN = "sign_in_failed"


def refusing(source: Iterable[Module]) -> set[str]:
    """Every reason that is written out where a check of a credential raises Denied."""
    return {
        reason
        for module in source
        if module.name.startswith(CHECKS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        for reason in _reasons(node)
    }


def _reasons(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("denied", "_denied") and call.args:
        yield from _strings(call.args[0])
    if name == "Denied":
        said = {keyword.arg: keyword.value for keyword in call.keywords}
        code = list(_strings(said["code"]))
        if code != [_OF_A_SIGN_IN]:
            yield from _strings(said["reason"]) if "reason" in said else code


def _strings(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _strings(value.body)
        yield from _strings(value.orelse)
