"""`limen key …`: the ring of signing keys, and secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from limen.auth import Limen
from limen.cli import given, surroundings
from limen.cli.answer import Answer, Exit, Table, VerbGroup, note
from limen.cli.findings import found_data, found_lines, verdict
from limen.cli.moments import moment
from limen.cli.opening import with_limen
from limen.errors import Rejected
from limen.keys import KeyState, StoredRing
from limen.secret import Secret

_NAMES_A_KEY = {"ignore_unknown_options": True}
"""One `kid` in 64 begins with a dash (RFC 7638 thumbprints are base64url), and is no option."""


@click.group("key", cls=VerbGroup)
def verb() -> None:
    """Rotate, retire and end signing keys; make secrets."""


@verb.command(name="list")
@with_limen()
async def list_keys(auth: Limen) -> Answer:
    """List the keys of the ring and their states."""
    ring = await auth.stored_ring()
    return Answer(_data(auth, ring), (), _table(ring))


@verb.command()
@with_limen()
async def rotate(auth: Limen) -> Answer:
    """Let the next key sign, and publish the one after it."""
    await auth.rotate_keys()
    return await _changed(auth, f"{auth.ring.active.kid} signs now")


@verb.command(context_settings=_NAMES_A_KEY)
@click.argument("kid")
@with_limen()
async def retire(auth: Limen, kid: str) -> Answer:
    """Publish a retiring key no longer, once all its tokens are dead."""
    await auth.retire_key(kid)
    return await _changed(auth, f"{kid} is retired")


@verb.command(context_settings=_NAMES_A_KEY)
@click.argument("kid")
@given.asks_whether("End {kid} and every token that it signed?")
@with_limen()
async def compromise(auth: Limen, kid: str) -> Answer:
    """Accept nothing more that this key signed, from now on; its successor signs at once."""
    await auth.compromise_key(kid)
    return await _changed(
        auth, f"{kid} is ended, and all its tokens with it; {auth.ring.active.kid} signs now"
    )


@verb.command()
def secret() -> Answer:
    """Print a fresh LIMEN_SECRET."""
    made = Secret.generate().reveal()
    return Answer({"secret": made}, [made])


@verb.command()
@click.argument("name")
@surroundings.configuration_options
def client(name: str, database: str | None, config: str | None) -> Answer:
    """Print the secret of a client that introspects or revokes: derived from LIMEN_SECRET, in no table."""
    surroundings.put({"database": database, "config": config})
    auth = Limen.from_env()
    if name not in auth.settings.clients:
        note(f"{name!r} is not in the setting `clients`; until it is, nobody accepts this secret")
    made = auth.client_secret(name)
    return Answer({"client_id": name, "client_secret": made}, [made])


@verb.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@with_limen()
async def export(auth: Limen, directory: Path) -> Answer:
    """Write the public keys into DIRECTORY as PEM, for what reads no JWKS, such as HAProxy.

    active.pem, next.pem and retiring.pem; where no key retires, retiring.pem is the active one once more.
    Each file is replaced at once, so whoever reloads meanwhile reads a whole one. Write them again after
    every rotation.
    """
    if auth.ring.active.alg.symmetric:
        raise Rejected("a key for HS256 has no public half to write", code="key_symmetric", status=409)
    written = _written_keys(auth, await auth.stored_ring(), directory)
    return Answer({"keys": written}, [f"{row['file']}: {row['kid']}" for row in written])


@verb.command()
@click.argument("source", metavar="FILE", default="-")
def lint(source: str) -> Answer:
    """Say what is wrong with a JWK or a JWK set in FILE (`-`: stdin); exit code 1 for errors."""
    from limen import lint as rules

    read = given.json_object(source)
    found = rules.key_set(read) if "keys" in read else rules.key(read)
    return Answer(found_data(found), found_lines(found), exit=verdict(found))


def _written_keys(auth: Limen, ring: StoredRing, directory: Path) -> list[dict[str, str]]:
    directory.mkdir(parents=True, exist_ok=True)
    rows = []
    for state in (KeyState.ACTIVE, KeyState.NEXT, KeyState.RETIRING):
        kept = ring.in_state(state) or ring.in_state(KeyState.ACTIVE)
        kid = max(kept, key=lambda key: key.since).kid
        file = directory / f"{state}.pem"
        fresh = file.with_suffix(".fresh")
        fresh.write_bytes(auth.ring.verifying[kid].to_pem())
        fresh.replace(file)
        rows.append({"file": str(file), "kid": kid})
    return rows


async def _changed(auth: Limen, said: str) -> Answer:
    ring = await auth.stored_ring()
    return Answer(_data(auth, ring), [said], _table(ring), Exit.OK)


def _data(auth: Limen, ring: StoredRing) -> dict[str, Any]:
    keys = [
        {
            "kid": key.kid,
            "alg": key.algorithm.value,
            "state": key.state.value,
            "created_at": moment(key.created),
            "since": moment(key.since),
        }
        for key in ring.keys
    ]
    published = json.loads(auth.ring.jwks)
    return {
        "version": ring.version,
        "keys": keys,
        "rotation_due": auth.ring.rotation_due,
        "published": published,
    }


def _table(ring: StoredRing) -> Table:
    order = list(KeyState)
    keys = sorted(ring.keys, key=lambda key: (order.index(key.state), key.created))
    rows = [
        [key.kid, key.algorithm, key.state, moment(key.since) or "", moment(key.created) or ""]
        for key in keys
    ]
    return Table(["kid", "algorithm", "state", "since", "created"], rows)
