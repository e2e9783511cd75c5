"""The applications in examples/ run as they stand, with nothing configured (with it: tests/conformance)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from limen.testing import running, stranger

pytestmark = pytest.mark.anyio

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(params=["asgi_app", "starlette_app", "fastapi_app", "litestar_app"])
def example(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, imported in an empty directory with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for name in ("LIMEN_SECRET", "LIMEN_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    spec = importlib.util.spec_from_file_location(request.param, EXAMPLES / f"{request.param}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, request.param, module)
    spec.loader.exec_module(module)
    return module


async def test_an_example_runs_from_registration_to_signing_out(example: ModuleType) -> None:
    app, auth = example.app, example.auth
    credentials = {"email": "ada@example.com", "password": "correct horse battery staple"}
    async with running(app), stranger(app, auth) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/me")).status_code == 401
        assert (await client.post("/auth/register", json=credentials)).status_code == 202
        answer = await client.post("/auth/login", json=credentials | {"transport": "bearer"})
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert (await client.get("/me")).json()["account"]
        assert (await client.post("/auth/logout")).status_code == 200
        assert (await client.get("/me")).status_code == 401


@pytest.mark.parametrize("root", ["", "/app"])
async def test_W09_a_path_written_otherwise_needs_no_less(example: ModuleType, root: str) -> None:
    app, auth = example.app, example.auth
    credentials = {"email": "ada@example.com", "password": "correct horse battery staple"}

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": root, "path": root + scope["path"]}, receive, send)

    async with running(app), stranger(mounted, auth) as client:
        await client.post("/auth/register", json=credentials)
        answer = await client.post("/auth/login", json=credentials | {"transport": "bearer"})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert (await client.get("/notes")).status_code == 403
        for path in ("/notes/", "/NOTES"):
            assert (await client.get(path)).status_code in (307, 403, 404)
