"""`limen serve` as an operator has it: metrics on a port, lines for machines, a reload under load, an end."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx2
import pytest

from limen.cli import serving
from limen.errors import Misconfigured
from support.behind import within
from support.otlp import Collector
from support.servers import free_port
from support.serving import Serving
from support.shell import COMMAND, Shell, surroundings

CREDENTIALS = {"email": "ada@example.com", "password": "correct horse battery staple"}


def metrics(port: int) -> str:
    return httpx2.get(f"http://127.0.0.1:{port}/metrics").text


def named(port: int, name: str) -> float:
    found = [line for line in metrics(port).splitlines() if line.startswith(f"{name} ")]
    return float(found[0].rpartition(" ")[2])


def ports(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = free_port()
        try:
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first


def test_each_of_several_processes_has_a_port_and_counts_for_itself(tmp_path: Path) -> None:
    first = ports(2)
    address = f"127.0.0.1:{first}"
    with Serving(tmp_path, "--port", "0", "--workers", "2", LIMEN_METRICS_ADDRESS=address) as server:
        both = [f"http://127.0.0.1:{port}/readyz" for port in (first, first + 1)]
        for url in both:
            assert within(20, lambda url=url: _status(url) == 200)  # type: ignore[misc]
        for _ in range(10):
            assert httpx2.get(f"{server.address}/auth/session", headers={"authorization": "Bearer x.y.z"})
        counted = [named(port, "limen_cache_misses_total") for port in (first, first + 1)]
        assert sum(counted) == 10
        code, _, err = server.stop()
    assert code == 0
    assert "Traceback" not in err


def test_a_process_that_dies_while_none_can_start_takes_nobody_along_and_is_back_when_one_can(
    tmp_path: Path,
) -> None:
    first = ports(2)
    with Serving(
        tmp_path, "--port", "0", "--workers", "2", LIMEN_METRICS_ADDRESS=f"127.0.0.1:{first}"
    ) as server:
        both = [f"http://127.0.0.1:{port}/readyz" for port in (first, first + 1)]
        for url in both:
            assert within(20, lambda url=url: _status(url) == 200)  # type: ignore[misc]
        secret = tmp_path / ".limen" / "secret"
        good = secret.read_text()
        secret.write_text("bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl\n")
        before = set(server.workers())
        os.kill(min(before), signal.SIGKILL)
        followed = set[int]()
        assert within(30, lambda: len(followed.update(server.workers()) or followed - before) >= 2)
        assert 200 in [_status(url) for url in both]
        secret.write_text(good)
        assert within(30, lambda: [_status(url) for url in both] == [200, 200])
        code, _, err = server.stop()
    assert code == 0
    assert "(-9); another takes its place" in err
    assert "(3); another takes its place" in err


def test_a_process_whose_configuration_broke_meanwhile_says_so_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "limen.toml").write_text("strategy = \n")
    with pytest.raises(SystemExit) as ended:
        serving.app(2)
    assert ended.value.code == 4
    assert "this process cannot start: limen.toml is no TOML" in caplog.text
    with pytest.raises(Misconfigured, match="is no TOML"):
        serving.app(1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_only_the_server_finds_wrong_ends_it_as_a_wrong_configuration(
    workers: str, shell: Shell
) -> None:
    ran = shell.apart("serve", "--port", "0", "--workers", workers, LIMEN_TEMPLATES="/nowhere")
    assert ran.code == 4
    assert "templates: /nowhere is no folder" in ran.err
    assert "takes its place" not in ran.err


def test_a_supervisor_that_can_make_no_process_lets_the_others_serve_and_ends_when_told(
    tmp_path: Path,
) -> None:
    with Serving(tmp_path, "--port", "0", "--workers", "2") as server:
        assert within(20, lambda: len(server.workers()) == 2)
        assert httpx2.get(f"{server.address}/healthz").status_code == 200
        _, most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (5, most))
        killed = min(server.workers())
        os.kill(killed, signal.SIGKILL)
        assert within(20, lambda: not Path(f"/proc/{killed}").exists())
        code, _, err = server.stop()
    assert code == 0
    assert f"process {killed} ended (-9); no other can be made: Too many open files" in err


def test_a_reload_ends_no_process_that_is_still_starting(tmp_path: Path) -> None:
    first = ports(2)
    with Serving(
        tmp_path, "--port", "0", "--workers", "2", LIMEN_METRICS_ADDRESS=f"127.0.0.1:{first}"
    ) as server:
        assert within(20, lambda: len(server.workers()) == 2)
        begun = server.workers()
        for worker in begun:
            os.kill(worker, signal.SIGHUP)
        for port in (first, first + 1):
            assert within(20, lambda port=port: _status(f"http://127.0.0.1:{port}/readyz") == 200)  # type: ignore[misc]
        assert server.workers() == begun
        code, _, err = server.stop()
    assert code == 0
    assert "(-1)" not in err


def _status(url: str) -> int:
    try:
        return httpx2.get(url).status_code
    except httpx2.TransportError:
        return 0


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path, shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = shell.apart("serve", "--port", "0", LIMEN_METRICS_ADDRESS=address)
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert "with metrics_address" in ran.err


def test_lines_for_machines_are_an_object_each_with_the_request(tmp_path: Path) -> None:
    with Serving(tmp_path, "--port", "0", "--access-log", LIMEN_LOG_FORMAT="json") as server:
        answer = httpx2.get(f"{server.address}/auth/session?x=secret")
        httpx2.post(f"{server.address}/auth/register", json=CREDENTIALS)
        code, out, err = server.stop()
    said = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    mine = [one for one in said if one.get("request") == answer.headers["x-request-id"]]
    assert {one["logger"] for one in mine} == {"limen.server", "uvicorn.access"}
    assert "secret" not in err
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["register"]
    assert code == 0


def test_where_lines_are_for_machines_what_is_said_at_the_start_is_one_too(tmp_path: Path) -> None:
    environment = surroundings(LIMEN_LOG_FORMAT="json", LIMEN_LOG_LEVEL="error")
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port), "--issuer", f"http://127.0.0.1:{free_port()}"], cwd=tmp_path,
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert within(20, lambda: _status(f"http://127.0.0.1:{port}/healthz") == 200)
    process.terminate()
    _, err = process.communicate(timeout=20)
    said = [json.loads(line) for line in err.splitlines()]
    assert {one["logger"] for one in said} == {"limen.serve"}
    assert [one["level"] for one in said] == ["warning", "info", "info", "info"]
    assert f"Limen listens on http://127.0.0.1:{port}" in said[1]["message"]
    assert "limen account add" in said[3]["message"]
    assert "token=" not in err  # a link is a credential, and lines for machines are kept


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_request_is_dropped_by_a_reload_under_load(tmp_path: Path, workers: str) -> None:
    written = tmp_path / "limen.toml"
    written.write_text('brand_name = "One"\nlog_level = "warning"\n')
    first = ports(int(workers))
    address = f"127.0.0.1:{first}"
    with Serving(tmp_path, "--port", "0", "--workers", workers, LIMEN_METRICS_ADDRESS=address) as server:
        for port in range(first, first + int(workers)):
            assert within(20, lambda port=port: _status(f"http://127.0.0.1:{port}/readyz") == 200)  # type: ignore[misc]
        httpx2.post(f"{server.address}/auth/register", json=CREDENTIALS)
        body = CREDENTIALS | {"transport": "bearer"}
        token = httpx2.post(f"{server.address}/auth/login", json=body).json()["access_token"]
        statuses: list[int] = []
        over = threading.Event()

        def ask() -> None:
            with httpx2.Client(headers={"authorization": f"Bearer {token}"}) as client:
                while not over.is_set():
                    statuses.append(client.get(f"{server.address}/auth/session").status_code)

        load = [threading.Thread(target=ask) for _ in range(3)]
        for one in load:
            one.start()

        def shown(name: str) -> bool:
            pages = [httpx2.get(f"{server.address}/sign-in").text for _ in range(4 * int(workers))]
            return all(name in page for page in pages)

        written.write_text('brand_name = "Two"\nlog_level = "warning"\n')
        server.signal(signal.SIGHUP)
        assert within(20, lambda: shown("Two"))
        written.write_text('brand_name = ""\n')
        server.signal(signal.SIGHUP)
        assert within(20, lambda: len(statuses) > 200)
        over.set()
        for one in load:
            one.join()
        assert shown("Two")
        code, _, err = server.stop()
    assert set(statuses) == {200}
    assert code == 0
    assert err.count("the configuration was read anew; brand_name") == int(workers)
    assert err.count("the configuration stays as it was: brand_name in limen.toml") == int(workers)
    assert "Traceback" not in err


def test_W28_readiness_turns_before_anything_is_refused(tmp_path: Path) -> None:
    port = free_port()
    given = {"LIMEN_METRICS_ADDRESS": f"127.0.0.1:{port}", "LIMEN_DRAIN_DELAY": "600ms"}
    with Serving(tmp_path, "--port", "0", **given) as server:
        assert within(20, lambda: _status(f"http://127.0.0.1:{port}/readyz") == 200)
        server.signal(signal.SIGTERM)
        assert within(5, lambda: httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 503)
        assert httpx2.get(f"{server.address}/readyz").status_code == 503
        assert httpx2.post(f"{server.address}/auth/register", json=CREDENTIALS).status_code == 202
        code, out, err = server.ended()
    assert code == 0
    assert '"event":"register"' in out
    assert "Traceback" not in err


def test_traces_reach_a_collector_as_the_standard_variables_say(tmp_path: Path) -> None:
    with Collector() as collector:
        said = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "OTEL_SERVICE_NAME": "sign-in"}
        with Serving(tmp_path, "--port", "0", LIMEN_TRACES="otlp", **said) as server:
            httpx2.post(f"{server.address}/auth/register", json=CREDENTIALS)
            httpx2.post(f"{server.address}/auth/login", json=CREDENTIALS | {"transport": "bearer"})
            code, _, err = server.stop()
    names = {span.name for span in collector.spans}
    assert {"POST /auth/login", "limen.sign_in", "limen.hash", "open_session"} <= names
    assert "read_feed" not in names
    assert collector.resources["service.name"] == "sign-in"
    assert not any(CREDENTIALS["email"] in str(span) for span in collector.spans)
    assert (code, "Traceback" in err) == (0, False)


def test_a_collector_that_is_away_keeps_nobody_waiting(tmp_path: Path) -> None:
    said = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    with Serving(tmp_path, "--port", "0", LIMEN_TRACES="otlp", **said) as server:
        assert httpx2.get(f"{server.address}/healthz").status_code == 200
        began = time.monotonic()
        code, _, err = server.stop()
    assert code == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in err
