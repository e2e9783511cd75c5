"""`limen token`: decode says that it does not verify, verify says yes or no, lint says what is wrong."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jwt as pyjwt
import pytest

from limen.auth import Limen
from limen.cli import token as token_verbs
from limen.jose import b64, jwk
from limen.jose.jwk import Algorithm
from limen.strategies.base import Grant
from support.shell import Shell

EMAIL, PASSWORD, ISSUER = "ada@example.com", "correct horse battery staple", "https://issuer.example"
CLAIMS = {"sub": "ada", "client_id": "c"}


def compact(header: object, claims: object, signature: bytes = b"x" * 32) -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(map(b64.encode, parts))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(jwk.generate(Algorithm.ES256).to_private_jwk()))
    return file


def public_file(key_file: Path) -> Path:
    key = jwk.signing_key(json.loads(key_file.read_text()))
    file = key_file.with_name("public.json")
    file.write_text(json.dumps({"keys": [key.verify_key.to_jwk()]}))
    return file


def signed(shell: Shell, key_file: Path, *more: str, **claims: object) -> str:
    ran = shell("token", "sign", "--key", str(key_file), "--issuer", ISSUER, "--audience", ISSUER, *more,
                stdin=json.dumps(CLAIMS | claims))  # fmt: skip
    assert ran.code == 0, ran.err
    return ran.out.strip()


# -- decode


def test_decode_says_loudly_that_nothing_is_verified(shell: Shell) -> None:
    ran = shell("token", "decode", stdin=compact({"alg": "ES256"}, {"sub": "ada", "exp": 1_800_000_000}))
    assert ran.code == 0
    assert ran.out.startswith("NOT VERIFIED")
    assert "not verified" in ran.err
    assert '"sub": "ada"' in ran.out
    assert "2027-01-15T08:00:00Z" in ran.out


def test_decode_as_json_says_so_too(shell: Shell) -> None:
    said = shell("token", "decode", "-", "--json", stdin="Bearer " + compact({"alg": "none"}, {"a": 1})).json
    assert said["verified"] is False
    assert said["claims"] == {"a": 1}


def test_a_token_in_the_arguments_is_remarked(shell: Shell) -> None:
    ran = shell("token", "decode", compact({"alg": "ES256"}, {"sub": "ada"}))
    assert ran.code == 0
    assert "seen by every user" in ran.err


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "..", "[" * 5000 + ".e30.", "e30.e30", "ä.ö.ü", "\x1b[2J"]
)
def test_what_is_no_token_is_input(shell: Shell, text: str) -> None:
    ran = shell("token", "decode", stdin=text)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_what_is_not_utf_8_is_input(shell: Shell) -> None:
    assert shell("token", "decode", stdin=b"\xff\xfe").code == 2
    assert shell("token", "decode", stdin=b"a" * (1 << 21)).code == 2


def test_claims_of_strangers_move_no_cursor(shell: Shell) -> None:
    ran = shell("token", "decode", stdin=compact({"alg": "ES256"}, {"sub": "\x9b2J\x1b[2J\u202e"}))
    assert not {"\x1b", "\x9b", "\u202e"} & set(ran.out.replace("\x1b[0m", ""))


def test_odd_times_are_no_traceback(shell: Shell) -> None:
    text = '{"exp":1e999,"iat":-1e30,"nbf":NaN,"auth_time":true}'
    raw = f"{b64.encode(b'{}')}.{b64.encode(text.encode())}.AA"
    assert shell("token", "decode", stdin=raw).code == 0
    assert shell("token", "lint", stdin=raw).code == 1


# -- sign and verify


def test_what_is_signed_is_verified(shell: Shell, key_file: Path) -> None:
    token = signed(shell, key_file)
    ran = shell(
        "token", "verify", "--keys", str(public_file(key_file)), "--issuer", ISSUER, "--json", stdin=token
    )
    assert ran.code == 0
    assert ran.json["claims"]["sub"] == "ada"


def test_others_take_what_is_signed(shell: Shell, key_file: Path) -> None:
    token = signed(shell, key_file)
    key = pyjwt.PyJWK(json.loads(public_file(key_file).read_text())["keys"][0])
    assert pyjwt.decode(token, key, algorithms=["ES256"], audience=ISSUER)["iss"] == ISSUER


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--issuer", "https://other.example", "--audience", ISSUER], "iss_wrong"),
        (["--issuer", ISSUER, "--audience", "other"], "aud_wrong"),
        (["--issuer", ISSUER, "--typ", "logout+jwt"], "typ_wrong"),
    ],
)
def test_no_is_exit_code_1_with_the_reason(
    shell: Shell, key_file: Path, arguments: list[str], reason: str
) -> None:
    token = signed(shell, key_file)
    ran = shell("token", "verify", "--keys", str(public_file(key_file)), *arguments, "--json", stdin=token)
    assert (ran.code, ran.json["valid"], ran.json["reason"]) == (1, False, reason)


def test_an_expired_token_is_no(shell: Shell, key_file: Path) -> None:
    token = signed(shell, key_file, exp=1_000_000_000, iat=999_999_000)
    ran = shell("token", "verify", "--keys", str(public_file(key_file)), "--issuer", ISSUER, stdin=token)
    assert ran.code == 1
    assert "expired" in ran.out


def test_an_hmac_secret_verifies_whatever_the_token_calls_it(shell: Shell, tmp_path: Path) -> None:
    secret = bytes(range(48, 96)).decode()
    (tmp_path / "secret").write_text(secret + "\n")
    token = pyjwt.encode(
        {"iss": ISSUER, "aud": ISSUER, "sub": "a", "iat": 1_700_000_000, "exp": 4_000_000_000, "jti": "j",
         "client_id": "c"},
        secret, algorithm="HS256", headers={"typ": "at+jwt"},
    )  # fmt: skip
    arguments = ("token", "verify", "--secret-file", "secret", "--issuer", ISSUER)
    assert shell(*arguments, stdin=token).code == 0
    assert shell(*arguments, stdin=token[:-4] + "AAAA").code == 1


def test_verify_wants_an_issuer_and_a_pem_an_algorithm(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    assert shell("token", "verify", "--keys", "key.pem", stdin="a.b.c").code == 2
    assert shell("token", "verify", "--keys", "key.pem", "--issuer", ISSUER, stdin="a.b.c").code == 2
    broken = shell(
        "token", "verify", "--keys", "key.pem", "--alg", "ES256", "--issuer", ISSUER, stdin="a.b.c"
    )
    assert broken.code == 4


def test_a_deployment_is_asked_as_a_request_would(ada: Shell) -> None:
    async def sign_in() -> str:
        async with Limen(f"sqlite:///{ada.folder}/.limen/limen.db") as auth:
            return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential

    token = asyncio.run(sign_in())
    said = ada("token", "verify", "--json", stdin=token).json
    assert (said["valid"], said["strategy"]) == (True, "hybrid")
    ada("session", "revoke", said["session"])
    ended = ada("token", "verify", "--json", stdin=token)
    assert (ended.code, ended.json["code"]) == (1, "credential_revoked")
    assert ada("token", "verify", stdin="garbage").code == 1


# -- explain


def grant_of(ada: Shell) -> Grant:
    async def sign_in() -> Grant:
        async with Limen(f"sqlite:///{ada.folder}/.limen/limen.db") as auth:
            return (await auth.sign_in(EMAIL, PASSWORD)).grant

    return asyncio.run(sign_in())


def test_explain_exits_as_verify_does_and_says_why(ada: Shell) -> None:
    grant = grant_of(ada)
    good = ada("token", "explain", "--json", stdin=f"Bearer {grant.credential}\n")
    assert (good.code, good.json["valid"], good.json["request"]["step"]) == (0, True, None)
    ada("session", "revoke", grant.session)
    for credential in (grant.credential, str(grant.refresh), "garbage", grant.credential[:-4]):
        verified = ada("token", "verify", "--json", stdin=credential)
        ran = ada("token", "explain", "--json", stdin=credential)
        assert (ran.code, verified.code) == (1, 1)
        assert {name: ran.json[name] for name in verified.json} == verified.json
        assert credential not in ran.out + ran.err


def test_explain_sets_both_sides_beside_each_other_for_people(ada: Shell) -> None:
    grant = grant_of(ada)
    ada("session", "revoke", grant.session)
    ran = ada("token", "explain", stdin=grant.credential)
    assert ran.code == 1
    assert "revocations  failed       no event that covers it" in ran.out
    assert "Event 1 of the feed" in ran.out
    assert "an operator ended it" in ran.out
    assert "Refused at the step" in ran.out
    assert grant.credential.rpartition(".")[2] not in ran.out + ran.err
    assert ada("token", "explain", grant.credential).err.count("seen by every user") == 1
    assert ada("token", "explain", stdin="").code == 2
    nowhere = ada("token", "explain", "--database", "sqlite:///none.db", stdin="x")
    assert (nowhere.code, nowhere.err.count("\n")) == (4, 1)


@pytest.mark.parametrize("strategy", ["jwt", "hybrid"])
def test_our_own_tokens_pass_our_own_lint(ada: Shell, strategy: str) -> None:
    async def sign_in() -> str:
        database = f"sqlite:///{ada.folder}/.limen/limen.db"
        async with Limen(database, strategy=strategy, issuer="http://127.0.0.1:8000") as auth:
            return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential

    ran = ada("token", "lint", "--json", stdin=asyncio.run(sign_in()))
    assert (ran.code, ran.json["findings"]) == (0, [])


def test_sign_warns_of_what_lint_finds(shell: Shell, key_file: Path) -> None:
    ran = shell("token", "sign", "--key", str(key_file), stdin='{"password": "hunter2"}')
    assert ran.code == 0
    assert "secret_claim" in ran.err
    assert "hunter2" not in ran.err


# -- lint


def test_lint_is_exit_code_1_for_errors_and_0_for_less(shell: Shell, key_file: Path) -> None:
    assert shell("token", "lint", stdin=signed(shell, key_file)).code == 0
    ran = shell("token", "lint", "--json", stdin=compact({"alg": "none"}, {}))
    assert ran.code == 1
    assert {"alg_none", "exp_missing"} <= {one["id"] for one in ran.json["findings"]}
    assert ran.json["verified"] is False


def test_lint_compares_with_the_key(shell: Shell, key_file: Path, tmp_path: Path) -> None:
    public = public_file(key_file)
    kid = json.loads(public.read_text())["keys"][0]["kid"]
    ran = shell(
        "token", "lint", "--keys", str(public), "--json", stdin=compact({"alg": "HS256", "kid": kid}, {})
    )
    assert "alg_confused" in {one["id"] for one in ran.json["findings"]}
    (tmp_path / "secret").write_text("secret")
    ran = shell("token", "lint", "--secret-file", "secret", "--json", stdin=compact({"alg": "HS256"}, {}))
    assert "secret_short" in {one["id"] for one in ran.json["findings"]}


def test_lint_says_what_it_can_of_an_encrypted_token(shell: Shell) -> None:
    text = b64.encode(b'{"alg":"RSA1_5","enc":"A128GCM","zip":"DEF"}') + ".AA.AA.AA.AA"
    found = {one["id"] for one in shell("token", "lint", "--json", stdin=text).json["findings"]}
    assert {"encrypted", "alg_weak_encryption", "compressed"} <= found
    assert shell("token", "lint", stdin="!!.AA.AA.AA.AA").code == 2


def test_the_verbs_are_five() -> None:
    assert set(token_verbs.verb.commands) == {"decode", "verify", "explain", "sign", "lint"}
