"""What a request brings: headers, addresses, bodies."""

from __future__ import annotations

import http.cookies
import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

from fuzz.target import target, text
from limen import cookies, next_url, proxies, transport
from limen.accounts import EMAIL_MAX, check_email, check_name, check_scopes, email_key
from limen.audit import clean
from limen.errors import Denied, Rejected
from limen.server import bodies, shapes, user_agents
from limen.server.admin import log
from limen.server.hosts import Hosts
from limen.server.pages import language
from limen.server.wire import Call, is_known
from limen.settings import Settings, Transport

_NAMES = transport.CookieNames()
_BOTH = frozenset(Transport)
_TRUSTED = proxies.Trusted.of(["10.0.0.0/8", "fd00::/8", "unix"])
_HOSTS = Hosts.of(Settings(issuer="https://login.example", hosts=("other.example:8443", "[::1]")))


@target(
    "__Host-sid=abc; x=y", "__Host-token=a.b.c", "x=__Host-sid=1; __Host-sid=2", 'a="__Host-sid=1";b=2',
    words=(b"__Host-sid=", b"__Host-token=", b"; ", b";", b"=", b'"', b","),
)  # fmt: skip
def cookie_header(raw: bytes) -> None:
    """One credential of ours or none, and the quick look never sees another than the long one."""
    headers = [(b"cookie", raw)]
    quick = transport.glance(headers, _NAMES, _BOTH)
    try:
        found = transport.find_credential(headers, _NAMES, _BOTH)
    except (Rejected, Denied):
        return
    if found is None:
        assert not quick or not quick[0]
        return
    assert quick == (found.credential.encode(), found.transport)
    assert any(f"{name}={found.credential}".encode() in raw for name in (_NAMES.sid, _NAMES.token))


@target("a", "x", "a.b~c", words=(b";", b"\r\n", b" ", b"__Host-"))
def cookie_written(raw: bytes) -> None:
    """What we set a browser and we ourselves read back."""
    try:
        written = cookies.set_cookie("__Host-x", text(raw), max_age=9, path="/", secure=True)
    except cookies.Misconfigured:
        return
    assert cookies.value_of(written.partition(b"; ")[0], b"__Host-x=") == raw
    assert http.cookies.SimpleCookie(written.decode())["__Host-x"].value == text(raw)


@target("Bearer a.b.c", "bearer x", "Basic eDp5", "Bearer  x", words=(b"Bearer ", b"bearer ", b"\t", b","))
def authorization(raw: bytes) -> None:
    headers = [(b"authorization", raw)]
    quick = transport.glance(headers, _NAMES, _BOTH)
    try:
        found = transport.find_credential(headers, _NAMES, _BOTH)
    except (Rejected, Denied):
        return
    assert found is None or raw[7:].decode() == found.credential
    assert found is None or quick in (None, (raw[7:], Transport.BEARER))


@target("/a?b=c", "//evil.example", "/\\evil", "/%2f", "https://x", words=(b"/", b"\\", b"..", b"%2e", b"@"))
def next_page(raw: bytes) -> None:
    """Never another origin than ours, by the standard library's reading and by a browser's leniences."""
    given = text(raw)
    found = next_url.safe_next(given, default="")
    if found:
        lenient = found.replace("\\", "/").translate({9: None, 10: None, 13: None})
        joined = urlsplit(urljoin("https://ours.example/sign-in", lenient))
        assert (joined.scheme, joined.netloc) == ("https", "ours.example")
        assert found == given
        assert not lenient.startswith("//")


@target("1.2.3.4, 10.0.0.1", "[::1]:80, fd00::2", "x, 10.1.1.1", words=(b",", b"10.0.0.1", b"::ffff:", b"%1"))
def forwarded_for(raw: bytes) -> None:
    """The client is an address or what the peer is; never a text of the client's making."""
    for scheme in (b"https", raw[-5:]):
        headers = [(b"x-forwarded-for", raw), (b"x-forwarded-proto", scheme)]
        found = proxies.client_of(headers, "10.9.9.9", _TRUSTED)
        assert proxies._address(found.address) is not None
        assert found.scheme in (None, "http", "https")
    assert proxies.client_of([(b"x-forwarded-for", raw)], "8.8.8.8", _TRUSTED) == proxies.Client("8.8.8.8")
    proxies.client_of([], text(raw), _TRUSTED)


@target("login.example", "LOGIN.example:443", "other.example:8443", "[::1]:9", words=(b":", b"[", b"]", b"@"))
def host(raw: bytes) -> None:
    try:
        _HOSTS.check([raw])
    except Rejected:
        return
    assert urlsplit(f"https://{raw.decode()}").hostname in ("login.example", "other.example", "::1")


@target(
    "a=b&c=d", "a=1&a=2", "a=%zz", "a=%C3%A9+b", words=(b"%", b"&", b"=", b"+", b";", b"%00"), longest=8_192
)
def form(raw: bytes) -> None:
    """A form, against the standard library: the same pairs, each once."""
    try:
        found = bodies.parse_form(raw)
    except Rejected:
        return
    pairs = [pair for pair in raw.split(b"&") if pair]
    told = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, encoding="utf-8", max_num_fields=None)
    if all(b"=" in pair for pair in pairs) and raw.isascii():
        assert [(n, v) for n, v in found.items() if (n, v) != ("", "")] == [p for p in told if p != ("", "")]


@target(
    '{"email":"a@b.example","password":"x","transport":"cookie","scope":null}', '{"email":1}', "[]",
    words=(b'"email"', b'"password"', b'"transport"', b'"bearer"', b"{", b"}", b"null", rb"\ud800", b"1e9"),
)  # fmt: skip
def body(raw: bytes) -> None:
    """The body of a sign-in: what is taken is what JSON says, with no member twice."""
    try:
        found = bodies.parse_json(raw, shapes.Login)
    except Rejected:
        return
    said = json.loads(raw)
    assert {name: said.get(name) for name in ("email", "password")} == {
        "email": found.email, "password": found.password,
    }  # fmt: skip


@target("de-AT;q=0.9, en, *;q=0", "fr;q=1.001", words=(b";q=", b",", b"-", b"de", b"0."), longest=16_384)
def accept_language(raw: bytes) -> None:
    known = ("en", "de", "ar")
    assert language.pick([None, text(raw)[:9]], raw.decode("latin-1"), known) in known


@target(
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120 Safari/537.36", "curl/8", "Version/1",
    words=(b"Version/", b" Safari/", b"Firefox/", b"\x1b[31m"), longest=16_384,
)  # fmt: skip
def user_agent(raw: bytes) -> None:
    """As a call shows it: short and printable; and the browser that is read from that."""
    shown = _call([(b"user-agent", raw)]).user_agent
    assert len(shown) <= 256
    assert shown.isprintable()
    assert all(one.isprintable() for one in user_agents.read(shown))


@target('"abc"', 'W/"abc", "def"', "*", words=(b"W/", b'"', b","), longest=16_384)
def if_none_match(raw: bytes) -> None:
    assert is_known(_call([(b"if-none-match", raw)]), '"abc"') in (True, False)


@target("ada@example.com", "größe@bücher.example", "a@xn--bcher-kva.example", "A@B.EXAMPLE",
        words=(b"@", b".", b"xn--", "\u212a".encode(), "\ufe6b".encode(), "\u0301".encode()))  # fmt: skip
def email(raw: bytes) -> None:
    """What is taken keeps its key, whatever is made of it; a key is made of anything."""
    given = text(raw)
    found = email_key(given)
    assert len(found) > EMAIL_MAX or email_key(found) == found or found.count("@") != 1
    try:
        kept = check_email(given)
    except Rejected:
        return
    assert check_email(kept) == kept
    assert email_key(kept) == found != ""
    assert kept.isprintable()
    assert " " not in kept


@target("Ada", "é" * 50, "a\u0301", words=("\u202e".encode(), b"\n", "\ufdfa".encode()), longest=8_192)
def name(raw: bytes) -> None:
    try:
        kept = check_name(text(raw))
    except Rejected:
        return
    assert check_name(kept) == kept
    assert len(kept) <= 100


@target("a b limen:admin", "x" * 64, words=(b" ", b'"', b"\\"), longest=8_192)
def scopes(raw: bytes) -> None:
    given = text(raw).split(" ")
    try:
        kept = check_scopes(tuple(given))
    except Rejected:
        return
    assert set(kept) == set(given)
    assert " ".join(kept).split() == list(kept)


@target(
    "sign_in\nok\n0198a0d2-0000-7000-8000-000000000000\n\n::1\n2026-03-29 12:00\n2026-03-29T12:00:00+05:00",
    words=(b"\n", b"2026-03-29", b"T", b"Z", b"+23:59", b"0001-01-01", b"9999-12-31", b"-W13"),
)  # fmt: skip
def audit_filter(raw: bytes) -> None:
    """Which entries of the audit log somebody wants: moments that are moments, or the field that is wrong."""
    given = [*text(raw).split("\n"), *[""] * len(log.FIELDS)]
    wanted, wrong = log.wanted_of(dict(zip(log.FIELDS, given, strict=False)))
    assert wrong in ("", *log.FIELDS)
    for name in ("since", "until"):
        moment, said = getattr(wanted, name), given[log.FIELDS.index(name)]
        if moment is not None:
            found = datetime.fromisoformat(said)
            assert found.tzinfo is None or found.timestamp() == moment


@target("x\ny", "\x1b[0m", "é")
def logged(raw: bytes) -> None:
    """Whatever is written into the audit log is one line of printable ASCII."""
    shown = clean(text(raw), most=200)
    assert shown.isascii()
    assert not shown or shown.isprintable()
    msgspec.json.decode(msgspec.json.encode(shown))


def _call(headers: list[tuple[bytes, bytes]]) -> Call:
    async def nothing() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    return Call({"headers": headers}, nothing, "", "https")
