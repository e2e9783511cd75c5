"""Signatures: every bit of a token counts, and no two messages share a nonce."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Denied
from limen.jose import algorithms, b64, jwt
from limen.jose.jwk import Algorithm
from support.tokens import NOW, key, said, verifier


def flipped(text: str) -> Iterator[str]:
    """The token with each bit of each of its characters turned once: header, payload, signature and dots."""
    raw = text.encode()
    for at in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            yield changed.decode("latin-1")


@pytest.mark.parametrize("alg", list(Algorithm))
def test_J50_every_flipped_bit_of_the_text_is_refused(alg: Algorithm) -> None:
    text = jwt.issue(jwt.Claims(**said()), key(alg))
    verify = verifier(key(alg)).verify
    verify(text, now=NOW)  # its header is known from here on
    for other in flipped(text):
        with pytest.raises(Denied):
            verify(other, now=NOW)


@pytest.mark.parametrize("alg", list(Algorithm))
def test_J50_every_flipped_bit_of_the_bytes_is_refused(alg: Algorithm) -> None:
    """The same below base64, so that each change is one that a strict decoder lets through."""
    parts = [b64.decode(part) for part in jwt.issue(jwt.Claims(**said()), key(alg)).split(".")]
    verify = verifier(key(alg)).verify
    for place, raw in enumerate(parts):
        for bit in range(len(raw) * 8):
            changed = bytearray(raw)
            changed[bit // 8] ^= 1 << bit % 8
            text = ".".join(b64.encode(bytes(changed) if i == place else p) for i, p in enumerate(parts))
            with pytest.raises(Denied):
                verify(text, now=NOW)


@given(st.integers(0, 2**256 - 1), st.integers(0, 2**256 - 1))
def test_J30_der_is_what_openssl_writes(r: int, s: int) -> None:
    assert algorithms.der(r.to_bytes(32, "big") + s.to_bytes(32, "big")) == encode_dss_signature(r, s)


@given(st.integers(0, 2**384 - 1), st.integers(0, 255))
def test_J30_der_of_the_larger_curve_is_too(r: int, s: int) -> None:
    assert algorithms.der(r.to_bytes(48, "big") + s.to_bytes(48, "big")) == encode_dss_signature(r, s)


def sign_many(alg: Algorithm, worker: int, count: int) -> list[tuple[bytes, bytes]]:
    """(message, r), half of the messages the same in every worker."""
    messages = [f"{worker if n % 2 else 'all'} {n}".encode() for n in range(count)]
    sign, half = key(alg).sign, 32 if alg is Algorithm.ES256 else 48
    return [(message, sign(message)[:half]) for message in messages]


@pytest.mark.parametrize("alg", [Algorithm.ES256, Algorithm.ES384])
def test_K17_forked_workers_never_use_a_nonce_for_two_messages(alg: Algorithm) -> None:
    """The workers inherit one generator's state. An r that two messages share would give the key away."""
    sign_many(alg, 0, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 and later warn of forks beside threads
        with multiprocessing.get_context("fork").Pool(4) as pool:
            found = pool.starmap(sign_many, [(alg, worker, 250) for worker in range(4)])
    messages: dict[bytes, set[bytes]] = {}
    for message, r in (pair for part in found for pair in part):
        messages.setdefault(r, set()).add(message)
    assert sum(map(len, found)) == 1000
    assert [r for r, signed in messages.items() if len(signed) > 1] == []


@pytest.mark.parametrize("alg", [Algorithm.ES256, Algorithm.ES384])
def test_K17_the_same_message_a_thousand_times_never_shares_a_nonce_with_another(alg: Algorithm) -> None:
    half = 32 if alg is Algorithm.ES256 else 48
    same = {key(alg).sign(b"the same")[:half] for _ in range(1000)}
    assert key(alg).sign(b"another")[:half] not in same
