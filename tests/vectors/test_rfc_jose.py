"""The examples of RFC 4648, 7515, 7519, 7638, 7797, 8037 and 9068."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Denied, Misconfigured
from limen.jose import algorithms, b64, jwk, jws, jwt, unverified
from limen.jose.jwk import Algorithm

FOLDER = Path(__file__).parent / "data/rfc"


def vectors(name: str) -> dict[str, dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["vectors"]
    return {vector["id"]: vector for vector in listed}


RFC7515 = vectors("rfc7515-appendices.json")
RFC7519 = vectors("rfc7519-examples.json")
RFC8037 = vectors("rfc8037-okp.json")
THUMBPRINTS = {**vectors("rfc7638-thumbprint.json"), **RFC8037}
OURS = {"HS256": Algorithm.HS256, "RS256": Algorithm.RS256, "ES256": Algorithm.ES256}
BASE64 = json.loads((FOLDER / "rfc4648-base64.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", [v for v in BASE64 if v["op"] == "BASE64"], ids=str)
def test_base64_of_rfc4648_without_its_padding(vector: dict[str, str]) -> None:
    text = vector["output"].rstrip("=")
    assert b64.encode(vector["input"].encode()) == text
    assert b64.decode(text) == vector["input"].encode()
    if text != vector["output"]:
        with pytest.raises(ValueError):
            b64.decode(vector["output"])


def published(secret: dict[str, str]) -> jwk.SigningKey:
    """The key that several RFCs sign with, past the check that refuses it for being printed there (J35)."""
    with pytest.raises(Misconfigured) as error:
        jwk.signing_key(secret)
    assert error.value.reason == "secret_public"
    raw = b64.decode(secret["k"])
    verify = jwk.VerifyKey("rfc7515", Algorithm.HS256, algorithms.mac_verifier(raw), {})
    return jwk.SigningKey(verify, algorithms.mac(raw), raw)


@pytest.mark.parametrize("name", [n for n, v in RFC7515.items() if v.get("alg") in OURS and "jwk" in v])
def test_a_token_of_rfc7515_verifies_and_says_what_the_rfc_says(name: str) -> None:
    vector = RFC7515[name]
    algorithm = OURS[vector["alg"]]
    symmetric = algorithm is Algorithm.HS256
    key = published(vector["jwk"]) if symmetric else jwk.signing_key(vector["jwk"], alg=algorithm)
    verified = jws.verify(vector["compact"], key.verify_key)
    assert verified.payload.hex() == vector["payload_hex"]
    assert verified.header.alg == vector["alg"]
    signed, _, tail = vector["compact"].rpartition(".")
    assert signed == vector["signing_input"]
    assert b64.decode(tail).hex() == vector["signature_hex"]
    if vector["alg"] in ("HS256", "RS256"):  # these two sign in one way only
        assert b64.encode(key.sign(signed.encode())) == tail


def test_the_rest_of_rfc7515_is_refused() -> None:
    """ES512, no algorithm, and a critical extension (appendices A.4, A.5 and E)."""
    key = jwk.generate(Algorithm.ES256).verify_key
    rest = [v for v in RFC7515.values() if "compact" in v and v.get("alg") not in OURS]
    reasons = set()
    for vector in rest:
        with pytest.raises(Denied) as error:
            jws.verify(vector["compact"], key)
        reasons.add(error.value.reason)
    assert len(rest) >= 3
    assert reasons <= {"alg_not_allowed", "crit_refused"}


def test_base64_of_rfc7515_appendix_c() -> None:
    (vector,) = [v for v in RFC7515.values() if v["id"].startswith("RFC7515-C")]
    assert b64.encode(bytes(vector["octets"])) == vector["encoded"]
    assert b64.decode(vector["encoded"]) == bytes(vector["octets"])


def test_the_token_of_rfc7519_verifies_as_a_signature_and_is_no_access_token() -> None:
    vector = RFC7519["RFC7519-3.1"]
    key = published(vector["jwk"])
    assert json.loads(jws.verify(vector["compact"], key.verify_key).payload) == vector["claims"]
    named = {key.kid: key.verify_key}
    policy = jwt.TokenPolicy(issuer="joe", audience="joe", algorithms=frozenset({Algorithm.HS256}))
    with pytest.raises(Denied) as error:
        jwt.TokenVerifier(policy, named).verify(vector["compact"], now=Instant(1_300_000_000.0))
    assert error.value.reason == "typ_wrong"


@pytest.mark.parametrize(
    ("name", "reason"), [("RFC7519-6.1", "alg_not_allowed"), ("RFC7519-A.1", "segments_wrong")]
)
def test_J01_J43_the_unsecured_and_the_encrypted_token_of_rfc7519_are_refused(name: str, reason: str) -> None:
    with pytest.raises(Denied) as error:
        jws.verify(RFC7519[name]["compact"], jwk.generate(Algorithm.ES256).verify_key)
    assert error.value.reason == reason


@pytest.mark.parametrize("name", [n for n, v in THUMBPRINTS.items() if "thumbprint" in v])
def test_K22_a_thumbprint_is_that_of_its_rfc(name: str) -> None:
    vector = THUMBPRINTS[name]
    assert jwk.thumbprint(vector["jwk"]) == vector["thumbprint"]
    nameless = {k: v for k, v in vector["jwk"].items() if k != "kid"}
    assert jwk.verify_key(nameless).kid == vector["thumbprint"]


def test_the_key_and_the_signature_of_rfc8037() -> None:
    key = jwk.signing_key(RFC8037["RFC8037-A.1"]["private_jwk"])
    vector = RFC8037["RFC8037-A.4/A.5"]
    signed, _, tail = vector["compact"].rpartition(".")
    assert b64.encode(key.sign(signed.encode())) == tail
    assert jws.verify(vector["compact"], jwk.verify_key(vector["jwk"])).payload == vector["payload"].encode()


def test_J14_the_unencoded_payload_of_rfc7797_is_refused() -> None:
    plain, unencoded = json.loads((FOLDER / "rfc7797-b64.json").read_text())["vectors"]
    key = published(plain["jwk"]).verify_key
    assert jws.verify(plain["compact"], key).payload == plain["payload"].encode()
    head, _, tail = unencoded["compact_detached"].split(".")
    for token in (unencoded["compact_detached"], f"{head}.{b64.encode(b'$.02')}.{tail}"):
        with pytest.raises(Denied) as error:
            jws.verify(token, key)
        assert error.value.reason == "crit_refused"


def test_the_access_token_of_rfc9068_is_one() -> None:
    header, said = json.loads((FOLDER / "rfc9068-example.json").read_text())["objects"]
    key = jwk.generate(Algorithm.RS256)
    payload = json.dumps(said).encode()
    token = jws.sign(payload, key, typ=header["typ"])
    policy = jwt.TokenPolicy(
        issuer=said["iss"], audience=said["aud"], algorithms=frozenset({Algorithm.RS256})
    )
    claims = jwt.TokenVerifier(policy, {key.kid: key.verify_key}).verify(token, now=Instant(1_618_354_100.0))
    assert {name: getattr(claims, name) for name in said} == said
    assert unverified.read(token).header["typ"] == "at+JWT"


def test_K11_the_okp_of_another_curve_is_refused() -> None:
    with pytest.raises(Misconfigured):
        jwk.verify_key({"kty": "OKP", "crv": "X25519", "x": RFC8037["RFC8037-A.1"]["private_jwk"]["x"]})
