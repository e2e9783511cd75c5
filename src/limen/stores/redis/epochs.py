"""Is this Redis still the one that it was? The rule, and the records that it judges.

Redis counts what must not be lost (`writes`) and says under which fence it does: an epoch, and the run of the
server that was looked at. The accounts' store keeps the epoch, and now and then how far the count had come. A
server of another run may have restarted without its last second, been restored from yesterday, or been a
replica that lagged; whoever meets it first compares. If it has gone back in time, or is empty, a new epoch
begins: all sessions end, because nobody can say which of them had ended already.
"""

from __future__ import annotations

from dataclasses import dataclass

GAP = 1_000_000
"""Left out of the positions when the run changes: readers may have seen some that were lost since."""
SPAN = 10**12
"""The first position of an epoch is this often its number at least. Whoever begins one need not know how many
runs, and gaps, there were since the accounts' store was told; a reader that knows must see what comes now.
Lua counts exactly up to 2⁵³, the end of 9,000 epochs."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Under what a process knows Redis: every step says it, and is not done under another."""

    epoch: int
    run: str

    @property
    def text(self) -> bytes:
        return f"{self.epoch}:{self.run}".encode()


@dataclass(frozen=True, slots=True)
class Held:
    """What Redis says of itself."""

    fence: bytes
    epoch: int
    position: int
    writes: int
    since: int
    """The count at which the run of the fence began."""

    @property
    def run(self) -> str:
        return self.fence.decode("utf-8", "replace").partition(":")[2]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known elsewhere: by the accounts' store, and by this process."""

    epoch: int
    writes: int
    fresh: bool
    """There is no account yet, so nothing can have been lost."""
    seen: Fence | None = None
    seen_writes: int = 0
    """How far the count had come when this process last had an answer, under `seen`."""


@dataclass(frozen=True, slots=True)
class Same:
    """It is as it was."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Another run, and nothing is missing."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin this epoch. `why` is None for the very first one, which ends nothing."""

    epoch: int
    why: str | None


def judge(held: Held | None, known: Known, run: str) -> Same | Adopt | Begin:
    """What is to be done about a Redis that says `held` and whose server is in `run`."""
    if held is None:
        is_first = known.epoch == 0 and known.fresh
        return Begin(known.epoch + 1, None if is_first else "it is empty")
    if held.epoch < known.epoch:
        return Begin(known.epoch, "it is of an earlier epoch")
    if held.epoch > known.epoch:
        return Begin(held.epoch + 1, "the accounts' database is of an earlier epoch")
    if held.writes < known.writes:
        return Begin(held.epoch + 1, "it is older than the accounts' database remembers")
    if known.seen is not None and known.seen.epoch == held.epoch:
        in_this_run = known.seen.run == held.run
        if (held.writes if in_this_run else held.since) < known.seen_writes:
            return Begin(held.epoch + 1, "it has lost what it had acknowledged")
    return Same() if held.run == run else Adopt()
