"""One suite for all gateways: the files that `limen proxy snippet` prints, run by the programs they are for.

The application behind them is a server that answers what it got, byte by byte. Whatever should not pass must
not be among what it heard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from limen.forwarded import FORWARDED
from limen.jose import b64
from support import echo
from support.behind import AUDIENCE, SCOPES, Behind, within
from support.gateways import KINDS, Gateway, complaint
from support.world import EMAIL, PASSWORD, STRATEGIES

BOUND = 5.0
"""`max_staleness`: nothing is accepted longer after a revocation."""
HANDSHAKE = [
    ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]  # fmt: skip
IDENTITY = ("Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name", "Remote-Scopes", "X-Limen-JWT")
SPELT: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lower": str.lower,
    "upper": str.upper,
    "underscores": lambda name: name.replace("-", "_"),
    "lower underscores": lambda name: name.replace("-", "_").lower(),
    "upper underscores": lambda name: name.replace("-", "_").upper(),
    "first underscore": lambda name: name.replace("-", "_", 1),
    "last underscore": lambda name: "_".join(name.rsplit("-", 1)),
}
"""As an application that sees headers as CGI does reads all of these, they are one."""
PATHS = (
    "/", "/secret", "//secret", "/./secret", "/auth/../secret", "/auth/%2e%2e/secret", "/auth/..%2fsecret",
    "/auth/..;/secret", "/auth//../secret", "/auth/x/../../secret", "/AUTH/secret", "/auth/..\\secret",
    "/.well-known/jwks.json/../secret", "/.well-known/jwks.json%00/secret", "/.well-known/jwks.jsonx",
    "/forward-auth", "/forward-auth/secret", "/.limen/ask", "/secret?/auth/", "/secret#/auth/",
    "/secret;/auth/", "/%61uth/../secret", "/.well-known/../secret",
)  # fmt: skip
ALL = list(KINDS)
ASKING = [name for name, kind in KINDS.items() if kind.asks]
OTHERS = [name for name, kind in KINDS.items() if not kind.asks]


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    with Behind() as made:
        yield made


def bearer(credential: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {credential}")]


def cookie(behind: Behind, strategy: str) -> list[tuple[str, str]]:
    name = "limen-sid" if strategy == "session" else "limen-token"
    return [("Cookie", f"{name}={behind.good[strategy]}")]


def ask(
    behind: Behind,
    gateway: Gateway,
    headers: echo.Headers = (),
    *,
    method: str = "GET",
    path: str = "/",
    **options: Any,
) -> echo.Said:
    return echo.ask(gateway.port, method, path, headers, host=behind.host, **options)


def refused(behind: Behind, gateway: Gateway, headers: echo.Headers = (), **options: Any) -> echo.Said:
    """The answer to what must not pass, after a look at what the application heard: nothing."""
    behind.upstream.heard.clear()
    said = ask(behind, gateway, headers, **options)
    assert said.heard is None
    assert behind.upstream.heard == [], gateway.name
    return said


def passed(behind: Behind, gateway: Gateway, headers: echo.Headers, **options: Any) -> echo.Heard:
    said = ask(behind, gateway, headers, **options)
    assert said.status == 200, (gateway.name, said.status, said.body[:500], gateway.log[-2_000:])
    assert said.heard is not None
    return said.heard


def takes(gateway: Gateway, strategy: str) -> bool:
    """Opaque session credentials only Limen can read."""
    return strategy != "session" or not gateway.kind.blind


# -- as they are meant to be used -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.checks])
def test_the_file_of_a_deployment_over_https_is_read_by_its_program(
    behind: Behind, name: str, tmp_path: Path
) -> None:
    """With names in place of addresses, and keys fetched over TLS. Traefik has no way to ask."""
    options = {
        "host": "app.example", "listen": "127.0.0.1:8443", "upstream": "http://localhost:3000",
        "limen": "http://localhost:8000", "page": "/sign-in", "keys": str(behind.folder / "keys"),
    }  # fmt: skip
    text = behind.printed(KINDS[name].snippet, options, issuer="https://app.example", audience="urn:notes")
    assert complaint(name, KINDS[name], tmp_path, text, LIMEN_CLIENT_SECRET="x") is None


# -- who passes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_without_a_credential_nothing_passes(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        said = refused(behind, gateway, method=method)
        assert said.status == 401
        assert "www-authenticate" in said.headers
    preflight = [("Origin", behind.issuer), ("Access-Control-Request-Method", "POST")]
    assert refused(behind, gateway, preflight, method="OPTIONS").status == 401


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_good_credential_passes_and_the_application_hears_whose(
    behind: Behind, name: str, strategy: str
) -> None:
    gateway = behind.gateway(name)
    if not takes(gateway, strategy):
        assert refused(behind, gateway, bearer(behind.good[strategy])).status == 401
        return
    for method, body in (("GET", b""), ("POST", b"x" * 20_000), ("DELETE", b"")):
        heard = passed(
            behind, gateway, bearer(behind.good[strategy]), method=method, path="/a?b=c", body=body
        )
        assert (heard.method, heard.target) == (method, "/a?b=c")
        check_told(behind, gateway, heard)
    assert ask(behind, gateway, bearer(behind.good[strategy]), method="HEAD").status == 200


def check_told(behind: Behind, gateway: Gateway, heard: echo.Heard) -> None:
    """The application heard who it is, and nobody else's word."""
    told = {name: heard.folded(name) for name in IDENTITY}
    assert told["Remote-User"] == [behind.account]
    assert told["Remote-Scopes"] == [" ".join(SCOPES)]
    token = told.pop("X-Limen-JWT")
    assert told["Remote-Name"] == []
    if gateway.kind.asks:
        assert told["Remote-Email"] == [EMAIL]
        assert told["Remote-Groups"] == [",".join(SCOPES)]
        check_token(behind, *token)
    else:
        assert [told["Remote-Email"], told["Remote-Groups"], token] == [[], [], []]


def check_token(behind: Behind, token: str) -> None:
    """As an application would: by another library, and the keys that Limen publishes."""
    published = echo.ask(behind.limen_port, "GET", "/.well-known/jwks.json", host=behind.host)
    keys = jwt.PyJWKSet.from_json(published.body.decode())
    head = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token, keys[head["kid"]], algorithms=["ES256"], audience=AUDIENCE, issuer=behind.issuer,
        options={"require": ["exp", "iat", "sub"]},
    )  # fmt: skip
    assert (head["typ"], claims["sub"], claims["email"]) == (FORWARDED, behind.account, EMAIL)
    assert claims["exp"] - claims["iat"] <= 60
    assert token not in behind.good.values()


def bad(behind: Behind) -> dict[str, list[tuple[str, str]]]:
    good = behind.good["jwt"]
    head, payload, signature = good.split(".")
    unsigned = b64.encode(b'{"alg":"none","typ":"at+jwt"}')
    asked = echo.ask(behind.limen_port, "GET", "/forward-auth", bearer(good), host=behind.host)
    forwarded = asked.headers["x-limen-jwt"]
    return {
        "garbage": bearer("x"),
        "empty": [("Authorization", "Bearer ")],
        "another scheme": [("Authorization", "Basic YTpi")],
        "a signature changed": bearer(f"{head}.{payload}.{'A' * len(signature)}"),
        "no signature": bearer(f"{head}.{payload}."),
        "alg none": bearer(f"{unsigned}.{payload}."),
        "another key of the same name": bearer(behind.foreign()),
        "another audience": bearer(behind.signed(aud="https://else.example")),
        "another issuer": bearer(behind.signed(iss="https://else.example")),
        "X-Limen-JWT as a credential": bearer(forwarded),
        "a session credential changed": bearer(behind.good["session"][:-2] + "AA"),
        "two at once": [*bearer(good), *bearer("x")],
        "two at once, the bad one first": [*bearer("x"), *bearer(good)],
        **{f"{strategy}, expired": bearer(one) for strategy, one in behind.expired.items()},
    }


@pytest.mark.parametrize("name", ALL)
def test_no_forged_or_expired_credential_passes(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    for what, headers in bad(behind).items():
        said = refused(behind, gateway, headers)
        assert said.status in (400, 401, 403), (what, said.status)


# -- who says who somebody is ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT)
@pytest.mark.parametrize("host_last", [False, True], ids=["host first", "host last"])
def test_no_client_says_who_it_is(
    behind: Behind, name: str, spelt: Callable[[str], str], host_last: bool
) -> None:
    gateway, good = behind.gateway(name), bearer(behind.good["jwt"])
    claimed = [(spelt(header), "root") for header in IDENTITY]
    for spoofed in (claimed, [*claimed, *claimed], [(spelt("Remote-User"), ""), *claimed]):
        assert refused(behind, gateway, spoofed, host_last=host_last).status in (400, 401)
        for headers in ([*spoofed, *good], [*good, *spoofed]):
            said = ask(behind, gateway, headers, host_last=host_last)
            assert said.heard is not None
            check_told(behind, gateway, said.heard)


@pytest.mark.parametrize("name", ALL)
def test_no_client_says_which_headers_end_here(behind: Behind, name: str) -> None:
    """`Connection` names headers of one hop. What a gateway adds is not taken out by it, or all is."""
    gateway = behind.gateway(name)
    hops = [("Connection", "close, Remote-User, X-Limen-JWT, Authorization"), ("Remote-User", "root")]
    said = ask(behind, gateway, [*hops, *bearer(behind.good["jwt"])])
    if said.heard is not None:
        assert said.heard.folded("Remote-User") in ([], [behind.account])
        assert "root" not in [value for _, value in said.heard.headers]
    assert refused(behind, gateway, hops).status in (400, 401)


@pytest.mark.parametrize("name", ALL)
def test_no_client_names_its_request(behind: Behind, name: str) -> None:
    """What a proxy says of the id of a request is believed, so it must not hand on what a stranger says."""
    said = ask(behind, behind.gateway(name), [("X-Request-Id", "chosen-by-a-stranger")], path="/auth/session")
    assert said.status == 401
    assert said.headers["x-request-id"] != "chosen-by-a-stranger"


@pytest.mark.parametrize("name", ALL)
def test_no_client_says_who_it_is_behind_its_body(behind: Behind, name: str) -> None:
    """Trailers come after whoever clears headers has looked."""
    gateway, good = behind.gateway(name), bearer(behind.good["jwt"])
    for more in ([], [("Trailer", "Remote-User, remote_user"), ("TE", "trailers")]):
        chunked = [("Transfer-Encoding", "chunked"), *more]
        body = b"1\r\na\r\n0\r\nRemote-User: root\r\nremote_user: root\r\nRemote-Name: root\r\n\r\n"
        said = ask(behind, gateway, [*good, *chunked], method="POST", body=body)
        assert said.status in (200, 400, 411)
        if said.heard is not None:
            check_told(behind, gateway, said.heard)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "line", ["X: a\n%s", "X: a\r%s", "X: a\r\n\t%s", "X: a\r\n %s", "%s ", " %s", "\t%s", "X:\0%s"]
)
def test_no_client_says_who_it_is_by_a_line_that_one_reads_and_another_does_not(
    behind: Behind, name: str, line: str
) -> None:
    """Bare line ends, folded lines, blanks around a name: refused, or read as the application reads them."""
    gateway = behind.gateway(name)
    for header in ("Remote-User", "remote_user", "X-Limen-JWT"):
        first, _, rest = (line % header).partition(":")
        pair = (first, f"{rest}: root" if rest else "root")
        assert refused(behind, gateway, [pair]).status in (0, 400, 401, 421)
        said = ask(behind, gateway, [*bearer(behind.good["jwt"]), pair])
        if said.heard is not None:
            check_told(behind, gateway, said.heard)


# -- browsers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_S13_a_cookie_passes_where_a_page_of_ours_sent_it(behind: Behind, name: str, strategy: str) -> None:
    gateway, sent = behind.gateway(name), cookie(behind, strategy)
    if not gateway.kind.asks:  # it could not tell who made the browser send it
        assert refused(behind, gateway, sent).status == 401
        return
    check_told(behind, gateway, passed(behind, gateway, sent))
    ours, other = ("Origin", behind.issuer), ("Origin", "https://evil.example")
    check_told(behind, gateway, passed(behind, gateway, [*sent, ours], method="POST"))
    lies = [("X-Forwarded-Method", "GET"), ("X-Original-Method", "GET"), ("X-HTTP-Method-Override", "GET")]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for more in ([], [other], lies, [other, *lies], [("Sec-Fetch-Site", "cross-site"), other]):
            assert refused(behind, gateway, [*sent, *more], method=method).status == 403


@pytest.mark.parametrize("name", ASKING)
def test_A39_a_browser_is_sent_to_the_page_where_people_sign_in(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    browser = [("Accept", "text/html,*/*;q=0.8"), ("Sec-Fetch-Mode", "navigate")]
    said = refused(behind, gateway, browser, path="/notes?x=1&y=%2F")
    assert (said.status, said.headers["location"]) == (302, f"{behind.page}?next=/notes%3Fx%3D1%26y%3D%252F")
    for evil in (
        [("X-Forwarded-Uri", "//evil.example")],
        [("X-Original-Uri", "//evil.example")],
        [("X-Forwarded-Host", "evil.example")],
        [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-For", "127.0.0.1")],
        [("Forwarded", "host=evil.example")],
    ):
        sent = refused(behind, gateway, [*browser, *evil], path="/notes").headers["location"]
        assert sent in (behind.page, f"{behind.page}?next=/notes")
    for path in ("//evil.example/x", "/\\evil.example", "/%0d%0aSet-Cookie:x=y"):
        said = refused(behind, gateway, browser, path=path)
        assert said.status in (302, 308, 400, 404)  # some redirect to the plain path first
        assert "set-cookie" not in said.headers
        assert not said.headers.get("location", "/").startswith(("//", "/\\", "http://evil", "https://evil"))
    for other in (
        [("Accept", "application/json")],
        [("Accept", "text/html"), ("Sec-Fetch-Mode", "cors")],
        [*browser, *bearer("x")],
        [*browser, *HANDSHAKE],
    ):
        assert refused(behind, gateway, other).status == 401
    assert refused(behind, gateway, browser, method="POST").status == 401


@pytest.mark.parametrize("name", ALL)
def test_people_sign_in_through_the_gateway(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    body = f'{{"email":"{EMAIL}","password":"{PASSWORD}","transport":"bearer"}}'.encode()
    form = [
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Real-IP", "203.0.113.9"),
    ]
    said = ask(behind, gateway, form, method="POST", path="/auth/login", body=body)
    assert said.status == 200, said.body
    token = json.loads(said.body)["access_token"]
    listed = ask(behind, gateway, bearer(token), path="/auth/sessions").body
    assert b"127.0.0.1" in listed
    assert b"203.0.113.9" not in listed, "what a client says of its address is not believed"
    by_cookie = [("Content-Type", "application/json"), ("Origin", behind.issuer)]
    said = ask(
        behind, gateway, by_cookie, method="POST", path="/auth/login", body=body.replace(b"bearer", b"cookie")
    )
    assert (said.status, "set-cookie" in said.headers) == (200, True)
    keys = ask(behind, gateway, path="/.well-known/jwks.json")
    assert b'"keys"' in keys.body


# -- WebSockets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_W27_a_websocket_opens_for_whom_a_request_passes(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    spoofed = [("Remote-User", "root"), ("remote_user", "root")]
    said = ask(behind, gateway, [*HANDSHAKE, *bearer(behind.good["hybrid"]), *spoofed])
    assert said.status == 101, (said, gateway.log[-2_000:])
    assert said.heard is not None
    check_told(behind, gateway, said.heard)
    for headers in ([], bearer("x"), bearer(behind.expired["hybrid"])):
        assert refused(behind, gateway, [*HANDSHAKE, *headers]).status == 401
    sent = [*HANDSHAKE, *cookie(behind, "hybrid")]
    if gateway.kind.asks:
        assert ask(behind, gateway, [*sent, ("Origin", behind.issuer)]).status == 101
        for origin in ([], [("Origin", "https://evil.example")]):
            assert refused(behind, gateway, [*sent, *origin]).status == 403
    else:
        assert refused(behind, gateway, [*sent, ("Origin", behind.issuer)]).status == 401


# -- paths and sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_W09_no_path_leads_past_the_question(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    for path in PATHS:
        said = refused(behind, gateway, path=path)
        assert said.status >= 300, path
        assert said.status < 500, path


@pytest.mark.parametrize("name", ALL)
def test_large_headers_are_passed_or_refused_and_break_nothing(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    large = [("X-Large", "x" * 6_000)]
    heard = passed(behind, gateway, [*large, *bearer(behind.good["jwt"])])
    assert heard.folded("X-Large") == ["x" * 6_000]
    for headers in (
        bearer("x" * 30_000),
        [("Cookie", f"limen-token={'x' * 60_000}")],
        [("X-Large", "x" * 300_000)],
    ):
        assert refused(behind, gateway, headers).status in (0, 400, 401, 413, 431, 500)
    check_told(behind, gateway, passed(behind, gateway, bearer(behind.good["jwt"])))


@pytest.mark.parametrize("name", ALL)
def test_W08_another_host_is_not_served(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    behind.upstream.heard.clear()
    said = echo.ask(gateway.port, "GET", "/", bearer("x"), host="evil.example")
    assert said.status != 200 or said.body == b"", said.body  # Caddy's answer where it has no site
    assert behind.upstream.heard == []


# -- what changes while they run ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("strategy", ["session", "hybrid"])
def test_R01_after_a_sign_out_nothing_passes(behind: Behind, name: str, strategy: str) -> None:
    """Behind those that ask. Those that verify alone go on until the token expires, as their files say."""
    gateway = behind.gateway(name)
    if not takes(gateway, strategy):
        return
    headers = bearer(behind.signed_in(strategy))
    passed(behind, gateway, headers)
    behind.sign_out(headers[0][1].removeprefix("Bearer "))
    if gateway.kind.blind:
        passed(behind, gateway, headers)
        return
    assert within(BOUND, lambda: ask(behind, gateway, headers).status == 401)
    assert refused(behind, gateway, headers).status == 401


@pytest.mark.parametrize("name", ALL)
def test_K01_a_rotation_refuses_nobody(behind: Behind, name: str, rotated: list[str]) -> None:
    gateway = behind.gateway(name)
    for credential in (*rotated[:2], behind.good["jwt"]):
        passed(behind, gateway, bearer(credential))
    # Of the second rotation's key HAProxy knows nothing until its keys are written again: the test below.
    if name != "haproxy":
        assert within(BOUND, lambda: ask(behind, gateway, bearer(rotated[2])).status == 200), gateway.log


@pytest.fixture(scope="module")
def rotated(behind: Behind) -> list[str]:
    """Tokens of the key before, of the one after it, and of the one after that, while all gateways run."""
    behind.start_all()
    found = [behind.signed_in("hybrid")]
    for _ in range(2):
        behind.rotate()
        found.append(behind.signed_in("hybrid"))
    return found


def test_K01_haproxy_learns_a_key_when_it_is_written_and_reloaded(behind: Behind, rotated: list[str]) -> None:
    gateway = behind.gateway("haproxy")
    assert refused(behind, gateway, bearer(rotated[2])).status == 401
    behind.export()
    gateway.reload()
    assert within(10, lambda: ask(behind, gateway, bearer(rotated[2])).status == 200), gateway.log
    assert refused(behind, gateway, bearer(behind.foreign())).status == 401


@pytest.fixture(scope="module")
def without_limen(behind: Behind) -> Iterator[None]:
    behind.start_all()
    behind.stop()
    yield
    behind.start()


@pytest.mark.usefixtures("without_limen")
@pytest.mark.parametrize("name", ALL)
def test_while_limen_is_down_nothing_passes_that_it_must_be_asked_about(behind: Behind, name: str) -> None:
    gateway = behind.gateway(name)
    for headers in ([], bearer("x"), bearer(behind.foreign()), bearer(behind.expired["hybrid"])):
        assert refused(behind, gateway, headers).status in (401, 500, 502, 503)
    fresh = bearer(behind.signed_in("hybrid"))  # which no gateway keeps an answer about
    if not gateway.kind.blind:
        assert refused(behind, gateway, fresh).status in (401, 500, 502, 503)
        assert refused(behind, gateway, [*HANDSHAKE, *fresh]).status in (401, 500, 502, 503)
