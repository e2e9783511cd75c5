"""Access tokens: what each claim may be, row by row of the attack catalogue. All are well signed."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Denied, Misconfigured
from limen.jose import jwk, jws, jwt
from limen.jose.jwk import Algorithm
from support.tokens import AUDIENCE, ISSUER, NOW, head, key, policy, raw, said, signed, token, verifier


def refused(text: str, *, now: float = NOW, leeway: float = 5, signing: jwk.SigningKey | None = None) -> str:
    """Why a token is refused. Nothing but Denied may come, and none of the token with it (J54)."""
    with pytest.raises(Denied) as error:
        verifier(signing, leeway=leeway).verify(text, now=Instant(now))
    shown = f"{error.value} {error.value!r} {error.value.args}"
    assert not any(part and part in shown for part in text.split(".") if len(part) > 8)
    return error.value.reason


def accepted(text: str, *, now: float = NOW, leeway: float = 5) -> jwt.Claims:
    return verifier(leeway=leeway).verify(text, now=Instant(now))


def test_a_token_that_we_issue_says_what_it_was_given() -> None:
    claims = jwt.Claims(
        iss=ISSUER,
        sub="somebody",
        aud=AUDIENCE,
        exp=int(NOW) + 60,
        iat=int(NOW),
        jti="one",
        client_id="limen",
        sid="a session",
        auth_time=int(NOW) - 5,
        amr=("pwd", "otp"),
        scope="read write",
        strategy="hybrid",
    )
    text = jwt.issue(claims, key())
    assert accepted(text) == claims
    header = jws.verify(text, key().verify_key).header
    assert header == ("ES256", key().kid, "at+jwt")


def test_a_token_has_the_claims_of_rfc9068_and_those_that_are_none_are_not_written() -> None:
    text = jwt.issue(jwt.Claims(**said()), key())
    assert json.loads(jws.verify(text, key().verify_key).payload) == said()


@pytest.mark.parametrize("change", [{"sub": ""}, {"exp": math.nan}, {"exp": -1}, {"iat": 1e30}, {"jti": 5}])
def test_what_no_verifier_would_take_is_not_issued(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        jwt.issue(jwt.Claims(**said(**change)), key())


@pytest.mark.parametrize("alg", list(Algorithm))
def test_each_algorithm_issues_and_verifies(alg: Algorithm) -> None:
    text = jwt.issue(jwt.Claims(**said()), key(alg))
    assert verifier(key(alg)).verify(text, now=NOW).sub == said()["sub"]


def test_a_payload_that_another_issuer_wrote_is_read_too() -> None:
    """Other order, white space, claims that we do not know, escapes: the slower way."""
    other = {"scope": "read", "acr": {"level": [1, 2]}, **dict(reversed(said(aud=["x", AUDIENCE]).items()))}
    text = json.dumps(other, indent=2).replace("limen", "lim\\u0065n")
    assert accepted(token(text)).scope == "read"
    assert accepted(token(text)).client_id == "limen"


def test_what_is_known_about_the_header_changes_no_verdict() -> None:
    """A header is remembered by its bytes; the second token under it is checked as the first."""
    verify = verifier().verify
    assert verify(token(), now=NOW) == verify(token(), now=NOW)
    text = token()
    with pytest.raises(Denied) as error:
        verify(text[:-8] + ("A" * 8 if text[-8:] != "A" * 8 else "B" * 8), now=NOW)
    assert error.value.reason in ("signature_invalid", "signature_malformed")


@pytest.mark.parametrize(
    "payload",
    [
        raw(said())[:-1] + b',"sub":"admin"}',
        raw(said())[:-1] + b',"\\u0073ub":"admin"}',
        raw(said())[:-1] + b' , "sub" : "admin"}',
        b'{"exp":1,' + raw(said())[1:],
        b'{"exp":1800000600,' + raw(said())[1:],
        raw(said(acr={"a": 1})).replace(b'"a":1', b'"a":1,"a":1'),
        raw(said(acr=[[{"a": 1}]])).replace(b'"a":1', b'"a":1,"\\u0061":2'),
        raw(said())[:-1] + raw(said())[:-1].replace(b"{", b",") + b"}",
    ],
)
def test_J15_duplicate_names_in_the_claims_are_refused_at_every_depth(payload: bytes) -> None:
    assert refused(token(payload)) == "claims_duplicate"


def test_J21_deep_nesting_is_refused_and_nothing_falls_over() -> None:
    for payload in ("[" * 5000, '{"a":' * 1000, '{"a":[' + "[" * 5000, said_with("[" * 5000)):
        assert refused(token(payload)) == "claims_malformed"
    wide = jwt.TokenPolicy(
        issuer=ISSUER, audience=AUDIENCE, algorithms=frozenset({Algorithm.ES256}), max_bytes=1 << 20
    )
    deep = said_with("[" * 100_000 + "]" * 100_000)
    with pytest.raises(Denied):
        jwt.TokenVerifier(wide, {key().kid: key().verify_key}).verify(token(deep), now=NOW)


def said_with(literal: str, name: str = "acr") -> str:
    """A good set of claims in which `name` is written so, JSON or not."""
    return raw(said(**{name: ...})).decode()[:-1] + f',"{name}":{literal}}}'


@pytest.mark.parametrize(
    "literal",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        '"4102444800"',
        "true",
        "null",
        "-1",
        "[4102444800]",
        "{}",
        "1e30",
        "9" * 5000,
        "1" + "0" * 30,
        "253402300800",
        "0x7fffffff",
        "+4102444800",
        "04102444800",
        "4102444800.",
        ".5e10",
        "4102444800,",
        "4_102_444_800",
    ],
)
def test_J22_J23_an_expiry_that_is_no_time_is_refused(literal: str) -> None:
    assert refused(token(said_with(literal, "exp"))) in ("exp_malformed", "claims_malformed")


@pytest.mark.parametrize("literal", ["4102444800.5", "4102444800", "4102444800.0", "4.1024448e9"])
def test_J22_a_time_with_a_fraction_is_one(literal: str) -> None:
    assert accepted(token(said_with(literal, "exp"))).exp == float(literal)


@pytest.mark.parametrize("literal", ["0", "0.0", "-0.0", "1"])
def test_J22_the_epoch_is_long_past(literal: str) -> None:
    assert refused(token(said_with(literal, "exp"))) == "expired"


def test_J24_a_token_without_expiry_is_refused() -> None:
    assert refused(token(said(exp=...))) == "exp_missing"


@pytest.mark.parametrize("leeway", [0, 5, 60])
def test_J24_a_token_is_good_while_now_is_before_exp_and_leeway(leeway: float) -> None:
    text = token(said(exp=int(NOW), iat=int(NOW) - 600))
    end = NOW + leeway
    assert accepted(text, now=end - 0.001, leeway=leeway).exp == int(NOW)
    assert refused(text, now=end, leeway=leeway) == "expired"
    assert refused(text, now=end + 1, leeway=leeway) == "expired"
    if leeway:
        assert accepted(text, now=end - 1, leeway=leeway).exp == int(NOW)


def test_J24_what_has_expired_has_its_own_code() -> None:
    with pytest.raises(Denied) as error:
        verifier().verify(token(said(exp=1)), now=NOW)
    assert error.value.code == "token_expired"


@pytest.mark.parametrize("name", ["nbf", "iat", "auth_time"])
@pytest.mark.parametrize(
    "literal", ['"1800000000"', "true", "NaN", "null", "-1", "[]", "{}", "1e30", "9" * 5000]
)
def test_J25_a_time_of_another_type_is_refused(name: str, literal: str) -> None:
    assert refused(token(said_with(literal, name))) in (f"{name}_malformed", "claims_malformed")


@pytest.mark.parametrize(("name", "reason"), [("nbf", "not_yet_valid"), ("iat", "issued_in_future")])
def test_J25_what_lies_in_the_future_is_refused_beyond_the_leeway(name: str, reason: str) -> None:
    assert accepted(token(said(**{name: NOW + 5})))
    assert refused(token(said(**{name: NOW + 5.5}))) == reason
    assert refused(token(said(**{name: 4_102_444_800}))) == reason
    assert refused(token(said(**{name: NOW + 0.5})), leeway=0) == reason


def test_J25_a_token_that_does_not_say_when_it_was_issued_is_refused() -> None:
    assert refused(token(said(iat=...))) == "iat_missing"


@pytest.mark.parametrize(
    "aud",
    [
        [], [[AUDIENCE]], 1, None, AUDIENCE[:-1], AUDIENCE + "2", AUDIENCE.upper(), f"x {AUDIENCE}", {}, "",
        {AUDIENCE: 1}, ["other"], [AUDIENCE[:3]], [1, AUDIENCE], [AUDIENCE, None], True, AUDIENCE + "/", [""],
    ],
)  # fmt: skip
def test_J26_an_audience_that_is_not_exactly_us_is_refused(aud: object) -> None:
    assert refused(token(said(aud=aud))) in ("aud_wrong", "aud_malformed")


@pytest.mark.parametrize("aud", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE], [AUDIENCE, AUDIENCE]])
def test_J26_an_audience_that_names_us_is_taken(aud: object) -> None:
    assert accepted(token(said(aud=aud)))


def test_J26_a_token_for_nobody_is_refused() -> None:
    assert refused(token(said(aud=...))) == "aud_missing"


@pytest.mark.parametrize(
    "iss",
    [
        ISSUER[:-1],
        ISSUER[8:],
        ISSUER + "/",
        ISSUER.upper(),
        ["https://evil.example", ISSUER],
        [ISSUER],
        "",
        1,
        None,
        ISSUER + ".evil.example",
        "https://evil.example/" + ISSUER,
        {},
        ISSUER.replace("https", "http"),
    ],
)
def test_J27_an_issuer_that_is_not_exactly_ours_is_refused(iss: object) -> None:
    assert refused(token(said(iss=iss))) in ("iss_wrong", "iss_malformed")


def test_J27_a_token_of_no_issuer_is_refused() -> None:
    assert refused(token(said(iss=...))) == "iss_missing"


@pytest.mark.parametrize("name", ["sub", "jti", "client_id"])
@pytest.mark.parametrize("value", [1, None, {}, ["a"], "", True])
def test_J28_a_name_that_is_no_text_is_refused(name: str, value: object) -> None:
    assert refused(token(said(**{name: value}))) == f"{name}_malformed"
    assert refused(token(said(**{name: ...}))) == f"{name}_missing"


@pytest.mark.parametrize(("name", "value"), [("sid", 1), ("amr", "pwd"), ("amr", [1]), ("scope", ["a"]),
                                             ("strategy", {}), ("sid", None), ("scope", None)])  # fmt: skip
def test_J28_the_other_claims_have_their_types_as_well(name: str, value: object) -> None:
    assert refused(token(said(**{name: value}))) == f"{name}_malformed"


@pytest.mark.parametrize("payload", ["[]", '"claims"', "null", "", " ", "not json", "1", "true", "{", "{}x"])
def test_J38_J39_a_payload_that_is_no_object_is_refused(payload: str) -> None:
    assert refused(token(payload)) == "claims_malformed"


@pytest.mark.parametrize(
    "payload",
    [
        raw(said()).decode().encode("utf-16"), raw(said()).decode().encode("utf-16-le"),
        raw(said()).decode().encode("utf-32"), raw(said()).decode().encode("utf-8-sig"),
        raw(said(sub="X")).replace(b"X", b"\xff"), raw(said(acr="X")).replace(b"X", b"\xc0\xaf"),
        raw(said(sub="X")).replace(b"X", b"\\ud800"), raw(said(acr="X")).replace(b"X", b"a\\udc00\\ud800"),
        raw(said(acr={"X": 1})).replace(b"X", b"\\ud800"), raw(said(sub="X")).replace(b"X", b"\xed\xa0\x80"),
        raw(said(sub="X")).replace(b"X", b"\n"), raw(said()).replace(b"}", b",}"), raw(said()) + b"\0",
        b"/**/" + raw(said()), raw(said()).replace(b'"', b"'"), raw(said()) + raw(said()),
        raw(said(acr="X")).replace(b"X", b"\xed\xb0\x80"), raw(said(acr="X")).replace(b"X", b"\\x41"),
    ],
)  # fmt: skip
def test_J40_a_payload_that_is_not_strictly_json_in_utf8_is_refused(payload: bytes) -> None:
    assert refused(token(payload)) == "claims_malformed"


def test_J40_text_beyond_ascii_is_read() -> None:
    assert accepted(token(said(sub="Жанна 🗝"))).sub == "Жанна 🗝"
    text = jwt.issue(jwt.Claims(**said(sub="Жанна 🗝 ~~~???")), key())
    assert accepted(text).sub == "Жанна 🗝 ~~~???"


@pytest.mark.parametrize(
    "typ",
    [
        ...,
        "JWT",
        ["at+jwt"],
        None,
        1,
        "",
        "at+jwt ",
        "text/at+jwt",
        "application/application/at+jwt",
        "at jwt",
    ],
)
def test_J41_a_token_that_does_not_say_it_is_an_access_token_is_refused(typ: object) -> None:
    assert refused(token(header=head(typ=typ))) == "typ_wrong"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_J41_a_media_type_has_no_case_and_may_be_in_full(typ: str) -> None:
    assert accepted(token(header=head(typ=typ)))


@pytest.mark.parametrize(
    "typ", ["JWT", "logout+jwt", "dpop+jwt", "statuslist+jwt", "secevent+jwt", "rt+jwt", "id_token+jwt"]
)
def test_J42_a_token_of_another_kind_is_no_access_token(typ: str) -> None:
    assert refused(token(header=head(typ=typ))) == "typ_wrong"


def test_J51_the_same_kid_at_another_issuer_is_another_key() -> None:
    """Each verifier has one issuer and its keys: both the key and the name must be right."""
    ours, theirs = jwk.generate(Algorithm.ES256), jwk.generate(Algorithm.ES256)
    renamed = jwk.signing_key({**theirs.to_private_jwk(), "kid": ours.kid})
    assert refused(token(signing=renamed, header=head(renamed)), signing=ours) == "signature_invalid"
    assert refused(token(said(iss="https://b.example"), signing=ours), signing=ours) == "iss_wrong"


def test_J52_a_token_of_staging_is_refused_in_production() -> None:
    staging = jwk.generate(Algorithm.ES256)
    assert refused(token(said(iss="https://staging.issuer.example"), signing=staging)) == "kid_unknown"
    assert refused(token(said(iss="https://staging.issuer.example"))) == "iss_wrong"


def test_J54_no_error_and_no_chain_of_errors_holds_any_of_the_token(caplog: pytest.LogCaptureFixture) -> None:
    mark = "SECRETSECRETSECRET"
    held = base64.urlsafe_b64encode(mark.encode() * 2).decode().rstrip("=")
    for text in (
        mark * 1000,
        f"{mark}.{mark}.{mark}",
        token(f'{{"{mark}":'),
        token(said(sub=[mark])),
        token(header=head(kid=mark + "/")),
        token(header=head(alg=mark)),
        token(said(iss=mark)),
        f"{held}.{held}.é",
    ):
        with pytest.raises(Denied) as error:
            verifier().verify(text, now=NOW)
        link: BaseException | None = error.value
        while link is not None and not link.__suppress_context__:
            assert mark not in f"{link} {link!r}"
            link = link.__cause__ or link.__context__
        assert mark not in f"{error.value} {error.value!r} {error.value.reason}"
    assert mark not in caplog.text


@pytest.mark.parametrize(
    "options",
    [
        {"issuer": ""},
        {"audience": ""},
        {"algorithms": frozenset()},
        {"algorithms": frozenset({"none"})},
        {"algorithms": frozenset({Algorithm.HS256, Algorithm.ES256})},
        {"leeway": -1},
        {"leeway": 61},
        {"leeway": math.nan},
        {"max_bytes": 0},
        {"max_bytes": 1 << 21},
        {"typ": ""},
    ],
)
def test_a_policy_is_checked_when_it_is_made(options: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "algorithms": frozenset({Algorithm.ES256}),
    }
    with pytest.raises(Misconfigured):
        jwt.TokenPolicy(**{**good, **options})


def test_J05_an_algorithm_that_the_policy_does_not_allow_is_refused_though_we_have_the_key() -> None:
    signing = key(Algorithm.EDDSA)
    keys = {signing.kid: signing.verify_key}
    with pytest.raises(Denied) as error:
        jwt.TokenVerifier(policy(Algorithm.ES256), keys).verify(token(signing=signing), now=NOW)
    assert error.value.reason == "alg_not_allowed"


def test_J18_the_payload_of_a_well_signed_token_is_strict_base64url_as_well() -> None:
    first, second, _ = token(said(sub="~~~???")).split(".")
    assert "_" in second or "-" in second
    for body in (second.replace("-", "+").replace("_", "/"), second + "=", second + "\n", " " + second):
        assert refused(signed(f"{first}.{body}")) == "payload_malformed"
