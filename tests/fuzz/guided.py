"""One target under atheris, in a process of its own: `python -m fuzz.guided MODULE TARGET WATCHED [OPTION…]`.

The modules of ours that are watched decide which input has reached something new, and is kept and built on.
A finding is printed with its traceback, and its input as a line of Python.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import atheris


def main() -> None:
    module, name, watched, *options = sys.argv[1:]
    atheris.enabled_hooks.add("str")
    with atheris.instrument_imports(include=["limen"], exclude=list(others(watched.split(",")))):
        importlib.import_module(f"fuzz.{module}")
    from fuzz.target import TARGETS

    logging.disable()  # what is said of garbage would fill the terminal
    run = TARGETS[module][name].run

    def once(raw: bytes) -> None:
        try:
            run(raw)
        except BaseException:
            print(f"\nFOUND fuzz.{module}.{name}\n    ({name!r}, {raw!r}),", file=sys.stderr, flush=True)
            raise

    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()


def others(watched: list[str]) -> Iterator[str]:
    """Our modules that are not watched. Watching them would take ten seconds at each start."""
    spec = importlib.util.find_spec("limen")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    for file in root.rglob("*.py"):
        name = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        if not any(name == one or name.startswith(f"{one}.") for one in watched):
            yield "limen" if name == "__init__" else f"limen.{name}"


if __name__ == "__main__":
    main()
