"""`limen serve`, as a process: what it prints works, and where it cannot start it says one sentence."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import httpx2
import pytest

from support.serving import Serving
from support.shell import Shell

CREDENTIALS = {"email": "ada@example.com", "password": "correct horse battery staple"}
SECRET = "bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl"

PRODUCTION = {"LIMEN_ISSUER": "https://auth.example", "LIMEN_SECRET": SECRET}


def pasted(lines: list[str], folder: Path) -> str:
    """What the three lines answer in a shell."""
    done = subprocess.run(
        ["sh", "-c", "\n".join(lines)], cwd=folder, capture_output=True, text=True, timeout=30
    )
    return done.stdout


@pytest.mark.parametrize(
    ("strategy", "environment"),
    [
        ("session", {}),
        ("jwt", {}),
        ("hybrid", {}),
        ("hybrid", {"LIMEN_TRANSPORTS": "cookie"}),
    ],
)
def test_the_lines_to_try_work_as_they_stand(
    tmp_path: Path, strategy: str, environment: dict[str, str]
) -> None:
    with Serving(tmp_path, "--port", "0", "--strategy", strategy, **environment) as server:
        answer = pasted(server.said["try"], tmp_path)
        code, out, err = server.stop()
    assert '{"status":"accepted"}' in answer
    assert '"email":"ada@example.com","session":"' in answer
    assert f'"strategy":"{strategy}"' in answer
    assert code == 0
    events = [json.loads(line)["event"] for line in out.splitlines()]
    assert events == ["register", "sign_in"]
    assert "Traceback" not in err


def test_people_get_the_address_and_the_lines_on_stderr(tmp_path: Path, shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = shell.apart("serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "--port" in ran.err


@pytest.mark.parametrize("workers", ["1", "3"])
def test_several_processes_serve_one_file(tmp_path: Path, workers: str) -> None:
    with Serving(tmp_path, "--port", "0", "--workers", workers) as server:
        with httpx2.Client(base_url=server.address) as client:
            assert client.post("/auth/register", json=CREDENTIALS).status_code == 202
            answer = client.post("/auth/login", json=CREDENTIALS | {"transport": "bearer"})
        token = answer.json()["access_token"]
        for _ in range(12):  # each on a connection of its own, so that several processes are met
            answer = httpx2.get(
                f"{server.address}/auth/session", headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 200
        code, out, err = server.stop()
    assert code == 0
    assert err.count("Traceback") == 0
    assert "sign_in" in out


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_W28_a_signal_lets_requests_be_answered(tmp_path: Path, how: signal.Signals) -> None:
    with Serving(tmp_path, "--port", "0") as server:
        host, _, port = server.address.removeprefix("http://").partition(":")
        body = json.dumps(CREDENTIALS)
        head = (
            f"POST /auth/register HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=10) as begun:
            begun.sendall(head.encode() + body[:10].encode())
            assert httpx2.get(f"{server.address}/healthz").status_code == 200  # so that the other was read
            server.signal(how)
            begun.sendall(body[10:].encode())
            assert begun.recv(4096).startswith(b"HTTP/1.1 202")
        code, out, _ = server.ended()
    assert code == 0
    assert '"event":"register"' in out


def test_a_signal_at_once_is_no_failure(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        with Serving(tmp_path, "--port", "0", "--workers", workers) as server:
            code, _, err = server.stop()
        assert code == 0
        assert "Traceback" not in err


def test_the_issuer_follows_the_port_in_development(tmp_path: Path) -> None:
    with Serving(tmp_path, "--port", "0") as server:
        assert server.said["issuer"] == server.address
        found = httpx2.get(f"{server.address}/.well-known/oauth-authorization-server").json()
        assert found["issuer"] == server.address
    with Serving(tmp_path, "--port", "0", LIMEN_ISSUER="http://localhost:9") as server:
        assert server.said["issuer"] == "http://localhost:9"


def test_flags_win_over_the_environment(tmp_path: Path) -> None:
    arguments = ("--port", "0", "--strategy", "session", "--database", "sqlite:///flag.db")
    with Serving(tmp_path, *arguments, LIMEN_STRATEGY="jwt", LIMEN_DATABASE="sqlite:///e.db") as server:
        assert (server.said["strategy"], server.said["database"]) == ("session", "sqlite:///flag.db")
    assert (tmp_path / "flag.db").exists()
    assert not (tmp_path / "e.db").exists()


def test_requests_are_logged_without_their_query(tmp_path: Path) -> None:
    for arguments, expected in (((), 0), (("--access-log",), 1)):
        with Serving(tmp_path, "--port", "0", *arguments) as server:
            httpx2.get(f"{server.address}/healthz?token=hush")
            _, out, err = server.stop()
        assert err.count("GET /healthz HTTP/1.1") == expected
        assert "hush" not in out + err


def test_no_answer_names_the_server(tmp_path: Path) -> None:
    with Serving(tmp_path, "--port", "0") as server:
        assert "server" not in httpx2.get(f"{server.address}/healthz").headers


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["--host", "0.0.0.0"], {}, 4, "--issuer"),
        (["--host", "no.such.host.invalid"], PRODUCTION, 4, "--host"),
        (["--host", "192.0.2.1"], PRODUCTION, 4, "192.0.2.1"),
        (["--issuer", "https://auth.example"], {}, 4, "limen key secret"),
        (["--issuer", "http://auth.example"], {}, 4, "https"),
        (["--database", "memory://", "--workers", "2"], {}, 4, "--workers 1"),
        (["--database", "sqlite:////nowhere/x.db"], {}, 4, "/nowhere"),
        (["--strategy", "magic"], {}, 2, "--strategy"),
        (["--port", "99999"], {}, 2, "--port"),
        ([], {"LIMEN_STRATEGY": "magic"}, 4, "hybrid"),
        ([], {"LIMEN_STRATGY": "jwt"}, 4, "LIMEN_STRATEGY"),
        ([], {"LIMEN_SECRET": "short"}, 4, "limen key secret"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_one_sentence(
    shell: Shell, arguments: list[str], environment: dict[str, str], code: int, said: str
) -> None:
    ran = shell.apart("serve", "--port", "0", "--log-level", "error", *arguments, **environment)
    assert ran.code == code, ran.err
    assert ran.err.startswith("limen: ")
    assert ran.err.count("\n") == 1
    assert said in ran.err


def test_a_database_of_another_secret_is_one_sentence(tmp_path: Path, shell: Shell) -> None:
    arguments = ("--port", "0", "--log-level", "error", "--database", "sqlite:///app.db")
    with Serving(tmp_path, *arguments):
        pass
    ran = shell.apart("serve", *arguments, LIMEN_SECRET=SECRET)
    assert ran.code == 4
    assert "another LIMEN_SECRET" in ran.err
    assert ran.err.count("\n") == 1


def test_production_without_a_proxy_says_that_nobody_is_answered(tmp_path: Path) -> None:
    with Serving(tmp_path, "--port", "0", "--database", "sqlite:///a.db", **PRODUCTION) as server:
        _, _, err = server.stop()
    assert "trusted_proxies" in err


def test_production_is_served_behind_a_proxy_of_its_own(tmp_path: Path) -> None:
    arguments = ("--port", "0", "--host", "0.0.0.0", "--database", "sqlite:///a.db")
    with Serving(tmp_path, *arguments, LIMEN_TRUSTED_PROXIES="127.0.0.1", **PRODUCTION) as server:
        assert all("https://auth.example/auth/" in line for line in server.said["try"])
        port = server.address.rpartition(":")[2]
        at, forwarded = f"http://127.0.0.1:{port}", {"host": "auth.example", "x-forwarded-proto": "https"}
        found = httpx2.get(f"{at}/.well-known/oauth-authorization-server", headers=forwarded)
        assert found.json()["issuer"] == "https://auth.example"
        assert httpx2.get(f"{at}/auth/session", headers={"host": "evil.example"}).status_code == 400


def test_A46_the_link_for_the_first_administrator_is_shown_while_nobody_has_an_account(
    tmp_path: Path,
) -> None:
    with Serving(tmp_path, "--port", "0") as server:
        link = server.said["set_up"]
        assert link.startswith(f"{server.address}/admin/set-up?token=")
        assert httpx2.get(link).status_code == 303
        assert httpx2.post(f"{server.address}/auth/register", json=CREDENTIALS).status_code == 202
        _, out, err = server.stop()
    assert link.partition("=")[2] not in out + err  # the one line that said it was read above
    with Serving(tmp_path, "--port", "0") as server:
        assert "set_up" not in server.said
