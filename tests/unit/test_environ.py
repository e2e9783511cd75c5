"""A WSGI request is judged as the ASGI request with the same headers is; what came twice is never let in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limen.auth import Limen
from limen.environ import Environ, headers_of, is_handshake, path_of, respond, scope_of
from limen.errors import LimenError
from limen.testing import for_tests, sign_in
from limen.transport import find_credential

GOOD, OTHER = "<good>", "<other>"
AUTHORIZATION = st.sampled_from(
    [
        f"Bearer {GOOD}",
        f"bearer {GOOD}",
        f"Bearer  {GOOD}",
        "Bearer",
        "Basic dTpw",
        'Digest a="b", c="d"',
        "Bearer x.y.z",
    ]
)
ONE_COOKIE = st.sampled_from([f"NAME={GOOD}", f"a=b; NAME={GOOD}", "NAME=", "a=b", "NAME=\xe9"])
COOKIE = ONE_COOKIE | st.sampled_from([f"NAME={GOOD}; NAME={OTHER}", f"NAME={GOOD},NAME={OTHER}"])
ORIGIN = st.sampled_from(["http://127.0.0.1:8000", "https://evil.example", "null"])
SITE = st.sampled_from(["same-origin", "cross-site", "none"])
METHOD = st.sampled_from(["GET", "POST", "DELETE"])
HEADERS = st.fixed_dictionaries(
    {},
    optional={"authorization": AUTHORIZATION, "cookie": COOKIE, "origin": ORIGIN, "sec-fetch-site": SITE},
)


def environ(method: str = "GET", path: str = "/", **headers: str) -> Environ:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }


def code(ask: Callable[[], Any]) -> str | None:
    try:
        found = ask()
    except LimenError as error:
        return error.code
    return None if found is None else str(found.account)


@pytest.fixture(scope="module")
def signed() -> Iterator[tuple[asyncio.Runner, Limen, str, str]]:
    runner, auth = asyncio.Runner(), for_tests()

    async def begin() -> tuple[str, str]:
        await auth.start()
        return (await sign_in(auth)).credential, (await sign_in(auth, "eve@example.com")).credential

    good, other = runner.run(begin())
    yield runner, auth, good, other
    runner.run(auth.close())
    runner.close()


@settings(max_examples=150)
@given(HEADERS, METHOD, st.booleans())
def test_S13_S37_the_verdict_is_that_of_the_same_request_under_asgi(
    signed: tuple[asyncio.Runner, Limen, str, str], headers: dict[str, str], method: str, handshake: bool
) -> None:
    runner, auth, good, other = signed
    named = auth.cookie_names.token
    said = {
        name: value.replace(GOOD, good).replace(OTHER, other).replace("NAME", named)
        for name, value in headers.items()
    }
    raw = [(name.encode(), value.encode("latin-1")) for name, value in said.items()]
    there = {"type": "websocket"} if handshake else {"type": "http", "method": method}
    here = environ(method, **said, **({"upgrade": "WebSocket"} if handshake else {}))

    def authenticate(credential: str, *, activity: bool) -> Any:
        return runner.run(auth.authenticate(credential, activity=activity))

    for requirement in (auth.required, auth.optional, auth.scopes("notes:read"), auth.recent(minutes=5)):
        asked = {**there, "headers": raw}
        assert code(lambda: requirement.check_with(scope_of(here), authenticate)) == code(  # noqa: B023
            lambda: runner.run(requirement.check(asked))  # noqa: B023
        )


@given(st.lists(AUTHORIZATION, min_size=2, max_size=3), st.sampled_from([",", ", "]))
def test_S37_an_authorization_that_came_twice_is_never_the_first_that_works(
    values: list[str], comma: str
) -> None:
    """Servers join repeated headers by commas, and each half may be good by itself."""
    auth = for_tests()
    said = environ(authorization=comma.join(values).replace(GOOD, "aaaa"))
    if any(value.lower().startswith("bearer") for value in values):
        with pytest.raises(LimenError):
            find_credential(headers_of(said), auth.cookie_names, auth.transports)


@given(st.lists(ONE_COOKIE, min_size=2, max_size=3), st.sampled_from([",", ", "]))
def test_S37_cookies_that_came_in_two_headers_are_none_but_by_a_name_at_its_place(
    values: list[str], comma: str
) -> None:
    auth = for_tests()
    said = comma.join(values).replace("NAME", auth.cookie_names.token).replace(GOOD, "aaaa")
    try:
        found = find_credential(headers_of(environ(cookie=said)), auth.cookie_names, auth.transports)
    except LimenError:
        return
    assert found is None or said.endswith(f"; {auth.cookie_names.token}={found.credential}")


def test_headers_are_bytes_in_lower_case_and_nothing_else_is_one() -> None:
    made = environ(**{"x-forwarded-for": "1.2.3.4, 5.6.7.8", "accept": "caf\xe9"})
    made |= {"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "", "HTTP_ODD": 1, "limen.identity": "me"}
    assert sorted(headers_of(made)) == [
        (b"accept", b"caf\xe9"),
        (b"content-type", b"text/plain"),
        (b"x-forwarded-for", b"1.2.3.4, 5.6.7.8"),
    ]


def test_paths_are_utf8_below_the_mount() -> None:
    made = environ(path="/caf\xc3\xa9") | {
        "SCRIPT_NAME": "/app",
        "QUERY_STRING": "a=b",
        "REMOTE_ADDR": "192.0.2.1",
    }
    scope = scope_of(made)
    assert path_of(made) == "/café"
    assert (scope["path"], scope["root_path"], scope["raw_path"]) == ("/app/café", "/app", b"/app/caf%C3%A9")
    assert (scope["query_string"], scope["client"][0]) == (b"a=b", "192.0.2.1")
    assert scope_of(made) is scope
    assert scope_of(environ() | {"REMOTE_ADDR": ""})["client"] is None


def test_a_handshake_is_one_whatever_case_it_has() -> None:
    assert is_handshake(environ(upgrade=" WebSocket"))
    assert not is_handshake(environ(upgrade="h2c"))
    assert not is_handshake(environ())


def test_the_answer_to_head_has_no_body() -> None:
    told: list[Any] = []
    assert respond(environ("HEAD"), lambda *said: told.append(said), 401, [(b"a", b"\xe9")], b"x") == [b""]
    assert told == [("401 Unauthorized", [("a", "\xe9")])]
