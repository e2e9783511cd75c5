"""`pip install limen`: four packages and what they need, and an import that loads little."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import pytest

from support.package import constraints, environment, run

_CORE = {
    "argon2-cffi",
    "argon2-cffi-bindings",
    "bcrypt",
    "cffi",
    "cryptography",
    "limen",
    "msgspec",
    "pycparser",
}
_PROTECTED = """
import asyncio, json, sys
from limen import Limen
light = sorted({name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names)
limen = sorted(name for name in sys.modules if name.startswith("limen."))
from limen.integrations.asgi import LimenMiddleware

async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["limen.identity"].account.encode()})

async def status(app, headers):
    sent = []
    async def receive(): return {"type": "http.request", "body": b""}
    async def send(message): sent.append(message)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http"}
    scope["headers"] = headers
    await app(scope, receive, send)
    return sent[0]["status"]

async def main():
    async with Limen("sqlite:///core.db") as auth:
        app = LimenMiddleware(hello, auth, mount=False)
        await auth.add_account("ada@example.com", "correct horse battery staple")
        granted = (await auth.sign_in("ada@example.com", "correct horse battery staple")).grant
        bearer = [(b"authorization", b"Bearer " + granted.credential.encode())]
        return [await status(app, []), await status(app, bearer)]

print(json.dumps({"light": light, "limen": limen, "statuses": asyncio.run(main())}))
"""


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment in which the wheel is, without an extra."""
    folder = tmp_path_factory.mktemp("core")
    found = environment(folder / "venv")
    run(found / "pip", "install", "-q", wheel, cwd=folder, PIP_CONSTRAINT=str(constraints(folder)))
    return found


def test_the_core_pulls_four_packages(core: Path) -> None:
    listed = json.loads(run(core / "pip", "list", "--format=json", cwd=core))
    names = {found["name"].lower().replace("_", "-") for found in listed} - {"pip", "setuptools", "wheel"}
    assert names - {"typing-extensions"} == _CORE  # cryptography needs the last one before Python 3.13


def test_the_core_is_whole_without_an_extra_and_its_import_loads_no_more_than_it(
    core: Path, tmp_path: Path
) -> None:
    secret = "bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl"
    said = json.loads(run(core / "python", "-c", _PROTECTED, cwd=tmp_path, LIMEN_SECRET=secret))
    assert said["statuses"] == [401, 200]
    known = {"__main__", "_distutils_hack", "typing_extensions", "_cffi_backend", "_openssl"}
    core = {"argon2", "_argon2_cffi_bindings", "bcrypt", "cryptography", "limen", "msgspec"}
    assert {*said["light"]} <= core | known
    late = (
        "administration",
        "doctor",
        "explanation",
        "lab",
        "server",
        "cli",
        "stores.sqlite",
        "stores.memory",
    )
    assert not [name for name in said["limen"] if name.removeprefix("limen.").startswith(late)]


def test_what_an_import_takes_is_printed(
    core: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A figure and no bound: what is loaded is asserted above, and time is the machine's."""

    def taken(code: str) -> float:
        begun = time.perf_counter()
        run(core / "python", "-c", code, cwd=tmp_path)
        return (time.perf_counter() - begun) * 1_000

    whole, bare = zip(*((taken("from limen import Limen"), taken("pass")) for _ in range(9)), strict=True)
    with capsys.disabled():
        print(
            f"\n`from limen import Limen` in a fresh process: {statistics.median(whole):.0f} ms, "
            f"of which Python's start {statistics.median(bare):.0f} ms"
        )
    assert min(whole) > min(bare)
