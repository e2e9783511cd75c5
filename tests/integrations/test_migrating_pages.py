"""docs/migrating: the applications of before run, people sign up there, the steps of the page are done as
they stand, and the same people sign in to the applications of after.
"""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import click
import httpx2
import jwt
import pytest

from limen.cli import limen
from support.guides import DOCS, Guide

ADA, BOB, PASSWORD, OTHER = (
    "ada@example.com",
    "bob@example.com",
    "correct horse battery",
    "another horse, other staple",
)
OLD_SECRET = "an old secret of more than thirty-two bytes"


def signed_in(client: httpx2.Client, email: str, password: str = PASSWORD) -> dict[str, str]:
    """The header of who signs in to Limen."""
    said = client.post("/auth/login", json={"email": email, "password": password, "transport": "bearer"})
    assert said.status_code == 200, said.text
    return {"Authorization": f"Bearer {said.json()['access_token']}"}


def is_refused(client: httpx2.Client, header: dict[str, str]) -> bool:
    return client.get("/notes", headers=header).status_code == 401


def follow(guide: Guide) -> None:
    """Every command of the page, with what it is said to print."""
    assert len(guide.commands) >= 3
    for command in guide.commands:
        printed = guide.run(command)
        assert command.prints in (None, printed), printed


def followed(tmp_path: Path) -> tuple[Guide, dict[str, str]]:
    """The guide with two people in the old application, and the old token of one of them."""
    guide = Guide("migrating/from-fastapi-users.md", tmp_path)
    with guide.serving("before:app", OLD_SECRET=OLD_SECRET) as client:
        for email in (ADA, BOB):
            said = client.post("/register", json={"email": email, "password": PASSWORD})
            assert said.status_code == 201, said.text
        token = client.post("/login", data={"username": ADA, "password": PASSWORD}).json()["access_token"]
        old = {"Authorization": f"Bearer {token}"}
        assert client.post("/notes", params={"text": "of before"}, headers=old).status_code == 200
    follow(guide)
    return guide, old


def test_people_of_fastapi_users_go_on_and_their_old_tokens_for_a_period(tmp_path: Path) -> None:
    guide, old = followed(tmp_path)
    with guide.serving("after:app") as client:
        assert is_refused(client, old), "without the period the old tokens are nothing"
        assert client.get("/notes", headers=signed_in(client, ADA)).json() == ["of before"]
        assert client.get("/notes", headers=signed_in(client, BOB)).json() == []
        wrong = {"email": ADA, "password": OTHER, "transport": "bearer"}
        assert client.post("/auth/login", json=wrong).status_code == 401
    with guide.serving("after:app", OLD_SECRET=OLD_SECRET, OLD_TOKENS_UNTIL=in_seconds(60)) as client:
        assert is_refused(client, old), "a token that outlives the period is refused within it"
    with guide.serving("after:app", OLD_SECRET=OLD_SECRET, OLD_TOKENS_UNTIL=in_seconds(3_600)) as client:
        assert client.get("/notes", headers=old).json() == ["of before"]
        assert is_refused(client, {"Authorization": old["Authorization"] + "x"})
        new = signed_in(client, ADA)
        assert client.get("/notes", headers=new).json() == ["of before"]
        assert is_refused(client, {"Authorization": new["Authorization"][:-4] + "AAAA"})
        assert client.delete("/auth/sessions", headers=new).status_code == 200
        assert not is_refused(client, old), "the end of all other sessions leaves them, as the page says"
        change = {"current_password": PASSWORD, "new_password": OTHER}
        assert client.post("/auth/password/change", json=change, headers=new).status_code == 200
        assert is_refused(client, old), "a new password ends them"
        bob = signed_in(client, BOB)
        sub = client.get("/auth/session", headers=bob).json()["account"]
        claims = {"sub": sub, "aud": ["fastapi-users:auth"], "exp": time.time() + 3_500}
        his = {"Authorization": f"Bearer {jwt.encode(claims, OLD_SECRET, algorithm='HS256')}"}
        assert not is_refused(client, his)
        assert client.post("/auth/logout", json={"all": True}, headers=bob).status_code == 200
        assert is_refused(client, his), "so does a sign-out everywhere"


def in_seconds(ahead: int) -> str:
    return str(time.time() + ahead)


def test_people_of_hand_written_pyjwt_sign_in_with_their_passwords_and_find_their_notes(
    tmp_path: Path,
) -> None:
    guide = Guide("migrating/from-pyjwt-in-fastapi.md", tmp_path)
    with guide.serving("before:app", OLD_SECRET=OLD_SECRET) as client:
        for email in (ADA, BOB):
            form = {"username": email, "password": PASSWORD}
            assert client.post("/register", data=form).status_code == 201
        token = client.post("/token", data={"username": ADA, "password": PASSWORD}).json()["access_token"]
        old = {"Authorization": f"Bearer {token}"}
        assert client.post("/notes", params={"text": "of before"}, headers=old).status_code == 200
    follow(guide)
    with guide.serving("after:app") as client:
        assert is_refused(client, old)
        assert client.get("/notes", headers=signed_in(client, ADA)).json() == ["of before"]
        assert client.get("/notes", headers=signed_in(client, BOB)).json() == []


LINES = [
    (page.name, line)
    for page in sorted([*(DOCS / "migrating").glob("*.md"), DOCS / "importing.md"])
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if "limen account import" in line
]


@pytest.mark.parametrize(("page", "line"), LINES)
def test_every_import_that_a_page_shows_is_understood(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[words.index("import") + 1 :]
    group = limen.get_command(click.Context(limen), "account")
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), "import")
    assert command is not None
    command.make_context("import", words)


def test_every_source_has_a_page() -> None:
    pages = {page for page, _ in LINES}
    assert {
        "importing.md",
        "from-django.md",
        "from-better-auth.md",
        "from-supabase.md",
        "from-firebase.md",
    } <= pages
    assert {"from-auth0.md", "from-fastapi-users.md", "from-pyjwt-in-fastapi.md"} <= pages
