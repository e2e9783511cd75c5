"""The key ring: signing keys with states `next → active → retiring → retired`, and when each may move.

A key is published before it signs, for at least as long as verifiers may cache the published set, and is
still published after it signed for the last time, for at least the longest token's life. So a rotation
refuses no valid token. Private halves lie in the store encrypted (AES-256-GCM) under a key derived from the
secret, bound to their key id and algorithm.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from limen.clock import Instant, Seconds
from limen.errors import Misconfigured, Rejected
from limen.jose import jwk
from limen.secret import Secret

_NONCE_BYTES = 12


class KeyState(StrEnum):
    """Where a key is in its life. It only ever moves to the right."""

    NEXT = "next"
    """Published, does not sign yet."""
    ACTIVE = "active"
    """Signs. There is exactly one."""
    RETIRING = "retiring"
    """Signs no more; its tokens are still good."""
    RETIRED = "retired"
    """Neither. Kept so that its id is never used again."""


LIVE = (KeyState.NEXT, KeyState.ACTIVE, KeyState.RETIRING)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the store holds it."""

    kid: str
    algorithm: jwk.Algorithm
    state: KeyState
    sealed: bytes = field(repr=False)
    created: Instant
    since: Instant
    """When it came into its present state."""


@dataclass(frozen=True, slots=True)
class StoredRing:
    """All keys and the version of the set. A change names the version that it was made from."""

    keys: tuple[StoredKey, ...]
    version: int

    def in_state(self, *states: KeyState) -> tuple[StoredKey, ...]:
        return tuple(k for k in self.keys if k.state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationPolicy:
    """The two waits of a rotation and its rhythm, in seconds."""

    publish_for: Seconds
    """How long a key is published before it signs: the published set's max-age."""
    overlap: Seconds
    """How long a key is published after it last signed: the longest token's life and the leeway."""
    every: Seconds = 90 * 86_400


class KeyWrap:
    """Encrypts private halves for the store, under the current secret; opens what any that is good sealed."""

    __slots__ = ("_aeads",)

    def __init__(self, secret: Secret) -> None:
        self._aeads = [AESGCM(key) for key in secret.derive_all("key ring")]

    def seal(self, key: jwk.SigningKey) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        plain = msgspec.json.encode(key.to_private_jwk())
        return nonce + self._aeads[0].encrypt(nonce, plain, _bound(key.kid, key.alg))

    def open(self, stored: StoredKey) -> jwk.SigningKey:
        """The signing key, or Misconfigured where no secret of ours is the one that sealed it."""
        for aead in self._aeads:
            plain = _opened(aead, stored)
            if plain is not None:
                return jwk.signing_key(msgspec.json.decode(plain, type=dict[str, str]))
        raise Misconfigured(
            "the key ring in this database was sealed under another LIMEN_SECRET, or in development under "
            "the .limen/secret of another working directory; start with that one, or name it in "
            "LIMEN_SECRET_PREVIOUS (with LIMEN_SECRET_FILE: in the next line of the file), or start with an "
            "empty database",
            code="secret_mismatch",
        )

    def is_current(self, stored: StoredKey) -> bool:
        """Whether the current secret sealed it."""
        return _opened(self._aeads[0], stored) is not None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The opened ring: what signs, what verifies, what is published."""

    version: int
    active: jwk.SigningKey = field(repr=False)
    verifying: Mapping[str, jwk.VerifyKey] = field(repr=False)
    jwks: bytes = field(repr=False)
    etag: str
    rotation_due: bool
    """As of the moment when it was opened: who runs for months asks `rotation_due` again."""
    founder: str
    """The id of the first key that this ring ever had: it tells one database from another."""

    def published(self) -> dict[str, list[dict[str, str]]]:
        """The public set as `jwks` has it (RFC 7517 §5)."""
        return msgspec.json.decode(self.jwks, type=dict[str, list[dict[str, str]]])


def open_ring(ring: StoredRing, wrap: KeyWrap, policy: RotationPolicy, *, now: Instant) -> KeyRing:
    """The ring ready for use; Misconfigured unless exactly one key is active."""
    active = ring.in_state(KeyState.ACTIVE)
    if len(active) != 1:
        raise Misconfigured(
            f"the key ring has {len(active)} active keys and needs exactly one", code="key_ring_broken"
        )
    opened = {k.kid: wrap.open(k) for k in ring.in_state(*LIVE)}
    published = [k.verify_key.to_jwk() for k in opened.values() if k.alg is not jwk.Algorithm.HS256]
    jwks = msgspec.json.encode({"keys": published})
    return KeyRing(
        version=ring.version,
        active=opened[active[0].kid],
        verifying={kid: key.verify_key for kid, key in opened.items()},
        jwks=jwks,
        etag=f'"{hashlib.sha256(jwks).hexdigest()[:32]}"',
        rotation_due=rotation_due(ring, policy, now=now),
        founder=min(ring.keys, key=lambda key: (key.created, key.kid)).kid,
    )


def rotation_due(ring: StoredRing, policy: RotationPolicy, *, now: Instant) -> bool:
    """Whether the active key has signed for as long as the rhythm says."""
    return any(now - key.since >= policy.every for key in ring.in_state(KeyState.ACTIVE))


def check_company(ring: StoredRing, algorithm: jwk.Algorithm) -> None:
    """Misconfigured where keys of `algorithm` may not stand beside those of the ring: HS256 signs alone, or a
    public key could be taken for its secret (RFC 8725 §3.1)."""
    others = {jwk.Algorithm(k.algorithm) for k in ring.in_state(*LIVE)}
    if any(other.symmetric is not algorithm.symmetric for other in others):
        named = ", ".join(sorted(others))
        raise Misconfigured(
            f"the key ring of this database is of {named}, and HS256 stands beside no other algorithm: "
            f"set LIMEN_ALGORITHM to {named}, or start with an empty database",
            code="key_algorithms_mixed",
        )


def found(algorithm: jwk.Algorithm, wrap: KeyWrap, *, now: Instant) -> tuple[StoredKey, ...]:
    """The keys of a new ring: one that signs and one that is published for its turn."""
    return (
        stored(jwk.generate(algorithm), wrap, KeyState.ACTIVE, now=now),
        stored(jwk.generate(algorithm), wrap, KeyState.NEXT, now=now),
    )


def stored(key: jwk.SigningKey, wrap: KeyWrap, state: KeyState, *, now: Instant) -> StoredKey:
    return StoredKey(key.kid, key.alg, state, wrap.seal(key), now, now)


def rotate(
    ring: StoredRing, fresh: StoredKey, policy: RotationPolicy, *, now: Instant
) -> tuple[StoredKey, ...]:
    """The ring after the next key took over and `fresh` waits its turn.

    Rejected while the next key has not been published for long enough: verifiers that cache the published
    set would refuse its tokens.
    """
    waiting = ring.in_state(KeyState.NEXT)
    ripe = [k for k in waiting if now - k.since >= policy.publish_for]
    if not ripe:
        newest = max((k.since for k in waiting), default=now)
        left = max(newest + policy.publish_for - now, 0.0)
        raise Rejected(
            f"the next key is not published for long enough; try again in {left:.0f} s",
            code="key_not_published",
            status=409,
        )
    promoted = min(ripe, key=lambda k: k.since)
    kept = [_moved(k, promoted.kid, now) for k in ring.keys]
    return (*kept, fresh)


def retire(ring: StoredRing, kid: str, policy: RotationPolicy, *, now: Instant) -> tuple[StoredKey, ...]:
    """The ring after a retiring key was retired; Rejected while its tokens may still be alive."""
    key = _named(ring, kid)
    if key.state is not KeyState.RETIRING:
        raise Rejected(
            f"key {kid} is {key.state}; only a retiring key is retired", code="key_state", status=409
        )
    left = key.since + policy.overlap - now
    if left > 0:
        raise Rejected(
            f"tokens of key {kid} may live for another {left:.0f} s; to end them now, use compromise",
            code="key_in_use",
            status=409,
        )
    return _with(ring.keys, replace(key, state=KeyState.RETIRED, since=now))


def retire_due(ring: StoredRing, policy: RotationPolicy, *, now: Instant) -> tuple[StoredKey, ...] | None:
    """The ring with every retiring key retired whose tokens are all dead; None where there is none."""
    due = {k.kid for k in ring.in_state(KeyState.RETIRING) if now - k.since >= policy.overlap}
    if not due:
        return None
    return tuple(replace(k, state=KeyState.RETIRED, since=now) if k.kid in due else k for k in ring.keys)


def resealed(ring: StoredRing, wrap: KeyWrap) -> tuple[StoredKey, ...] | None:
    """The ring with every live key sealed under the current secret, so that earlier ones can go; None where
    that is so."""
    old = {k.kid for k in ring.in_state(*LIVE) if not wrap.is_current(k)}
    if not old:
        return None
    return tuple(replace(k, sealed=wrap.seal(wrap.open(k))) if k.kid in old else k for k in ring.keys)


def compromise(ring: StoredRing, kid: str, fresh: StoredKey, *, now: Instant) -> tuple[StoredKey, ...]:
    """The ring after a key was found out: retired at once, whatever it did; its successor signs at once.

    Verifiers that have not seen the successor yet fetch it on its first token.
    """
    key = _named(ring, kid)
    kept = _with(ring.keys, replace(key, state=KeyState.RETIRED, since=now))
    if key.state is KeyState.RETIRED:
        raise Rejected(f"key {kid} is retired already", code="key_state", status=409)
    if key.state is KeyState.RETIRING:
        return kept
    if key.state is KeyState.NEXT:
        return (*kept, fresh)
    waiting = ring.in_state(KeyState.NEXT)
    if not waiting:
        return (*kept, replace(fresh, state=KeyState.ACTIVE))
    heir = min(waiting, key=lambda k: k.since)
    return (*_with(kept, replace(heir, state=KeyState.ACTIVE, since=now)), fresh)


def _moved(key: StoredKey, promoted: str, now: Instant) -> StoredKey:
    if key.kid == promoted:
        return replace(key, state=KeyState.ACTIVE, since=now)
    if key.state is KeyState.ACTIVE:
        return replace(key, state=KeyState.RETIRING, since=now)
    return key


def _named(ring: StoredRing, kid: str) -> StoredKey:
    for key in ring.keys:
        if key.kid == kid:
            return key
    raise Rejected(f"the ring has no key {kid!r}", code="key_unknown", status=404)


def _with(keys: Iterable[StoredKey], changed: StoredKey) -> tuple[StoredKey, ...]:
    return tuple(changed if k.kid == changed.kid else k for k in keys)


def _opened(aead: AESGCM, stored: StoredKey) -> bytes | None:
    nonce, sealed = stored.sealed[:_NONCE_BYTES], stored.sealed[_NONCE_BYTES:]
    try:
        return aead.decrypt(nonce, sealed, _bound(stored.kid, stored.algorithm))
    except (InvalidTag, ValueError):
        return None


def _bound(kid: str, algorithm: jwk.Algorithm) -> bytes:
    return f"{kid} {algorithm}".encode()
