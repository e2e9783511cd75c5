"""What runs in the process of a server: `limen serve` but for its clock and the price of a password.

It listens and serves by the functions of the command line, with its limits, and is configured by `LIMEN_*`.
"""

from __future__ import annotations

import logging.config
import sys
from pathlib import Path
from typing import Any

import limen.auth
from limen.auth import Limen
from limen.cli import listening, logs, serving
from limen.insecure import WeakHashing
from limen.server import create_app
from limen.settings import load
from soak.turned import TurnedClock
from support.redis import _die_with_parent

HOUSEKEEPING = 3.0
"""Instead of a minute: so that what sweeps and forgets meets faults and clocks that were turned."""


def serve(port: int, clock: Path) -> int:
    """Answer on this port until somebody ends it."""

    settings = load({}, environment=True).settings

    def app(processes: int, access_log: bool) -> Any:
        return create_app(Limen(settings=settings, clock=TurnedClock(clock), scheme=WeakHashing()))

    _die_with_parent()
    serving.leave_on_signals()
    logging.config.dictConfig(logs.of(settings, access=False))
    setattr(serving, "app", app)  # noqa: B010 - what uvicorn looks up by its name
    setattr(limen.auth, "_MAINTENANCE", HOUSEKEEPING)  # noqa: B010
    bound = listening.listen("127.0.0.1", port)
    return serving.serve(bound, settings, workers=1, access_log=False)


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), Path(sys.argv[2])))
