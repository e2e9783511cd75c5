"""The servers that bench/requests.py loads: `python -m bench.app bare|guarded PORT`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import uvicorn

from bench.world import EMAIL, PASSWORD
from limen.auth import Limen
from limen.integrations.asgi import LimenMiddleware

BODY = b'{"hello":"world"}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"17")],
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The smallest honest ASGI application."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


async def serve(name: str, port: int) -> None:
    issuer = f"http://127.0.0.1:{port}"
    auth = Limen("memory://", strategy=os.environ["BENCH_STRATEGY"], issuer=issuer)
    app: Any = application if name == "bare" else LimenMiddleware(application, auth)
    await auth.start()
    await auth.add_account(EMAIL, PASSWORD)
    signed = await auth.sign_in(EMAIL, PASSWORD)
    print(json.dumps({"credential": signed.grant.credential}))
    config = uvicorn.Config(app, port=port, log_level="warning", access_log=False, proxy_headers=False)
    await uvicorn.Server(config).serve()
    await auth.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
