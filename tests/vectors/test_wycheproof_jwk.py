"""Project Wycheproof's sets of keys and mixed tokens: which keys may check what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limen.errors import Denied, Misconfigured
from limen.jose import jwk, jws

FOLDER = Path(__file__).parent / "data/wycheproof"
OTHER_ALGORITHMS = {"HS384", "HS512"}


def cases(name: str) -> Iterator[Any]:
    """The tests that hold a JWS; the others are of JWE, which Limen does not read."""
    data = json.loads((FOLDER / f"{name}.json").read_text())
    for group in data["testGroups"]:
        given = group.get("public") or group["private"]
        for test in group["tests"]:
            if "jws" in test:
                yield pytest.param(given, test, id=f"{name}-{test['tcId']}-{test['comment']}")


def keys_of(given: dict[str, Any]) -> dict[str, jwk.VerifyKey]:
    """Symmetric keys one by one, for no published set may hold them; public ones as the set they are."""
    members = given.get("keys", [given])
    if any(member["kty"] == "oct" for member in members):
        public = [m for m in members if m["kty"] != "oct"]
        secret = [jwk.signing_key(m).verify_key for m in members if m["kty"] == "oct"]
        return jwk.by_kid([*secret, *map(jwk.verify_key, public)])
    return jwk.key_set({"keys": members})


def taken(given: dict[str, Any], token: object) -> bool:
    try:
        jws.verify(token if isinstance(token, str) else json.dumps(token), keys_of(given))
    except (Denied, Misconfigured):
        return False
    return True


@pytest.mark.parametrize(("given", "test"), [*cases("json_web_key_test"), *cases("json_web_crypto_test")])
def test_J34_K09_K10_K13_a_token_is_taken_exactly_if_its_set_allows(
    given: dict[str, Any], test: dict[str, Any]
) -> None:
    foreign = {member.get("alg") for member in given.get("keys", [given])} & OTHER_ALGORITHMS
    assert taken(given, test["jws"]) == (test["result"] == "valid" and not foreign)
