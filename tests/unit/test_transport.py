"""Which credential a request carries, and which requests another site may not make."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Denied, LimenError, Rejected
from limen.settings import Settings, Transport
from limen.transport import (
    COOKIES_MAX,
    CookieNames,
    Found,
    check_forgery,
    find_cookie,
    find_credential,
    glance,
    is_activity,
    origins_of,
)

BOTH = frozenset(Transport)
NAMES = CookieNames()
SID = b"A" * 64
OTHER = b"B" * 64
TOKEN = b"eyJh.eyJi.c2ln"
OURS = frozenset({"https://app.example.com", "https://friend.example"})
UNSAFE = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "post", "get", ""]

Headers = list[tuple[bytes, bytes]]


def find(headers: Headers, transports: frozenset[Transport] = BOTH) -> Found | None:
    return find_credential([(b"host", b"app.example.com"), *headers], NAMES, transports)


def refused(headers: Headers, code: str) -> LimenError:
    with pytest.raises((Denied, Rejected)) as caught:
        find(headers)
    assert caught.value.code == code
    if code in ("credential_ambiguous", "cookies_too_large"):  # a recall must not let it pass either
        assert glance([(b"host", b"app.example.com"), *headers], NAMES, BOTH) is None
    return caught.value


def cookie(text: bytes) -> tuple[bytes, bytes]:
    return (b"cookie", text)


def authorization(text: bytes) -> tuple[bytes, bytes]:
    return (b"authorization", text)


def test_a_bearer_token_is_found() -> None:
    assert find([authorization(b"Bearer " + TOKEN)]) == Found(TOKEN.decode(), Transport.BEARER)


@pytest.mark.parametrize("name", [b"__Host-sid", b"__Host-token"])
def test_a_cookie_is_found_among_others(name: bytes) -> None:
    header = b"theme=dark; " + name + b"=" + SID + b"; lang=de"
    assert find([cookie(header)]) == Found(SID.decode(), Transport.COOKIE)


def test_nothing_is_found_where_nothing_is() -> None:
    assert find([]) is None
    assert find([cookie(b"theme=dark; __Host-device=x; __Secure-refresh=y")]) is None


@pytest.mark.parametrize("scheme", [b"bearer ", b"BEARER ", b"beareR "])
def test_W10_the_scheme_has_no_case(scheme: bytes) -> None:
    assert find([authorization(scheme + TOKEN)]) == Found(TOKEN.decode(), Transport.BEARER)


@pytest.mark.parametrize(
    "value",
    [
        b"Bearer",
        b"Bearer ",
        b"Bearer  " + TOKEN,
        b"Bearer\t" + TOKEN,
        b"Bearer " + TOKEN + b" ",
        b"Bearer " + TOKEN + b"\t",
        b"Bearer Bearer " + TOKEN,
        b"Bearer a, Bearer b",
        b"Bearer a,b",
        b"Bearer %41",
        b"Bearer a%",
        b'Bearer "a"',
        b"Bearer a\x00b",
        b"Bearer \xc3\xa9",
        b"Bearer \xff\xfe",
        b"Bearer,",
        b"Bearer=" + TOKEN,
    ],
)
def test_W10_a_malformed_bearer_is_a_bad_request(value: bytes) -> None:
    assert refused([authorization(value)], "credential_malformed").status == 400


@pytest.mark.parametrize("value", [b"Bearer a+b/c==", b"Bearer a~b"])
def test_W10_a_bearer_token_of_somebody_else_is_denied(value: bytes) -> None:
    refused([authorization(value)], "credential_invalid")


@pytest.mark.parametrize("value", [b"", b"Basic dXNlcjpwYXNz", b"Digest x", b"Bearerx abc", b"\xff", TOKEN])
def test_W10_another_scheme_is_not_ours_to_judge(value: bytes) -> None:
    assert find([authorization(value)]) is None
    assert find([authorization(value), cookie(b"__Host-sid=" + SID)]) == Found(SID.decode(), Transport.COOKIE)


@pytest.mark.parametrize("second", [b"Bearer " + TOKEN, b"Basic dXNlcjpwYXNz", b""])
def test_W10_two_authorizations_are_ambiguous(second: bytes) -> None:
    first = authorization(b"Bearer " + TOKEN)
    refused([first, authorization(second)], "credential_ambiguous")
    refused([authorization(second), first], "credential_ambiguous")


def test_W10_a_bearer_and_a_cookie_are_ambiguous_in_either_order() -> None:
    both = [authorization(b"Bearer " + TOKEN), cookie(b"__Host-sid=" + SID)]
    refused(both, "credential_ambiguous")
    refused(both[::-1], "credential_ambiguous")


@pytest.mark.parametrize("transport", list(Transport))
def test_a_transport_that_is_not_allowed_is_not_looked_at(transport: Transport) -> None:
    both = [authorization(b"Bearer " + TOKEN), cookie(b"__Host-sid=" + SID)]
    found = find(both, frozenset({transport}))
    assert found is not None
    assert found.transport is transport
    assert find([authorization(b"Bearer ?"), cookie(b"__Host-sid=?")], frozenset()) is None
    one = both[0] if transport is Transport.BEARER else both[1]
    assert glance([one], NAMES, frozenset({transport})) is not None
    assert glance([one], NAMES, BOTH - {transport}) is None


@pytest.mark.parametrize(
    "headers",
    [
        [cookie(b"__Host-sid=" + SID + b"; __Host-sid=" + OTHER)],
        [cookie(b"__Host-sid=" + OTHER + b"; __Host-sid=" + SID)],
        [cookie(b"__Host-sid=" + SID + b"; __Host-sid=" + SID)],
        [cookie(b"__Host-sid=" + SID), cookie(b"__Host-sid=" + OTHER)],
        [cookie(b"__Host-sid=; __Host-sid=" + SID)],
        [cookie(b"__Host-sid=" + SID + b"; __Host-token=" + TOKEN)],
        [cookie(b"__Host-token=" + TOKEN), cookie(b"__Host-sid=" + SID)],
    ],
)
def test_S08_two_cookies_are_refused_and_both_are_cleared(headers: Headers) -> None:
    error = refused(headers, "credential_ambiguous")
    assert isinstance(error, Rejected)
    assert [value.partition(b"=")[0] for value in error.clears] == [b"__Host-sid", b"__Host-token"]
    assert all(b"=; Path=/; Max-Age=0;" in value and b"Secure" in value for value in error.clears)


def test_S08_in_development_the_plain_names_are_cleared() -> None:
    names = CookieNames.of(Settings())
    with pytest.raises(Rejected) as caught:
        find_credential([cookie(b"limen-sid=a; limen-sid=b")], names, BOTH)
    assert [value.partition(b"=")[0] for value in caught.value.clears] == [b"limen-sid", b"limen-token"]
    assert not any(b"Secure" in value for value in caught.value.clears)


def test_in_development_a_cookie_of_another_port_is_not_taken_for_ours() -> None:
    theirs = cookie(b"sid=s%3Aabc.def; token=abc; session=x; connect.sid=y")
    assert find_credential([theirs], CookieNames.of(Settings()), BOTH) is None


def test_cookie_headers_that_http2_split_are_one() -> None:
    found = find([cookie(b"theme=dark"), cookie(b"__Host-sid=" + SID), cookie(b"lang=de")])
    assert found == Found(SID.decode(), Transport.COOKIE)


def test_S03_an_empty_cookie_is_no_session() -> None:
    assert find([cookie(b"__Host-sid=")]) is None
    assert find([cookie(b"__Host-sid=; __Host-token=" + TOKEN)]) == Found(TOKEN.decode(), Transport.COOKIE)


@pytest.mark.parametrize(
    "before",
    ["\u2000", "\u0085", "\u00a0", b"\x85", b"\xa0", "\x0b", "\x1c", "\t", " "],
)
def test_S09_a_name_that_trimming_would_make_ours_is_not(before: str | bytes) -> None:
    raw = before if isinstance(before, bytes) else before.encode()
    assert find([cookie(raw + b"__Host-sid=" + OTHER)]) is None
    # and so it cannot lock out whoever has the real one
    both = cookie(b"__Host-sid=" + SID + b"; " + raw + b"__Host-sid=" + OTHER)
    assert find([both]) == Found(SID.decode(), Transport.COOKIE)


@pytest.mark.parametrize(
    "header",
    [
        b"=__Host-sid=" + OTHER,
        b"$Version=1;__Host-sid=" + OTHER,
        b"$Version=1,__Host-sid=" + OTHER,
        b"a=b,__Host-sid=" + OTHER,
    ],
)
def test_S10_a_legacy_form_is_no_credential(header: bytes) -> None:
    assert find([cookie(header)]) is None
    assert find([cookie(header + b"; __Host-sid=" + SID)]) == Found(SID.decode(), Transport.COOKIE)


@pytest.mark.parametrize(
    "value",
    [
        b'"' + SID + b'"',
        rb'"\145vil"',
        SID + b" ",
        b" " + SID,
        SID + b",x=y",
        SID + b"%41",
        SID + b"\x00",
        SID + b"\xff",
        SID + b"=",
    ],
)
def test_S10_a_value_that_cannot_be_ours_is_denied(value: bytes) -> None:
    refused([cookie(b"__Host-sid=" + value)], "credential_invalid")


def test_S12_in_production_every_cookie_has_a_prefix() -> None:
    names = CookieNames.of(Settings(issuer="https://app.example.com"))
    assert (names.sid, names.token) == ("__Host-sid", "__Host-token")
    assert (names.refresh, names.device) == ("__Secure-refresh", "__Host-device")
    assert names.refreshes == "__Host-refreshes"


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"])
def test_S12_on_plain_http_loopback_and_only_there_prefixes_are_dropped(issuer: str) -> None:
    names = CookieNames.of(Settings(issuer=issuer))
    assert (names.sid, names.token) == ("limen-sid", "limen-token")
    assert (names.refresh, names.device) == ("limen-refresh", "limen-device")
    assert names.refreshes == "limen-refreshes"


@pytest.mark.parametrize(
    "header",
    [
        (b":path", b"/me?access_token=" + TOKEN),
        (b"referer", b"https://app.example.com/?sid=" + SID),
        (b"x-original-url", b"/me?__Host-sid=" + SID),
        (b"x-access-token", TOKEN),
        (b"access_token", TOKEN),
        (b"proxy-authorization", b"Bearer " + TOKEN),
        (b"x-authorization", b"Bearer " + TOKEN),
        (b"set-cookie", b"__Host-sid=" + SID),
        (b"sec-websocket-protocol", b"bearer, " + TOKEN),
    ],
)
def test_S32_nothing_but_authorization_and_cookies_carries_a_credential(header: tuple[bytes, bytes]) -> None:
    assert find([header]) is None


@pytest.mark.parametrize(
    "headers",
    [
        [cookie(b"a=" + b"x" * 65_536)],
        [cookie(b"__Host-sid=" + SID + b"; a=" + b"x" * COOKIES_MAX)],
        [cookie(b"a=" + b"x" * 8_192)] * 3,
        [cookie(b"a=b")] * 20_000,
    ],
)
def test_S35_cookies_beyond_the_limit_are_refused(headers: Headers) -> None:
    error = refused(headers, "cookies_too_large")
    assert isinstance(error, Rejected)
    assert error.http_status == 431
    with pytest.raises(Rejected, match="larger"):
        find_cookie(headers, "__Secure-refresh")


@pytest.mark.parametrize(
    "header",
    [
        b"a=" + b"x" * 8_192,
        b"; ".join(b"c%d=v" % n for n in range(200)),
        b"; ".join(b"c%d=__Host-sid=" % n for n in range(900)),
        b"__Host-sid=" * 1_400,
    ],
)
def test_S35_many_or_large_cookies_of_others_cost_no_memory(header: bytes) -> None:
    assert len(header) <= COOKIES_MAX
    tracemalloc.start()
    try:
        find_outcome([cookie(header)])
        assert tracemalloc.get_traced_memory()[1] < 3 * COOKIES_MAX
    finally:
        tracemalloc.stop()


def find_outcome(headers: Headers, transports: frozenset[Transport] = BOTH) -> Found | LimenError | None:
    try:
        return find(headers, transports)
    except LimenError as error:
        return error


piece = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [b"__Host-sid=", b"__Host-token=", b"; ", b";", b"=", SID, TOKEN, b"Bearer", b"bearer ", b" ", b'"']
    ),
)
text = st.lists(piece, max_size=8).map(b"".join)
header = st.tuples(st.sampled_from([b"authorization", b"cookie", b"host"]), text)


@given(st.lists(header, max_size=5))
def test_W10_whatever_comes_is_one_credential_none_or_an_error_of_ours(headers: Headers) -> None:
    found = find_outcome(headers)
    if isinstance(found, Found):
        carried = [value for name, value in headers if name in (b"authorization", b"cookie")]
        assert sum(found.credential.encode() in value for value in carried) >= 1
        assert found.credential.isascii()
    elif found is not None:
        assert isinstance(found, Denied | Rejected)


@given(st.lists(header, max_size=5), st.sampled_from([BOTH, *(frozenset({t}) for t in Transport)]))
def test_S37_a_glance_sees_what_a_closer_look_finds_or_leaves_it_to_that(
    headers: Headers, transports: frozenset[Transport]
) -> None:
    """What is ambiguous or malformed is never recalled, however well its first half is known."""
    glanced = glance(headers, NAMES, transports)
    found = find_outcome(headers, transports)
    if isinstance(found, Found):
        assert glanced in (None, (found.credential.encode(), found.transport))
    elif found is None:
        assert glanced is None or glanced[0] == b""
    else:
        assert glanced is None or found.code != "credential_ambiguous"


def test_a_glance_sees_the_plain_cases() -> None:
    assert glance([authorization(b"Bearer " + TOKEN)], NAMES, BOTH) == (TOKEN, Transport.BEARER)
    assert glance([cookie(b"a=b; __Host-sid=" + SID)], NAMES, BOTH) == (SID, Transport.COOKIE)


def test_find_cookie_reads_one_name() -> None:
    headers = [cookie(b"theme=dark; __Secure-refresh=" + SID), cookie(b"__Host-device=abc")]
    assert find_cookie(headers, "__Secure-refresh") == SID.decode()
    assert find_cookie(headers, "__Host-device") == "abc"
    assert find_cookie(headers, "__Host-sid") is None
    assert find_cookie([], "__Host-sid") is None


@pytest.mark.parametrize("value", [b"", b'"abc"', b"a b", b"\xff", b"a,b"])
def test_find_cookie_reads_no_value_that_cannot_be_ours(value: bytes) -> None:
    assert find_cookie([cookie(b"__Secure-refresh=" + value)], "__Secure-refresh") is None


def test_S08_find_cookie_refuses_two() -> None:
    with pytest.raises(Rejected) as caught:
        find_cookie([cookie(b"__Secure-refresh=a"), cookie(b"__Secure-refresh=b")], "__Secure-refresh")
    assert caught.value.code == "credential_ambiguous"


def check(method: str, **said: str | list[str]) -> None:
    pairs = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, values in said.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    check_forgery(method, [(b"host", b"app.example.com"), *pairs], OURS)


def is_forged(method: str, **said: str | list[str]) -> bool:
    try:
        check(method, **said)
    except Denied as error:
        if (error.code, error.forbidden) != ("cross_site", True):
            raise
        return True
    return False


FOREIGN: list[dict[str, str | list[str]]] = [
    {},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": "https://app.example.com.evil"},
    {"origin": "https://evilapp.example.com"},
    {"origin": "https://sub.app.example.com"},
    {"origin": "https://sibling.example.com"},
    {"origin": "http://app.example.com"},
    {"origin": "https://app.example.com:8443"},
    {"origin": "https://app.example.com/"},
    {"origin": "https://APP.example.com"},
    {"origin": "https://app.example.com\xa0"},
    {"origin": " https://app.example.com"},
    {"origin": ["https://app.example.com", "https://evil.example"]},
    {"origin": ["https://evil.example", "https://app.example.com"]},
    {"origin": ["https://app.example.com", "https://app.example.com"]},
    {"origin": "https://evil.example https://app.example.com"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": ""},
    {"sec_fetch_site": "Same-Origin"},
    {"sec_fetch_site": ["same-origin", "cross-site"]},
    {"sec_fetch_site": ["same-origin", "same-origin"]},
    {"sec_fetch_site": "cross-site", "origin": "null"},
    {"sec_fetch_site": "cross-site", "origin": "https://evil.example"},
    {"sec_fetch_site": "same-site", "origin": "https://sibling.example.com"},
    {"referer": "https://app.example.com/form"},
    {"content_type": "text/plain", "origin": "https://evil.example"},
]


@pytest.mark.parametrize("said", FOREIGN)
@pytest.mark.parametrize("method", UNSAFE)
def test_S13_an_unsafe_request_of_another_site_is_refused(
    method: str, said: dict[str, str | list[str]]
) -> None:
    assert is_forged(method, **said)


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "said",
    [
        {"sec_fetch_site": "same-origin", "origin": "https://app.example.com"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://app.example.com"},
        {"sec_fetch_site": "same-site", "origin": "https://friend.example"},
        {"sec_fetch_site": "cross-site", "origin": "https://friend.example"},
    ],
)
def test_S13_one_of_ours_is_let_through(method: str, said: dict[str, str]) -> None:
    assert not is_forged(method, **said)


def test_S13_a_form_of_a_page_that_sends_no_referrer_is_ours() -> None:
    """Browsers write `Origin: null` there; ours have the policy no-referrer."""
    assert not is_forged("POST", sec_fetch_site="same-origin", origin="null")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("said", FOREIGN)
def test_S13_a_method_that_changes_nothing_is_asked_nothing(
    method: str, said: dict[str, str | list[str]]
) -> None:
    assert not is_forged(method, **said)


@pytest.mark.parametrize("said", [*FOREIGN, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}])
def test_S13_a_handshake_needs_an_origin_of_ours(said: dict[str, str | list[str]]) -> None:
    assert is_forged("WEBSOCKET", **said)
    assert not is_forged("WEBSOCKET", origin="https://app.example.com")


def test_S14_a_sign_in_that_another_site_forges_is_refused_before_there_is_a_session() -> None:
    """No cookie, no credential: what counts is where the request comes from."""
    assert is_forged(
        "POST", sec_fetch_site="cross-site", origin="https://evil.example", content_type="text/plain"
    )
    assert is_forged("POST", content_type="application/x-www-form-urlencoded")
    assert not is_forged("POST", sec_fetch_site="same-origin", origin="https://app.example.com")


CLAIMS = [
    {"x_csrf_token": "token-of-session-a"},
    {"x_csrftoken": "anonymous", "cookie": "csrftoken=anonymous"},
    {"cookie": "__Host-csrf=abc; __Host-sid=" + SID.decode(), "x_xsrf_token": "abc"},
    {"x_requested_with": "XMLHttpRequest"},
    {"limen_activity": "none"},
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_S15_no_token_vouches_for_a_request(claim: dict[str, str]) -> None:
    """There is none to be copied, replayed, shared or cached: whatever looks like one changes nothing."""
    assert is_forged("POST", origin="https://evil.example", **claim)
    assert is_forged("POST", **claim)


@pytest.mark.parametrize("planted", ["csrf=mine", "csrftoken=mine; csrftoken=theirs", "__Host-csrf=mine"])
def test_S16_a_cookie_that_a_sibling_planted_vouches_for_nothing(planted: str) -> None:
    sibling = {"origin": "https://sibling.example.com", "sec_fetch_site": "same-site"}
    assert is_forged("POST", cookie=planted, x_csrf_token="mine", **sibling)


def test_W14_the_origins_are_the_issuers_and_those_that_are_named() -> None:
    settings = Settings(issuer="https://app.example.com", origins=("https://friend.example",))
    assert origins_of(settings) == OURS


def test_in_development_every_name_of_this_machine_is_ours_on_that_port() -> None:
    assert origins_of(Settings(issuer="http://127.0.0.1:8000")) == {
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://[::1]:8000",
    }
    assert "http://app.localhost" in origins_of(Settings(issuer="http://app.localhost"))
    assert "http://localhost" in origins_of(Settings(issuer="http://app.localhost"))


@pytest.mark.parametrize(
    ("headers", "activity"),
    [
        ([], True),
        ([(b"limen-activity", b"none")], False),
        ([(b"limen-activity", b"user")], True),
        ([(b"limen-activity", b"None")], True),
    ],
)
def test_S18_polling_that_says_so_is_no_activity(headers: Headers, activity: bool) -> None:
    assert is_activity(headers) is activity


def test_who_says_nothing_of_where_it_comes_from_hears_how_programs_ask() -> None:
    for pairs, hint in (
        ([], "transport bearer"),
        ([(b"origin", b"https://app.example.com:8443")], "`origins`"),
        ([(b"sec-fetch-site", b"cross-site")], "`origins`"),
    ):
        with pytest.raises(Denied, match=hint):
            check_forgery("POST", pairs, OURS)
