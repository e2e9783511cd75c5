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
from limen.sessions import Sealer
from limen.strategies.base import Grant
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, SECRET, STRATEGIES, world

pytestmark = pytest.mark.anyio


async def everything(auth: Limen) -> list[Grant]:
    """Go through every flow that hands out something, or takes something in; all grants."""
    await auth.register(EMAIL, PASSWORD)
    grants = [
        (await auth.sign_in(EMAIL, PASSWORD, source="192.0.2.7", user_agent="dump")).grant for _ in range(4)
    ]
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
    await auth.catch_up()
    await auth.maintain()
    return grants


def secrets_of(auth: Limen, grants: list[Grant]) -> Iterator[bytes]:
    """Everything that was handed out or typed, in each form in which it could be used."""
    yield from (PASSWORD.encode(), OTHER_PASSWORD.encode(), SECRET, SECRET.hex().encode())
    yield auth.client_secret("gateway").encode()
    private = auth.ring.active.to_private_jwk()
    yield from (private[name].encode() for name in ("d", "k") if name in private)
    yield from (b64.decode(private[name]) for name in ("d", "k") if name in private)
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
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy=strategy) as (auth, _):
        grants = await everything(auth)
        secrets = set(secrets_of(auth, grants))
        while_open = dumped(tmp_path)
    after = dumped(tmp_path)
    assert grants[0].account.replace("-", "") in after.hex(), "the dump reads what is there"
    log = caplog.text.encode()
    assert b'"event":"sign_in"' in log
    for secret in secrets:
        assert len(secret) >= 16
        for place in (while_open, after, log):
            assert secret not in place
