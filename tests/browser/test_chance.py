"""Tokens, JSON and keys by chance, the same ones in each run: page and server say the same of all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

from limen import lint
from limen.errors import Denied, Misconfigured, Rejected
from limen.jose import b64, jwk, jws, strict_json, unverified
from limen.jose.jwk import Algorithm
from support.tokens import NOW, key, token

Ask = Callable[[list[tuple[str, Any]]], list[Any]]

NAMES = [
    *(
        "alg",
        "kid",
        "typ",
        "cty",
        "crit",
        "jku",
        "x5c",
        "b64",
        "enc",
        "zip",
        "exp",
        "iat",
        "nbf",
        "auth_time",
    ),
    *("iss", "aud", "sub", "jti", "scope", "password", "e_mail", "ſecret", "__proto__", "a", "a"),
]
TEXTS = [
    *(
        "ES256",
        "none",
        "HS256",
        "JWT",
        "at+jwt",
        "application/jwt",
        "",
        "a",
        "*",
        "k'",
        "../x",
        "é",
        "\0",
        "\ud800",
    ),
    *("https://x", "http://x", "http://localhost", "a@b.cc", "eyJh.e.", "PRIVATE KEY-----"),
]
NUMBERS = [0, -1, 1, *(NOW + away for away in (-10, 0, 0.5, 10, 4_000, 100_000)), NOW * 1000, 1e30, 10**30]
ODD = [True, False, None, float("nan"), float("inf"), -0.0]
CHANGES = [
    "ES256",
    "RS256",
    "EdDSA",
    "sig",
    "enc",
    None,
    5,
    [],
    ["verify"],
    ["sign"],
    "AQAB",
    "P-256",
    "",
    "a b",
    {},
]


def value(chance: Random, depth: int = 0) -> Any:
    kind = chance.random()
    if kind < 0.7 or depth == 3:
        return chance.choice(TEXTS if kind < 0.35 else NUMBERS if kind < 0.55 else ODD)
    if kind < 0.85:
        return [value(chance, depth + 1) for _ in range(chance.randrange(3))]
    return members(chance, depth + 1)


def members(chance: Random, depth: int = 0) -> dict[str, Any]:
    return {chance.choice(NAMES): value(chance, depth) for _ in range(chance.randrange(6))}


def written(chance: Random, said: Any) -> bytes:
    """JSON, and now and then nearly so: a name twice, a character too many, UTF-16."""
    text = json.dumps(said, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.15:
        text = text.replace('{"', '{"a":1,"', 1)
    elif chance.random() < 0.1:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(['"', ",", "}", " ", "\\", "1", "\x01"]) + text[at:]
    return text.encode("utf-8" if chance.random() < 0.9 else "utf-16", "surrogatepass")


def test_B03_B05_of_tokens_by_chance_both_say_the_same(ask: Ask) -> None:
    chance = Random(1)
    cases = []
    for _ in range(3000):
        head, body = (b64.encode(written(chance, members(chance))) for _ in range(2))
        text = f"{head}.{body}.{chance.choice(['', 'AAAA', 'AB', 'A', 'AA='])}"
        try:
            read = unverified.read(text)
        except Rejected:
            continue
        found = lint.token(read.header, read.claims, size=len(text), now=NOW, flaws=read.flaws)
        cases.append((text, sorted(set(read.flaws)), sorted(finding.id for finding in found)))
    flaws = ask([("flaws", text) for text, _, _ in cases])
    findings = ask(
        [("findings", {"token": text, "now": NOW, "expected": None, "secret": None}) for text, _, _ in cases]
    )
    here = [(sorted(a), sorted(one[0] for one in b)) for a, b in zip(flaws, findings, strict=True)]
    assert [(case, said) for case, said in zip(cases, here, strict=True) if case[1:] != said] == []
    assert len(cases) > 2000


def test_B04_of_json_by_chance_both_say_the_same(ask: Ask) -> None:
    chance = Random(2)
    texts = [written(chance, value(chance)) for _ in range(4000)]
    answers = ask([("json", base64.b64encode(text).decode()) for text in texts])
    assert [text for text, answer in zip(texts, answers, strict=True) if answer != _reads(text)] == []
    assert 500 < sum(answers) < 3500


def _reads(raw: bytes) -> bool:
    try:
        strict_json.loads(raw)
    except ValueError:
        return False
    return True


def test_B03_of_keys_by_chance_both_say_the_same(ask: Ask) -> None:
    chance, text = Random(3), token()
    good = [key(alg).verify_key.to_jwk() for alg in (Algorithm.ES256, Algorithm.RS256, Algorithm.EDDSA)]
    keys = [changed(chance, dict(chance.choice(good))) for _ in range(400)]
    answers = ask([("verify", {"token": text, "key": json.dumps(one)}) for one in keys])
    here = [answer["reason"] for answer in answers]
    assert [(k, a, r) for k, a in zip(keys, here, strict=True) if a != (r := _refused(k, text))] == []
    assert len(set(here)) > 8


def changed(chance: Random, members: dict[str, Any]) -> dict[str, Any]:
    for _ in range(chance.randrange(1, 3)):
        name, way = chance.choice([*members, "use", "key_ops", "alg", "kid", "crv"]), chance.random()
        text = members.get(name)
        if way < 0.3:
            members.pop(name, None)
        elif way < 0.6:
            members[name] = chance.choice(CHANGES)
        elif isinstance(text, str) and text:
            at = chance.randrange(len(text))
            members[name] = text[:at] + chance.choice("AB-=") + text[at + 1 :]
    return members


def _refused(members: dict[str, Any], text: str) -> str:
    try:
        jws.verify(text, jwk.verify_key(members))
    except (Denied, Misconfigured) as error:
        return error.reason or error.code
    return ""
