"""Who schemathesis is to a server: nobody, or somebody with cookies or with a token. It loads this itself."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Any

import httpx2
import schemathesis

ADDRESS = os.environ["DESCRIBED_ADDRESS"]
AS = os.environ["DESCRIBED_AS"]
PASSWORD = os.environ["DESCRIBED_PASSWORD"]
CLIENT = base64.b64encode(os.environ["DESCRIBED_CLIENT"].encode()).decode()
BOB = os.environ["DESCRIBED_BOB"]
ASKS_THE_PASSWORD = ("/step-up", "/password/change", "/email/change", "DELETE /auth/account")
"""Where guesses are charged to whoever asks: not to the one who must sign in again."""
_held: dict[str, dict[str, str]] = {}
_asked = 0


def source() -> dict[str, str]:
    """Another network each time: else there would be nothing but 429."""
    global _asked
    _asked += 1
    return {"X-Forwarded-For": f"{11 + (_asked >> 16)}.{_asked >> 8 & 255}.{_asked & 255}.1"}


def signed_in(email: str) -> dict[str, str]:
    """The tokens, or the cookies, of an account; new ones where the old were ended."""
    with httpx2.Client(base_url=ADDRESS, headers=source() | {"Origin": ADDRESS}) as client:
        held = _held.get(email, {})
        if held and client.get("/auth/session", headers=carried(held)).status_code == 200:
            return held
        answer = client.post("/auth/login", json={"email": email, "password": PASSWORD, "transport": AS})
        answer.raise_for_status()
        said = dict(client.cookies) if AS == "cookie" else answer.json()
        _held[email] = {name: str(value) for name, value in said.items()}
        return _held[email]


def carried(held: dict[str, str]) -> dict[str, str]:
    if AS == "cookie":
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in held.items())}
    return {"Authorization": f"Bearer {held['access_token']}"}


def chance(text: str) -> float:
    """The same for the same text: schemathesis must be able to ask again."""
    return hashlib.sha256(text.encode()).digest()[0] / 256


if AS != "nobody":

    @schemathesis.auth(refresh_interval=None)
    class Somebody:
        """An administrator; a service where services ask; and others where passwords are guessed."""

        def get(self, case: schemathesis.Case, context: Any) -> dict[str, str]:
            if case.operation.path.startswith(("/oauth", "/feed")):
                return {"Authorization": f"Basic {CLIENT}"}
            asks = any(f"{case.method} {case.operation.path}".endswith(one) for one in ASKS_THE_PASSWORD)
            number = int(chance(str(case.body)) * 4)
            return carried(signed_in(f"guess{number}@example.com" if asks else "root@example.com"))

        def set(self, case: schemathesis.Case, data: dict[str, str], context: Any) -> None:
            case.cookies = {}
            case.headers.update(data | {"Origin": ADDRESS})


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, arguments: dict[str, Any]) -> None:
    case.headers.update(source())


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Every other id is one that there is."""
    for name in ("account", "sid"):
        if path_parameters and name in path_parameters and chance(str(path_parameters[name])) < 0.5:
            path_parameters = {**path_parameters, name: BOB if name == "account" else session_of_bob()}
    return path_parameters


def session_of_bob() -> str:
    if AS == "nobody":
        return BOB
    headers = carried(signed_in("root@example.com")) | source()
    found = httpx2.get(f"{ADDRESS}/auth/admin/accounts/{BOB}", headers=headers).json()
    return str(next((one["id"] for one in found.get("sessions", ())), BOB))
