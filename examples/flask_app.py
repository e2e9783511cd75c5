"""Flask with Limen inside: `flask --app examples.flask_app run`, or gunicorn."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_sock import Sock

from limen.integrations.flask import (
    LimenFlask,
    current_identity,
    fresh_login_required,
    login_required,
    scopes_required,
)

app = Flask(__name__)
limen = LimenFlask(app)
sock = Sock(app)


@app.get("/")
def home() -> dict[str, bool]:
    return {"signed_in": bool(current_identity)}


@app.get("/me")
@login_required
def me() -> dict[str, str]:
    return {"account": current_identity.account}


@app.get("/notes")
@scopes_required("notes:read")
def notes() -> dict[str, list[str]]:
    return {"notes": [f"a note of {current_identity.account}"]}


@app.post("/fresh")
@fresh_login_required(minutes=5)
def fresh() -> dict[str, str]:
    return {"account": current_identity.account}


@sock.route("/echo")
@login_required
def echo(ws: Any) -> None:
    while True:
        ws.send(ws.receive())
