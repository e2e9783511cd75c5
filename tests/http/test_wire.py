"""What matters on the wire, with a real uvicorn: sizes, splitting, hosts, HEAD."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator

import httpx2
import pytest

from limen.auth import Limen
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.server import create_app
from support.http import LOCAL, LOGIN
from support.wire import serving, spoken
from support.world import EMAIL, PASSWORD, SECRET

pytestmark = pytest.mark.anyio
HOST = b"Host: 127.0.0.1:8000\r\n"
JSON = HOST + b"Content-Type: application/json\r\n"


@pytest.fixture(params=["httptools", "h11"])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    auth = Limen("memory://", issuer=LOCAL, secret=Secret(SECRET), scheme=WeakHashing())
    async with serving(create_app(auth), http=request.param) as port:
        await auth.add_account(EMAIL, PASSWORD)
        yield port


async def test_from_login_to_logout_over_a_socket(port: int) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        tokens = (await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})).json()
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.get("/auth/session", headers=headers)).json()["email"] == EMAIL
        assert (await client.post("/auth/logout", headers=headers)).status_code == 200
        assert (await client.get("/auth/session", headers=headers)).status_code == 401
        assert "server" not in (await client.get("/")).headers


async def test_W01_a_body_that_never_ends_is_cut_at_the_cap_and_the_memory_stays(port: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = b"POST /auth/login HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await spoken(port, head, *(chunk for _ in range(512)), ends=True)
    assert answer.status == 413
    assert json.loads(answer.body)["code"] == "body_too_large"
    assert answer.closed
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16_384, f"{grown} KiB for 32 MiB that nobody wanted"


@pytest.mark.parametrize("length", [65_537, 1_073_741_824])
async def test_W01_a_body_that_says_that_it_is_too_large_is_not_waited_for(port: int, length: int) -> None:
    head = b"POST /auth/login HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % length
    answer = await spoken(port, head, ends=True)
    assert (answer.status, answer.closed) == (413, True)


@pytest.mark.parametrize("length", [b"-1", b"+5", b"0x10", b"5 5", b"five"])
async def test_W01_a_length_that_is_no_number_is_400(port: int, length: bytes) -> None:
    answer = await spoken(
        port, b"POST /auth/login HTTP/1.1\r\n" + JSON + b"Content-Length: " + length + b"\r\n\r\n{}"
    )
    assert answer.status == 400


async def test_W01_a_compressed_body_is_not_unpacked(port: int) -> None:
    head = b"POST /auth/login HTTP/1.1\r\n" + JSON + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n"
    assert (await spoken(port, head + b"\x1f\x8b")).status == 415


@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: evil.example\r\n",
        HOST + b"Host: evil.example\r\n",
        b"Host: \r\n",
        b"Host: a@127.0.0.1:8000\r\n",
    ],
)
async def test_W08_the_host_is_ours_or_it_is_400(port: int, hosts: bytes) -> None:
    answer = await spoken(port, b"GET /auth/session HTTP/1.1\r\n" + hosts + b"\r\n")
    assert answer.status == 400


async def test_W09_a_percent_sign_is_404_on_the_wire(port: int) -> None:
    for path in (
        b"/auth/%73ession",
        b"/auth%2fsession",
        b"//auth/session",
        b"/auth/session/",
        b"/auth/session%00",
    ):
        assert (await spoken(port, b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")).status in (400, 404)
    assert (await spoken(port, b"GET /auth/session?a=%2f HTTP/1.1\r\n" + HOST + b"\r\n")).status == 401


@pytest.mark.parametrize(
    "head",
    [
        b"User-Agent: a\r\nX: y\rZ: w\r\n",
        b"User-Agent: a\0b\r\n",
        b"User Agent: a\r\n",
        b"User-Agent : a\r\n",
        b" User-Agent: a\r\n",
    ],
)
async def test_W06_a_header_that_hides_another_is_no_way_in(port: int, head: bytes) -> None:
    answer = await spoken(port, b"GET /auth/session HTTP/1.1\r\n" + HOST + head + b"\r\n")
    assert answer.status in (400, 401)


async def test_S35_large_cookies_are_refused_or_ignored(port: int) -> None:
    eight = b"Cookie: other=" + b"x" * 8_192 + b"\r\n"
    many = b"Cookie: " + b"; ".join(b"c%d=%d" % (i, i) for i in range(200)) + b"\r\n"
    huge = b"Cookie: other=" + b"x" * 65_000 + b"\r\n"
    endless = b"X: " + b"x" * 1_048_576 + b"\r\n"
    for header, statuses in ((eight, {401}), (many, {401}), (huge, {431, 400}), (endless, {400, 401, 431})):
        try:
            answer = await spoken(port, b"GET /auth/session HTTP/1.1\r\n" + HOST + header + b"\r\n")
        except asyncio.IncompleteReadError:
            continue  # the server hung up
        assert answer.status in statuses, header[:20]


async def test_W13_head_has_no_body_on_the_wire_and_the_connection_goes_on(port: int) -> None:
    two = b"HEAD /auth/session HTTP/1.1\r\n" + HOST + b"\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(two)
    first = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    second = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.close()
    assert first.startswith(b"HTTP/1.1 401")
    assert second.startswith(b"HTTP/1.1 200")


async def test_W13_trace_and_connect_echo_nothing(port: int) -> None:
    for line in (b"TRACE /auth/session", b"CONNECT /auth/session", b"OPTIONS *", b"BREW /auth/session"):
        answer = await spoken(port, line + b" HTTP/1.1\r\n" + HOST + b"X-Secret: 42\r\n\r\n")
        assert answer.status in (400, 404, 405)
        assert b"42" not in answer.body


@pytest.mark.parametrize(
    "header", [b"X-Forwarded-Proto: https", b"X-Forwarded-For: 203.0.113.1", b"Forwarded: proto=https"]
)
async def test_W15_the_server_itself_believes_no_forwarded_header(port: int, header: bytes) -> None:
    answer = await spoken(port, b"GET /auth/session HTTP/1.1\r\n" + HOST + header + b"\r\n\r\n")
    assert answer.status == 401
    assert "strict-transport" not in answer.head.lower()
