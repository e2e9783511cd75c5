"""The source of `limen` as trees. It is read and not imported, so no framework has to be set up for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[3] / "src"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Defined = ast.ClassDef | Function


def place(module: str) -> Path | None:
    """The file of a module; None if there is none."""
    base = SRC.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()), None)


@cache
def tree(module: str) -> ast.Module:
    path = place(module)
    if path is None:
        raise LookupError(f"there is no module {module}")
    return ast.parse(path.read_text())


def find(module: str, name: str) -> Defined | ast.Assign | ast.AnnAssign | None:
    """The definition of a name that a module has, wherever it comes from."""
    for node in tree(module).body:
        if isinstance(node, Defined) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            return node
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return node
    for taken in ast.walk(tree(module)):
        if isinstance(taken, ast.ImportFrom) and taken.module and taken.module.startswith("limen"):
            for alias in taken.names:
                if (alias.asname or alias.name) == name:
                    return find(taken.module, alias.name)
    return None


def exported(module: str) -> list[str]:
    """`__all__`, or whatever the module defines without an underscore."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return [node.name for node in tree(module).body if isinstance(node, Defined) and node.name[0] != "_"]


def fields(node: ast.ClassDef) -> Iterator[tuple[ast.AnnAssign, str]]:
    """The fields of a record and the text below each, empty if there is none."""
    for one, below in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id[0] != "_":
            said = below.value if isinstance(below, ast.Expr) else None
            text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
            yield one, " ".join(text.split())


def members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The names of an enumeration and their values."""
    if any(ast.unparse(base).endswith("Enum") for base in node.bases):
        for one in node.body:
            if isinstance(one, ast.Assign):
                yield ast.unparse(one.targets[0]), ast.unparse(one.value)


def first(node: ast.AST) -> str:
    """The first paragraph of a docstring, on one line."""
    text = ast.get_docstring(node) if isinstance(node, Defined | ast.Module) else ""
    return " ".join((text or "").split("\n\n")[0].split())


def words(node: ast.AST) -> list[str]:
    """The paragraphs of a docstring, each on one line, as far as they are prose: they say what is raised."""
    text = ast.get_docstring(node) if isinstance(node, Defined | ast.Module) else ""
    found = []
    for part in (text or "").split("\n\n"):
        if part[:1] in (" ", "-", "*"):
            break
        found.append(" ".join(part.split()))
    return found
