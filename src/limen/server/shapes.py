"""The typed bodies of requests and answers. The OpenAPI document is made from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from limen.accounts import EMAIL_MAX, NAME_MAX
from limen.passwords.policy import BESIDE_ANOTHER_FACTOR
from limen.passwords.text import MAX_BYTES
from limen.settings import Transport

Moment = Annotated[str, Meta(description="RFC 3339, UTC", extra_json_schema={"format": "date-time"})]
Whole = Annotated[int, Meta(ge=0, description="seconds")]
UUID = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]

# Said in the description alone: what is asked of them is told by the rules, with codes of their own.
Address = Annotated[str, Meta(extra_json_schema={"format": "email", "minLength": 3, "maxLength": EMAIL_MAX})]
Password = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": MAX_BYTES})]
NewPassword = Annotated[
    str, Meta(extra_json_schema={"minLength": BESIDE_ANOTHER_FACTOR, "maxLength": MAX_BYTES})
]
Name = Annotated[str, Meta(extra_json_schema={"maxLength": NAME_MAX})]


class _Quiet(Struct, frozen=True):
    """Shows its name alone: whatever collects tracebacks with their variables would keep passwords else."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class _Asked(_Quiet, frozen=True, forbid_unknown_fields=True):
    """What a client sends: a member that nobody knows is an error, for it was meant to do something."""


class Register(_Asked, frozen=True):
    """A new account."""

    email: Address
    password: NewPassword


class Login(_Asked, frozen=True):
    """A sign-in. `transport` is one of those that the configuration allows; its first is the default."""

    email: Address
    password: Password
    transport: Transport | None = None
    scope: Annotated[str, Meta(description="asked for, separated by blanks; all if it is missing")] | None = (
        None
    )
    device: (
        Annotated[str, Meta(description="`device` of an earlier sign-in; with cookies it comes by itself")]
        | None
    ) = None


class Refresh(_Asked, frozen=True):
    """A refresh by body. By cookie the body is empty."""

    refresh_token: str | None = None


class Logout(_Asked, frozen=True):
    """`all` ends every session of the account."""

    all: bool = False


class ChangePassword(_Asked, frozen=True):
    """The current password, and the one to come."""

    current_password: Password
    new_password: NewPassword


class ForgotPassword(_Asked, frozen=True):
    """Whose password is forgotten: one address."""

    email: Address


class ResetPassword(_Asked, frozen=True):
    """The ticket of a link, and the password to come."""

    token: str
    password: NewPassword


class VerifyEmail(_Asked, frozen=True):
    """The ticket of a link."""

    token: str


class ChangeEmail(_Asked, frozen=True):
    """The password, and the address to come."""

    current_password: Password
    new_email: Address


class ConfirmEmail(_Asked, frozen=True):
    """The ticket of a link, from either address."""

    token: str


class ChangeAccount(_Asked, frozen=True):
    """How the caller wants to be called; empty: not at all."""

    name: Name


class DeleteAccount(_Asked, frozen=True):
    """The password."""

    current_password: Password


class Confirmed(Struct, frozen=True):
    """Whether the address has changed now; else the other side is still asked."""

    changed: bool


class OwnAccount(Struct, frozen=True):
    """The caller's account."""

    id: UUID
    email: str
    name: str
    scope: str
    created_at: Moment
    has_password: bool
    email_verified_at: Moment | UnsetType = UNSET


class Exported(Struct, frozen=True):
    """All that is kept about the caller."""

    account: dict[str, Any]
    sessions: list[dict[str, Any]]
    audit: list[dict[str, Any]]


class Accepted(Struct, frozen=True):
    """The request was taken. Whether anything came of it is not said."""

    status: Literal["accepted"] = "accepted"


class ProveFactor(_Asked, frozen=True):
    """One more factor of a sign-in that was begun."""

    factor: Annotated[str, Meta(description="one of `factors`")]
    answer: str
    half: Annotated[str, Meta(description="for a client without cookies")] | None = None
    transport: Transport | None = None
    device: str | None = None


class StepUp(_Asked, frozen=True):
    """Proof that it is still the same person."""

    password: Password


class HalfSignedIn(_Quiet, frozen=True):
    """So far so good, and not signed in: prove one of `factors` at `login/factor`."""

    factors: list[str]
    expires_in: Whole
    half: Annotated[str, Meta(description="for a client without cookies")] | UnsetType = UNSET
    status: Literal["factor_needed"] = "factor_needed"


class Tokens(_Quiet, frozen=True):
    """Credentials for a client that presents them itself (RFC 6749 §5.1)."""

    access_token: str
    expires_in: Whole
    scope: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a type
    refresh_token: str | UnsetType = UNSET
    device: str | UnsetType = UNSET


class CookiesSet(Struct, frozen=True):
    """The credentials are in cookies, and only there."""

    expires_in: Whole
    scope: str
    refreshes: Annotated[bool, Meta(description="whether `refresh` renews them")]
    transport: Literal["cookie"] = "cookie"


class Effective(Struct, frozen=True):
    """When nobody, anywhere, accepts what was revoked."""

    effective_at: Moment
    effective_in: Whole


class Who(Struct, frozen=True):
    """Who is asking, and how that is known."""

    account: UUID
    email: str | None
    session: UUID
    strategy: Literal["session", "jwt", "hybrid"]
    scope: str
    amr: list[str]
    authenticated_at: Moment
    expires_at: Moment
    expires_in: Whole


class SessionSeen(Struct, frozen=True):
    """One live session of the caller's account."""

    id: UUID
    current: bool
    created_at: Moment
    last_seen_at: Moment
    expires_at: Moment
    user_agent: str
    source: str


class SessionList(Struct, frozen=True):
    """Newest first. The `jwt` strategy keeps none."""

    sessions: list[SessionSeen]


class KeySet(Struct, frozen=True):
    """RFC 7517 §5: public keys."""

    keys: list[dict[str, str]]


class Metadata(Struct, frozen=True):
    """RFC 8414. There is no authorization endpoint and no token endpoint, so no grant type."""

    issuer: str
    jwks_uri: str
    introspection_endpoint: str
    revocation_endpoint: str
    introspection_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]


class Introspection(Struct, frozen=True):
    """RFC 7662 §2.2. Of a token that is not live only `active` is said."""

    active: bool
    iss: str | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    exp: int | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    sid: str | UnsetType = UNSET
    auth_time: int | UnsetType = UNSET
    amr: list[str] | UnsetType = UNSET
    strategy: str | UnsetType = UNSET


class Health(Struct, frozen=True):
    """Alive, or ready."""

    status: str


class Problem(Struct, frozen=True, rename={"kind": "type"}):
    """RFC 9457. `code` is stable, and explained in docs/errors.md."""

    title: str
    status: int
    detail: str
    code: str
    kind: str | UnsetType = UNSET
    instance: str | UnsetType = UNSET
    field: Annotated[str, Meta(description="which member of the body")] | UnsetType = UNSET
    retry_after: Whole | UnsetType = UNSET
    error: Annotated[str, Meta(description="RFC 6749 §5.2, under /oauth only")] | UnsetType = UNSET
