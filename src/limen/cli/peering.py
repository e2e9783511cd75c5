"""`limen lab peers`: which other libraries can be measured here, and what the others need."""

from __future__ import annotations

import click

from limen.cli.answer import Answer, Exit, Table, Verb
from limen.lab.peers import PEERS, presence


@click.command("peers", cls=Verb)
@click.option("--install", is_flag=True, help="Let npm lay its locked packages into .limen/peers first.")
def peers_verb(install: bool) -> Answer:
    """Say which other libraries `compare --peers` would measure, in which versions, and what is missing.

    Exits 1 where anything is.
    """
    if install:
        presence.install()
    missing = {peer.name: presence.missing(peer) for peer in PEERS}
    lacking = presence.absent()
    rows = [
        [
            peer.name,
            ", ".join(f"{name} {known}" for name, known in presence.versions([peer]).items()),
            "" if peer.door is None else str(peer.ends),
            "missing" if missing[peer.name] else "",
        ]
        for peer in PEERS
    ]
    data = [
        {
            "name": peer.name,
            "versions": presence.versions([peer]),
            "ends": None if peer.door is None else peer.ends,
            "missing": missing[peer.name],
        }
        for peer in PEERS
    ]
    lines = ["", *(f"{'; '.join(names)}: {why}" for why, names in lacking.items())] if lacking else []
    table = Table(["peer", "versions", "a sign-out ends it", ""], rows)
    return Answer({"peers": data}, lines, table, exit=Exit.NO if lacking else Exit.OK)
