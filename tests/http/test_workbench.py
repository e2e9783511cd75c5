"""The workbench's routes: what they give, under which headers, and nothing beside."""

from __future__ import annotations

import gzip

import pytest

from limen.server.workbench import assets
from limen.server.workbench.pages import PATH, POLICY
from support.http import LOCAL, ask, served

pytestmark = pytest.mark.anyio

NAMES = sorted(assets())
HERE = "127.0.0.1:8000"


def path_of(name: str) -> str:
    return PATH if name == "index.html" else f"{PATH}/{name}"


async def test_W19_W20_B08_every_file_has_the_policy_and_the_standing_headers() -> None:
    async with served(issuer=LOCAL) as at:
        for name in NAMES:
            answer = await ask(at.app, "GET", path_of(name), host=HERE, scheme="http")
            form = f"http://{HERE}{PATH}/verdict" if name == "index.html" else "'none'"
            assert answer.status_code == 200
            assert answer.content == assets()[name]
            assert answer.headers["content-security-policy"] == POLICY.format(form=form)
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-type"].endswith("; charset=utf-8")
            assert "set-cookie" not in answer.headers


async def test_W18_in_production_it_is_not_served() -> None:
    async with served() as at:
        assert {(await ask(at.app, "GET", path_of(name))).status_code for name in NAMES} == {404}


def test_B01_the_policy_lets_nothing_out() -> None:
    said = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert said == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "{form}",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


async def test_it_is_compressed_for_who_takes_that() -> None:
    async with served(issuer=LOCAL) as at:
        plain = await ask(at.app, "GET", PATH, host=HERE)
        short = await ask(at.app, "GET", PATH, headers=[("accept-encoding", "br, gzip")], host=HERE)
    assert "content-encoding" not in plain.headers
    assert short.headers["content-encoding"] == "gzip"
    assert gzip.decompress(short.content) == plain.content
    assert plain.headers["vary"] == short.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/workbench/",
        "/workbench/index.html",
        "/workbench/rules.d.ts",
        "/workbench/../pages.py",
        "/workbench/main.js/",
    ],
)
async def test_W26_nothing_else_is_below_it(path: str) -> None:
    async with served(issuer=LOCAL) as at:
        assert (await ask(at.app, "GET", path, host=HERE)).status_code == 404


async def test_only_get_and_head_are_answered() -> None:
    async with served(issuer=LOCAL) as at:
        assert (await ask(at.app, "HEAD", PATH, host=HERE)).status_code == 200
        assert (await ask(at.app, "POST", PATH, host=HERE)).status_code == 405
