"""A03: letters through a real mail server, which is down, hangs, refuses and recovers; none is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from limen.auth import Limen
from limen.letters import LEASE
from limen.mail import smtp
from limen.testing import TurnableClock
from support.mail import Sink, certified, sink
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[Sink]:
    with sink() as made:
        yield made


@asynccontextmanager
async def sending(
    server: Sink, *, by_itself: bool = False, **options: Any
) -> AsyncIterator[tuple[Limen, TurnableClock]]:
    """A Limen with an account. Unless `by_itself` the test says when letters are sent."""
    options = {"mail": server.url, "mail_from": "App <no-reply@app.example>", **options}
    async with world(**options) as (auth, clock):
        if not by_itself:
            assert auth._postman is not None
            await auth._postman.close()
        await account_with(auth)
        yield auth, clock


async def test_a_letter_arrives_as_it_was_written(server: Sink) -> None:
    async with sending(server) as (auth, _clock):
        await auth.recovery.forgot_password(EMAIL)
        await auth.recovery.send_letters()
        (letter,) = server.delivered
        assert (letter.sender, letter.recipients) == ("no-reply@app.example", (EMAIL,))
        assert letter.message["From"] == "App <no-reply@app.example>"
        assert letter.message["To"] == EMAIL
        assert letter.message["Auto-Submitted"] == "auto-generated"
        assert letter.link.startswith("http://127.0.0.1:8000/reset?token=")
        assert letter.link in letter.body("html")
        assert await auth.store.letters_waiting() == 0
        await auth.recovery.reset_password(letter.link.partition("token=")[2], PASSWORD + "!")


async def test_it_is_sent_at_once_and_by_itself(server: Sink) -> None:
    async with sending(server, by_itself=True) as (auth, _):
        await auth.recovery.forgot_password(EMAIL)
        await asyncio.to_thread(server.wait_for, 1, seconds=3)


async def test_many_letters_share_one_connection(server: Sink) -> None:
    async with sending(server) as (auth, _clock):
        for n in range(8):
            await auth.register(f"p{n}@example.org", PASSWORD)
        await auth.recovery.send_letters()
        assert len(server.delivered) == 8
        assert server.connections == 1


async def test_A03_while_the_server_is_down_answers_are_the_same_and_mail_waits(server: Sink) -> None:
    server.down()
    async with sending(server) as (auth, clock):
        began = time.perf_counter()
        assert await auth.recovery.forgot_password(EMAIL) is None
        assert await auth.recovery.forgot_password("nobody@example.org") is None
        assert time.perf_counter() - began < 0.5
        await auth.recovery.send_letters()
        assert await auth.store.letters_waiting() == 1
        server.up()
        await auth.recovery.send_letters()
        assert server.delivered == []  # not due yet
        clock.turn(10)
        await auth.recovery.send_letters()
        assert len(server.delivered) == 1


async def test_A03_while_the_server_hangs_nothing_else_does(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "PATIENCE", 0.3)
    server.hangs.set()
    async with sending(server) as (auth, clock):
        auth._postman._carrier._patience = 0.3  # type: ignore[union-attr]
        await auth.recovery.forgot_password(EMAIL)
        sent = asyncio.create_task(auth.recovery.send_letters())
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        await auth.recovery.forgot_password("nobody@example.org")
        await auth.sign_in(EMAIL, PASSWORD)
        assert time.perf_counter() - began < 0.25
        await sent
        assert await auth.store.letters_waiting() == 1
        server.hangs.clear()
        clock.turn(10)
        await auth.recovery.send_letters()
        assert await auth.store.letters_waiting() == 0
        assert len(server.delivered) >= 1


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "pause"), [("451 later", 10), ("550 no", 600)])
async def test_A03_what_the_server_refuses_it_is_asked_again(
    server: Sink, at: str, answer: str, pause: float
) -> None:
    server.answers[at] = answer
    async with sending(server) as (auth, clock):
        await auth.recovery.forgot_password(EMAIL)
        await auth.recovery.send_letters()
        assert await auth.store.letters_waiting() == 1
        server.answers.clear()
        clock.turn(pause)
        await auth.recovery.send_letters()
        assert len(server.delivered) == 1


async def test_A03_one_that_is_refused_holds_up_no_other(server: Sink) -> None:
    async with sending(server) as (auth, _clock):
        for n in range(5):
            await auth.register(f"p{n}@example.org", PASSWORD)
        refusals = iter(["550 no", None, "451 later", None, None])
        server.answers["RCPT"] = lambda: next(refusals)
        await auth.recovery.send_letters()
        assert len(server.delivered) == 3
        assert await auth.store.letters_waiting() == 2


async def test_A03_a_connection_that_is_lost_half_way_loses_no_letter(server: Sink) -> None:
    def cut() -> str:
        for protocol in server._protocols:
            protocol.transport.abort()
        return "421 gone"

    async with sending(server) as (auth, clock):
        for n in range(3):
            await auth.register(f"p{n}@example.org", PASSWORD)
        server.answers["DATA"] = cut
        await auth.recovery.send_letters()
        assert await auth.store.letters_waiting() == 3
        server.answers.clear()
        clock.turn(10)
        await auth.recovery.send_letters()
        assert sorted(one.recipients[0] for one in server.delivered) == [
            f"p{n}@example.org" for n in range(3)
        ]


async def test_a_letter_whose_link_is_over_is_given_up_and_said_so(
    server: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    server.down()
    async with sending(server) as (auth, clock):
        await auth.recovery.forgot_password(EMAIL)
        for _ in range(9):
            await auth.recovery.send_letters()
            clock.turn(400)
        server.up()
        await auth.recovery.send_letters()
        assert server.delivered == []
        assert "is given up" in caplog.text
        assert EMAIL not in caplog.text
        assert await auth.store.letters_waiting() == 0


async def test_A03_several_processes_share_the_outbox_and_send_each_letter_once(
    server: Sink, tmp_path: Any
) -> None:
    options = {"mail": server.url, "mail_from": "no-reply@app.example"}
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url, **options) as (one, clock), world(url, clock=clock, **options) as (two, _):
        for n in range(30):
            await one.register(f"p{n}@example.org", PASSWORD)
        await asyncio.gather(one.recovery.send_letters(), two.recovery.send_letters())
        await asyncio.to_thread(server.wait_for, 30)
        await asyncio.sleep(0.1)
        sent = [letter.recipients[0] for letter in server.delivered]
        assert sorted(sent) == sorted(f"p{n}@example.org" for n in range(30))


async def test_A03_what_a_process_had_taken_when_it_died_is_sent_by_the_next(
    server: Sink, tmp_path: Any
) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with sending(server, database=url) as (auth, clock):
        await auth.recovery.forgot_password(EMAIL)
        taken = await auth.store.take_letters(now=clock.now(), lease=LEASE)
        assert len(taken) == 1
        await auth.recovery.send_letters()
        assert server.delivered == []
        clock.turn(LEASE)
        await auth.recovery.send_letters()
        assert len(server.delivered) == 1


async def test_a_process_that_ends_finishes_the_letter_that_is_on_its_way(
    server: Sink, tmp_path: Any
) -> None:
    server.hangs.set()
    async with sending(server, by_itself=True) as (auth, _clock):
        await auth.recovery.forgot_password(EMAIL)
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(0.1, server.hangs.clear)
    assert len(server.delivered) == 1


async def test_a_server_that_asks_who_we_are_is_told() -> None:
    with sink(users={"app": "s3cret/@:"}) as server:
        url = f"smtp://app:s3cret%2F%40%3A@127.0.0.1:{server.port}"
        async with sending(server, mail=url) as (auth, _):
            assert "s3cret" not in repr(auth.settings)
            await auth.recovery.forgot_password(EMAIL)
            await auth.recovery.send_letters()
            assert len(server.delivered) == 1
        wrong = f"smtp://app:another@127.0.0.1:{server.port}"
        async with sending(server, mail=wrong) as (auth, _):
            await auth.recovery.forgot_password(EMAIL)
            await auth.recovery.send_letters()
            assert await auth.store.letters_waiting() == 1


def _elsewhere(auth: Limen, server: Sink, *, tls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the sink were another machine, which nothing but its certificate shows."""
    carrier = auth._postman._carrier  # type: ignore[union-attr]
    there = smtp.MailServer("localhost", server.port, tls=tls, local=False)
    monkeypatch.setattr(carrier, "_server", there)


async def test_A03_nothing_is_said_in_clear_text_to_a_server_elsewhere(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sink offers no STARTTLS. As long as it is this machine, that will do; else no letter goes out."""
    async with sending(server) as (auth, _):
        _elsewhere(auth, server, tls=False, monkeypatch=monkeypatch)
        await auth.recovery.forgot_password(EMAIL)
        await auth.recovery.send_letters()
        assert server.delivered == []
        assert await auth.store.letters_waiting() == 1


@pytest.mark.parametrize("trusted", [True, False])
async def test_A03_starttls_is_asked_for_and_the_certificate_looked_at(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = certified(tmp_path)
    with sink(tls=context) as server:
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with sending(server) as (auth, _):
            _elsewhere(auth, server, tls=False, monkeypatch=monkeypatch)
            await auth.recovery.forgot_password(EMAIL)
            await auth.recovery.send_letters()
            assert len(server.delivered) == trusted
            assert await auth.store.letters_waiting() == (not trusted)


async def test_an_address_that_is_not_ascii_goes_where_servers_know_it(server: Sink) -> None:
    async with sending(server) as (auth, _clock):
        await auth.register("zoë@exämple.org", PASSWORD)
        await auth.register("ada@stra\u00dfe.example", PASSWORD)
        await auth.recovery.send_letters()
        assert {one.recipients[0] for one in server.delivered} == {
            "zoë@xn--exmple-cua.org",
            "ada@xn--strae-oqa.example",
        }
