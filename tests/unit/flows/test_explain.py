"""The explanation and the check agree: on every reason, in the order of steps, and on what a refresh does."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from limen import explanation
from limen.auth import Limen
from limen.errors import Denied, Throttled, Unavailable
from limen.explanation import Explanation, Outcome
from support.reasons import refusing
from support.refusals import CASES, HYBRID, SESSION, Made, parts_of, signed, signed_in
from support.source import modules
from support.tokens import NOW
from support.world import EMAIL, OTHER_PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
FRESH = "new credentials"


def text_of(found: Explanation) -> str:
    said = [explanation.headline(found), *explanation.sentences(found)]
    return json.dumps(explanation.data_of(found), ensure_ascii=False) + "\n".join(said)


def has(found: Explanation, step: str) -> tuple[str, str]:
    [check] = [one for one in found.request.checks if one.step == step]
    return check.wants, check.has


@pytest.mark.parametrize(("name", "settings", "make"), CASES, ids=[name for name, _, _ in CASES])
async def test_it_comes_to_what_the_check_comes_to(
    name: str, settings: dict[str, Any], make: Made, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with world(**settings) as (auth, clock):
        await account_with(auth)
        credential = await make(auth, clock)
        found = await auth.explain(credential)
        with pytest.raises(Denied) as caught:
            await auth.authenticate(credential, activity=False)
        ruling = found.request.ruling
        assert (ruling.code, ruling.reason) == (caught.value.code, caught.value.reason)
        assert ruling.reason == name.split()[0]
        assert found.request.failed
        assert found.request.because != ""
        said = text_of(found) + caplog.text
        assert credential not in said
        assert credential.split(".")[-1][:24] not in said.replace("A" * 24, "")


def test_the_cases_hold_every_reason_that_a_check_can_give() -> None:
    """Two are of code that no credential reaches; `refresh` has its own below."""
    unreachable, of_refresh = (
        {"not_a_token", "not_a_session"},
        {"strategy", "seal", "account_gone", "replay", "unproven"},
    )
    met = {name.split()[0] for name, _, _ in CASES}
    assert refusing(modules()) - met == unreachable | of_refresh
    known = {
        reason
        for step in (*explanation.TOKEN, *explanation.SEALED, *explanation.REFRESH)
        for reason in step.reasons
    }
    assert refusing(modules()) - known == {"strategy"}


@pytest.mark.parametrize("strategy", ["session", "jwt", "hybrid"])
async def test_what_is_accepted_has_passed_every_step_that_was_asked(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        credential = (await signed_in(auth)).credential
        found = await auth.explain(credential)
        await auth.authenticate(credential)
        assert found.request.ruling.accepted
        assert found.request.failed == ""
        unasked = {check.step for check in found.request.checks if check.outcome is Outcome.UNASKED}
        state = {"session", "lifetimes"}
        assert (
            unasked == {"session": set(), "hybrid": state, "jwt": state | {"revocations", "scopes"}}[strategy]
        )
        assert {c.outcome for c in found.request.checks} <= {Outcome.PASSED, Outcome.UNASKED}


FAULTS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "size": lambda head, body: body.update(pad="A" * 9000),
    "form": lambda head, body: head.update(crit=["exp"]),
    "algorithm": lambda head, body: head.update(alg="HS512"),
    "type": lambda head, body: head.update(typ="JWT"),
    "key": lambda head, body: head.update(kid="none-of-ours"),
    "signature": lambda head, body: None,
    "claims": lambda head, body: body.pop("client_id"),
    "issuer": lambda head, body: body.update(iss="https://other.example"),
    "audience": lambda head, body: body.update(aud="other"),
    "expiry": lambda head, body: body.update(exp=int(NOW) - 60),
    "issued": lambda head, body: body.update(iat=int(NOW) + 60),
    "beginning": lambda head, body: body.update(nbf=int(NOW) + 60),
    "strategy": lambda head, body: body.update(strategy="else"),
    "revocations": lambda head, body: None,
    "scopes": lambda head, body: None,
}
"""One fault for each step of a token, in their order. Three are not done to header or claims."""


async def test_of_two_faults_the_earlier_step_is_named() -> None:
    """So the order of the table is that of the check."""
    async with world(**HYBRID) as (auth, _):
        await account_with(auth)
        head, body = parts_of((await signed_in(auth)).credential)
        whole = parts_of((await signed_in(auth)).credential)
        await auth.revoke_session(body["sid"])
        await auth.set_scopes(await auth.find_account(EMAIL), ("other",))
        for first, second in itertools.combinations_with_replacement(FAULTS, 2):
            said = dict(head), dict(body if "revocations" in (first, second) else whole[1])
            for fault in {first, second}:
                FAULTS[fault](*said)
            token = signed(auth, *said)
            if "signature" in (first, second):
                token = f"{token.rpartition('.')[0]}.{'A' * 86}"
            assert (await auth.explain(token)).request.failed == first, (first, second)
    assert [step.name for step in explanation.TOKEN][: len(FAULTS)] == list(FAULTS)


async def test_values_stand_side_by_side() -> None:
    async with world(audience="https://api.example", **HYBRID) as (auth, clock):
        await account_with(auth)
        head, body = parts_of((await signed_in(auth)).credential)
        other = await auth.explain(signed(auth, head, body | {"aud": ["https://a.example", "b"]}))
        assert has(other, "audience") == ("https://api.example", '["https://a.example", "b"]')
        early = await auth.explain(signed(auth, head, body | {"iat": int(clock.now()) + 42}))
        assert has(early, "issued")[1].endswith("42 s ahead")
        assert "5 s of leeway" in has(early, "issued")[0]
        assert any("42 s ahead of this clock" in note for note in early.notes)
        clock.turn(1000)
        late = await auth.explain(signed(auth, head, body))
        wants, there = has(late, "expiry")
        assert "5 s of leeway" in wants
        assert there.endswith(" ago")
        assert has(late, "algorithm") == ("ES256", "ES256")


async def test_it_says_when_by_what_act_and_by_which_event_a_session_was_ended() -> None:
    async with world(**HYBRID) as (auth, clock):
        await account_with(auth)
        first, second = await signed_in(auth), await signed_in(auth)
        clock.turn(30)
        await auth.sign_out(await auth.authenticate(first.credential))
        clock.turn(5)
        account = await auth.find_account(EMAIL)
        await auth.set_password(account, OTHER_PASSWORD)
        [event] = (await auth.explain(second.credential)).events
        assert (event.position, event.kind, event.why) == (2, "account", "password_changed")
        assert event.at == clock.now()
        both = (await auth.explain(first.credential)).events
        assert [(event.position, event.why) for event in both] == [(1, "sign_out"), (2, "password_changed")]
        assert "its holder signed out" in both[0].said


def test_every_act_that_the_feed_names_has_a_sentence() -> None:
    words = {
        word
        for module in modules()
        if not module.name.startswith(("limen.lab", "limen.explanation", "limen.server", "limen.testing"))
        for word in re.findall(r"\bwhy=\"(\w+)\"", module.text)
    }
    assert words - explanation.WHYS.keys() == set()


async def test_a_key_is_told_from_its_first_day_to_its_end() -> None:
    async with world(**HYBRID) as (auth, clock):
        await account_with(auth)
        token = (await signed_in(auth)).credential
        kid = parts_of(token)[0]["kid"]

        async def state() -> str:
            key = (await auth.explain(token)).key
            assert key is not None
            assert key.kid == kid
            return key.state

        assert await state() == "active"
        clock.turn(auth.settings.jwks_max_age + 1)
        await auth.rotate_keys()
        assert await state() == "retiring"
        clock.turn(auth.settings.access_lifetime + 60)
        await auth.retire_key(kid)
        assert await state() == "retired"
        other = (await signed_in(auth)).credential
        await auth.compromise_key(parts_of(other)[0]["kid"])
        found = await auth.explain(other)
        assert found.key is not None
        assert (found.key.state, found.key.since) == ("compromised", clock.now())
        assert [event.kind for event in found.events] == ["key"]
        assert found.request.ruling.reason == "kid_unknown"
        unknown = signed(auth, {"alg": "ES256", "typ": "at+jwt", "kid": "x"}, parts_of(other)[1])
        assert (await auth.explain(unknown)).key == explanation.KeyFact("x", "unknown")


async def test_who_merely_writes_a_session_id_learns_nothing_of_it() -> None:
    async with world(**HYBRID) as (auth, _):
        await account_with(auth)
        token = (await signed_in(auth)).credential
        await auth.sign_out(await auth.authenticate(token))
        assert (await auth.explain(token)).events
        forged = f"{token.rpartition('.')[0]}.{'A' * 86}"
        found = await auth.explain(forged)
        assert (found.session, found.events) == (None, ())
        assert any("not proven" in note for note in found.notes)


async def test_a_plain_jwt_that_was_revoked_is_said_to_live_on() -> None:
    async with world(strategy="jwt") as (auth, clock):
        await account_with(auth)
        token = (await signed_in(auth)).credential
        clock.turn(1)
        await auth.revoke_sessions(await auth.find_account(EMAIL))
        found = await auth.explain(token)
        assert found.request.ruling.accepted
        assert [event.why for event in found.events] == ["operator"]
        assert any("promises no more" in note for note in found.notes)


async def test_a_stale_view_and_a_store_that_is_away_are_said(tmp_path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", **HYBRID) as (auth, clock):
        await account_with(auth)
        token = (await signed_in(auth)).credential
        found = await auth.explain(token)
        assert found.view_fresh
        assert has(found, "session")[1].startswith("the view of the feed is")
        for task in auth._tasks:
            task.cancel()
        await auth.store.close()
        clock.turn(auth.settings.max_staleness + 1)
        away = await auth.explain(token)
        assert away.request.ruling.unavailable
        assert (away.request.failed, away.request.ruling.reason) == ("session", "store_closed")
        assert not away.view_fresh
        assert any("store_closed" in note for note in away.notes)
        with pytest.raises(Unavailable) as caught:
            await auth.authenticate(token)
        assert caught.value.code == away.request.ruling.code
        await auth.store.start()


# -- refresh


async def _spent(auth: Limen, credential: str, clock: Any) -> None:
    await auth.refresh(credential)


async def _spent_long_ago(auth: Limen, credential: str, clock: Any) -> None:
    await auth.refresh(credential)
    clock.turn(auth.settings.refresh_grace + 1)


async def _signed_out(auth: Limen, credential: str, clock: Any) -> None:
    await auth.revoke_sessions(await auth.find_account(EMAIL))


async def _disabled(auth: Limen, credential: str, clock: Any) -> None:
    account = await auth.find_account(EMAIL)
    auth.store._accounts[account.id] = replace(account, disabled=clock.now())  # type: ignore[attr-defined]


async def _forgotten_rotation(auth: Limen, credential: str, clock: Any) -> None:
    presented = auth._sealer.open(credential)
    assert presented is not None
    rows = auth.store._sessions  # type: ignore[attr-defined]
    rows[presented.sid] = replace(rows[presented.sid], digest=b"x" * 32)


async def _idle(auth: Limen, credential: str, clock: Any) -> None:
    clock.turn(auth.settings.idle_lifetime + 1)


async def _nothing(auth: Limen, credential: str, clock: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (_nothing, FRESH),
        (_spent, FRESH),
        (_spent_long_ago, "replay"),
        (_signed_out, "session_gone"),
        (_disabled, "account_gone"),
        (_forgotten_rotation, "unproven"),
        (_idle, "idle_lifetime"),
    ],
)
async def test_R08_a_refresh_is_foreseen_and_not_done(act: Any, reason: str) -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        credential = str((await signed_in(auth)).refresh)
        await act(auth, credential, clock)
        before = dict(auth.store._sessions), await auth.store.read_feed(0, now=clock.now())  # type: ignore[attr-defined]
        found = await auth.explain(credential)
        assert (dict(auth.store._sessions), await auth.store.read_feed(0, now=clock.now())) == before  # type: ignore[attr-defined]
        assert found.refresh is not None
        assert found.refresh.ruling.accepted == (reason == FRESH)
        assert credential not in text_of(found)
        assert not found.request.ruling.accepted
        if reason == FRESH:
            await auth.refresh(credential)
            return
        with pytest.raises(Denied) as caught:
            await auth.refresh(credential)
        ruling = found.refresh.ruling
        assert (ruling.code, ruling.reason) == (caught.value.code, caught.value.reason)
        assert ruling.reason == reason


async def test_a_session_credential_is_not_said_to_refresh() -> None:
    async with world(**SESSION) as (auth, _):
        await account_with(auth)
        found = await auth.explain((await signed_in(auth)).credential)
        assert (found.kind, found.refresh) == ("session credential", None)
        assert found.session is not None


async def test_it_keeps_no_session_awake() -> None:
    async with world(strategy="session") as (auth, clock):
        await account_with(auth)
        grant = await signed_in(auth)
        clock.turn(120)
        before = await auth.store.session(grant.session)
        await auth.explain(grant.credential)
        assert await auth.store.session(grant.session) == before


async def test_questions_are_throttled_by_where_they_come_from() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        for _ in range(30):
            await auth.explain("x", source="192.0.2.1")
        with pytest.raises(Throttled):
            await auth.explain("x", source="192.0.2.1")
        await auth.explain("x", source="198.51.100.1")
        await auth.explain("x")
