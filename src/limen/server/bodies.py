"""Bodies read strictly: one meaning or none. What two parsers could read differently is Rejected."""

from __future__ import annotations

import json
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from limen.errors import Rejected
from limen.server.wire import Call

_T = TypeVar("_T", bound=msgspec.Struct)
_DETAIL_MAX = 200


async def read_json(call: Call, shape: type[_T]) -> _T:
    """The body as `shape`. Rejected: 415 unless it says that it is JSON, 400 unless it is `shape`."""
    _expect(call, b"application/json")
    return parse_json(await call.body(), shape)


async def read_json_if_any(call: Call, shape: type[_T]) -> _T | None:
    """As `read_json`, but None where there is no body at all."""
    body = await call.body()
    if not body:
        return None
    _expect(call, b"application/json")
    return parse_json(body, shape)


async def read_form(call: Call) -> dict[str, str]:
    """The parameters of a form, each at most once (RFC 6749 §3.2). `&` alone separates them."""
    _expect(call, b"application/x-www-form-urlencoded")
    if call.scope.get("query_string"):
        raise _request("parameters belong into the body, not into the address")
    return parse_form(await call.body())


def read_query(call: Call) -> dict[str, str]:
    """The parameters of the address. Rejected(400), as a form is, for what could be read in two ways."""
    return parse_form(call.scope.get("query_string", b""))


def parse_json(body: bytes, shape: type[_T]) -> _T:
    """UTF-8 JSON of exactly this shape: no unknown member, none twice."""
    try:
        value = msgspec.json.decode(body, type=shape)
        # Typed, so flat by now: a second look for what the first parser lets pass cannot go deep.
        json.loads(body, object_pairs_hook=_once)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)[:_DETAIL_MAX]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise _malformed("the body is not JSON in UTF-8") from None
    return value


def parse_form(body: bytes) -> dict[str, str]:
    """`application/x-www-form-urlencoded` in UTF-8; Rejected(400) for a name that comes twice."""
    found: dict[str, str] = {}
    for pair in body.split(b"&") if body else ():
        name, _, value = pair.partition(b"=")
        key = _decoded(name)
        if key in found:
            raise _request("a parameter comes twice")
        found[key] = _decoded(value)
    return found


def _decoded(raw: bytes) -> str:
    plain = raw.replace(b"+", b" ")
    if any(len(part) < 2 or not _is_hex(part[:2]) for part in plain.split(b"%")[1:]):
        raise _request("this is not form-encoded: a % is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(plain).decode()
    except UnicodeDecodeError:
        raise _request("this is not form-encoded in UTF-8") from None


def _is_hex(digits: bytes) -> bool:
    return all(d in b"0123456789abcdefABCDEF" for d in digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _malformed("a member comes twice")
    return found


def _expect(call: Call, kind: bytes) -> None:
    """One Content-Type, this one, in UTF-8 and not compressed: a form of another site cannot say `json`."""
    said = call.all(b"content-type")
    media, _, parameters = (said[0] if len(said) == 1 else b"").partition(b";")
    charset = parameters.replace(b" ", b"").replace(b'"', b"").lower()
    if media.strip().lower() != kind or charset not in (b"", b"charset=utf-8"):
        raise Rejected(f"send {kind.decode()} in UTF-8", code="media_type_unsupported", status=415)
    if call.header(b"content-encoding") is not None:
        raise Rejected("send the body uncompressed", code="media_type_unsupported", status=415)


def _malformed(message: str) -> Rejected:
    return Rejected(message, code="body_malformed")


def _request(message: str) -> Rejected:
    return Rejected(message, code="invalid_request")
