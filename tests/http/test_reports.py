"""`/lab`: what the lab has left in the folder, and nothing beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from limen.lab import archive
from limen.lab.page import page
from limen.server import reports
from support.http import LOCAL, ask, served
from support.lab import a_run
from support.world import EMAIL

pytestmark = pytest.mark.anyio
HERE = "127.0.0.1:8000"
RUN = "20270115T080000Z"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server's directory with a run, an older plan, and files that are none of ours."""
    monkeypatch.chdir(tmp_path)
    run = a_run()
    archive.write_page(archive.save(run, archive.FOLDER), page(run))
    archive.keep("plan", "20260115T080000Z", {}, "<!doctype html><script>alert(1)</script>", archive.FOLDER)
    for name in ("notes.html", "20270115T080000Z.txt", "../secret.html", "../20270101T000000Z.html"):
        (tmp_path / archive.FOLDER / name).write_text("a secret")
    (tmp_path / archive.FOLDER / "20270116T080000Z.html").symlink_to(tmp_path / ".limen" / "secret.html")
    return tmp_path


def test_it_looks_where_the_lab_writes() -> None:
    assert reports.FOLDER == archive.FOLDER


async def test_in_development_the_newest_report_comes_first(folder: Path) -> None:
    async with served(issuer=LOCAL) as at:
        found = await ask(at.app, "GET", "/lab", host=HERE)
        shown = await ask(at.app, "GET", f"/lab/{RUN}", host=HERE)
    assert found.status_code == shown.status_code == 200
    links = re.findall(r'href="(/lab/[^"]+)"', found.content.decode())
    assert links == [f"/lab/{RUN}", "/lab/plan-20260115T080000Z"]
    assert "notes" not in found.content.decode()
    assert shown.content == (folder / archive.FOLDER / f"{RUN}.html").read_bytes()


async def test_B08_a_report_may_have_its_style_and_nothing_else(folder: Path) -> None:
    async with served(issuer=LOCAL) as at:
        shown = await ask(at.app, "GET", f"/lab/{RUN}", host=HERE)
    style = re.findall(rb"<style>(.*?)</style>", shown.content, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0]).digest()).decode()
    policy = shown.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "sandbox" in policy
    assert "unsafe" not in policy
    assert b'style="' not in shown.content  # no hash covers an attribute
    assert len(style) == 1


@pytest.mark.parametrize(
    "name",
    ["notes", "secret", "../secret", "..%2fsecret", "20270101T000000Z", "20270116T080000Z", "plan-",
     f"{RUN}.html", f"{RUN}/", "", f"{RUN}\n", "plan-20270115T080000Z"],
)  # fmt: skip
async def test_W09_nothing_else_can_be_asked_for(folder: Path, name: str) -> None:
    async with served(issuer=LOCAL) as at:
        answer = await ask(at.app, "GET", f"/lab/{name}", host=HERE)
    assert answer.status_code == 404
    assert b"a secret" not in answer.content


async def test_in_production_it_is_an_administrators(folder: Path) -> None:
    async with served() as at:
        await at.auth.add_account("root@example.com", "correct horse battery staple", scopes=(reports.ADMIN,))
        async with at.client() as stranger, await at.bearer(EMAIL) as person:
            codes = [(await client.get("/lab")).status_code for client in (stranger, person)]
        async with await at.bearer("root@example.com", password="correct horse battery staple") as admin:
            allowed = [(await admin.get(path)).status_code for path in ("/lab", f"/lab/{RUN}")]
    assert codes == [401, 403]
    assert allowed == [200, 200]


async def test_a_server_without_reports_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with served(issuer=LOCAL) as at:
        assert b"none yet" in (await ask(at.app, "GET", "/lab", host=HERE)).content
