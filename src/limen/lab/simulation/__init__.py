"""The plan's workload and a run's servers, event by event, on simpy.

What it needs beside the package is `limen[lab]`: who only measures, or is content with formulas, needs it
not. So nothing here is imported before `is_here` was asked.
"""

from __future__ import annotations

from importlib.util import find_spec

ABSENT = "The formulas stand alone: `pip install 'limen[lab]'` brings the simulation that checks them."


def is_here() -> bool:
    """Whether simpy is installed."""
    return find_spec("simpy") is not None
