"""Forward-auth: what a proxy asks, what it is answered, and whose word counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from limen.errors import LimenError
from limen.forwarded import FORWARDED
from limen.jose import unverified
from limen.server import forwarding
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call
from support.http import ISSUER, PEER, Served, ask, served
from support.world import EMAIL, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio
PROXY = "10.0.0.1"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND")
PAGE = "https://limen.example/sign-in"
BROWSER = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("sec-fetch-mode", "navigate")]


async def bearer(at: Served) -> list[tuple[str, str]]:
    async with await at.bearer() as client:
        return [("authorization", client.headers["authorization"])]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", ["bearer", "cookie"])
async def test_forward_auth_says_who_it_is(strategy: str, transport: str) -> None:
    async with served(strategy=strategy, account=False) as at:
        account = await at.auth.add_account(EMAIL, PASSWORD, scopes=("b", "a"))
        async with await at.either(transport) as client:
            answer = await client.get("/forward-auth")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["remote-user"] == account.id
    assert answer.headers["remote-scopes"] == "a b"
    assert answer.headers["remote-groups"] == "a,b"
    assert (answer.headers["remote-email"], answer.headers["remote-name"]) == (EMAIL, "ada")
    assert "x-limen-jwt" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("remote-user", "root")],
        [("authorization", "Bearer x")],
        [("authorization", "Bearer x"), ("authorization", "Bearer x")],
        [("authorization", "Bearer x"), ("cookie", "__Host-token=y")],
        [("cookie", "__Host-token=x; __Host-token=y")],
        [("cookie", "__Host-token=" + "x" * 9_000)],
        [("authorization", "Basic YTpi")],
    ],
    ids=repr,
)
async def test_forward_auth_allows_with_200_and_nothing_else(headers: list[tuple[str, str]]) -> None:
    async with served() as at:
        answer = await ask(at.app, "GET", "/forward-auth", headers=headers)
        assert answer.status_code == 401
        assert "remote-user" not in answer.headers
        assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("name", ["x-forwarded-method", "x-original-method"])
async def test_S13_forward_auth_lets_no_forged_request_through(name: str) -> None:
    async with served() as at, await at.signed_in() as client, await at.bearer() as program:
        del client.headers["origin"]
        assert (await client.get("/forward-auth", headers={name: "GET"})).status_code == 200
        for method in ("POST", "DELETE", "post", "BREW", ""):
            forged = {name: method, "origin": "https://evil.example"}
            assert (await client.get("/forward-auth", headers=forged)).status_code == 403
            assert (await client.get("/forward-auth", headers={name: method})).status_code == 403
        ours = {name: "POST", "origin": ISSUER}
        assert (await client.get("/forward-auth", headers=ours)).status_code == 200
        assert (await program.get("/forward-auth", headers={name: "POST"})).status_code == 200


async def test_S13_W27_forward_auth_lets_no_page_of_another_origin_open_a_websocket() -> None:
    """A handshake is a GET that no same-origin policy keeps in, and a sibling host's brings our cookies."""
    handshake = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13"}
    async with served() as at, await at.signed_in() as client, await at.bearer() as program:
        del client.headers["origin"]
        for forged in ({}, {"origin": "https://sibling.limen.example"}, {"sec-fetch-site": "same-site"}):
            for name in ({}, {"x-forwarded-method": "GET"}):
                answer = await client.get("/forward-auth", headers=handshake | forged | name)
                assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
                assert "remote-user" not in answer.headers
        ours = handshake | {"origin": ISSUER}
        assert (await client.get("/forward-auth", headers=ours)).status_code == 200
        assert (await program.get("/forward-auth", headers=handshake)).status_code == 200


async def test_forward_auth_without_a_store_is_no_yes() -> None:
    async with served(strategy="session", cache_size=0) as at, await at.bearer() as client:
        await at.auth.store.close()
        answer = await client.get("/forward-auth")
        assert answer.status_code == 503
        assert "remote-user" not in answer.headers


# -- any method, any address below ------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_is_answered_as_envoy_sends_it(method: str) -> None:
    async with served(origins=("https://friend.example",)) as at:
        good = await bearer(at)
        for path in ("/forward-auth", "/forward-auth/", "/forward-auth/notes/1", "/forward-auth/a/../b//c"):
            assert (await ask(at.app, method, path, headers=good)).status_code == 200
            assert (await ask(at.app, method, path)).status_code == 401
        preflight = [("origin", "https://friend.example"), ("access-control-request-method", "POST")]
        assert (await ask(at.app, method, "/forward-auth/x", headers=preflight)).status_code == 401


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"/forward-auth/a%20b%2Fc", 200),
        (b"/forward-auth/%00%ff", 200),
        (b"/forward-auth%2Fx", 404),
        (b"/%66orward-auth", 404),
        (b"/forward-authx", 404),
        (b"/Forward-Auth/x", 404),
        (b"//forward-auth/x", 404),
    ],
)
async def test_W09_only_what_lies_below_is_the_question(raw: bytes, status: int) -> None:
    async with served() as at:
        path = raw.replace(b"%2F", b"/").replace(b"%66", b"f").decode()
        answer = await ask(at.app, "GET", path, raw_path=raw, headers=await bearer(at))
        assert answer.status_code == status


async def test_S13_the_method_that_envoy_asks_with_is_the_method() -> None:
    async with served() as at, await at.signed_in() as client:
        cookie = [("cookie", "; ".join(f"{k}={v}" for k, v in client.cookies.items()))]
        assert (await ask(at.app, "GET", "/forward-auth/x", headers=cookie)).status_code == 200
        for method in ("POST", "PUT", "DELETE", "PROPFIND"):
            assert (await ask(at.app, method, "/forward-auth/x", headers=cookie)).status_code == 403
            ours = [*cookie, ("origin", ISSUER)]
            assert (await ask(at.app, method, "/forward-auth/x", headers=ours)).status_code == 200


async def test_a_proxy_may_ask_by_any_name_of_ours() -> None:
    """As `limen:8000`, say. Nothing is made of the name."""
    async with served() as at:
        answer = await ask(at.app, "GET", "/forward-auth", host="limen:8000", headers=await bearer(at))
        assert answer.status_code == 200
        assert (await ask(at.app, "GET", "/auth/session", host="limen:8000")).status_code == 400


# -- what it says -----------------------------------------------------------------------------------------


async def test_what_no_header_can_hold_is_percent_encoded() -> None:
    async with served(account=False) as at:
        await at.auth.add_account("jürgen%x@bücher.example", PASSWORD, scopes=("a,b", "c", "50%"))
        async with await at.bearer("jürgen%x@bücher.example") as client:
            answer = await client.get("/forward-auth")
    assert answer.headers["remote-email"] == "j%C3%BCrgen%25x@b%C3%BCcher.example"
    assert answer.headers["remote-name"] == "j%C3%BCrgen%25x"
    assert answer.headers["remote-groups"] == "50%25,a%2Cb,c"
    assert answer.headers["remote-scopes"] == "50% a,b c"


async def test_it_says_what_the_configuration_names_and_reads_no_account_for_less() -> None:
    told = ("user", "groups")
    async with served(strategy="jwt", forward_headers=told) as at, await at.bearer() as client:
        await at.auth.store.close()
        answer = await client.get("/forward-auth")
    assert answer.status_code == 200
    assert {name for name in answer.headers if name.startswith("remote-")} == {"remote-user", "remote-groups"}


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_an_account_that_is_gone_or_disabled_is_a_no(strategy: str) -> None:
    """Even of the jwt strategy, which knows nothing of it: the account is read."""
    for end in ("disable_account", "delete_account"):
        async with served(strategy=strategy) as at, await at.bearer() as client:
            assert (await client.get("/forward-auth")).status_code == 200
            await getattr(at.auth, end)(await at.auth.find_account(EMAIL))
            assert (await client.get("/forward-auth")).status_code == 401


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_the_signed_answer_is_for_the_application_and_opens_nothing_here(strategy: str) -> None:
    async with served(strategy=strategy, forward_audience="app", clients=("gateway",)) as at:
        async with await at.bearer() as client:
            answer = await client.get("/forward-auth")
        token = answer.headers["x-limen-jwt"]
        seen = unverified.read(token)
        now = int(at.clock.now())
        who = await at.auth.find_account(EMAIL)
        assert (seen.header["typ"], seen.header["kid"]) == (FORWARDED, at.auth.ring.active.kid)
        claims = seen.claims
        assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "app", who.id)
        assert (claims["iat"], claims["exp"]) == (now, now + 60)
        assert (claims["email"], claims["strategy"]) == (EMAIL, strategy)
        again = [("authorization", f"Bearer {token}")]
        for path in ("/forward-auth", "/auth/session"):
            assert (await ask(at.app, "GET", path, headers=again)).status_code == 401
        assert await at.auth.introspect(token) is None
        with pytest.raises(LimenError):
            await at.auth.authenticate(token)


async def test_the_signed_answer_ends_with_the_credential() -> None:
    options = {"strategy": "jwt", "forward_audience": "app", "access_lifetime": 100, "leeway": 0}
    async with served(**options) as at, await at.bearer() as client:
        expires = unverified.read(client.headers["authorization"].removeprefix("Bearer ")).claims["exp"]
        at.clock.turn(80)
        token = (await client.get("/forward-auth")).headers["x-limen-jwt"]
    assert unverified.read(token).claims["exp"] == expires


# -- browsers ---------------------------------------------------------------------------------------------


async def redirected(at: Served, *headers: tuple[str, str], **options: Any) -> str | None:
    """Where a stranger's browser is sent; None: nowhere, and it is answered 401."""
    options.setdefault("peer", PROXY)
    answer = await ask(at.app, options.pop("method", "GET"), options.pop("path", "/forward-auth"),
                       headers=[*BROWSER, *headers], **options)  # fmt: skip
    assert answer.status_code in (302, 401, 403)
    assert (answer.status_code == 302) == ("location" in answer.headers)
    return answer.headers.get("location")


def paged(**options: Any) -> Any:
    return served(**({"sign_in_page": PAGE, "trusted_proxies": ("10.0.0.0/8",)} | options))


async def test_a_browser_that_goes_to_a_page_is_sent_to_sign_in() -> None:
    async with paged() as at:
        said = (("x-forwarded-uri", "/notes?x=1&y=%2F"), ("x-forwarded-host", "limen.example"))
        assert await redirected(at, *said) == f"{PAGE}?next=/notes%3Fx%3D1%26y%3D%252F"
        assert await redirected(at, path="/forward-auth/notes", query=b"x=1") == f"{PAGE}?next=/notes%3Fx%3D1"
        assert await redirected(at, ("x-original-uri", "/a")) == f"{PAGE}?next=/a"
        assert await redirected(at) == PAGE
        assert await redirected(at, ("authorization", "Bearer x")) is None
        assert await redirected(at, ("x-forwarded-method", "POST")) is None
        assert await redirected(at, method="POST") is None
        assert await redirected(at, ("sec-websocket-key", "x")) is None
        assert await redirected(at, ("sec-fetch-mode", "cors")) == PAGE, "the first one counts"
        plain = await ask(at.app, "GET", "/forward-auth", headers=[("accept", "*/*")], peer=PROXY)
        assert plain.status_code == 401


async def test_a_session_that_may_be_alive_is_sent_to_be_renewed_and_a_store_that_is_down_is_not() -> None:
    async with paged() as at, await at.signed_in() as client:
        at.clock.turn(86_400)
        cookie = ("cookie", "; ".join(f"{k}={v}" for k, v in client.cookies.items()))
        assert await redirected(at, cookie) == "https://limen.example/auth/refresh/page"
    async with paged(strategy="session", cache_size=0) as at, await at.signed_in() as client:
        await at.auth.store.close()
        headers = [*BROWSER, ("cookie", "; ".join(f"{k}={v}" for k, v in client.cookies.items()))]
        assert (await ask(at.app, "GET", "/forward-auth", headers=headers)).status_code == 503


@pytest.mark.parametrize(
    "said",
    [
        [("x-forwarded-uri", "//evil.example")],
        [("x-forwarded-uri", "/\\evil.example")],
        [("x-forwarded-uri", "https://evil.example/")],
        [("x-forwarded-uri", "evil")],
        [("x-forwarded-uri", "/\t/evil.example")],
        [("x-forwarded-uri", "/\xff")],
        [("x-forwarded-uri", "/" + "a" * 2_100)],
        [("x-forwarded-uri", "/a"), ("x-forwarded-uri", "/b")],
        [("x-forwarded-uri", "/a"), ("x-original-uri", "/b")],
        [("x-forwarded-uri", "/a"), ("x-forwarded-host", "evil.example")],
        [("x-forwarded-uri", "/a"), ("x-forwarded-host", "limen.example, evil.example")],
        [
            ("x-forwarded-uri", "/a"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-host", "limen.example"),
        ],
    ],
    ids=repr,
)
async def test_A39_no_redirect_carries_an_address_that_leads_elsewhere(said: list[tuple[str, str]]) -> None:
    async with paged() as at:
        assert await redirected(at, *said) == PAGE


@pytest.mark.parametrize("peer", [PEER, "11.0.0.1", None, "nonsense"])
async def test_W15_only_a_trusted_proxy_says_where_a_browser_wanted_to_go(peer: str | None) -> None:
    async with paged() as at:
        assert await redirected(at, ("x-forwarded-uri", "/a"), peer=peer) == PAGE
        assert await redirected(at, path="/forward-auth/a", peer=peer) == PAGE
    async with paged(trusted_proxies=("unix",)) as at:
        wanted = PAGE if peer else f"{PAGE}?next=/a"
        assert await redirected(at, ("x-forwarded-uri", "/a"), peer=peer) == wanted


async def test_nginx_is_answered_401_and_told_where_to_send_a_browser() -> None:
    async with paged() as at:
        answer = await ask(at.app, "GET", "/forward-auth", headers=BROWSER, query=b"refuse=401", peer=PROXY)
        assert (answer.status_code, answer.headers["location"]) == (401, PAGE)
        assert json.loads(answer.content)["code"] == "credential_missing"
        below = await ask(at.app, "GET", "/forward-auth/x", headers=BROWSER, query=b"refuse=401", peer=PROXY)
        assert below.status_code == 302, "below, the query is the client's"


async def test_where_there_is_no_page_nobody_is_sent_there() -> None:
    for page, wanted in (("", None), ("/no-such-page", None), ("/healthz", f"{ISSUER}/healthz")):
        async with paged(sign_in_page=page) as at:
            assert await redirected(at) == wanted


async def test_two_cookies_of_ours_are_cleared_as_they_are_elsewhere() -> None:
    """Else the browser would come back from the sign-in with both."""
    async with paged() as at:
        answer = await ask(at.app, headers=[*BROWSER, ("cookie", "__Host-token=x; __Host-token=y")],
                           path="/forward-auth")  # fmt: skip
        assert answer.status_code == 302
        assert sum("Max-Age=0" in line for line in answer.all("set-cookie")) == 2


async def test_a_browser_whose_token_ran_out_is_sent_where_it_is_renewed() -> None:
    """Where this server has such a page, and the browser says that it has a session."""

    async def nothing() -> Any:
        raise AssertionError("a question has no body")

    async def page(site: Site, call: Call) -> Answer:
        return Answer(200)

    async with paged() as at:
        renewal = Endpoint(method="GET", path="/auth/refresh/page", run=page, summary="", gives=())
        plain = Site.of(at.auth, whole=True)
        for site, cookie, wanted in (
            (forwarding.knowing_pages(plain, [renewal]), "__Host-refreshes=x", f"{ISSUER}/auth/refresh/page"),
            (forwarding.knowing_pages(plain, [renewal]), "__Host-refreshes=x; __Host-refreshes=y", PAGE),
            (forwarding.knowing_pages(plain, [renewal]), "a=b", PAGE),
            (forwarding.knowing_pages(plain, []), "__Host-refreshes=x", PAGE),
        ):
            headers = [(name.encode(), value.encode()) for name, value in [*BROWSER, ("cookie", cookie)]]
            scope = {
                "type": "http", "method": "GET", "path": forwarding.PATH, "query_string": b"",
                "headers": headers, "client": None,
            }  # fmt: skip
            answer = await forwarding.forward_auth(site, Call(scope, nothing, PEER, "https"))
            assert (answer.status, dict(answer.headers)[b"location"].decode()) == (302, wanted)
