"""The project's own source, read as syntax trees. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its dotted name (a package's is that of the folder), its text and its tree."""

    name: str
    path: str
    text: str
    tree: ast.Module
    package: bool = False

    def unit(self) -> str:
        """The concept it belongs to: `limen.jose.jwk` is part of `jose`, `limen` itself of `limen`."""
        return unit(self.name)


@dataclass(frozen=True, slots=True)
class Import:
    """What a module takes: `origin` is a module, `name` what is taken from it, None for the module itself."""

    origin: str
    name: str | None
    line: int
    runtime: bool


def unit(dotted: str) -> str:
    """The first name below `limen`."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "limen" else parts[0]


def parse(name: str, text: str, *, path: str = "", package: bool = False) -> Module:
    return Module(name, path or f"{name}.py", text, ast.parse(text), package)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of `limen`."""
    return tuple(_read(path) for path in sorted(SRC.rglob("*.py")))


def _read(path: Path) -> Module:
    parts = path.relative_to(SRC).with_suffix("").parts
    package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if package else parts)
    return parse(name, path.read_text(), path=str(path.relative_to(ROOT)), package=package)


def imports(module: Module, known: frozenset[str]) -> Iterator[Import]:
    """Every import in a file, those inside functions and under TYPE_CHECKING too.

    `from limen import keys` is an import of the module `limen.keys` where `known` has such a module.
    """
    typed = _under_type_checking(module.tree)
    for node in ast.walk(module.tree):
        runtime = id(node) not in typed
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, None, node.lineno, runtime) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                if inner in known:
                    yield Import(inner, None, node.lineno, runtime)
                else:
                    yield Import(origin, alias.name, node.lineno, runtime)


def _under_type_checking(tree: ast.Module) -> frozenset[int]:
    guarded = [
        statement
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
    ]
    return frozenset(id(inner) for statement in guarded for inner in ast.walk(statement))


def names() -> frozenset[str]:
    """The dotted names of all modules of `limen`."""
    return frozenset(module.name for module in modules())


def dotted(node: ast.AST) -> str | None:
    """`time.monotonic` of the attribute that is written so; None for anything less plain."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return None if left is None else f"{left}.{node.attr}"
    return None


def references(module: Module) -> Iterator[tuple[str, int]]:
    """Every dotted name that is used, under the name of its origin: aliases are looked through."""
    aliases = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            aliases.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}", node.lineno
    for node in ast.walk(module.tree):
        name = dotted(node)
        if name is not None and isinstance(node, ast.Name | ast.Attribute):
            head, _, rest = name.partition(".")
            yield aliases.get(head, head) + (f".{rest}" if rest else ""), node.lineno
