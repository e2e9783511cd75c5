"""Project Wycheproof's tokens through our keys: every one, and what we refuse beyond it said by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limen.errors import Denied, Misconfigured
from limen.jose import algorithms, b64, jwk, jws

DATA: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data/wycheproof/json_web_signature_test.json").read_text()
)

LOST = {367, 370}
"""Said to be invalid, yet byte for byte test 357, which is valid: the padding they speak of is not there."""
REFUSED = {
    346: "a token of PS384 under a key for PS256",
    350: "a token of PS384 under a key for PS256",
    347: "a token of ES512 under a key for `ES521`, which is no algorithm",
    351: "a token of ES512 under a key for `ES521`, which is no algorithm",
    372: "a `?` in the header, which RFC 7515 §2 forbids",
    373: "a `?` in the payload, which RFC 7515 §2 forbids",
}
"""Said to be valid, and refused by whoever binds an algorithm to a key (RFC 8725 §3.1) and base64url to its
alphabet."""
ELSEWHERE = {"RS384", "RS512", "PS384", "PS512"}
"""Algorithms that Limen does not have: their 16 good tokens are refused with their keys."""
WEAK = {group["private"]["k"] for group in DATA["testGroups"] if group["private"].get("kid") == "hs256-key"}
"""A secret of one byte again and again. It is refused, and its tokens are checked past that."""


def cases() -> Iterator[Any]:
    for group in DATA["testGroups"]:
        key = group.get("public") or group["private"]
        for test in group["tests"]:
            yield pytest.param(key, test, id=f"{test['tcId']}-{test['comment']}")


def key_of(given: dict[str, Any]) -> jwk.VerifyKey:
    """The key as we import it, without a `kid` that ours cannot be (J12); one key given needs none."""
    members = {name: value for name, value in given.items() if name != "kid" or jwk.KID.fullmatch(value)}
    if members["kty"] != "oct":
        return jwk.verify_key(members)
    if members["k"] not in WEAK:
        return jwk.signing_key(members).verify_key
    with pytest.raises(Misconfigured, match="repeats itself"):
        jwk.signing_key(members)
    secret = b64.decode(members["k"])
    return jwk.VerifyKey(members["kid"], jwk.Algorithm.HS256, algorithms.mac_verifier(secret), {})


def taken(key: dict[str, Any], token: object) -> bool:
    try:
        jws.verify(token if isinstance(token, str) else json.dumps(token), key_of(key))
    except (Denied, Misconfigured):
        return False
    return True


@pytest.mark.parametrize(("key", "test"), list(cases()))
def test_a_token_is_taken_exactly_if_it_is_valid(key: dict[str, Any], test: dict[str, Any]) -> None:
    number = test["tcId"]
    valid = test["result"] == "valid"
    if number in REFUSED or (valid and key.get("alg") in ELSEWHERE):
        assert valid
        assert not taken(key, test["jws"])
    elif number in LOST:
        assert not valid
        assert taken(key, test["jws"])
    else:
        assert taken(key, test["jws"]) == valid


def test_the_exceptions_are_those_eight_and_the_sixteen_of_other_algorithms() -> None:
    tests = [(g.get("public") or g["private"], t) for g in DATA["testGroups"] for t in g["tests"]]
    foreign = [t for key, t in tests if t["result"] == "valid" and key.get("alg") in ELSEWHERE]
    assert (len(tests), len(LOST) + len(REFUSED), len(foreign)) == (401, 8, 16)
    by_number = {t["tcId"]: t for _, t in tests}
    assert all(by_number[number]["jws"] == by_number[357]["jws"] for number in LOST)
