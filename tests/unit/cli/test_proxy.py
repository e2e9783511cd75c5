"""`limen proxy snippet`: files that say what the configuration says, and nothing that reads otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from limen.cli.proxy import SNIPPETS, UNREAD
from support.shell import Shell

PRODUCTION = {"LIMEN_ISSUER": "https://app.example", "LIMEN_AUDIENCE": "https://api.example"}
IDENTITY = ("user", "email", "groups", "name", "scopes")


@pytest.mark.parametrize("program", SNIPPETS)
def test_a_file_for_each_program(shell: Shell, program: str) -> None:
    ran = shell(
        "proxy", "snippet", program, "--upstream", "http://10.0.0.5:3000", "--limen", "http://limen:8123",
        "--listen", "0.0.0.0:8443", "--page", "/sign-in", "--page", "/account", "--json", **PRODUCTION,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    text = ran.json["text"]
    assert ran.json["file"] == SNIPPETS[program]
    assert not re.search(r"@[a-z_]+@", text), "every mark has a value"
    for said in ("app.example", "10.0.0.5", "3000", "limen", "8123", "8443", "/auth/", "/account"):
        assert said in text
    plain = shell("proxy", "snippet", program, **PRODUCTION).out
    assert plain.startswith("# Limen before app.example, for ")
    assert "127.0.0.1" in plain


@pytest.mark.parametrize("program", SNIPPETS)
def test_every_file_clears_what_clients_say_of_themselves(shell: Shell, program: str) -> None:
    """That it does is tested with the programs themselves; that none is forgotten, here."""
    text = shell("proxy", "snippet", program, **PRODUCTION).out.lower()
    for name in IDENTITY:
        assert re.search(rf"remote[-_*]|remote\[.*{name}", text), name
    assert re.search(r"x-limen-jwt|x\[\^a-z0-9\]\+limen", text)
    for name in ("x-request-id", "traceparent", "tracestate"):
        assert name in text, "a trusted proxy is believed about these"


@pytest.mark.parametrize("program", [one for one in SNIPPETS if one.endswith("-jwt") or one == "haproxy"])
def test_what_sees_no_sign_out_says_so_loudly(shell: Shell, program: str) -> None:
    assert "A SIGN-OUT IS NOT SEEN HERE." in shell("proxy", "snippet", program, **PRODUCTION).out


def test_it_needs_no_secret_and_makes_nothing(shell: Shell) -> None:
    assert shell("proxy", "snippet", "nginx").code == 0
    assert list(shell.folder.iterdir()) == []


def test_keys_come_over_tls_but_in_development(shell: Shell) -> None:
    assert "UpstreamTlsContext" in shell("proxy", "snippet", "envoy-jwt", **PRODUCTION).out
    assert "UpstreamTlsContext" not in shell("proxy", "snippet", "envoy-jwt").out


def test_it_says_what_the_configuration_says(shell: Shell) -> None:
    said = PRODUCTION | {"LIMEN_PREFIX": "/api/v1.0", "LIMEN_JWKS_MAX_AGE": "60", "LIMEN_ALGORITHM": "RS256"}
    text = shell("proxy", "snippet", "envoy-jwt", **said).out
    assert "cache_duration: 60s" in text
    assert 'audiences: ["https://api.example"]' in text
    assert "/api/v1[.]0/.*|/[.]well-known/jwks[.]json" in text
    haproxy = shell("proxy", "snippet", "haproxy", "--keys", "/srv/keys", **said).out
    assert 'jwt_verify("RS256","/srv/keys/active.pem")' in haproxy


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--host", 'a"b'), ("--host", "a b"), ("--host", "a\nb"), ("--host", "{a}"), ("--host", "$a"),
        ("--upstream", "https://127.0.0.1:1"), ("--upstream", "http://127.0.0.1:1/x"), ("--upstream", "x y"),
        ("--upstream", "http://a:b@c"), ("--upstream", "http://a:99999"), ("--upstream", "http://a;b:1"),
        ("--limen", "ftp://a"), ("--limen", "http://a#b"), ("--listen", "[::1]:x"), ("--listen", ""),
        ("--page", "sign-in"), ("--page", "/"), ("--page", "/a b"), ("--page", "/(.*)"),
        ("--page", "/a/../b"), ("--keys", "keys"), ("--keys", "/a b"), ("--client", "a&b"),
    ],
)  # fmt: skip
def test_nothing_is_written_that_a_program_could_read_otherwise(
    shell: Shell, option: str, value: str
) -> None:
    for program in SNIPPETS:
        ran = shell("proxy", "snippet", program, option, value, **PRODUCTION)
        assert (ran.code, ran.out) == (2, ""), (program, ran)


def test_an_audience_that_cannot_stand_in_a_file_is_said(shell: Shell) -> None:
    ran = shell("proxy", "snippet", "haproxy", LIMEN_ISSUER="https://app.example", LIMEN_AUDIENCE='a"b')
    assert (ran.code, "audience" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("program", "algorithm"), [(program, one) for program, unread in UNREAD.items() for one in unread]
)
def test_no_file_is_printed_that_would_refuse_every_token(shell: Shell, program: str, algorithm: str) -> None:
    chosen = {"LIMEN_ISSUER": "https://app.example", "LIMEN_ALGORITHM": algorithm}
    ran = shell("proxy", "snippet", program, **chosen)
    assert (ran.code, ran.out) == (4, "")
    assert f"cannot verify {algorithm}" in ran.err
    assert shell("proxy", "snippet", "nginx", **chosen).code == 0


def test_the_files_are_part_of_the_package() -> None:
    import limen.cli

    folder = Path(limen.cli.__file__).parent / "snippets"
    assert {path.name for path in folder.iterdir()} == set(SNIPPETS.values())
