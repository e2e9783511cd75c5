"""docs/embedding.md: its Python is Python, and what it shows first works as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from limen import Limen
from limen.integrations.fastapi import install
from limen.testing import running, signed_in, stranger
from support.apps import fastapi_app

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_compiles() -> None:
    assert len(BLOCKS) >= 4
    for block in BLOCKS:
        compile(block, "docs/embedding.md", "exec")


async def test_the_fastapi_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIMEN_SECRET", "bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl")
    names: dict[str, object] = {}
    exec(BLOCKS[0], names)
    app, auth = names["app"], names["auth"]
    async with running(app), stranger(app, auth) as nobody, await signed_in(app, auth) as ada:  # type: ignore[arg-type]
        assert (await nobody.get("/me")).status_code == 401
        assert (await nobody.get("/")).status_code == 200
        assert (await ada.get("/me")).status_code == 200
        assert (await ada.delete("/notes/1")).status_code == 403


async def test_the_block_of_another_origin_opens_the_application_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIMEN_SECRET", "bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl")
    (block,) = [block for block in BLOCKS if "CORSMiddleware" in block]
    app = FastAPI()
    names: dict[str, Any] = {"app": app, "Limen": Limen}
    exec(block, names)
    install(app, names["auth"])
    page, asks = "https://www.app.example", {"access-control-request-method": "POST"}
    async with stranger(app, names["auth"], headers={"Origin": page}) as client:
        for path in ("/auth/login", "/notes"):
            answer = await client.options(path, headers=asks)
            assert answer.headers["access-control-allow-origin"] == page


async def test_the_tests_of_the_page_are_tests() -> None:
    names: dict[str, Any] = {"make_app": fastapi_app}
    (block,) = [block for block in BLOCKS if "async def test_notes" in block]
    exec(block, names)
    assert names["pytestmark"] == pytest.mark.anyio
    await names["test_notes"]()


def test_the_test_with_a_test_client_is_one() -> None:
    names: dict[str, Any] = {"make_app": fastapi_app}
    (block,) = [block for block in BLOCKS if "portal.call" in block]
    exec(block, names)
    names["test_with_a_test_client"]()
