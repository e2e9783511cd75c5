"""Credentials that a deployment refuses, one for each reason that there is, made with its own keys."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from limen import ids, keys
from limen.auth import Limen
from limen.clock import Instant
from limen.jose import b64, jwk
from limen.jose.jwk import Algorithm
from limen.jose.jws import REFUSED_MEMBERS
from limen.keys import KeyState, KeyWrap
from limen.revocations import Kind, Revocation
from limen.secret import Secret
from limen.sessions import Presented, SessionID, StrategyName
from limen.stores.memory import MemoryStore
from limen.strategies.base import Grant
from limen.testing import TurnableClock
from support import tokens
from support.world import EMAIL, PASSWORD, SECRET

Made = Callable[[Limen, TurnableClock], Awaitable[str]]
HYBRID = {"strategy": "hybrid", "accept": ("jwt",)}
SESSION = {"strategy": "session", "accept": ("hybrid",)}


async def signed_in(auth: Limen) -> Grant:
    return (await auth.sign_in(EMAIL, PASSWORD)).grant


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token of ours."""
    head, body, _ = token.split(".")
    return json.loads(b64.decode(head)), json.loads(b64.decode(body))


def signed(auth: Limen, header: Any, claims: Any) -> str:
    """With the key that signs in this deployment."""
    return tokens.token(claims, header, signing=auth.ring.active)


def changed(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> Made:
    """A token of ours with other members, signed again; what is `...` is left out."""

    async def make(auth: Limen, clock: TurnableClock) -> str:
        head, body = parts_of((await signed_in(auth)).credential)
        return signed(auth, _with(head, header), _with(body, claims))

    return make


def rewritten(write: Callable[[str], str]) -> Made:
    """The text of a token of ours, written otherwise."""

    async def make(auth: Limen, clock: TurnableClock) -> str:
        return write((await signed_in(auth)).credential)

    return make


def after(act: Callable[[Limen, TurnableClock, Grant], Awaitable[object]]) -> Made:
    """The access token or session credential of a sign-in, after something was done to it."""

    async def make(auth: Limen, clock: TurnableClock) -> str:
        grant = await signed_in(auth)
        await act(auth, clock, grant)
        return grant.credential

    return make


def _with(said: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**said, **(changes or {})}.items() if value is not ...}


async def _sign_out(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    await auth.sign_out(await auth.authenticate(grant.credential))


async def _sign_out_everywhere(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    await auth.sign_out_everywhere(await auth.authenticate(grant.credential))


async def _end_all(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    now = clock.now()
    event = Revocation(Kind.ISSUER, auth.settings.issuer, now, Instant(now + 3600), now, "operator")
    auth.filter.add(await auth.store.revoke(event))


async def _narrow(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    await auth.set_scopes(await auth.find_account(EMAIL), ("other",))


async def _compromise(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    await auth.compromise_key(auth.ring.active.kid)


async def _wait_idle(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    clock.turn(auth.settings.idle_lifetime + 1)


async def _wait_long(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    _put(auth, grant.session, ends=Instant(clock.now() + 1e9), expires=clock.now())


async def _open_ahead(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    _put(auth, grant.session, created=Instant(clock.now() + 100_000))


async def _expire(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    clock.turn(auth.settings.access_lifetime + auth.settings.leeway)


async def _bring_back(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    """As a failover does that has lost the end."""
    row = _sessions(auth)[grant.session]
    await _sign_out(auth, clock, grant)
    _sessions(auth)[grant.session] = row


async def _mix_up(auth: Limen, clock: TurnableClock, grant: Grant) -> None:
    other = await signed_in(auth)
    _sessions(auth)[grant.session] = _sessions(auth)[other.session]


def _put(auth: Limen, sid: SessionID, **changes: Any) -> None:
    _sessions(auth)[sid] = replace(_sessions(auth)[sid], **changes)


def _sessions(auth: Limen) -> dict[SessionID, Any]:
    """The rows themselves: what no call of ours would do to them, a broken engine might."""
    assert isinstance(auth.store, MemoryStore)
    return auth.store._sessions


async def _unseen(auth: Limen, clock: TurnableClock) -> str:
    """Sealed by us, and its session is not there."""
    return auth._sealer.seal(auth._sealer.mint(SessionID(ids.uuid7(clock.now())), bytes))


async def _refresh_credential(auth: Limen, clock: TurnableClock) -> str:
    return str((await signed_in(auth)).refresh)


async def _of_the_hybrid(auth: Limen, clock: TurnableClock) -> str:
    grant = await signed_in(auth)
    _put(auth, grant.session, strategy=StrategyName.HYBRID)
    return grant.credential


async def _another_secret(auth: Limen, clock: TurnableClock) -> str:
    grant = await signed_in(auth)
    return auth._sealer.seal(Presented(grant.session, 0, b"x" * 16))


async def _key_of_another_algorithm(auth: Limen, clock: TurnableClock) -> str:
    """The ring has keys of two algorithms, as while a deployment moves from one to the other."""
    ring = await auth.store.ring()
    more = keys.stored(jwk.generate(Algorithm.EDDSA), KeyWrap(Secret(SECRET)), KeyState.NEXT, now=clock.now())
    assert await auth.store.replace_ring([*ring.keys, more], version=ring.version)
    await auth.catch_up()
    return await changed({"alg": "EdDSA"})(auth, clock)


def _flip(text: str) -> str:
    """Another signature, in canonical base64url."""
    head, _, tail = text.rpartition(".")
    return f"{head}.{b64.encode(bytes(byte ^ 1 for byte in b64.decode(tail)))}"


def _segment(index: int, content: bytes) -> Made:
    """A token whose part `index` is other bytes, with a right signature over them."""

    async def make(auth: Limen, clock: TurnableClock) -> str:
        segments = (await signed_in(auth)).credential.split(".")[:2]
        segments[index] = b64.encode(content)
        return tokens.signed(".".join(segments), auth.ring.active)

    return make


async def _stray_payload(auth: Limen, clock: TurnableClock) -> str:
    head, body, _ = (await signed_in(auth)).credential.split(".")
    return tokens.signed(f"{head}.{body}=", auth.ring.active)


_HYBRID: dict[str, Made] = {
    "token_too_large": rewritten(lambda text: text + "A" * 8192),
    "characters_wrong": rewritten(lambda text: "é" + text),
    "segments_wrong": rewritten(lambda text: "e30." + text),
    "header_malformed": _segment(0, b"no JSON"),
    "header_duplicate": _segment(0, b'{"alg":"ES256","alg":"ES256"}'),
    **{f"{name}_refused": changed({name: "x"}) for name in REFUSED_MEMBERS},
    "alg_not_allowed": changed({"alg": "none"}),
    "alg_not_allowed no text": changed({"alg": 5}),
    "typ_wrong": changed({"typ": "JWT"}),
    "typ_wrong no text": changed({"typ": 5}),
    "kid_missing": changed({"kid": ...}),
    "kid_malformed": changed({"kid": "../../etc/passwd"}),
    "kid_malformed no text": changed({"kid": []}),
    "kid_unknown": changed({"kid": "none-of-ours"}),
    "kid_unknown compromised": after(_compromise),
    "alg_not_of_key": _key_of_another_algorithm,
    "signature_malformed": rewritten(lambda text: text + "="),
    "signature_invalid": rewritten(_flip),
    "payload_malformed": _stray_payload,
    "claims_duplicate": _segment(1, b'{"iss":"a","iss":"a"}'),
    "claims_malformed": _segment(1, b"[]"),
    "sub_missing": changed(claims={"sub": ...}),
    "exp_malformed": changed(claims={"exp": "soon"}),
    "iss_wrong": changed(claims={"iss": "https://other.example"}),
    "aud_wrong": changed(claims={"aud": ["https://other.example"]}),
    "expired": after(_expire),
    "issued_in_future": changed(claims={"iat": int(tokens.NOW) + 42}),
    "not_yet_valid": changed(claims={"nbf": int(tokens.NOW) + 42}),
    "strategy_unknown": changed(claims={"strategy": "else"}),
    "strategy_not_accepted": _refresh_credential,
    "claims_incomplete": changed(claims={"sid": ...}),
    "claims_foreign": changed(claims={"jti": "none-of-ours"}),
    "revoked_session": after(_sign_out),
    "revoked_account": after(_sign_out_everywhere),
    "revoked_issuer": after(_end_all),
    "token_stale": after(_narrow),
    "seal_mismatch": rewritten(lambda text: "A" * 64),
    "seal_mismatch garbage": rewritten(lambda text: "hunter2 is no credential"),
}
_SESSION: dict[str, Made] = {
    "session_gone": after(_sign_out),
    "session_gone never there": _unseen,
    "row_came_back": after(_bring_back),
    "row_mixed_up": after(_mix_up),
    "strategy_mismatch": _of_the_hybrid,
    "created_in_future": after(_open_ahead),
    "absolute_lifetime": after(_wait_long),
    "idle_lifetime": after(_wait_idle),
    "secret_mismatch": _another_secret,
}
CASES = [
    *((name, HYBRID, make) for name, make in _HYBRID.items()),
    *((name, SESSION, make) for name, make in _SESSION.items()),
]
"""The reason (and perhaps which of its cases), the settings of the deployment, how the credential is made."""
