"""How one framework's example is started, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules

from conformance import frameworks

PARTS = frozenset({"websocket"})
"""What a framework may say that it cannot do; everything else is asked of each."""


@dataclass(frozen=True, slots=True)
class Framework:
    """`command` is what Python is called with, and `{port}` in it where to listen.

    `before` is what it is called with once before that, where the framework has tables of its own.
    """

    name: str
    command: tuple[str, ...]
    cannot: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.cannot.keys() <= PARTS, f"{self.name} cannot do what nobody asks of it"

    def at(self, port: int) -> list[str]:
        return [part.replace("{port}", str(port)) for part in self.command]


def uvicorn(application: str) -> tuple[str, ...]:
    """The command for an ASGI application, `module:name`."""
    # With uvloop and httptools, as `pip install limen[server]` brings them.
    return (
        "-m", "uvicorn", application, "--port", "{port}", "--log-level", "warning",
        "--lifespan", "on", "--ws", "websockets-sansio",
    )  # fmt: skip


def every() -> dict[str, Framework]:
    """All of them, by name."""
    named = (f"conformance.frameworks.{module.name}" for module in iter_modules(frameworks.__path__))
    found: list[Framework] = [import_module(name).FRAMEWORK for name in named]
    return {one.name: one for one in found}
