"""Processes that write to one SQLite file until they are killed, and what is asked of the file afterwards.

Everything here runs in one process without threads, which forks the writers: a kill costs milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import select
import signal
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from limen import ids
from limen.clock import Instant
from limen.errors import Unavailable
from limen.ids import AccountID, SessionID
from limen.stores.base import Opened, Rotated
from limen.stores.sqlite import SQLiteStore
from limen.throttle import Limit
from support.stores import IDLE, digest, make_account, make_session

FOREVER = Limit(free=1_000_000_000)
LANES = 4


def identifier() -> str:
    return ids.uuid7(Instant(time.time()), secrets.token_bytes)


# -- the writer ------------------------------------------------------------------------------------------


def write(path: Path, voice: int) -> None:
    """Write until killed. Each acknowledgement is one line into the pipe `voice`, said after it was had."""

    def say(*words: object) -> None:
        os.write(voice, (" ".join(map(str, words)) + "\n").encode())

    async def lane(store: SQLiteStore, account: AccountID) -> None:
        while True:
            sid = SessionID(identifier())
            session = make_session(account, at=time.time(), id=sid, digest=digest((sid, 0)))
            opened = await store.open_session(session, limit=None, until=soon(), now=now())
            assert isinstance(opened, Opened)
            say("opened", sid)
            for n in range(random.randrange(4)):
                outcome = await store.rotate(
                    sid, digest((sid, n)), digest((sid, n + 1)), now=now(), idle=IDLE
                )
                assert isinstance(outcome, Rotated)
                say("rotated", sid, n + 1)
            await store.charge([("everywhere", FOREVER)], now=now())
            say("charged")
            if random.random() < 0.5:
                event = await store.revoke_session(sid, account=account, now=now(), until=soon(), why="w")
                assert event is not None
                say("revoked", sid, event.position)

    async def main() -> None:
        store = SQLiteStore(path)
        await store.start()
        account = AccountID(identifier())
        assert await store.add_account(make_account(account, id=account))
        say("added", account)
        await asyncio.gather(*(lane(store, account) for _ in range(LANES)))

    asyncio.run(main())


def now() -> Instant:
    return Instant(time.time())


def soon() -> Instant:
    return Instant(time.time() + 3_600)


# -- the judge -------------------------------------------------------------------------------------------


@dataclass
class Acknowledged:
    """What writers were told by the store, over all that wrote to one file."""

    accounts: set[str] = field(default_factory=set)
    generations: dict[str, int] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)
    charges: int = 0

    def hear(self, line: str) -> None:
        match line.split():
            case ["added", account]:
                self.accounts.add(account)
            case ["opened", sid]:
                self.generations.setdefault(sid, 0)
            case ["rotated", sid, generation]:
                self.generations[sid] = int(generation)
            case ["revoked", sid, position]:
                self.revoked[sid] = int(position)
            case ["charged"]:
                self.charges += 1
            case other:
                raise AssertionError(other)

    def __len__(self) -> int:
        return len(self.accounts) + len(self.generations) + len(self.revoked) + self.charges

    def judge(self, path: Path, writers: int) -> None:
        """Compare with the file. `writers`: how many may each have left steps that nobody heard of."""
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'limen_state'").fetchone():
                assert not len(self), "something was acknowledged before there were tables"
                return
            assert db.execute("SELECT count(*) FROM limen_state").fetchone() == (1,)
            self._judge_sessions(db)
            held = {ids.from_bytes(id_) for (id_,) in db.execute("SELECT id FROM limen_accounts")}
            assert held >= self.accounts, "an acknowledged account is lost"
            charged = db.execute("SELECT charges FROM limen_buckets WHERE key = 'everywhere'").fetchone()
            charges = charged[0] if charged else 0
            assert self.charges <= charges <= self.charges + writers * LANES, "a charge is lost or doubled"

    def _judge_sessions(self, db: sqlite3.Connection) -> None:
        rows = db.execute("SELECT id, generation, digest FROM limen_sessions").fetchall()
        found = {ids.from_bytes(id_): (generation, head) for id_, generation, head in rows}
        events = dict(db.execute("SELECT subject, position FROM limen_revocations").fetchall())
        assert len(set(events.values())) == len(events)
        for sid, (generation, head) in found.items():
            assert head == digest((sid, generation)), "a rotation is torn"
            assert sid not in events, "a session outlived its own event"
        for sid, position in self.revoked.items():
            assert events.get(sid) == position, "an acknowledged revocation is lost"
            assert sid not in found, "a revoked session came back"
        for sid, generation in self.generations.items():
            if sid in events:
                continue  # ended, and the writer was killed before it could say so
            assert sid in found, "an acknowledged session is lost"
            assert generation <= found[sid][0] <= generation + 1, "an acknowledged rotation is lost"


# -- the executioner -------------------------------------------------------------------------------------


def forked(path: Path) -> tuple[int, int]:
    """A writer: its process id, and the pipe that it speaks into."""
    ear, voice = os.pipe()
    child = os.fork()
    if child == 0:
        random.seed(os.urandom(8))
        os.close(ear)
        try:
            write(path, voice)
        except BaseException as error:  # a child must not go on as its parent
            os.write(2, f"the writer failed: {error!r}\n".encode())
        os._exit(1)
    os.close(voice)
    return child, ear


def listened(ear: int, known: Acknowledged, *, until: float, rest: str = "") -> str:
    """Hear what a writer says until a moment of the monotonic clock; what is left of a line."""
    while (left := until - time.monotonic()) > 0:
        if select.select([ear], [], [], left)[0]:
            heard = os.read(ear, 65_536)
            if not heard:
                break
            *lines, rest = (rest + heard.decode()).split("\n")
            for line in lines:
                known.hear(line)
    return rest


def killed(child: int, ear: int, known: Acknowledged, rest: str) -> None:
    """kill -9, and hear out what it had said before."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    assert listened(ear, known, until=time.monotonic() + 5, rest=rest) == ""
    os.close(ear)


def kills(folder: str, rounds: int, seed: int) -> None:
    """Kill a writer at `rounds` moments, some while it opens or migrates; prints what was acknowledged."""
    moments, total = random.Random(seed), 0
    for batch in range(0, rounds, 25):
        path, known = Path(folder) / f"{batch}.db", Acknowledged()
        for n in range(min(25, rounds - batch)):
            child, ear = forked(path)
            rest = listened(ear, known, until=time.monotonic() + moments.uniform(0, 0.06))
            killed(child, ear, known, rest)
            if path.exists():
                known.judge(path, n + 1)
        total += len(known)
    print(json.dumps(total))


def kills_beside(folder: str, rounds: int, seed: int) -> None:
    """Kill one writer after another while another lives on, which must never be kept from writing."""
    moments, path, known, lively = random.Random(seed), Path(folder) / "shared.db", Acknowledged(), 0
    survivor, survivors_ear = forked(path)
    others = Acknowledged()
    kept = listened(survivors_ear, others, until=time.monotonic() + 0.3)
    for _ in range(rounds):
        child, ear = forked(path)
        rest = listened(ear, known, until=time.monotonic() + moments.uniform(0.02, 0.06))
        killed(child, ear, known, rest)
        before, patience = len(others), time.monotonic() + 5
        while len(others) == before and time.monotonic() < patience:
            kept = listened(survivors_ear, others, until=time.monotonic() + 0.005, rest=kept)
        lively += len(others) > before
    killed(survivor, survivors_ear, others, kept)
    both = Acknowledged(
        known.accounts | others.accounts,
        known.generations | others.generations,
        known.revoked | others.revoked,
        known.charges + others.charges,
    )
    both.judge(path, rounds + 1)
    print(json.dumps([lively, len(known)]))


# -- several writers that live ---------------------------------------------------------------------------


def contend(path: str, writers: int, each: int) -> None:
    """Let processes count on one bucket beside a reader that holds on to the past; prints their sums."""
    asyncio.run(_made(path))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM limen_accounts").fetchone()
    ears = [_counter(Path(path), each) for _ in range(writers)]
    sums = []
    for child, ear in ears:
        with os.fdopen(ear) as voice:
            sums.append(json.loads(voice.read()))
        assert os.waitpid(child, 0)[1] == 0
    reader.rollback()
    reader.close()
    with closing(sqlite3.connect(path)) as db:
        charges = db.execute("SELECT charges FROM limen_buckets WHERE key = 'everywhere'").fetchone()[0]
        positions = [p for (p,) in db.execute("SELECT position FROM limen_revocations ORDER BY position")]
        whole = db.execute("PRAGMA integrity_check").fetchone()[0]
    print(json.dumps({"sums": sums, "charges": charges, "positions": positions, "integrity": whole}))


async def _made(path: str) -> None:
    store = SQLiteStore(path)
    await store.start()
    await store.close()


def _counter(path: Path, each: int) -> tuple[int, int]:
    ear, voice = os.pipe()
    child = os.fork()
    if child:
        os.close(voice)
        return child, ear
    status = 1
    with suppress(BaseException):
        os.write(voice, json.dumps(asyncio.run(_count(path, each))).encode())
        status = 0
    os._exit(status)


async def _count(path: Path, each: int) -> list[int]:
    """How many charges and revocations were acknowledged, and how many of either were Unavailable."""
    store, charged, revoked, busy = SQLiteStore(path, patience=30), 0, 0, 0
    await store.start()
    for n in range(each):
        try:
            if n % 3:
                await store.charge([("everywhere", FOREVER)], now=now())
                charged += 1
            else:
                await store.revoke_account(AccountID(identifier()), now=now(), until=soon(), why="w")
                revoked += 1
        except Unavailable:
            busy += 1
    await store.close()
    return [charged, revoked, busy]
