"""Project Wycheproof's signatures through our own keys: what a key accepts is what the primitive should."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from limen.errors import Misconfigured
from limen.jose import algorithms, b64, jwk, weak
from limen.jose.jwk import Algorithm

FOLDER = Path(__file__).parent / "data/wycheproof"
Check = Callable[[bytes, bytes], bool]


def groups(name: str) -> list[Any]:
    data = json.loads((FOLDER / f"{name}.json").read_text())
    return [pytest.param(group, id=f"{name}-{i}") for i, group in enumerate(data["testGroups"])]


def disagreements(group: dict[str, Any], verifies: Check) -> list[tuple[int, str]]:
    """The tests of a group that come out otherwise. "acceptable" is left to the implementation."""
    return [
        (test["tcId"], test["comment"])
        for test in group["tests"]
        if test["result"] != "acceptable"
        if verifies(bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])) != (test["result"] == "valid")
    ]


def ec_key(group: dict[str, Any], crv: str) -> jwk.VerifyKey:
    point = bytes.fromhex(group["publicKey"]["uncompressed"])
    half = len(point) // 2
    return jwk.verify_key(
        {"kty": "EC", "crv": crv, "x": b64.encode(point[1 : half + 1]), "y": b64.encode(point[half + 1 :])}
    )


@pytest.mark.parametrize("group", groups("ecdsa_secp256r1_sha256_p1363_test"))
def test_J29_J30_J55_ES256(group: dict[str, Any]) -> None:
    assert disagreements(group, ec_key(group, "P-256").verifies) == []


@pytest.mark.parametrize("group", groups("ecdsa_secp384r1_sha384_p1363_test"))
def test_J29_J30_J55_ES384(group: dict[str, Any]) -> None:
    assert disagreements(group, ec_key(group, "P-384").verifies) == []


@pytest.mark.parametrize("group", groups("ed25519_test"))
def test_J31_EdDSA(group: dict[str, Any]) -> None:
    x = b64.encode(bytes.fromhex(group["publicKey"]["pk"]))
    assert disagreements(group, jwk.verify_key({"kty": "OKP", "crv": "Ed25519", "x": x}).verifies) == []


@pytest.mark.parametrize("group", groups("rsa_signature_2048_sha256_test"))
def test_J33_K10_RS256(group: dict[str, Any]) -> None:
    """Two groups have the exponent 3: their keys are refused, and the primitive is right all the same."""
    pem = group["publicKeyPem"]
    if int(group["publicKey"]["publicExponent"], 16) >= 65537:
        verifies = jwk.verify_key_from_pem(pem, Algorithm.RS256).verifies
    else:
        with pytest.raises(Misconfigured, match="exponent"):
            jwk.verify_key_from_pem(pem, Algorithm.RS256)
        public = load_pem_public_key(pem.encode())
        assert isinstance(public, RSAPublicKey)
        verifies = algorithms.verifier(Algorithm.RS256, public)
    assert disagreements(group, verifies) == []


@pytest.mark.parametrize("group", groups("rsa_pss_2048_sha256_mgf1_32_test"))
def test_J33_PS256(group: dict[str, Any]) -> None:
    key = jwk.verify_key_from_pem(group["publicKeyPem"], Algorithm.PS256)
    assert disagreements(group, key.verifies) == []


@pytest.mark.parametrize("group", groups("hmac_sha256_test"))
def test_J35_J36_HS256(group: dict[str, Any]) -> None:
    """Keys that are too short for HS256 are refused; a tag is never taken truncated."""
    for test in group["tests"]:
        secret, tag = bytes.fromhex(test["key"]), bytes.fromhex(test["tag"])
        if len(secret) < weak.MINIMUM_SECRET_BYTES:
            with pytest.raises(Misconfigured):
                jwk.symmetric(secret)
        verifies = algorithms.mac_verifier(secret)
        whole = test["result"] == "valid" and group["tagSize"] == 256
        assert verifies(bytes.fromhex(test["msg"]), tag) == whole, test["tcId"]
