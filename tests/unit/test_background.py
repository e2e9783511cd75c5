"""One loop in a thread: what it hands through, when it gives up, and what becomes of it in a fork."""

from __future__ import annotations

import _thread
import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from limen.auth import Limen
from limen.background import Background
from limen.errors import Denied, Misconfigured, Unavailable
from limen.testing import for_tests, sign_in

PROGRAM = """
import os, sys, logging
logging.disable()
from limen.background import Background
from limen.insecure import WeakHashing
from limen import Limen

loop = Background(Limen(f"sqlite:///{sys.argv[1]}", scheme=WeakHashing(), strategy="hybrid"))
"""


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Background]:
    made = Background(for_tests(f"sqlite:///{tmp_path}/limen.db"))
    yield made
    made.close()


def limen_of(loop: Background) -> Limen:
    assert isinstance(loop.auth, Limen)
    return loop.auth


def program(tmp_path: Path, text: str) -> str:
    """What a program prints that has a loop, once it has ended by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM + text, str(tmp_path / "limen.db")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_it_answers_what_the_coroutine_answers_and_raises_what_it_raises(loop: Background) -> None:
    auth = limen_of(loop)
    grant = loop.run(sign_in(auth))
    assert loop.run(auth.authenticate(grant.credential)).account == grant.account
    with pytest.raises(Denied) as refused:
        loop.run(auth.authenticate("garbage"))
    assert (refused.value.code, refused.value.reason) == ("credential_invalid", "seal_mismatch")

    async def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        loop.run(late())


def test_nothing_starts_before_it_is_asked_and_then_once(loop: Background) -> None:
    assert loop._running is None
    with ThreadPoolExecutor(8) as threads:
        running = {threads.submit(loop._started) for _ in range(32)}
    assert len({id(one.result()) for one in running}) == 1
    assert sum(thread.name == "limen background" for thread in threading.enumerate()) == 1
    loop.start()
    loop.close()
    assert not any(thread.name == "limen background" for thread in threading.enumerate())


def test_two_applications_share_one_loop_and_never_run_one_limen_on_two(loop: Background) -> None:
    assert Background.of(loop.auth) is loop
    other = Background(loop.auth)
    loop.start()
    with pytest.raises(Misconfigured, match="another loop"):
        other.start()
    loop.close()
    other.start()
    other.close()


def test_what_takes_too_long_is_cancelled_and_unavailable(loop: Background) -> None:
    ended = threading.Event()

    async def endless() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    with pytest.raises(Unavailable) as slow:
        loop.run(endless(), patience=0.05)
    assert slow.value.reason == "background_slow"
    assert ended.wait(5)


def test_whoever_waits_when_it_closes_is_told_and_later_ones_start_it_anew(loop: Background) -> None:
    begun = threading.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(loop.run, endless())
        assert begun.wait(5)
        loop.close()
        with pytest.raises(Unavailable) as told:
            waiting.result(5)
    assert told.value.reason == "background_closed"
    auth = limen_of(loop)
    grant = loop.run(sign_in(auth))  # passwords are hashed again, too
    assert loop.authenticate(grant.credential).account == grant.account


def test_the_callers_context_goes_with_it(loop: Background) -> None:
    said: contextvars.ContextVar[str] = contextvars.ContextVar("said", default="nothing")
    said.set("a trace")

    async def hear() -> str:
        return said.get()

    assert loop.run(hear()) == "a trace"


def test_the_loop_does_not_wait_for_itself(loop: Background) -> None:
    async def within() -> None:
        loop.run(asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="await it there"):
        loop.run(within())


def test_a_start_that_fails_is_said_to_all_who_wait_for_it_and_tried_anew_later(tmp_path: Path) -> None:
    loop = Background(for_tests(f"sqlite:///{tmp_path}/nowhere/limen.db"))
    barrier = threading.Barrier(6)

    def attempt() -> str:
        barrier.wait()
        with pytest.raises((Unavailable, Misconfigured)) as failed:
            loop.run(limen_of(loop).authenticate("x"))
        return failed.value.code

    with ThreadPoolExecutor(6) as threads:
        codes = [each.result() for each in [threads.submit(attempt) for _ in range(6)]]
    assert len(set(codes)) == 1
    (tmp_path / "nowhere").mkdir()
    loop.start()
    loop.close()


def test_green_threads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", lambda *_: 0)
    with pytest.raises(Misconfigured, match="gevent"):
        Background(for_tests()).start()


def test_an_interpreter_that_ends_closes_it(tmp_path: Path) -> None:
    text = """
account = loop.run(loop.auth.add_account("ada@example.com", "correct horse battery staple"))
close = loop.auth.close
async def closing():
    await close()
    print("closed", flush=True)
loop.auth.close = closing
"""
    assert program(tmp_path, text) == "closed\n"


def test_a_fork_gets_a_loop_and_connections_of_its_own(tmp_path: Path) -> None:
    text = """
loop.run(loop.auth.add_account("ada@example.com", "correct horse battery staple"))
ours = loop._running
child = os.fork()
account = loop.run(loop.auth.find_account("ada@example.com"))
signed = loop.run(loop.auth.sign_in("ada@example.com", "correct horse battery staple"))
assert loop.authenticate(signed.grant.credential).account == account.id
assert loop._running is not ours and loop._running.pid == os.getpid()
loop.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
    print("both")
else:
    os._exit(0)
"""
    assert program(tmp_path, text) == "both\n"


def test_a_fork_that_python_was_not_told_of_is_refused(
    loop: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.start()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "getpid", lambda: -1)
        with pytest.raises(Misconfigured, match="lazy-apps"):
            loop.run(limen_of(loop).authenticate("x"))


def test_a_store_that_cannot_be_closed_before_a_fork_leaves_no_lock_behind(tmp_path: Path) -> None:
    text = """
import threading
loop.start()
end = loop.auth.close
async def breaks():
    await end()
    raise OSError("the store went away")
loop.auth.close = breaks
def asked():
    try:
        loop.start()
    except BaseException as error:
        return repr(error)
    return "started"
def from_another_thread(who):
    said = ["hangs"]
    thread = threading.Thread(target=lambda: said.insert(0, asked()), daemon=True)
    thread.start()
    thread.join(10)
    print(who, said[0], flush=True)
child = os.fork()
from_another_thread("parent" if child else "child")
if child:
    os.waitpid(child, 0)
loop.auth.close = end
if not child:
    loop.close()
    os._exit(0)
"""
    assert sorted(program(tmp_path, text).splitlines()) == ["child started", "parent started"]
