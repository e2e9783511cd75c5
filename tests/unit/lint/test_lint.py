"""Each finding about tokens and keys is found by an example, and a good token and a good key find nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import lint
from limen.clock import Instant
from limen.jose import b64, jwk
from limen.jose.jwk import Algorithm
from limen.lint import CATALOGUE, Severity
from limen.lint.catalogue import CLAIMS, HEADER, KEYS

NOW = Instant(1_800_000_000.0)
HEADER_OK = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
CLAIMS_OK = {
    "iss": "https://issuer.example",
    "aud": "api",
    "sub": "019f0f3e-6f70-7abc-8def-0123456789ab",
    "iat": int(NOW) - 10,
    "exp": int(NOW) + 890,
    "jti": "019f0f3e-6f70-7abc-8def-0123456789ac",
    "scope": "read write",
    "client_id": "web",
    "amr": ["pwd"],
}
GONE = object()


def ids(found: tuple[lint.Finding, ...]) -> set[str]:
    return {finding.id for finding in found}


def token(
    header: Mapping[str, Any] | None = None, claims: Mapping[str, Any] | None = None, **more: Any
) -> set[str]:
    """The ids for the good token with these members changed, or GONE."""
    said = {k: v for k, v in {**HEADER_OK, **(header or {})}.items() if v is not GONE}
    about = {k: v for k, v in {**CLAIMS_OK, **(claims or {})}.items() if v is not GONE}
    return ids(lint.token(said, about, **{"size": 600, "now": NOW, **more}))


HEADERS: list[tuple[str, dict[str, Any]]] = [
    ("alg_missing", {"alg": GONE}),
    ("alg_malformed", {"alg": ["ES256"]}),
    ("alg_malformed", {"alg": None}),
    *[("alg_none", {"alg": alg}) for alg in ("none", "None", "NONE", "nOnE", "none ", "none\0")],
    ("alg_unknown", {"alg": "es256"}),
    ("alg_unknown", {"alg": ""}),
    ("alg_foreign", {"alg": "RS512"}),
    ("alg_symmetric", {"alg": "HS256"}),
    ("alg_weak_encryption", {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM"}),
    ("typ_missing", {"typ": GONE}),
    ("typ_generic", {"typ": "JWT"}),
    ("typ_generic", {"typ": "application/jwt"}),
    ("typ_malformed", {"typ": ["at+jwt"]}),
    ("typ_malformed", {"typ": "at jwt"}),
    ("kid_missing", {"kid": GONE}),
    ("kid_malformed", {"kid": 1}),
    ("kid_malformed", {"kid": ""}),
    ("kid_malformed", {"kid": "é"}),
    ("kid_malformed", {"kid": "k" * 1_000_000}),
    ("kid_path", {"kid": "../../../../dev/null"}),
    ("kid_path", {"kid": "/dev/null"}),
    ("kid_path", {"kid": "file:/etc/passwd"}),
    ("kid_path", {"kid": ".."}),
    ("kid_injection", {"kid": "x' UNION SELECT 'secret' -- "}),
    ("kid_injection", {"kid": "*)(uid=*"}),
    ("kid_injection", {"kid": "k\r\n login ok"}),
    ("header_url", {"jku": "http://127.0.0.1:9/"}),
    ("header_url", {"x5u": "file:///etc/passwd"}),
    ("header_key", {"jwk": {"kty": "oct", "k": "AA"}}),
    ("header_certificate", {"x5c": ["MII"]}),
    ("header_certificate", {"x5t#S256": "AA"}),
    ("crit_present", {"crit": ["b64"], "b64": False}),
    *[("crit_malformed", {"crit": crit}) for crit in ([], "b64", ["absent"], None, ["alg", "alg"], [1])],
    ("b64_false", {"b64": False}),
    ("encrypted", {"enc": "A128GCM"}),
    ("compressed", {"zip": "DEF"}),
    ("nested", {"cty": "JWT"}),
]

BODIES: list[tuple[str, dict[str, Any]]] = [
    ("exp_missing", {"exp": GONE}),
    ("exp_long", {"exp": NOW + 7_200}),
    ("exp_very_long", {"exp": NOW + 86_400 * 365}),
    ("exp_very_long", {"iat": GONE, "exp": NOW + 86_400 * 365}),
    ("exp_past", {"exp": NOW - 1}),
    ("exp_past", {"exp": NOW}),
    ("exp_before_iat", {"exp": NOW - 20}),
    ("nbf_future", {"nbf": NOW + 300}),
    ("nbf_after_exp", {"nbf": NOW + 10_000}),
    ("iat_missing", {"iat": GONE}),
    ("iat_future", {"iat": NOW + 300}),
    *[
        ("time_malformed", {"exp": x})
        for x in ("1800000000", True, None, -1, [1], {}, float("nan"), float("inf"))
    ],
    ("time_malformed", {"auth_time": "yesterday"}),
    ("time_milliseconds", {"exp": int(NOW) * 1000}),
    ("time_milliseconds", {"exp": 10**5000}),
    ("iss_missing", {"iss": GONE}),
    ("iss_malformed", {"iss": ["https://evil.example", "https://issuer.example"]}),
    ("iss_plain_http", {"iss": "http://issuer.example"}),
    ("iss_plain_http", {"iss": "http://localhost.evil.example"}),
    ("aud_missing", {"aud": GONE}),
    *[("aud_malformed", {"aud": aud}) for aud in ([], [["api"]], 1, None, "", {}, ["api", 1])],
    ("aud_many", {"aud": ["api", "other"]}),
    ("aud_wildcard", {"aud": "*"}),
    ("sub_missing", {"sub": GONE}),
    ("sub_malformed", {"sub": 1}),
    ("sub_malformed", {"sub": ""}),
    ("sub_personal", {"sub": "ada@example.com"}),
    ("jti_missing", {"jti": GONE}),
    ("jti_malformed", {"jti": [1]}),
    ("secret_claim", {"password": "hunter2"}),
    ("secret_claim", {"user": {"profile": {"API-Key": "x"}}}),
    ("secret_claim", {"note": "eyJhbGciOiJIUzI1NiJ9.e30.AA"}),
    ("secret_claim", {"note": "-----BEGIN PRIVATE KEY-----"}),
    ("personal_claim", {"email": "ada@example.com"}),
    ("personal_claim", {"phone_number": "+1"}),
    ("personal_claim", {"login": "ada@example.com"}),
]

STRONG = b64.decode(b64.encode(bytes(range(100, 164))))
SECRETS: list[tuple[str, bytes]] = [
    ("secret_public", b"<random_string_at_least_32_characters_long>"),
    ("secret_short", b"secret"),
    ("secret_short", b""),
    ("secret_short", bytes(range(31))),
    ("secret_repeats", b"abcdefgh" * 8),
    ("secret_words", b"correct horse battery staple and more"),
    ("secret_is_public_key", b"-----BEGIN PUBLIC KEY-----\nMFkw"),
    ("secret_is_public_key", b"ecdsa-sha2-nistp256 AAAA"),
]
RSA = jwk.generate(Algorithm.RS256).verify_key.to_jwk()
EC = jwk.generate(Algorithm.ES256)
OCT = jwk.symmetric(STRONG).to_private_jwk()
JWKS: list[tuple[str, dict[str, Any]]] = [
    ("key_malformed", {}),
    ("key_malformed", {"kty": "RSA", "alg": "RS256"}),
    ("key_malformed", {"kty": "EC", "crv": 1, "x": "AA", "y": "AA"}),
    ("key_malformed", {"kty": "oct", "k": "a=b"}),
    ("key_small", RSA | {"n": b64.encode(b"\xff" * 128)}),
    ("key_exponent", RSA | {"e": "Aw"}),
    ("key_private", EC.to_private_jwk()),
    ("key_alg_missing", {k: v for k, v in RSA.items() if k != "alg"}),
    ("key_alg_mismatch", RSA | {"alg": "HS256"}),
    ("key_use", RSA | {"use": "enc"}),
    ("key_use", RSA | {"key_ops": ["encrypt"]}),
    ("key_kid_missing", {k: v for k, v in RSA.items() if k != "kid"}),
    ("secret_short", {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
]
SETS: list[tuple[str, dict[str, Any]]] = [
    ("key_malformed", {"keys": "none"}),
    ("key_malformed", {"keys": [1]}),
    ("key_kid_twice", {"keys": [RSA, EC.verify_key.to_jwk() | {"kid": RSA["kid"]}]}),
    ("key_mixed", {"keys": [RSA, OCT]}),
]


def test_a_good_token_finds_nothing() -> None:
    assert token() == set()


@pytest.mark.parametrize(("rule", "change"), HEADERS)
def test_headers(rule: str, change: dict[str, Any]) -> None:
    assert rule in token(change)


@pytest.mark.parametrize(("rule", "change"), BODIES)
def test_claims(rule: str, change: dict[str, Any]) -> None:
    assert rule in token(claims=change)


@pytest.mark.parametrize(("rule", "raw"), SECRETS)
def test_J35_secrets(rule: str, raw: bytes) -> None:
    assert rule in ids(lint.secret(raw))
    assert rule in token({"alg": "HS256"}, signed_with=raw)


@pytest.mark.parametrize(("rule", "key"), JWKS)
def test_keys(rule: str, key: dict[str, Any]) -> None:
    assert rule in ids(lint.key(key))
    assert rule in ids(lint.key_set({"keys": [key]}))


@pytest.mark.parametrize(("rule", "keys"), SETS)
def test_sets(rule: str, keys: dict[str, Any]) -> None:
    assert rule in ids(lint.key_set(keys))


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("alg_confused", {"expected": "RS256"}),
        ("duplicate_names", {"flaws": ["header_duplicate"]}),
        ("duplicate_names", {"flaws": ["claims_duplicate"]}),
        ("form_malformed", {"flaws": ["signature_malformed"]}),
        ("size_cookie", {"size": 4_050}),
        ("size_header", {"size": 8_193}),
    ],
)
def test_what_the_caller_knows(rule: str, more: dict[str, Any]) -> None:
    assert rule in token(**more)


def test_every_rule_has_an_example() -> None:
    tried = {rule for rule, _ in [*HEADERS, *BODIES, *SECRETS, *JWKS, *SETS]}
    tried |= {"alg_confused", "duplicate_names", "form_malformed", "size_cookie", "size_header"}
    assert CATALOGUE.keys() - tried == set()
    assert len(CATALOGUE) == len(HEADER) + len(CLAIMS) + len(KEYS)


PINNED = """
alg_confused alg_foreign alg_malformed alg_missing alg_none alg_symmetric alg_unknown
alg_weak_encryption aud_malformed aud_many aud_missing aud_wildcard b64_false compressed
crit_malformed crit_present duplicate_names encrypted exp_before_iat exp_long exp_missing exp_past
exp_very_long form_malformed header_certificate header_key header_url iat_future iat_missing
iss_malformed iss_missing iss_plain_http jti_malformed jti_missing key_alg_mismatch key_alg_missing
key_exponent key_kid_missing key_kid_twice key_malformed key_mixed key_private key_small key_use
kid_injection kid_malformed kid_missing kid_path nbf_after_exp nbf_future nested personal_claim
secret_claim secret_is_public_key secret_public secret_repeats secret_short secret_words size_cookie
size_header sub_malformed sub_missing sub_personal time_malformed time_milliseconds typ_generic
typ_malformed typ_missing
"""
"""People's scripts and the workbench know findings by these. One may come; none may go or be renamed."""


def test_ids_stay() -> None:
    assert sorted(CATALOGUE) == PINNED.split()


def test_good_keys_and_secrets_find_nothing_bad() -> None:
    assert ids(lint.key(RSA)) == ids(lint.key_set({"keys": [RSA, EC.verify_key.to_jwk()]})) == set()
    assert lint.secret(STRONG) == ()
    assert ids(lint.key(OCT)) == {"key_private"}


def test_local_issuers_may_go_by_plain_http() -> None:
    for issuer in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:80/x", "http://app.localhost"):
        assert token(claims={"iss": issuer}) == set()


def test_lifetimes_at_their_bounds() -> None:
    assert token(claims={"exp": CLAIMS_OK["iat"] + 3_600}) == set()
    assert token(claims={"exp": CLAIMS_OK["iat"] + 3_601}) == {"exp_long"}
    assert token(claims={"exp": CLAIMS_OK["iat"] + 86_400}) == {"exp_long"}
    assert token(claims={"exp": CLAIMS_OK["iat"] + 86_401}) == {"exp_very_long"}


def test_worst_comes_first() -> None:
    found = lint.token({}, {}, size=9_000, now=NOW)
    order = list(Severity)
    assert [order.index(f.severity) for f in found] == sorted(order.index(f.severity) for f in found)


def test_no_secret_is_repeated() -> None:
    found = lint.token(
        HEADER_OK, {**CLAIMS_OK, "password": "hunter2", "email": "ada@example.com"}, size=1, now=NOW,
        signed_with=b"my own little secret",
    )  # fmt: skip
    text = json.dumps([str(one) for one in found])
    assert not [word for word in ("hunter2", "ada@example.com", "little") if word in text]


def test_every_rule_says_what_why_where_and_what_to_do() -> None:
    for rule, said in CATALOGUE.items():
        assert all((said.what, said.why, said.section, said.mend)), rule
        assert said.mend.endswith("."), rule
        assert said.why[0].isupper(), rule


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [*HEADER_OK, *CLAIMS_OK, "crit", "b64", "jku", "jwk", "enc", "cty", "nbf", "kty", "n", "e", "k"]
)


@given(st.dictionaries(NAMES, JSON, max_size=8), st.dictionaries(NAMES, JSON, max_size=8))
def test_nothing_that_a_token_says_breaks_it(said: dict[str, Any], about: dict[str, Any]) -> None:
    for finding in (
        *lint.token(said, about, size=1, now=NOW),
        *lint.key(said),
        *lint.key_set({"keys": [said, about]}),
    ):
        assert finding.what.isprintable()
        assert len(finding.what) < 250


def test_deep_claims_are_looked_into_without_falling() -> None:
    deep: dict[str, Any] = {"password": "x"}
    for _ in range(5_000):
        deep = {"a": deep}
    assert token(claims={"a": deep}) == set()
    assert lint.spell(0.2) == "less than 1 s"
    assert lint.spell(90_061) == "1 d 1 h"
