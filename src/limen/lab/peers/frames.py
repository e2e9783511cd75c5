"""What peers stand on, alone: the same answer to everybody."""

from __future__ import annotations

from typing import Any

from limen.lab.peers import Place
from limen.lab.people import email

ANSWER = {"hello": email(0)}


async def fastapi(_: Place) -> Any:
    """FastAPI."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    async def hello() -> dict[str, str]:
        return ANSWER

    return app
