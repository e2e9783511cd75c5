"""What another process answers: an issuer, a Redis; and what an operator writes."""

from __future__ import annotations

from math import isfinite
from urllib.parse import urlsplit

import msgspec

from fuzz.target import target, text
from limen import feed_page
from limen.clock import Instant
from limen.errors import Misconfigured, Unavailable
from limen.ids import AccountID, SessionID
from limen.secret import Secret
from limen.sessions import Digest, Session, StrategyName
from limen.settings import mail_server, values
from limen.settings.colours import is_colour, readable
from limen.settings.table import describe
from limen.stores.base import is_storable
from limen.stores.postgres import address as postgres_address
from limen.stores.redis import address as redis_address
from limen.stores.redis import line, records
from limen.verifier import issuer

_ID = "0198a0d2-0000-7000-8000-000000000000"
_PAGE = feed_page.FeedPage(
    issuer="https://i.example", epoch="0" * 16, after=0, position=1, ring=1, etag='"x"', max_staleness=5.0,
    revocations=[feed_page.Event(1, feed_page.Kind.SESSION, _ID, 1.0, 2.0)], keys={"keys": [{"kid": "k"}]},
)  # fmt: skip
_AT = Instant(1_800_000_000.0)
_SESSION = Session(
    SessionID(_ID), AccountID(_ID), StrategyName.HYBRID, Digest(bytes(32)), 1, _AT, _AT, _AT, ("pwd",),
    ("a",), _AT, _AT, _AT, "curl", "::1",
)  # fmt: skip


@target(feed_page.encode(_PAGE), b"{}", words=(b'"revocations"', b'"session"', b"[1,", b"1e400", b"null"))
def page(raw: bytes) -> None:
    """A page of the feed: what is read is written to the same page, and its events can be kept."""
    try:
        found = feed_page.decode(raw)
    except (ValueError, RecursionError):
        return
    assert feed_page.decode(feed_page.encode(found)) == found
    for event in found.revocations:
        event.revocation()
        assert len(event.tag) == 8


@target('{"active":true,"sub":"s","scope":"a b"}', '{"active":1}', words=(b'"active"', b"true", b"null"))
def introspected(raw: bytes) -> None:
    try:
        found = issuer._introspected(raw)
    except (ValueError, RecursionError):
        return
    assert found.active in (True, False)
    found.scope.split()


@target(
    b"id: 1\nevent: revocation\ndata: {}\n\n", b"data: a\n\ndata: b\n", b": beat\n\n", words=(b"\n", b"\n\n")
)
def stream(raw: bytes) -> None:
    """Server-sent events: however they are cut on the way, the same events."""
    cut = raw[0] % (len(raw) + 1) if raw else 0
    whole, parts = issuer._Lines(), issuer._Lines()
    try:
        told = list(whole.events(raw))
        assert [*parts.events(raw[:cut]), *parts.events(raw[cut:])] == told
    except Unavailable:
        return


@target("0123456789abcdef.12.89abcdef", "0123456789abcdef.1.", words=(b".", "٣".encode()))
def cursor(raw: bytes) -> None:
    found = feed_page.Cursor.parse(text(raw))
    if found is not None:
        assert feed_page.Cursor.parse(str(found)) == found


@target(records.pack(_SESSION), records.pack(_SESSION)[:-1], b"\x01" + bytes(150))
def redis_session(raw: bytes) -> None:
    """A session as Redis hands it out; garbage counts as absent."""
    found = records.session(raw, 0, None)
    if found is not None and is_storable(found.user_agent + found.source + "".join(found.amr + found.scopes)):
        assert records.session(records.pack(found), 0, found.id) == found


@target(b"1-0\nk\nsession\ns\nx\nu\n1\nn\n2\na\n1\nw\nwhy", b"x", words=(b"\n", b"nan", b"inf", b"-", b"k\n"))
def redis_event(raw: bytes) -> None:
    """An entry of the stream in Redis."""
    name, *fields = raw.split(b"\n")
    for entry in ([name, fields], fields):
        found = records.event(entry)
        assert found is None or all(map(isfinite, (found.upto, found.until, found.at)))


@target(b"redis_version:7.2\r\nrun_id:abc\r\n", b":", words=(b":", b"\r\n"))
def redis_facts(raw: bytes) -> None:
    line._facts(raw)


@target(
    "redis://u:hush@h:6379/0?replicas=1", "redis+sentinel://u:hu?sh@a:1,b:2/m/0", "unix:///x", "redis://[::1]/1",
    words=(b"redis://", b"redis+cluster://", b"?", b"&", b"=", b"%", b"[", b"]", b"@", b",", b"patience=nan"),
    longest=6_000,
)  # fmt: skip
def redis_url(raw: bytes) -> None:
    if raw.startswith((b"rediss", b"valkeys")):
        return  # asks the system for its authorities, each time
    try:
        redis_address.parse(text(raw))
    except Misconfigured as error:
        message = error.message
    else:
        return
    assert "@" not in text(raw) or "hush" not in message


@target(
    "postgresql://u:p@h:5432/d?connections=5", "postgresql://h/d?pooler=yes&direct=x:1", "postgresql://[::1]/",
    words=(b"postgresql://", b"?", b"&", b"=", b"%", b"[", b"@", b"connections=", b"schema="), longest=6_000,
)  # fmt: skip
def postgres_url(raw: bytes) -> None:
    try:
        found = postgres_address.parse(text(raw))
    except Misconfigured as error:
        message = error.message
    else:
        assert urlsplit(found.dsn).scheme == "postgresql"
        return
    assert "@" not in text(raw) or "hush" not in message


@target("smtps://u:p@h:465", "smtp://h", "console:", words=(b"smtp://", b"@", b":", b"%", b"[", b"\n", b"?"))
def mail_url(raw: bytes) -> None:
    """The mail server, and its sender: never more than one line of a letter's head."""
    given = text(raw)
    try:
        found = mail_server.parse(given)
    except ValueError:
        pass
    else:
        assert 0 < found.port < 65_536
    try:
        sender = mail_server.sender(given)
    except ValueError:
        return
    assert (sender.name + sender.address).isprintable()


@target(
    "15m", "a, b", "x" * 43, "1e3", "٣", words=(b",", b"ms", b"d", b".", b"-", b"inf", b"nan", b"#123456")
)
def setting(raw: bytes) -> None:
    """Every setting from the environment, and a colour."""
    given = text(raw)
    for one in describe().values():
        try:
            values.parse(one, given, place="LIMEN_X", text=True)
        except Misconfigured:
            continue
    if is_colour(given):
        assert is_colour(readable(given, on="#ffffff"))


@target("A" * 43, "x" * 40, words=(b"=", b"-", b"_"))
def secret(raw: bytes) -> None:
    """A secret never shows itself, not even in the error that refuses it."""
    given = text(raw)
    try:
        found = Secret.parse(given)
    except Misconfigured as error:
        message = error.message
    else:
        assert found.reveal() not in repr(found)
        return
    assert len(given) < 12 or given not in message


@target(msgspec.json.encode(_PAGE.revocations[0]), b"[1]", words=(b"1e400", b"null", b'"account"'))
def event(raw: bytes) -> None:
    try:
        found = feed_page.decode_event(raw)
    except (ValueError, RecursionError):
        return
    found.revocation()
