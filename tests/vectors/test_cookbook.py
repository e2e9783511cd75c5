"""RFC 7520's cookbook and RFC 8037's examples: what is in our algorithms verifies, the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limen.errors import Denied, Misconfigured
from limen.jose import jwk, jws
from limen.jose.jwk import Algorithm

FOLDER = Path(__file__).parent / "data/jose-cookbook"


def recipe(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


JWS = {path.stem: recipe(f"jws/{path.name}") for path in sorted((FOLDER / "jws").glob("*.json"))}
COMPACT = {name: r for name, r in JWS.items() if "compact" in r["output"]}
DETACHED = "4_5.signature_with_detached_content"
OURS = {name for name, r in COMPACT.items() if r["input"]["alg"] in set(Algorithm)} - {DETACHED}


def without_kid(members: dict[str, Any]) -> dict[str, Any]:
    """Their ids hold an `@`, which ours cannot (J12); one key given needs none."""
    return {name: value for name, value in members.items() if name != "kid" or jwk.KID.fullmatch(value)}


def test_the_recipes_in_our_algorithms() -> None:
    assert sorted(OURS) == ["4_1.rsa_v15_signature", "4_4.hmac-sha2_integrity_protection"]
    assert COMPACT.keys() - OURS == {"4_2.rsa-pss_signature", "4_3.ecdsa_signature", DETACHED}


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_signature_in_our_algorithms_verifies_and_is_made_again(name: str) -> None:
    given = COMPACT[name]
    key = jwk.signing_key(without_kid(given["input"]["key"]), alg=Algorithm(given["input"]["alg"]))
    verified = jws.verify(given["output"]["compact"], key.verify_key)
    assert verified.payload.decode() == given["input"]["payload"]
    signed, _, tail = given["output"]["compact"].rpartition(".")
    assert key.verify_key.verifies(signed.encode(), jws.b64.decode(tail))
    assert jws.b64.encode(key.sign(signed.encode())) == tail


@pytest.mark.parametrize("name", sorted(COMPACT.keys() - OURS - {DETACHED}))
def test_a_signature_in_another_algorithm_is_refused(name: str) -> None:
    with pytest.raises(Denied) as error:
        jws.verify(COMPACT[name]["output"]["compact"], jwk.generate(Algorithm.ES256).verify_key)
    assert error.value.reason == "alg_not_allowed"


@pytest.mark.parametrize("name", sorted(JWS))
@pytest.mark.parametrize("form", ["json", "json_flat"])
def test_J37_no_json_serialisation_is_read(name: str, form: str) -> None:
    if form not in JWS[name]["output"]:
        return
    with pytest.raises(Denied) as error:
        jws.verify(json.dumps(JWS[name]["output"][form]), jwk.generate(Algorithm.ES256).verify_key)
    assert error.value.reason in ("segments_wrong", "header_malformed")


def test_detached_content_is_refused() -> None:
    given = JWS[DETACHED]
    key = jwk.signing_key(without_kid(given["input"]["key"])).verify_key
    with pytest.raises(Denied) as error:
        jws.verify(given["output"]["compact"], key)
    assert error.value.reason == "signature_invalid"


@pytest.mark.parametrize(("public", "private"), [("3_3.rsa_public_key", "3_4.rsa_private_key")])
def test_the_rsa_keys_are_the_halves_of_one(public: str, private: str) -> None:
    signs = jwk.signing_key(without_kid(recipe(f"jwk/{private}.json")), alg=Algorithm.RS256)
    checks = jwk.verify_key(without_kid(recipe(f"jwk/{public}.json")), alg=Algorithm.RS256)
    assert signs.kid == checks.kid
    assert checks.verifies(b"cookbook", signs.sign(b"cookbook"))
    written, read = signs.to_private_jwk(), recipe(f"jwk/{private}.json")
    assert {n: written[n] for n in read if n not in ("kid", "use")} == {
        n: v for n, v in read.items() if n not in ("kid", "use")
    }


def test_the_symmetric_key_for_signing_is_taken_and_that_for_encryption_is_not() -> None:
    assert jwk.signing_key(recipe("jwk/3_5.symmetric_key_mac_computation.json")).alg is Algorithm.HS256
    with pytest.raises(Misconfigured) as error:
        jwk.signing_key(recipe("jwk/3_6.symmetric_key_encryption.json"))
    assert error.value.reason == "use_mismatch"


@pytest.mark.parametrize("name", ["3_1.ec_public_key", "3_2.ec_private_key"])
def test_a_curve_that_is_none_of_ours_is_refused(name: str) -> None:
    read = jwk.signing_key if "private" in name else jwk.verify_key
    with pytest.raises(Misconfigured) as error:
        read(without_kid(recipe(f"jwk/{name}.json")))
    assert error.value.reason == "curve_unknown"


def test_the_ed25519_recipe() -> None:
    given = recipe("curve25519/jws.json")
    key = jwk.signing_key(without_kid(given["input"]["key"]))
    assert key.alg is Algorithm.EDDSA
    verified = jws.verify(given["output"]["compact"], key.verify_key)
    assert verified.payload.decode() == given["input"]["payload"]


def test_J14_no_unencoded_payload_is_read() -> None:
    given = recipe("rfc7797/hmac-sha2_b64_false.json")
    with pytest.raises(Denied) as error:
        jws.verify(given["output"]["compact"], jwk.generate(Algorithm.HS256).verify_key)
    assert error.value.reason == "crit_refused"
