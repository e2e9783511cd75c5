"""A real mail server on loopback that keeps what it is given, and can be down, hang, refuse and recover."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Delivered:
    """One letter as the server got it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    def body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())

    @property
    def link(self) -> str:
        """The address with a ticket in its text."""
        (found,) = [line for line in self.body("plain").splitlines() if "token=" in line]
        return found.strip()


class Sink:
    """A server in a thread of its own. `answers`: at MAIL, RCPT or DATA another than the usual one."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, users: dict[str, str] | None = None) -> None:
        self.delivered: list[Delivered] = []
        self.answers: dict[str, str | Callable[[], str | None]] = {}
        self.hangs = threading.Event()
        """Set: nothing is answered to DATA until it is cleared."""
        self.reached = threading.Event()
        """Set once a letter has come as far as DATA."""
        self.connections = 0
        self._tls, self._users = tls, users
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._arrived = threading.Condition()
        self.port = _free_port()
        self._protocols: list[SMTP] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def up(self) -> None:
        self._do(self._listen())

    def down(self) -> None:
        """Nobody listens on the port, and whoever was connected is cut off."""
        self._do(self._stop())

    def close(self) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def to(self, recipient: str) -> list[Delivered]:
        return [one for one in list(self.delivered) if recipient in one.recipients]

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Delivered]:
        """What has come, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.delivered) >= count, seconds), self.delivered
        return list(self.delivered)

    # -- what aiosmtpd calls -----------------------------------------------------------------------------

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if (answer := self._answer("MAIL")) is not None:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if (answer := self._answer("RCPT")) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.reached.set()
        while self.hangs.is_set():  # noqa: ASYNC110 - an event of threads
            await asyncio.sleep(0.01)
        if (answer := self._answer("DATA")) is not None:
            return answer
        with self._arrived:
            content = envelope.original_content or envelope.content
            self.delivered.append(Delivered(envelope.mail_from, tuple(envelope.rcpt_tos), content))
            self._arrived.notify_all()
        return "250 OK"

    def _answer(self, at: str) -> str | None:
        answer = self.answers.get(at)
        return answer() if callable(answer) else answer

    # -- in the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._finish())
        self._loop.close()

    async def _finish(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(self._protocol, "127.0.0.1", self.port)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for protocol in self._protocols:
            transport = getattr(protocol, "transport", None)
            if transport is not None:
                transport.abort()
        self._protocols.clear()
        await asyncio.sleep(0.01)

    def _protocol(self) -> SMTP:
        self.connections += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is loopback: who asks for a password here needs no TLS
            made = self._made()
        self._protocols.append(made)
        return made

    def _made(self) -> SMTP:
        return SMTP(
            self,
            hostname="sink.example",
            enable_SMTPUTF8=True,
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            auth_required=self._users is not None,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        users = self._users or {}
        right = users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=right, handled=right)


@contextmanager
def sink(**options: Any) -> Iterator[Sink]:
    """A server that listens."""
    made = Sink(**options)
    made.up()
    try:
        yield made
    finally:
        made.close()


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that signed itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, private)
    return certificate, context


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
