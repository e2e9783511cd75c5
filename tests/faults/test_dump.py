"""S06: whoever steals the database or the log holds no credential."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from limen.auth import Limen
from limen.errors import Denied
from limen.jose import b64
from limen.jose.jwk import SigningKey
from limen.keys import KeyWrap
from limen.secret import Secret
from limen.sessions import Sealer
from limen.strategies.base import Grant
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, SECRET, STRATEGIES, world

pytestmark = pytest.mark.anyio


async def everything(auth: Limen) -> tuple[list[Grant], list[str]]:
    """Go through every flow that hands out something, or takes something in; all grants and devices."""
    await auth.register(EMAIL, PASSWORD)
    signed = [await auth.sign_in(EMAIL, PASSWORD, source="192.0.2.7", user_agent="dump") for _ in range(4)]
    grants, devices = [one.grant for one in signed], [one.device for one in signed]
    with pytest.raises(Denied):
        await auth.sign_in(EMAIL, OTHER_PASSWORD, device=devices[0])
    await auth.sign_in(EMAIL, PASSWORD, device=devices[0])
    assert auth.check_client("gateway", auth.client_secret("gateway"))
    assert not auth.check_client("gateway", auth.client_secret("other"))
    who = await auth.authenticate(grants[0].credential)
    with pytest.raises(Denied):
        await auth.sign_in(EMAIL, OTHER_PASSWORD)
    if grants[0].refresh is not None:
        grants.append(await auth.refresh(grants[0].refresh))
        assert grants[-1].refresh is not None
        grants.append(await auth.refresh(grants[-1].refresh))
        with pytest.raises(Denied):
            await auth.refresh(grants[0].refresh)
    await auth.sign_out(await auth.authenticate(grants[1].credential))
    await auth.sessions(who)
    grants.append(
        await auth.change_password(
            await auth.authenticate(grants[2].credential), PASSWORD, OTHER_PASSWORD, source="192.0.2.7"
        )
    )
    with pytest.raises(Denied):
        await auth.authenticate(grants[-1].credential + "x")
    await auth.compromise_key(auth.ring.active.kid)
    await auth.catch_up()
    await auth.maintain()
    return grants, devices


async def private_keys(auth: Limen) -> list[SigningKey]:
    """Every key that the ring has, the retired ones too."""
    return [KeyWrap(Secret(SECRET)).open(key) for key in (await auth.stored_ring()).keys]


def secrets_of(auth: Limen, grants: list[Grant], devices: list[str]) -> Iterator[bytes]:
    """Everything that was handed out or typed, in each form in which it could be used."""
    yield from (PASSWORD.encode(), OTHER_PASSWORD.encode(), SECRET, SECRET.hex().encode())
    yield from (b64.encode(SECRET).encode(), *derived())
    yield from (auth.client_secret(client).encode() for client in ("gateway", "other"))
    for device in devices:
        yield from (device.encode(), b64.decode(device), b64.decode(device).hex().encode())
        yield b64.decode(device)[:17].hex().encode()  # its name, by which its throttle is kept
    sealer = Sealer(auth.settings.secret)
    for grant in grants:
        for text in (grant.credential, grant.refresh):
            if text is None:
                continue
            yield text.encode()
            if "." in text:
                yield text.rpartition(".")[2].encode()
                continue
            presented = sealer.open(text)
            assert presented is not None
            yield from (presented.secret, presented.secret.hex().encode())


def derived() -> Iterator[bytes]:
    """The keys that were made of the secret, each as bytes and as text."""
    for purpose in (
        "session credential tag", "session credential successor", "device credential", "key ring", "throttle",
        "client secret",
    ):  # fmt: skip
        key = Secret(SECRET).derive(purpose)
        yield from (key, key.hex().encode(), b64.encode(key).encode())


def of_key(key: SigningKey) -> Iterator[bytes]:
    private = key.to_private_jwk()
    for name in ("d", "k"):
        if name in private:
            yield from (private[name].encode(), b64.decode(private[name]))


def dumped(folder: Path) -> bytes:
    """The raw bytes of every file of the database, and every value of every table as text."""
    raw = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    with closing(sqlite3.connect(folder / "limen.db")) as connection:
        return raw + "\n".join(connection.iterdump()).encode()


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S06_no_secret_in_any_table_or_log(
    strategy: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy=strategy, clients=("gateway",)) as (auth, _):
        grants, devices = await everything(auth)
        secrets = set(secrets_of(auth, grants, devices))
        keys = await private_keys(auth)
        assert len(keys) >= 3
        secrets |= {part for key in keys for part in of_key(key)}
        while_open = dumped(tmp_path)
    after = dumped(tmp_path)
    assert grants[0].account.replace("-", "") in after.hex(), "the dump reads what is there"
    log = caplog.text.encode()
    assert b'"event":"sign_in"' in log
    assert EMAIL.encode() not in log, "an address is in the table of accounts, and nowhere else"
    for secret in secrets:
        assert len(secret) >= 16
        for place in (while_open, after, log):
            assert secret not in place
