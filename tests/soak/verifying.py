"""What runs in the process of a verifier: stdin asks about tokens, line by line, and stdout answers.

The moments of an answer are taken here, right before the token is looked at and right after.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import limen.verifier
from limen.errors import LimenError, Unavailable
from limen.verifier import Verifier
from soak.serving import HOUSEKEEPING
from soak.turned import TurnedClock
from support.redis import _die_with_parent

OK, NOBODY_CAN_TELL = "ok", "unavailable"


async def verify(options: dict[str, Any], clock: Path) -> None:
    """Answer until stdin ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    asking: set[asyncio.Task[None]] = set()
    async with Verifier(**options, clock=TurnedClock(clock)) as verifier:
        print(json.dumps("started"), flush=True)
        async for line in reader:
            number, token = json.loads(line)
            task = asyncio.create_task(_answer(verifier, number, token))
            asking.add(task)
            task.add_done_callback(asking.discard)


async def _answer(verifier: Verifier, number: int, token: str) -> None:
    begin = time.monotonic()
    try:
        await verifier.authenticate(token)
    except Unavailable:
        code = NOBODY_CAN_TELL
    except LimenError as error:
        code = error.code
    else:
        code = OK
    print(json.dumps([number, begin, time.monotonic(), code]), flush=True)


if __name__ == "__main__":
    _die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    setattr(limen.verifier, "_MAINTENANCE", HOUSEKEEPING)  # noqa: B010
    asyncio.run(verify(json.loads(sys.argv[1]), Path(sys.argv[2])))
