"""One table of rules, two programs that apply it: the page and the command line find the same."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limen import lint
from limen.clock import Instant
from limen.errors import Rejected
from limen.jose import b64, unverified
from limen.server.workbench.assets import RULES, assets

Ask = Callable[[list[tuple[str, Any]]], list[Any]]
NOW = 1_800_000_000
LIST = Path(__file__).parents[1] / "vectors/data/passwords/jwt.secrets.list.gz"
GOOD_HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"k1"}'
GOOD = {
    "iss": "https://issuer.example",
    "sub": "0190b7a0",
    "aud": "https://api.example",
    "client_id": "c",
    "iat": NOW - 60,
    "exp": NOW + 600,
    "jti": "j",
}
HEADERS = [
    GOOD_HEADER,
    "{}",
    '{"alg":"none"}',
    '{"alg":" NONE\\u0000"}',
    '{"alg":5}',
    '{"alg":"ES999"}',
    '{"alg":"HS256"}',
    '{"alg":"RS384"}',
    '{"alg":"ES256K"}',
    '{"alg":"ES256","typ":"JWT"}',
    '{"alg":"ES256","typ":"application/jwt"}',
    '{"alg":"ES256","typ":5}',
    '{"alg":"ES256","typ":""}',
    '{"alg":"ES256","typ":"a b"}',
    '{"alg":"ES256","typ":"at+jwt\\n"}',
    '{"alg":"ES256","kid":""}',
    '{"alg":"ES256","kid":["k"]}',
    '{"alg":"ES256","kid":"../../dev/null"}',
    '{"alg":"ES256","kid":"a..b"}',
    '{"alg":"ES256","kid":"/etc/passwd"}',
    '{"alg":"ES256","kid":"C:\\\\k"}',
    '{"alg":"ES256","kid":"x\' UNION SELECT 1 --"}',
    '{"alg":"ES256","kid":"k\\n"}',
    '{"alg":"ES256","kid":"\u00e9"}',
    '{"alg":"ES256","kid":"file:x"}',
    '{"alg":"ES256","kid":"https://x/y"}',
    '{"alg":"ES256","kid":"@"}',
    '{"alg":"ES256","jku":"https://x","x5u":"y","jwk":{},"x5c":[],"x5t":"a","x5t#S256":"b"}',
    '{"alg":"ES256","crit":["b64"],"b64":false}',
    '{"alg":"ES256","crit":[]}',
    '{"alg":"ES256","crit":["exp"]}',
    '{"alg":"ES256","crit":"b64"}',
    '{"alg":"ES256","crit":["b64","b64"],"b64":true}',
    '{"alg":"ES256","crit":null}',
    '{"alg":"ES256","zip":"DEF"}',
    '{"alg":"RSA1_5","enc":"A128GCM"}',
    '{"alg":"PBES2-HS256+A128KW","enc":"x"}',
    '{"alg":"dir","enc":"x"}',
    '{"alg":"ES256","cty":"JWT"}',
    '{"alg":"ES256","cty":["jwt"]}',
    '{"alg":"ES256","cty":5}',
    '{"alg":"ES256","alg":"none"}',
    '{"alg":"ES256","a":NaN}',
    '{"alg":"ES256","a":"\\ud800"}',
    '{"alg":"ES256","__proto__":1}',
]
CLAIMS: list[dict[str, Any]] = [
    {},
    {"exp": ...},
    {"exp": NOW - 5},
    {"exp": NOW},
    {"exp": NOW + 4000},
    {"exp": NOW + 90_000},
    {"exp": NOW + 90_000.5},
    {"exp": NOW * 1000},
    {"exp": "soon"},
    {"exp": True},
    {"exp": None},
    {"exp": -1},
    {"exp": []},
    {"exp": 10**40},
    {"exp": 1e30},
    {"exp": NOW - 120},
    {"exp": NOW - 60},
    {"iat": ...},
    {"iat": NOW + 61},
    {"iat": NOW + 60},
    {"iat": "x"},
    {"iat": ..., "nbf": NOW - 4000},
    {"nbf": NOW + 61},
    {"nbf": NOW + 600},
    {"nbf": NOW * 1000},
    {"nbf": False},
    {"auth_time": {}},
    {"auth_time": NOW * 1000},
    {"auth_time": 0},
    {"iss": ...},
    {"iss": ""},
    {"iss": ["a"]},
    {"iss": "http://issuer.example"},
    {"iss": "http://localhost:8000/x"},
    {"iss": "http://127.0.0.1"},
    {"iss": "http://a.localhost"},
    {"iss": "http://[::1]:1/"},
    {"iss": "http://localhost.evil.example"},
    {"aud": ...},
    {"aud": []},
    {"aud": [1]},
    {"aud": ["a", "b"]},
    {"aud": ["*", "a"]},
    {"aud": "*"},
    {"aud": [""]},
    {"aud": {}},
    {"aud": None},
    {"sub": ...},
    {"sub": 1},
    {"sub": ""},
    {"sub": "ada@example.com"},
    {"sub": "ada@example"},
    {"jti": ...},
    {"jti": 5},
    {"jti": ""},
    {"password": "x"},
    {"pass_word": "x"},
    {"API-Key": "x"},
    {"api_key": 5},
    {"user": {"secret": 1, "email": "x"}},
    {"e-mail": "x"},
    {"note": "ada@example.com"},
    {"note": "eyJhbGciOiJub25lIn0.e30."},
    {"note": "-----BEGIN PRIVATE KEY-----"},
    {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": {"j": {"k": {"password": 1}}}}}}}}}}}},
    {"list": [{"password": 1}]},
    {"a.b": {"c": "x@y.zz"}},
    {"\u017fecret": 1},
    {"PA\u017f\u017fWORD": 1},
    {"": "x@y.zz"},
    {"filler": "x" * 3000},
    {"filler": "x" * 6000},
    {"Name\u0130": 1},
    {"note": "a@" + "a." * 100 + "example"},
    {"note": "a@" + "a." * 200 + "example"},
    {"note": "a@" + "a." * 100 + "example"},
    {"note": "a@" + "a." * 200 + "example"},
]
BODIES = [
    "not json",
    "[]",
    "null",
    '"x"',
    "{",
    '{"sub":"a","sub":"b"}',
    '{"exp":NaN}',
    '{"exp":1e999}',
    '{"a":Infinity}',
    '{"sub":"\\ud800"}',
    "",
]
SECRETS: list[bytes] = [
    b"",
    b"secret",
    b" secret\n",
    b"your-256-bit-secret",
    bytes(32),
    bytes(range(32)),
    bytes(range(48)),
    bytes(range(64)),
    b"ab" * 32,
    b"0123456789abcdef" * 2,
    b"correct horse battery staple and more",
    b"correcthorsebatterystaplecorrecthorse",
    b"CORRECTHORSEBATTERYSTAPLECORRECTHORSE",
    b"Correct-horse-battery-staple-and-some",
    b"-----BEGIN PUBLIC KEY-----\nMFkw",
    b"  ssh-rsa AAAA",
    b"ecdsa-sha2-nistp256 AAAA",
    b"\xff\xfe" * 20,
    b"\xff" * 40,
    "ümläut und andere Wörter und noch mehr".encode(),
    b"-- __ --",
    b"3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b",
]
JWKS = [
    "{}",
    '{"kty":5}',
    '{"kty":"oct","k":"c2VjcmV0"}',
    '{"kty":"oct","k":"c2VjcmV0=","alg":"HS256"}',
    '{"kty":"oct"}',
    '{"kty":"EC","crv":"P-256","x":"AA","y":"AA","alg":"ES256","kid":"a"}',
    '{"kty":"EC","crv":"P-256","x":"AA","alg":"RS256"}',
    '{"kty":"RSA","n":"AQAB","e":"Aw","use":"enc"}',
    '{"kty":"RSA","n":"AQAB","e":"AQAA","key_ops":["encrypt"]}',
    '{"kty":"RSA","n":"","e":"AQAB","key_ops":["verify"]}',
    '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA","alg":"EdDSA","kid":5}',
    '{"kty":"OKP","crv":5,"x":"AA"}',
    '{"kty":"EC","alg":5}',
    '{"kty":"EC","alg":null,"key_ops":null,"use":null}',
    '{"kty":"EC","key_ops":"sign"}',
    '{"keys":[]}',
    '{"keys":5}',
    '{"keys":[5]}',
    '{"keys":[{"kty":"oct","k":"AA","kid":"a"},{"kty":"EC","kid":"a"},{"kty":"EC","kid":"b"},{"kty":"EC","kid":"b"}]}',
    '{"__proto__":{"kty":"oct"}}',
]


def token(header: str, claims: str, tail: str = "AAAA") -> str:
    return f"{b64.encode(header.encode())}.{b64.encode(claims.encode())}.{tail}"


def corpus() -> list[str]:
    good = json.dumps(GOOD)
    said = [
        {name: value for name, value in {**GOOD, **changes}.items() if value is not ...} for changes in CLAIMS
    ]
    tokens = [token(header, good) for header in HEADERS] + [
        token(GOOD_HEADER, json.dumps(claims)) for claims in said
    ]
    tokens += [token(GOOD_HEADER, json.dumps(claims, ensure_ascii=False)) for claims in said]
    tokens += [token(GOOD_HEADER, body) for body in BODIES] + [
        token(GOOD_HEADER, good, tail) for tail in ("", "AAAB", "AAB", "AA==", "A+/A")
    ]
    head, body, tail = token(GOOD_HEADER, good).split(".")
    return [*tokens, f"{head}=.{body}.{tail}", f"{head}.{body}=.{tail}", f"{head}.{body[:-1]}.{tail}"]


def found(text: str, *, expected: str | None = None, secret: bytes | None = None) -> list[str] | None:
    """The ids that the command line finds; None where it reads nothing."""
    try:
        read = unverified.read(text)
    except Rejected:
        return None
    findings = lint.token(
        read.header,
        read.claims,
        size=len(text.encode()),
        now=Instant(NOW),
        expected=expected,
        signed_with=secret,
        flaws=read.flaws,
    )
    return sorted(finding.id for finding in findings)


def asked(text: str, *, expected: str | None = None, secret: bytes | None = None) -> tuple[str, Any]:
    given = None if secret is None else base64.b64encode(secret).decode()
    return "findings", {"token": text, "now": NOW, "expected": expected, "secret": given}


def test_B05_page_and_command_line_find_the_same_in_every_token(ask: Ask) -> None:
    cases = [(text, ids) for text in corpus() if (ids := found(text)) is not None]
    answers = ask([asked(text) for text, _ in cases])
    differ = [
        (unverified.read(text).header, unverified.read(text).claims, ids, here)
        for (text, ids), answer in zip(cases, answers, strict=True)
        if (here := sorted(one[0] for one in answer)) != ids
    ]
    assert differ == []
    assert len(cases) > 180
    severities = {one[0]: one[1] for answer in answers for one in answer}
    assert severities == {name: lint.CATALOGUE[name].severity.value for name in severities}


def test_B05_page_and_command_line_find_the_same_in_every_secret(ask: Ask) -> None:
    text = token('{"alg":"HS256","typ":"at+jwt","kid":"k"}', json.dumps(GOOD))
    for alg in ("HS256", "HS512"):
        answers = ask([asked(text.replace("HS256", alg), expected=alg, secret=secret) for secret in SECRETS])
        assert [
            (s, sorted(one[0] for one in a), found(text, expected=alg, secret=s))
            for s, a in zip(SECRETS, answers, strict=True)
            if sorted(one[0] for one in a) != found(text, expected=alg, secret=s)
        ] == []


def test_B05_page_and_command_line_find_the_same_in_every_key(ask: Ask) -> None:
    answers = ask([("keys", text) for text in JWKS])
    here = [_keys(text) for text in JWKS]
    assert [(text, a, b) for text, a, b in zip(JWKS, answers, here, strict=True) if sorted(a) != b] == []


def _keys(text: str) -> list[str]:
    read = json.loads(text)
    return sorted(finding.id for finding in (lint.key_set(read) if "keys" in read else lint.key(read)))


def test_the_corpus_meets_every_rule_about_tokens_and_secrets() -> None:
    met = {name for text in corpus() for name in found(text) or ()}
    met |= {
        name
        for secret in SECRETS
        for name in found(token('{"alg":"HS256"}', "{}"), expected="RS256", secret=secret) or ()
    }
    met |= {name for text in JWKS for name in _keys(text)}
    assert lint.CATALOGUE.keys() - met == set()


def test_the_page_says_what_the_table_says(ask: Ask) -> None:
    shipped = json.loads(assets()[RULES].decode().removeprefix("export default ").rstrip(";\n"))["rules"]
    assert shipped == {
        name: [rule.severity.value, rule.what, rule.why, rule.section, rule.mend]
        for name, rule in lint.CATALOGUE.items()
    }
    [[[_, _, what], *_]] = ask([asked(token(GOOD_HEADER, json.dumps({**GOOD, "filler": "x" * 9000})))])
    assert "more than servers take in a header" in what
    assert "," in what.split(" bytes")[0]


def test_J35_the_public_list_is_known_to_the_page_too(ask: Ask) -> None:
    """To the server it is in test_known_secrets; the table is the same bytes."""
    secrets = gzip.decompress(LIST.read_bytes()).replace(b"\r", b"").split(b"\n")[1:-1]
    some = [base64.b64encode(secret).decode() for secret in secrets[::10]]
    others = [base64.b64encode(b"limen %d" % i).decode() for i in range(5_000)]
    assert ask([("known", some), ("known", others)]) == [len(some), 0]
