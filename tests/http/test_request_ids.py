"""Every answer names its request, and every line that was written for it does too."""

from __future__ import annotations

import logging

import pytest

from limen import ids
from limen.cli.logs import TextFormatter
from support.http import served

pytestmark = pytest.mark.anyio


class Lines(logging.Handler):
    """What a server would have written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(TextFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.mark.parametrize(
    "path", ["/healthz", "/nowhere", "/auth/session", "/a%2fb", "/.well-known/jwks.json"]
)
async def test_every_answer_names_its_request(path: str) -> None:
    async with served() as at, at.client() as client:
        first, second = [(await client.get(path)).headers.get_list("x-request-id") for _ in range(2)]
    assert len(first) == len(second) == 1
    assert first != second
    assert ids.inspect(first[0]).version == 7


async def test_a_line_names_the_request_that_it_was_written_for() -> None:
    seen = Lines()
    log = logging.getLogger("limen.server")
    log.addHandler(seen)
    before = log.level
    log.setLevel(logging.INFO)
    try:
        async with served(trusted_proxies=("10.0.0.0/8",)) as at:
            async with at.client(peer="10.0.0.1") as proxy:
                proxied = {"x-request-id": "from-the-proxy", "x-forwarded-proto": "https"}
                answer = await proxy.get("/auth/session", headers=proxied)
                assert answer.headers["x-request-id"] == "from-the-proxy"
            async with at.client() as stranger:
                answer = await stranger.get("/auth/session", headers={"x-request-id": "forged"})
                assert answer.headers["x-request-id"] != "forged"
    finally:
        log.removeHandler(seen)
        log.setLevel(before)
    assert any(line.endswith("[from-the-proxy]") for line in seen.lines)
    assert not any("forged" in line for line in seen.lines)
