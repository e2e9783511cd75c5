"""`limen dev`, as a process: what it prints works, a change is seen, and nothing is left behind."""

from __future__ import annotations

import re
import signal
import stat
from pathlib import Path

import httpx2
import pytest

from support.developing import Developing, is_there, kill, until
from support.shell import Shell

PEOPLE = {"email": "root@example.com", "password": "correct horse battery staple"}
APPLICATION = """
from fastapi import FastAPI
from limen import Limen
from limen.integrations.fastapi import install

auth = Limen.from_env(issuer="https://app.example")
app = FastAPI()
install(app, auth, pages=True)


@app.get("/said")
async def said() -> str:
    return "one"


def make() -> FastAPI:
    return app
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APPLICATION)
    return tmp_path


def test_a_day_of_work(folder: Path) -> None:
    """One process for all: starting it takes longer than the rest."""
    with Developing(folder, "app:app") as dev:
        said = dev.serving()
        address = said["address"]
        assert said["issuer"] == address, "the environment is asked before what stands in code"
        assert said["database"] == "sqlite:///.limen/limen.db"
        with httpx2.Client(base_url=address, headers={"origin": address}, trust_env=False) as client:
            _the_link_makes_one_administrator(client, said["set_up"])
            _letters_are_in_the_mail_box(client, said["mail_box"], folder)
            _a_change_is_served(client, dev, folder)
        assert dev.children
        dev.process.send_signal(signal.SIGINT)
        assert dev.ended() == 0
        assert "Traceback" not in dev.errors.partition("SyntaxError")[2]


def _the_link_makes_one_administrator(client: httpx2.Client, link: str) -> None:
    assert client.get(link).status_code == 303
    assert client.post("/admin/set-up", data=PEOPLE).status_code == 303
    assert client.get(link).status_code in (303, 410)
    assert client.post("/admin/set-up", data=PEOPLE | {"email": "b@example.com"}).status_code == 410
    assert client.post("/auth/login", json=PEOPLE).status_code == 200
    assert client.get("/admin").status_code == 200
    client.cookies.clear()


def _letters_are_in_the_mail_box(client: httpx2.Client, mail_box: str, folder: Path) -> None:
    assert "No letter yet" in client.get(mail_box).text
    client.post("/auth/register", json=PEOPLE | {"email": "<b>ada</b>@example.com"})
    client.post("/auth/register", json=PEOPLE | {"email": "ada@example.com"})
    until(lambda: "ada@example.com" in client.get(mail_box).text)
    page = client.get(mail_box)
    link = re.findall(r'href="([^"]+/verify[^"]*)"', page.text)[0].replace("&amp;", "&")
    assert client.get(link, follow_redirects=True).status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "script-src" in page.headers["content-security-policy"] or "default-src 'none'" in str(
        page.headers
    )
    rebound = client.get(mail_box, headers={"host": "evil.example"})
    assert (rebound.status_code, "ada" in rebound.text) == (400, False)
    others = ("/.limen/mail", "/.limen/mail/", f"{mail_box[:-1]}", f"{mail_box}/", "/.limen/mail/%ff")
    assert [client.get(other).status_code for other in others] == [404] * 5, "it is no secret without it"
    for file in (folder / ".limen" / "mail").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def _a_change_is_served(client: httpx2.Client, dev: Developing, folder: Path) -> None:
    assert client.get("/said").json() == "one"
    (folder / "app.py").write_text(APPLICATION.replace('"one"', '"two"'))
    again = dev.serving()
    assert "set_up" not in again, "somebody has an account by now"
    assert client.get("/said").json() == "two"
    (folder / "app.py").write_text("def broken(:\n")
    until(lambda: "started again when a file changes" in dev.errors)
    assert "SyntaxError" in dev.errors
    (folder / "app.py").write_text(APPLICATION.replace('"one"', '"three"'))
    dev.serving()
    assert client.get("/said").json() == "three"
    assert client.post("/auth/login", json=PEOPLE).status_code == 200


@pytest.mark.parametrize("framework", ["asgi", "starlette", "fastapi", "litestar"])
def test_every_framework_that_holds_a_limen_is_run(tmp_path: Path, framework: str) -> None:
    with Developing(
        tmp_path, "--no-reload", f"examples.{framework}_app:app", LIMEN_STRATEGY="session"
    ) as dev:
        said = dev.serving()
        assert (said["found"], said["strategy"]) == (True, "session")
        assert said["set_up"] is None, "it has no pages, so a link would lead nowhere"
        answers = [httpx2.get(f"{said['address']}{path}", trust_env=False) for path in ("/", "/me")]
        assert [answer.status_code for answer in answers] == [200, 401]


def test_nothing_is_left_behind_when_it_is_killed(folder: Path) -> None:
    with Developing(folder, "--factory", "app:make", LIMEN_MAIL="", LIMEN_DATABASE="sqlite:///own.db") as dev:
        said = dev.serving()
        assert said["database"] == "sqlite:///own.db"
        assert "mail_box" not in said, "somebody wanted no letters"
        children = dev.children
        assert children
        kill(dev.process.pid)
        dev.ended()
        until(lambda: not any(is_there(pid) for pid in children))


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["app"], {}, "as app:app"),
        (["app:app", "--host", "0.0.0.0"], {}, "127.0.0.1"),
        (["app:app"], {"LIMEN_ISSUER": "https://app.example"}, "https://app.example"),
        (["app:ap"], {}, "app:app"),
        (["broken:app", "--no-reload"], {}, "does not start: ZeroDivisionError"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_one_sentence(
    folder: Path, shell: Shell, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    (folder / "broken.py").write_text("app = 1 / 0\n")
    ran = shell.apart("dev", "--port", "0", *arguments, **environment)
    assert ran.code == 4, ran.err
    last = ran.err.splitlines()[-1]
    assert last.startswith("limen: ")
    assert said in last
