"""Cookies: nothing is trimmed, unquoted or decoded on the way in, and nothing a browser drops goes out."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.cookies import AGE_MAX, SET_COOKIE_MAX, Twice, clear_cookie, set_cookie, value_of
from limen.errors import Misconfigured

START = b"__Host-sid="


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"__Host-sid=abc", b"abc"),
        (b"theme=dark; __Host-sid=abc", b"abc"),
        (b"theme=dark; __Host-sid=abc; b=2", b"abc"),
        (b"__Host-sid=abc; __Host-side=x; x__Host-sid=y", b"abc"),
        (b"__Host-sid=", b""),
        (b"__Host-sid=a=b", b"a=b"),
        (b"", None),
        (b"__Host-sid", None),
        (b"__host-sid=abc", None),
        (b"theme=__Host-sid=abc", None),
        (b"theme=dark;__Host-sid=abc", None),
        (b"theme=dark;  __Host-sid=abc", None),
        (b"theme=dark;\t__Host-sid=abc", None),
        (b" __Host-sid=abc", None),
    ],
)
def test_a_pair_begins_where_browsers_begin_one(header: bytes, value: bytes | None) -> None:
    assert value_of(header, START) == value


@pytest.mark.parametrize("header", [b"__Host-sid=a; __Host-sid=b", b"__Host-sid=a; x=y; __Host-sid=a"])
def test_S08_two_of_a_name_are_none(header: bytes) -> None:
    with pytest.raises(Twice):
        value_of(header, START)


@pytest.mark.parametrize(
    "before",
    [
        "\u2000",
        "\u0085",
        "\u00a0",
        b"\x85",
        b"\xa0",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x1f",
        "\ufeff",
        "\t",
        " ",
        "\x00",
    ],
)
@pytest.mark.parametrize("place", ["name", "start"])
def test_S09_a_name_that_trimming_would_make_ours_is_not(before: str | bytes, place: str) -> None:
    raw = before if isinstance(before, bytes) else before.encode()
    lead = b"theme=dark; " if place == "name" else b""
    assert value_of(lead + raw + b"__Host-sid=evil", START) is None
    assert value_of(lead + b"__Host-sid" + raw + b"=evil", START) is None


@pytest.mark.parametrize(
    "header",
    [
        b"=__Host-sid=evil",
        b"$Version=1;__Host-sid=evil",
        b"$Version=1,__Host-sid=evil",
        b"a=b,__Host-sid=evil",
        b"a=b, __Host-sid=evil",
        b'a="b; c";__Host-sid=evil',
    ],
)
def test_S10_a_legacy_form_plants_nothing(header: bytes) -> None:
    assert value_of(header, START) is None


def test_S10_quotes_and_escapes_stay_what_they_are() -> None:
    assert value_of(rb'__Host-sid="\145vil"', START) == rb'"\145vil"'


cookie_text = st.binary(max_size=40).map(lambda raw: raw.replace(b"\x01", b"; ").replace(b"\x02", START))


@given(st.lists(cookie_text, max_size=6).map(b"".join))
def test_what_is_found_is_what_a_split_finds(header: bytes) -> None:
    pairs = [part for part in header.split(b"; ") if part.startswith(START)]
    expected = [part[len(START) :].partition(b";")[0] for part in pairs]
    if len(expected) > 1:
        with pytest.raises(Twice):
            value_of(header, START)
    else:
        assert value_of(header, START) == (expected[0] if expected else None)


def attributes(written: bytes) -> dict[str, str]:
    _, *rest = written.decode("ascii").split("; ")
    return {name: value for name, _, value in (part.partition("=") for part in rest)}


@pytest.mark.parametrize("name", ["__Host-sid", "__Host-token", "__Host-device"])
def test_S11_a_cookie_is_bound_to_its_host_and_kept_from_scripts(name: str) -> None:
    written = set_cookie(name, "abc", max_age=60, path="/", secure=True)
    assert written.startswith(f"{name}=abc; ".encode())
    assert attributes(written) == {
        "Path": "/",
        "Max-Age": "60",
        "HttpOnly": "",
        "SameSite": "Lax",
        "Secure": "",
    }


def test_S11_the_refresh_cookie_goes_to_its_route_alone() -> None:
    written = set_cookie("__Secure-refresh", "abc", max_age=60, path="/auth/refresh", secure=True)
    assert attributes(written)["Path"] == "/auth/refresh"
    assert {"Secure", "HttpOnly"} <= attributes(written).keys()
    assert "Domain" not in attributes(written)


@pytest.mark.parametrize(
    ("name", "path", "secure"),
    [("__Host-sid", "/", False), ("__Secure-refresh", "/auth/refresh", False), ("__Host-sid", "/auth", True)],
)
def test_S12_a_prefix_without_what_it_promises_is_refused(name: str, path: str, secure: bool) -> None:
    with pytest.raises(Misconfigured, match="browsers drop"):
        set_cookie(name, "abc", max_age=60, path=path, secure=secure)


def test_S12_without_secure_only_a_plain_name_goes_out() -> None:
    assert b"Secure" not in set_cookie("sid", "abc", max_age=60, path="/", secure=False)


def test_S11_what_a_browser_would_not_keep_is_refused() -> None:
    rest = len(set_cookie("__Host-token", "", max_age=900, path="/", secure=True))
    fits = set_cookie("__Host-token", "a" * (SET_COOKIE_MAX - rest), max_age=900, path="/", secure=True)
    assert len(fits) == SET_COOKIE_MAX
    with pytest.raises(Misconfigured) as caught:
        set_cookie("__Host-token", "a" * (SET_COOKIE_MAX - rest + 1), max_age=900, path="/", secure=True)
    assert caught.value.code == "cookie_too_large"


@pytest.mark.parametrize(
    "bad", ["\r\n", "\n", ";", " ", ",", '"', "\\", "\x00", "é", "\u2028", "a\r\nSet-Cookie: b=c"]
)
@pytest.mark.parametrize("where", ["name", "value", "path"])
def test_W06_nothing_ends_the_header_or_the_value(bad: str, where: str) -> None:
    parts = {"name": "sid", "value": "abc", "path": "/"}
    parts[where] += bad
    with pytest.raises(Misconfigured):
        set_cookie(parts["name"], parts["value"], max_age=1, path=parts["path"], secure=True)


@given(st.text(max_size=80), st.integers())
def test_W06_whatever_goes_out_reads_back_as_one_cookie(value: str, age: int) -> None:
    try:
        written = set_cookie("__Host-sid", value, max_age=age, path="/", secure=True).decode("ascii")
    except Misconfigured:
        return
    found = SimpleCookie(written)
    assert list(found) == ["__Host-sid"]
    assert found["__Host-sid"].value == value
    assert 0 <= int(found["__Host-sid"]["max-age"]) <= AGE_MAX


def test_clearing_is_setting_nothing_for_no_time() -> None:
    cleared = clear_cookie("__Host-sid", path="/", secure=True)
    assert cleared.startswith(b"__Host-sid=; ")
    assert attributes(cleared)["Max-Age"] == "0"
    assert attributes(cleared)["Path"] == "/"


def test_no_age_is_longer_than_browsers_keep() -> None:
    written = set_cookie("__Host-device", "abc", max_age=10**9, path="/", secure=True)
    assert attributes(written)["Max-Age"] == str(AGE_MAX)
