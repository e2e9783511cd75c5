"""Functions of `support` run in processes of their own, with everything that a real process has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
_RUN = """
import importlib, json, sys
(module, function), arguments = json.loads(sys.argv[1])
getattr(importlib.import_module(module), function)(*arguments)
"""


def started(module: str, function: str, *arguments: Any, **options: Any) -> subprocess.Popen[str]:
    """A process that calls `module.function(*arguments)`; its standard streams are pipes."""
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    called = json.dumps([[module, function], arguments])
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, called],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def answer(process: subprocess.Popen[str], *, patience: float = 60) -> Any:
    """What the process printed last, as JSON; AssertionError with its complaint if it failed."""
    out, complaint = process.communicate(timeout=patience)
    assert process.returncode == 0, complaint
    return json.loads(out.splitlines()[-1])
