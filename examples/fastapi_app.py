"""FastAPI with Limen inside: `uvicorn examples.fastapi_app:app`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket

from limen import Identity, Limen
from limen.integrations.fastapi import install

auth = Limen.from_env()
app = FastAPI(title="Notes")
install(app, auth)

SignedIn = Annotated[Identity, Depends(auth.required)]
Reader = Annotated[Identity, Depends(auth.scopes("notes:read"))]
JustProven = Annotated[Identity, Depends(auth.recent(minutes=5))]
Anybody = Annotated[Identity | None, Depends(auth.optional)]


@app.get("/")
async def home(who: Anybody) -> dict[str, bool]:
    return {"signed_in": who is not None}


@app.get("/me")
async def me(who: SignedIn) -> dict[str, str]:
    return {"account": who.account}


@app.get("/notes")
async def notes(who: Reader) -> dict[str, list[str]]:
    return {"notes": [f"a note of {who.account}"]}


@app.post("/fresh")
async def fresh(who: JustProven) -> dict[str, str]:
    return {"account": who.account}


@app.websocket("/echo")
async def echo(websocket: WebSocket, who: SignedIn) -> None:
    await websocket.accept()
    async with auth.alive(who):
        async for text in websocket.iter_text():
            await websocket.send_text(text)
