"""Servers that hang, lie or never end: the doctor says so, and comes back."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from limen.cli.outside.walk import Wanted, look
from limen.cli.outside.wire import Place, ask
from limen.doctor.outside import examine
from limen.doctor.outside.questions import Question
from limen.doctor.outside.seen import Outside, Reply
from limen.errors import Rejected
from support.servers import free_port
from support.shell import Shell

PATIENCE = 0.5
Behaviour = Callable[[socket.socket], None]
_PROBLEM = (
    b'HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nContent-Length: 74\r\n\r\n'
    b'{"type":"urn:limen:problem:credential_missing","code":"credential_missing"}'
)[:-1] + b"}"  # fmt: skip


@contextmanager
def server(behave: Behaviour) -> Iterator[str]:
    """Something that listens and is no server."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(5)
            try:
                behave(self.request)
            except OSError:
                return

    class Threads(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True

    with Threads(("127.0.0.1", 0), Handler) as threads:
        threading.Thread(target=threads.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{threads.server_address[1]}"
        threads.shutdown()


def hears(connection: socket.socket) -> None:
    connection.recv(65_536)


def hangs(connection: socket.socket) -> None:
    hears(connection)
    connection.recv(1)


def garbage(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"\x00\xff\x1b[2J" * 1_000 + b"\r\n\r\n")


def huge_headers(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x" * 65_536)


def many_headers(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + b"\r\n")


def endless_body(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def endless_chunks(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\nx\r\n")


def no_chunks(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


def a_chunk_of_everything(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def drips(connection: socket.socket) -> None:
    hears(connection)
    pause = threading.Event()
    for byte in b"HTTP/1.1 200 OK\r\n" * 100:
        connection.sendall(bytes([byte]))
        pause.wait(0.05)


def interim(connection: socket.socket) -> None:
    hears(connection)
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


def short(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")


def leaves(connection: socket.socket) -> None:
    hears(connection)


def redirects(connection: socket.socket) -> None:
    hears(connection)
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\x1b[2J\r\nContent-Length: 0\r\n\r\n")


def deep(connection: socket.socket) -> None:
    hears(connection)
    body = b"[" * 100_000
    connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def walked(url: str, **more: object) -> Outside:
    began = time.monotonic()
    seen = look(Wanted(url=url, patience=PATIENCE, **more))  # type: ignore[arg-type]
    assert time.monotonic() - began < 15
    return seen


def first(url: str) -> tuple[str, str]:
    """The id and sentence of the worst finding."""
    finding = examine(walked(url))[0]
    return finding.id, finding.what


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (hangs, "no answer within 0.5 s"),
        (garbage, "does not speak HTTP"),
        (huge_headers, "headers have no end"),
        (many_headers, "more headers than anybody reads"),
        (endless_chunks, ""),
        (no_chunks, "in chunks that are none"),
        (drips, "no answer within 0.5 s"),
        (interim, "1xx without end"),
        (short, "ends before its length"),
        (leaves, "without an answer"),
    ],
)
def test_a_server_that_gives_no_answer_is_unreachable(behave: Behaviour, why: str) -> None:
    with server(behave) as url:
        id_, what = first(url)
    assert (id_, why in what) == ("unreachable" if why else id_, True), what
    assert "\x1b" not in what


@pytest.mark.parametrize("behave", [endless_body, endless_chunks, a_chunk_of_everything, deep])
def test_a_server_that_says_too_much_is_read_so_far_and_is_not_limen(behave: Behaviour) -> None:
    with server(behave) as url:
        seen = walked(url)
        plain = seen.reply("plain")
    assert plain is None or len(plain.body) <= 262_144
    assert {"not_limen", "unreachable"} & {finding.id for finding in examine(seen)}


def test_nothing_is_followed() -> None:
    with server(redirects) as url:
        seen = walked(url)
    (finding,) = (one for one in examine(seen) if one.id == "redirected")
    assert finding.what.endswith("to /again?[2J")


def test_a_server_that_falls_silent_is_not_asked_for_ever() -> None:
    asked: list[int] = []

    def then_hangs(connection: socket.socket) -> None:
        asked.append(1)
        if len(asked) == 1:
            hears(connection)
            connection.sendall(_PROBLEM)
        else:
            hangs(connection)

    with server(then_hangs) as url:
        seen = walked(url)
    assert isinstance(seen.heard["plain"], Reply)
    assert len(asked) == 4
    assert "silent" in {finding.id for finding in examine(seen)}


def test_tls_that_never_comes_is_unreachable() -> None:
    with server(hangs) as url:
        assert first(url.replace("http:", "https:"))[0] == "unreachable"
    with server(garbage) as url:
        assert "TLS" in first(url.replace("http:", "https:"))[1]


def test_nobody_there_is_unreachable() -> None:
    assert first(f"http://127.0.0.1:{free_port()}")[0] == "unreachable"
    assert first("https://limen-doctor.invalid")[0] == "unreachable"


@pytest.mark.parametrize(
    "url",
    ["auth.example", "ftp://auth.example", "https://", "https://ada:secret@auth.example", "https://a.example/x",
     "https://a.example?x", "https://a.example:99999", "https://a b.example", "https://a\r\nX: y", "https://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_no_password_in_it_repeated(url: str) -> None:
    with pytest.raises(Rejected) as error:
        walked(url)
    assert "secret" not in error.value.message


def test_a_credential_goes_over_no_clear_text() -> None:
    heard: list[bytes] = []

    def listens(connection: socket.socket) -> None:
        heard.append(connection.recv(65_536))
        connection.sendall(_PROBLEM)

    with server(listens) as url:
        walked(url, credential="secret")  # this very machine
        assert any(b"secret" in one for one in heard)
        heard.clear()
        look(
            Wanted(url=url.replace("127.0.0.1", socket.gethostname()), patience=PATIENCE, credential="secret")
        )
    assert not any(b"secret" in one for one in heard)


def test_options_are_of_url(shell: Shell) -> None:
    for option in (
        ("--behind", "nginx"),
        ("--public-probes",),
        ("--http-port", "80"),
        ("--credential-stdin",),
    ):
        assert shell("doctor", *option).code == 2
    assert shell("doctor", "--url", "auth.example").code == 2


def test_a_certificate_that_is_garbage_is_no_crash() -> None:
    from limen.cli.outside.encryption import _certificate

    assert _certificate(b"") is None
    assert _certificate(b"0\x82garbage") is None
    assert ssl.HAS_TLSv1_2


def test_a_certificate_of_a_version_that_there_is_not_is_no_crash() -> None:
    from limen.cli.outside.encryption import _certificate

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at + timedelta(days=1))
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert _certificate(der) is not None
    assert _certificate(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", 1)) is None


def test_of_several_addresses_one_without_a_way_to_it_is_passed_over() -> None:
    def heard(connection: socket.socket) -> None:
        hears(connection)
        connection.sendall(_PROBLEM)

    with server(heard) as url:
        port = int(url.rpartition(":")[2])
        place = Place("127.0.0.1", port, f"127.0.0.1:{port}", None, ("255.255.255.255", "127.0.0.1"))
        assert isinstance(asyncio.run(ask(place, Question("plain", "GET", "/"), patience=2.0)), Reply)


@pytest.mark.parametrize("prefix", ["", "auth", "/a b", "/a\r\nX: y", "/auth/", "/ä"])
def test_a_prefix_that_is_none_is_refused(prefix: str) -> None:
    with pytest.raises(Rejected):
        walked("http://127.0.0.1:9", prefix=prefix)


@pytest.mark.parametrize("credential", ["", "a b", "a\r\nX: y", "ä", "x" * 9_000])
def test_what_cannot_be_a_credential_is_not_sent_and_not_repeated(credential: str) -> None:
    with pytest.raises(Rejected) as error:
        walked("http://127.0.0.1:9", credential=credential)
    assert not credential or credential not in error.value.message


@pytest.mark.parametrize("url", ["http://LOCALHOST:80", "http://localhost"])
def test_an_address_is_told_as_browsers_write_it(url: str) -> None:
    assert walked(url).url == "http://localhost"


def test_a_resolver_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        assert first("https://auth.example")[1].endswith("its name was not found within 0.5 s")
    finally:
        over.set()
