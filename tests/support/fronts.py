"""A real Limen in production behind real proxies that end TLS, set up well or with one mistake."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from limen.auth import Limen
from limen.cli.outside.encryption import unbelieving
from limen.cli.outside.wire import Place, ask
from limen.doctor.outside.questions import Question
from limen.doctor.outside.seen import Reply
from limen.errors import Rejected
from limen.insecure import WeakHashing
from limen.secret import Secret
from support.behind import within
from support.gateways import APACHES, KINDS, executable
from support.servers import free_port
from support.serving import Serving
from support.shell import surroundings
from support.world import EMAIL, PASSWORD, SECRET

NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{}}
http {{
    access_log off; {temporary}
    server {{
        listen 127.0.0.1:{port} ssl; server_name localhost;
        ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
        large_client_header_buffers 4 16k;
        location ~ ^/(readyz|metrics)$ {{ return 404; }}
        location / {{
            proxy_pass http://127.0.0.1:{limen};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Remote-User "";
            proxy_set_header X-Request-Id $request_id;
        }}
    }}
    server {{ listen 127.0.0.1:{clear}; return 301 https://localhost:{port}$request_uri; }}
}}
"""
CADDY = """{{
    admin off
    auto_https off
}}
https://localhost:{port} {{
    bind 127.0.0.1
    tls {folder}/chain.pem {folder}/key.pem
    @probes path /readyz /metrics
    respond @probes 404
    request_header -Remote-*
    request_header -X-Request-Id
    reverse_proxy 127.0.0.1:{limen}
}}
http://localhost:{clear} {{
    bind 127.0.0.1
    redir https://localhost:{port}{{uri}} permanent
}}
"""
HAPROXY = """global
    tune.bufsize 32768
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 5s
frontend tls
    bind 127.0.0.1:{port} ssl crt {folder}/both.pem
    http-request deny deny_status 404 if {{ path /readyz /metrics }}
    http-request del-header Remote- -m beg
    http-request del-header X-Request-Id
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto https
    default_backend limen
frontend clear
    bind 127.0.0.1:{clear}
    http-request redirect location https://localhost:{port}%[capture.req.uri] code 301
backend limen
    server limen 127.0.0.1:{limen}
"""
TRAEFIK = """tls:
  certificates: [{{certFile: {folder}/chain.pem, keyFile: {folder}/key.pem}}]
http:
  routers:
    limen:
      rule: "!Path(`/readyz`) && !Path(`/metrics`)"
      service: limen
      tls: {{}}
      middlewares: [clean]
  middlewares:
    clean: {{headers: {{customRequestHeaders: {{Remote-User: "", X-Request-Id: ""}}}}}}
  services:
    limen: {{loadBalancer: {{servers: [{{url: "http://127.0.0.1:{limen}"}}]}}}}
"""
_MODULES = ("mpm_event", "authn_core", "authz_core", "headers", "proxy", "proxy_http", "ssl", "alias")
APACHE = """ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog /dev/stderr
{modules}
User nobody
Group nogroup
StartServers 1
ServerName localhost
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{clear}
<VirtualHost *:{port}>
    SSLEngine on
    SSLCertificateFile {folder}/chain.pem
    SSLCertificateKeyFile {folder}/key.pem
    RequestHeader unset X-Forwarded-For early
    RequestHeader set X-Forwarded-Proto https
    RequestHeader unset Remote-User
    RequestHeader unset X-Request-Id early
    ProxyPreserveHost On
    ProxyPass /readyz !
    ProxyPass /metrics !
    ProxyPass / http://127.0.0.1:{limen}/
</VirtualHost>
<VirtualHost *:{clear}>
    Redirect permanent / https://localhost:{port}/
</VirtualHost>
"""
FILES = {
    "nginx": ("nginx.conf", NGINX),
    "caddy": ("Caddyfile", CADDY),
    "haproxy": ("haproxy.cfg", HAPROXY),
    "traefik": ("routes.yml", TRAEFIK),
    "apache": ("apache.conf", APACHE),
}
_COMMANDS = {
    "nginx": ("-e", "stderr", "-c"),
    "caddy": ("run", "--adapter", "caddyfile", "--config"),
    "haproxy": ("-db", "-f"),
    "apache": ("-D", "FOREGROUND", "-f"),
}


class Fronts:
    """Limen, and a port before it for one proxy after another; leave the `with` to end it."""

    def __init__(self, **settings: str) -> None:
        self._settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="limen"))
        self.folder.chmod(0o755)
        self.port, self.clear, self.limen = free_port(), free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.ca = self.folder / "ca.pem"
        self._serving: Serving | None = None

    def __enter__(self) -> Self:
        self.certify()
        self._settings = {
            "LIMEN_ISSUER": self.url,
            "LIMEN_DATABASE": f"sqlite:///{self.folder}/limen.db",
            "LIMEN_SECRET": Secret(SECRET).reveal(),
            "LIMEN_TRUSTED_PROXIES": "127.0.0.1",
            **self._settings,
        }
        arguments = ("--port", str(self.limen), "--log-level", "error")
        self._serving = Serving(self.folder, *arguments, **self._settings).ready()
        return self

    def __exit__(self, *_: object) -> None:
        if self._serving is not None:
            self._serving.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def certify(self, *, name: str = "localhost", days: float = 90) -> None:
        """An authority, and a certificate of it for `name` that ends after so many days."""
        authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = _certificate("Limen's tests", authority, "Limen's tests", authority, days=900, ca=True)
        leaf = _certificate(name, key, "Limen's tests", authority, days=days, ca=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.ca.write_bytes(root.public_bytes(Encoding.PEM))
        (self.folder / "chain.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
        (self.folder / "key.pem").write_bytes(private)
        (self.folder / "both.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + private)

    @contextmanager
    def embedded(self) -> Iterator[int]:
        """An application in FastAPI with Limen in it, on a port of its own."""
        port = free_port()
        command = ["-m", "uvicorn", "support.fronts:application", "--factory", "--port", str(port)]
        environment = {**surroundings(**self._settings), "PYTHONPATH": str(Path(__file__).parents[1])}
        process = _started([sys.executable, *command, "--no-proxy-headers"], self.folder, port, environment)
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    def _is_alive(self) -> bool:
        asked = Question("alive", "GET", "/healthz")
        place = Place("localhost", self.port, f"localhost:{self.port}", unbelieving())
        found = asyncio.run(ask(place, asked))
        return isinstance(found, Reply) and found.status == 200

    def _options(self, program: str, file: str) -> list[str]:
        if program != "traefik":
            return [*_COMMANDS[program], file]
        return [
            f"--entryPoints.tls.address=127.0.0.1:{self.port}",
            f"--entryPoints.clear.address=127.0.0.1:{self.clear}",
            "--entryPoints.clear.http.redirections.entryPoint.to=tls",
            f"--providers.file.filename={file}", "--log.level=WARN", "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
        ]  # fmt: skip

    def signed_in(self) -> str:
        """An access token of somebody who has an account."""

        async def sign_in() -> str:
            settings = {"issuer": self.url, "secret": Secret(SECRET), "scheme": WeakHashing()}
            async with Limen(f"sqlite:///{self.folder}/limen.db", **settings) as auth:
                with suppress(Rejected):
                    await auth.add_account(EMAIL, PASSWORD)
                return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential

        return asyncio.run(sign_in())

    def rows(self) -> dict[str, int]:
        """How many there are of what a request could have made."""
        tables = ("accounts", "sessions", "buckets", "revocations", "tickets", "letters")
        with closing(sqlite3.connect(self.folder / "limen.db")) as db:
            return {one: db.execute(f"SELECT count(*) FROM limen_{one}").fetchone()[0] for one in tables}

    @contextmanager
    def behind(self, program: str, changes: Mapping[str, str] | None = None) -> Iterator[None]:
        """The proxy runs, from its good file with these texts replaced; each of them must be in it."""
        name, text = FILES[program]
        temporary = "".join(
            f"{one}_temp_path {self.folder}/{one};"
            for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        modules = "\n".join(f"LoadModule {one}_module {APACHES}/mod_{one}.so" for one in _MODULES)
        text = text.format(
            folder=self.folder, port=self.port, clear=self.clear, limen=self.limen, temporary=temporary,
            modules=modules,
        )  # fmt: skip
        for old, new in (changes or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / name).write_text(text)
        kind = KINDS[program]
        command = [executable(program, kind), *self._options(program, str(self.folder / name))]
        process = _started(command, self.folder, self.port)
        try:
            if program == "traefik":  # it listens before it has read its routes
                assert within(10, self._is_alive), (self.folder / "log").read_text(errors="replace")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def application() -> Any:
    """What `embedded` runs."""
    from fastapi import FastAPI

    from limen.integrations.fastapi import install

    app = FastAPI(title="Notes")
    install(app, Limen.from_env())
    return app


def _started(
    command: list[str], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    environment = environment or {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
        )
    pause = threading.Event()
    for _ in range(1_000):
        assert process.poll() is None, (folder / "log").read_text(errors="replace")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        pause.wait(0.02)
    process.kill()
    raise AssertionError(f"{command[0]} does not come up")


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    days: float,
    ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=ca, crl_sign=ca, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=800))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-").replace("'", ""))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(signer, SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
