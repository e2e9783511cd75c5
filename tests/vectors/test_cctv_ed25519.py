"""C2SP's Ed25519 edge cases: keys of small order never get in, and every signature has one right answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limen.errors import Misconfigured
from limen.jose import b64, jwk

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data/ed25519/cctv-ed25519vectors.json").read_text()
)
REFUSES_KEY = {"low_order_A", "non_canonical_A"}
REFUSES_SIGNATURE = {"low_order_residue", "non_canonical_R"}
"""Verification without cofactor, R compared as bytes: RFC 8032 §5.1.7 as OpenSSL does it."""


def key_of(x: str) -> jwk.VerifyKey:
    return jwk.verify_key({"kty": "OKP", "crv": "Ed25519", "x": b64.encode(bytes.fromhex(x))})


def flags(vector: dict[str, Any]) -> set[str]:
    return set(vector["flags"] or ())


@pytest.mark.parametrize("x", sorted({v["key"] for v in VECTORS if flags(v) & REFUSES_KEY}))
def test_J32_a_key_of_small_order_or_another_form_is_refused(x: str) -> None:
    with pytest.raises(Misconfigured) as error:
        key_of(x)
    assert error.value.reason in ("small_order", "not_on_curve")


def test_J32_the_vectors_have_all_fourteen_encodings_of_small_order() -> None:
    small = {v["key"] for v in VECTORS if "low_order_A" in flags(v)}
    assert len(small) == 14


def test_J31_each_signature_under_the_other_keys_has_its_answer() -> None:
    judged = [v for v in VECTORS if not flags(v) & REFUSES_KEY]
    wrong = [
        v["number"]
        for v in judged
        if key_of(v["key"]).verifies(v["msg"].encode(), bytes.fromhex(v["sig"]))
        != (not flags(v) & REFUSES_SIGNATURE)
    ]
    assert wrong == []
    assert len(judged) > 300
