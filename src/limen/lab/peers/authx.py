"""AuthX: access tokens in the Authorization header, HS256 as it comes."""

from __future__ import annotations

import secrets
from typing import Any

from authx import AuthX, AuthXConfig, TokenPayload
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel

from limen.lab.peers import Place
from limen.lab.people import PASSWORD


class _Given(BaseModel):
    email: str
    password: str


async def tokens(_: Place) -> Any:
    """Its first example, with issuer and audience named."""
    config = AuthXConfig(
        JWT_SECRET_KEY=secrets.token_urlsafe(32),
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ENCODE_ISSUER="https://issuer.example",
        JWT_DECODE_ISSUER="https://issuer.example",
        JWT_ENCODE_AUDIENCE="https://api.example",
        JWT_DECODE_AUDIENCE="https://api.example",
    )
    auth: AuthX[Any] = AuthX(config=config)
    app = FastAPI()
    auth.handle_errors(app)

    @app.post("/login")
    async def login(given: _Given) -> dict[str, str]:
        if given.password != PASSWORD:
            raise HTTPException(401)
        return {"access_token": auth.create_access_token(uid=given.email)}

    @app.get("/")
    async def hello(
        payload: TokenPayload = Depends(auth.access_token_required),  # noqa: B008 - as it writes it
    ) -> dict[str, str]:
        return {"hello": payload.sub}

    return app
