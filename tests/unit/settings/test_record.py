"""What makes a deployment one of development."""

from __future__ import annotations

import pytest

from limen.settings import Settings, is_loopback_http


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://127.0.0.1:8000",
        "http://127.255.0.9",
        "http://[::1]:80",
        "http://a.localhost",
    ],
)
def test_plain_http_on_this_machine_is_development(url: str) -> None:
    assert is_loopback_http(url)
    assert Settings(issuer=url).development


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost",
        "https://127.0.0.1",
        "http://app.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://0.0.0.0:8000",
        "http://10.0.0.1",
        "http://[::]",
        "http://",
        "",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert not is_loopback_http(url)
