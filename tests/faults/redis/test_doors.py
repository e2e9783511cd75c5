"""The ways in: a user who may do just what the page says, and TLS."""

from __future__ import annotations

import datetime
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from limen.errors import LimenError, Misconfigured
from limen.stores import open_store
from limen.stores.base import Opened, Rotated, Store
from limen.throttle import Limit
from support import redis
from support.source import ROOT
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

KINDS = ("redis",)
Opens = Callable[..., Awaitable[Store]]


def commands_of_the_page() -> list[str]:
    page = (ROOT / "docs" / "redis.md").read_text()
    needed = page[page.index("The user needs") : page.index("## What lies where")]
    return [name.lower() for part in re.findall(r"`([A-Z|\s]+)`", needed) for name in part.split()]


async def test_the_commands_that_the_page_names_are_all_that_is_needed(
    server: redis.Server, opens: Opens
) -> None:
    allowed = [f"+{name}" for name in commands_of_the_page()]
    said = server.ask("ACL", "SETUSER", "limen", "on", ">word", "~{limen}:*", *allowed)
    assert said.startswith("+OK"), said
    store = await opens(f"redis://limen:word@127.0.0.1:{server.port}")
    account = await added(store)
    one, two = await opened(store, account), await opened(store, account, at=NOW + 1)
    assert await store.session(one.id) == one
    assert isinstance(await store.rotate(one.id, one.digest, digest(1), now=NOW, idle=IDLE), Rotated)
    assert await store.touch(two.id, now=NOW, idle=IDLE)
    third = make_session(account, at=NOW + 2)
    answer = await store.open_session(third, limit=2, until=UNTIL, now=NOW)
    assert isinstance(answer, Opened)
    assert len(answer.ended) == 1
    assert await store.revoke_others(account.id, keep=third.id, now=NOW, until=UNTIL, why="w")
    assert await store.sessions_of(account.id, now=NOW) == [third]
    await store.set_scopes(account.id, (), upto=NOW, until=UNTIL, now=NOW)
    await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    await store.charge([("a", Limit(free=1))], now=NOW)
    await store.settle(clear=["a"], refund=[("b", Limit(free=1))])
    await store.wait(0, every=30.0, at_most=1.0)
    await store.ping()
    assert await store.sweep(now=UNTIL) > 0
    server.ask("DEL", "{limen}:meta")
    page = await store.read_feed(0, now=UNTIL)
    assert [event.why for event in page.revocations] == ["sessions_lost"]


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_is_checked(tmp_path: Path, trusted: bool) -> None:
    redis.require("redis")
    _certificate(tmp_path, "ours")
    _certificate(tmp_path, "theirs")
    port = redis.free_port()
    files = ("--tls-cert-file", str(tmp_path / "ours.pem"), "--tls-key-file", str(tmp_path / "ours.key"))
    server = redis.Server("redis", "--tls-port", str(port), "--tls-auth-clients", "no",
                          "--tls-ca-cert-file", str(tmp_path / "ours.pem"), *files)  # fmt: skip
    authority = "ours" if trusted else "theirs"
    url = f"rediss://localhost:{port}?ca={tmp_path}/{authority}.pem"
    store = open_store(f"sqlite:///{tmp_path}/limen.db", url)
    if trusted:
        await store.start()
        session = await opened(store, await added(store))
        assert await store.session(session.id) == session
        await store.close()
    else:
        with pytest.raises(Misconfigured, match="TLS"):
            await store.start()
    with pytest.raises(LimenError):
        await open_store(f"sqlite:///{tmp_path}/limen.db", f"rediss://localhost:{server.port}").start()
    server.destroy()


def _certificate(folder: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
