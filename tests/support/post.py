"""The outbox as a test reads it: letters are taken out of it and opened before anybody sends them."""

from __future__ import annotations

from limen.auth import Limen
from limen.letters import Kind, Letter


async def nobody_sends(auth: Limen) -> None:
    """Let letters wait for the test, which would come second else."""
    if auth._postman is not None:
        await auth._postman.close()


async def letters(auth: Limen, to: str | None = None) -> list[Letter]:
    """What has come since the last look."""
    found = []
    for posted in await auth.store.take_letters(now=auth.clock.now(), lease=60, limit=100):
        letter = auth._parts.letters.open(posted)
        assert letter is not None
        found.append(letter)
        await auth.store.letter_sent(posted.id)
    return [letter for letter in found if to in (None, letter.to)]


async def tokens(auth: Limen) -> dict[Kind, str]:
    """The tickets in the letters that have come, by the kind of the letter."""
    linked = {x.kind: x.values["link"] for x in await letters(auth) if "link" in x.values}
    return {kind: link.partition("?token=")[2] for kind, link in linked.items()}
