"""People who sign in to peers and out again, over HTTP, as a browser or a client would."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from limen.errors import Unavailable
from limen.lab.http import HOST
from limen.lab.peers import Door
from limen.lab.people import ACCOUNTS, PASSWORD, email

_PATIENCE = 30.0


def sign_in(door: Door, port: int, people: range) -> list[str]:
    """The header line that each presents from then on. It blocks."""
    return [_enter(door, port, email(number % ACCOUNTS)) for number in people]


def sign_out(door: Door, port: int, header: str) -> int:
    """What is answered to the one who presents this header."""
    name, _, value = header.partition(": ")
    cookies = SimpleCookie(value) if name == "Cookie" else SimpleCookie()
    return _post(door, port, door.sign_out or "", {}, cookies, {name: value}).status


def _enter(door: Door, port: int, address: str) -> str:
    cookies = SimpleCookie()
    if door.hidden:
        _ask("GET", port, door.sign_in, None, {}, cookies)
    given = {door.field: address, "password": PASSWORD}
    answer = _post(door, port, door.sign_in, given, cookies, {})
    if answer.status not in (200, 204):
        raise Unavailable(f"a peer answered {answer.status} to a sign-in", reason=answer.said)
    if cookies:
        return f"Cookie: {_line(cookies)}"
    return f"Authorization: Bearer {json.loads(answer.said)['access_token']}"


class _Answer:
    def __init__(self, response: HTTPResponse) -> None:
        self.status, self.said = response.status, response.read().decode()


def _post(
    door: Door, port: int, path: str, fields: dict[str, str], cookies: SimpleCookie, headers: dict[str, str]
) -> _Answer:
    if door.hidden:
        fields = {**fields, door.hidden: cookies["csrftoken"].value}
    body = urlencode(fields) if door.form else json.dumps(fields)
    kind = "application/x-www-form-urlencoded" if door.form else "application/json"
    return _ask("POST", port, path, body, {"Content-Type": kind, **headers}, cookies)


def _ask(
    method: str, port: int, path: str, body: str | None, headers: dict[str, str], cookies: SimpleCookie
) -> _Answer:
    """One request; cookies that are set are kept."""
    connection = HTTPConnection(HOST, port, timeout=_PATIENCE)
    sent = {"Origin": f"http://{HOST}:{port}", **headers}
    if cookies:
        sent["Cookie"] = _line(cookies)
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or []:
            cookies.load(line)
        return _Answer(response)
    except OSError as error:
        raise Unavailable("a peer does not answer", reason=type(error).__name__) from error
    finally:
        connection.close()


def _line(cookies: SimpleCookie) -> str:
    return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in cookies.items())
