"""The files that only the pages of the administration load, each under a name that has its digest.

So a browser may keep them for ever and never mixes two versions.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call

_MEDIA = {"css": b"text/css; charset=utf-8", "js": b"text/javascript; charset=utf-8"}


@cache
def assets() -> dict[str, tuple[str, bytes]]:
    """By its name in the source: the name that it is served under, and its content."""
    folder = files("limen.server").joinpath("static", "admin")
    return {one.name: _named(one.name, one.read_bytes()) for one in folder.iterdir() if one.is_file()}


def endpoints(below: str) -> list[Endpoint]:
    """Where they lie, below the pages."""
    return [_file(f"{below}/assets/{served}", name, content) for name, (served, content) in assets().items()]


def _named(name: str, content: bytes) -> tuple[str, bytes]:
    stem, _, kind = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{kind}", content


def _file(path: str, name: str, content: bytes) -> Endpoint:
    headers = (
        (b"content-type", _MEDIA[name.rpartition(".")[2]]),
        (b"cache-control", b"public, max-age=31536000, immutable"),
    )

    async def file(site: Site, call: Call) -> Answer:
        return Answer(200, content, headers)

    summary = f"The administration's {name}."
    return Endpoint(method="GET", path=path, run=file, summary=summary, gives=(), media="text/plain")
