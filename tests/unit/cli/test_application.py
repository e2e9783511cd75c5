"""An application is found by its name, or it is said what to write instead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from limen import Misconfigured
from limen.cli.application import find

PARTS = """
from types import SimpleNamespace
from limen import Limen

class Application:
    async def __call__(self, scope, receive, send): ...

app = Application()
number = 7
held = SimpleNamespace(inner=app)

async def plain(scope, receive, send): ...
def make(): return app
def make_nothing(): return None
def make_error(): return 1 / 0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("LIMEN_SECRET", raising=False)
    for name, text in {
        "parts": PARTS,
        "broken": "raise ValueError('no')",
        "needs": "import a_package_that_nobody_has",
        "abroad": "from limen import Limen\nLimen(issuer='https://app.example')",
        "misset": "from limen import Limen\nLimen(strategy='magic')",
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    return str(tmp_path)


@pytest.mark.parametrize("name", ["parts:app", "parts:plain", "parts:held.inner"])
def test_an_application_is_found(folder: str, name: str) -> None:
    assert callable(find(name, folder))


def test_a_function_makes_one(folder: str) -> None:
    assert find("parts:make", folder, factory=True) is sys.modules["parts"].app


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("parts", "write the module, a colon"),
        ("parts:", "write the module, a colon"),
        ("parts.py:app/x", "write the module, a colon"),
        ("nowhere:app", "there is no module nowhere in"),
        ("nowhere.deep:app", "there is no module nowhere in"),
        ("parts.deep:app", "there is no module parts.deep in"),
        ("parts:ap", "is it parts:app or parts:plain"),
        ("parts:number", "a value of type int"),
        ("parts:Application", "a class, and no application"),
        ("parts:make", "add --factory"),
        ("broken:app", "does not start: ValueError"),
        ("needs:app", "does not start: ModuleNotFoundError"),
        ("misset:app", "hybrid"),
        ("abroad:app", "Limen.from_env"),
    ],
)
def test_what_is_none_is_said_with_what_to_write(folder: str, name: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        find(name, folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("parts:app", "leave --factory out"),
        ("parts:number", "no function that makes"),
        ("parts:make_nothing", "NoneType"),
        ("parts:make_error", "does not start: ZeroDivisionError"),
    ],
)
def test_what_makes_none_is_said(folder: str, name: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        find(name, folder, factory=True)


def test_the_trace_of_a_broken_application_begins_in_it(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Misconfigured):
        find("broken:app", folder)
    said = capsys.readouterr().err
    assert said.splitlines()[0].strip().startswith(f'File "{folder}/broken.py"')
    assert said.rstrip().endswith("ValueError: no")
