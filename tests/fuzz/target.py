"""A target: a parser, called with any bytes. It may say no by the errors that it declares, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Run = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """`run` raises what is a finding. `seeds` are whole inputs, `words` what the fuzzer may put into any."""

    name: str
    run: Run
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    runs: int = 3_000
    """In `make test`."""
    longest: int = 4_096
    """Bytes of an input. What is larger is refused by who asks the parser."""


TARGETS: dict[str, dict[str, Target]] = {}
"""By module and name. A module has the targets of the parsers that it imports."""


def target(
    *seeds: bytes | str, words: tuple[bytes, ...] = (), runs: int = 3_000, longest: int = 4_096
) -> Callable[[Run], Run]:
    """Make a function a target of its module."""

    def decorate(run: Run) -> Run:
        module = run.__module__.rpartition(".")[2]
        given = tuple(seed.encode() if isinstance(seed, str) else seed for seed in seeds)
        TARGETS.setdefault(module, {})[run.__name__] = Target(run.__name__, run, given, words, runs, longest)
        return run

    return decorate


def text(raw: bytes) -> str:
    """Any text, lone surrogates among it: what Python makes of bytes from outside (PEP 383)."""
    return raw.decode("utf-8", "surrogateescape")
