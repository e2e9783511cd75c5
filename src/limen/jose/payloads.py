"""The claims of an access token (RFC 9068 §2.2) as bytes: written in one way, read without ambiguity."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from limen.jose import strict_json
from limen.jose.jws import denied

LATEST = 253_402_300_800
"""The year 10000: a NumericDate from there on is an error, of milliseconds for seconds most often."""

Name = Annotated[str, msgspec.Meta(min_length=1)]
NumericDate = Annotated[int, msgspec.Meta(ge=0, lt=LATEST)] | Annotated[float, msgspec.Meta(ge=0, lt=LATEST)]


class StatusReference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An index in a status list, and where that is."""

    idx: Annotated[int, msgspec.Meta(ge=0)]
    uri: Name


class Status(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where others can ask whether the token was revoked (IETF Token Status List, §6.1)."""

    status_list: StatusReference | None = None


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an access token says. Its text is its fields in this order, those that are None left out."""

    iss: Name
    """Who issued it: the setting `issuer`."""
    sub: Name
    """Whose it is: the id of the account, a UUIDv7."""
    aud: str | tuple[str, ...]
    """Whom it is for: the setting `audience`, or the issuer itself; whoever verifies must be among them."""
    exp: NumericDate
    """When it ends, in seconds since 1970."""
    iat: NumericDate
    """When it was issued."""
    jti: Name
    """Its own id, a UUIDv7; the time in it decides whether a change of the account's scopes came later."""
    client_id: Name
    """The client that signed in: the setting `client_id`."""
    nbf: NumericDate | None = None
    """Not before; never issued, and minded where another issuer says it."""
    sid: str | None = None
    """The session, a UUIDv7; the time in it decides whether a sign-out everywhere covers it."""
    auth_time: NumericDate | None = None
    """When a person last proved who they are."""
    amr: tuple[str, ...] | None = None
    """How (RFC 8176): `pwd`, and the name of each further factor."""
    scope: str | None = None
    """What it allows, with blanks between (RFC 8693 §4.2)."""
    strategy: str | None = None
    """`jwt` or `hybrid`: whether a session stands behind it that can be ended."""
    status: Status | None = None
    """A place in a status list, where the setting `status_list` asks for it (IETF Token Status List)."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Claims).decode


def write(claims: Claims) -> bytes:
    """The payload; ValueError if `read` would refuse it."""
    payload = _encode(claims)
    _decode(payload)
    return payload


def read(payload: bytes) -> Claims:
    """The claims in a payload whose signature is right; Denied (`token_invalid`) for any other.

    The encoder writes each name once, in one order, without white space or an escape that is not needed.
    A payload equal to its output is therefore free of everything that `strict_json` would refuse.
    """
    try:
        claims = _decode(payload)
        if _encode(claims) == payload:
            return claims
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return _foreign(payload)
    return _foreign(payload)


def _foreign(payload: bytes) -> Claims:
    """The claims of a payload that another issuer wrote, or an attacker."""
    try:
        said = strict_json.load_object(payload)
    except strict_json.DuplicateNameError:
        raise denied("claims_duplicate") from None
    except ValueError:
        raise denied("claims_malformed") from None
    for name in Claims.__struct_fields__:
        _check_present(said, name)
    try:
        return msgspec.convert(said, Claims)
    except msgspec.ValidationError:
        raise denied(_wrong(said)) from None


def _check_present(said: dict[str, Any], name: str) -> None:
    if name in said:
        if said[name] is None:
            raise denied(f"{name}_malformed")
    elif name in _REQUIRED:
        raise denied(f"{name}_missing")


def _wrong(said: dict[str, Any]) -> str:
    """Which claim it is that has the wrong type or range."""
    for name, kind in _KINDS.items():
        try:
            msgspec.convert(said.get(name), kind)
        except msgspec.ValidationError:
            return f"{name}_malformed"
    return "claims_malformed"


_FIELDS = msgspec.structs.fields(Claims)
_REQUIRED = frozenset(field.name for field in _FIELDS if field.required)
_KINDS = {field.name: field.type for field in _FIELDS}
