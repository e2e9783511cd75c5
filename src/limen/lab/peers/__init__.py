"""Other libraries doing the same job, each as its own documentation would have it, for `compare --peers`.

Each is an application with one route that says who is asking, and with its own way to sign in and out. A peer
is measured where what it needs is there: `presence` says so. The frameworks that they stand on are measured
too, alone, because what authentication costs is a difference within one framework.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

STORE = "peers"
"""Where reports put them: beside the stores, in a group of their own."""


class Ends(StrEnum):
    """When a credential stops being accepted whose owner has signed out."""

    AT_ONCE = "at once"
    LATER = "when the copy in its cookie expires"
    NEVER = "not before it expires"


@dataclass(frozen=True, slots=True)
class Door:
    """Its routes. A sign-in answers with cookies, or with an `access_token` in JSON."""

    sign_in: str = "/login"
    sign_out: str | None = None
    form: bool = False
    """Fields are a form's, not JSON."""
    field: str = "email"
    """What the address is called."""
    hidden: str | None = None
    """A cookie that a look at the sign-in page sets, and that must come back as this form field."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them. `needs` are its packages; `maker` is a function of a file in here, or one of `node/`."""

    name: str
    needs: tuple[str, ...]
    maker: str
    ends: Ends = Ends.NEVER
    door: Door | None = None
    """None: a framework alone, which lets everybody in."""
    frame: str = ""
    """The framework that it stands on, alone; Starlette, as under Limen, if none is named."""
    node: bool = False
    redis: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of them runs: a file for its database, and the addresses of itself and of a Redis."""

    database: Path
    redis: str
    issuer: str


FASTAPI, DJANGO = "FastAPI alone", "Django alone"
EXPRESS, FASTIFY = "Express alone", "Fastify alone"
_OAUTH = Door("/auth/login", "/auth/logout", form=True, field="username")
_BETTER = Door("/api/auth/sign-in/email", "/api/auth/sign-out")
_PLAIN = Door(sign_out="/logout")
_USERS = Peer(
    "fastapi-users, JWT", ("fastapi-users", "sqlalchemy", "aiosqlite"), "fastapi_users.tokens",
    door=_OAUTH, frame=FASTAPI,
)  # fmt: skip
_BETTER_AUTH = Peer(
    "Better Auth", ("better-auth", "express"), "better-auth.session", Ends.AT_ONCE, _BETTER, EXPRESS,
    node=True,
)  # fmt: skip
_EXPRESS_SESSION = Peer(
    "express-session, memory", ("express-session", "express"), "express-session.memory", Ends.AT_ONCE, _PLAIN,
    EXPRESS, node=True,
)  # fmt: skip
_FAST_JWT = Peer(
    "fast-jwt, ES256", ("fast-jwt", "fastify"), "fast-jwt.plain", door=Door(), frame=FASTIFY, node=True
)

PEERS: tuple[Peer, ...] = (
    Peer("PyJWT, HS256", ("PyJWT",), "pyjwt.symmetric", door=Door()),
    Peer("PyJWT, ES256", ("PyJWT",), "pyjwt.asymmetric", door=Door()),
    Peer("joserfc, ES256", ("joserfc",), "joserfc.asymmetric", door=Door()),
    Peer("Starlette session", ("itsdangerous",), "starlette.signed_cookie", door=_PLAIN),
    Peer("AuthX", ("authx",), "authx.tokens", door=Door(), frame=FASTAPI),
    _USERS,
    replace(_USERS, name="fastapi-users, database", maker="fastapi_users.database", ends=Ends.AT_ONCE),
    replace(
        _USERS, name="fastapi-users, Redis", needs=(*_USERS.needs, "redis"), maker="fastapi_users.in_redis",
        ends=Ends.AT_ONCE, redis=True,
    ),
    Peer(
        "Django session", ("django",), "django.sessions", Ends.AT_ONCE,
        Door("/login/", "/logout/", form=True, hidden="csrfmiddlewaretoken"), DJANGO,
    ),
    _BETTER_AUTH,
    replace(_BETTER_AUTH, name="Better Auth, cookie cache", maker="better-auth.cached", ends=Ends.LATER),
    _EXPRESS_SESSION,
    replace(
        _EXPRESS_SESSION, name="express-session, Redis", maker="express-session.redis", redis=True,
        needs=(*_EXPRESS_SESSION.needs, "connect-redis", "redis"),
    ),
    _FAST_JWT,
    replace(_FAST_JWT, name="fast-jwt, ES256, cached", maker="fast-jwt.cached"),
    Peer(FASTAPI, ("fastapi",), "frames.fastapi"),
    Peer(DJANGO, ("django",), "django.alone"),
    Peer(EXPRESS, ("express",), "express-session.alone", node=True),
    Peer(FASTIFY, ("fastify",), "fast-jwt.alone", node=True),
)  # fmt: skip


def named(name: str) -> Peer | None:
    """None where an earlier release had one that is no more."""
    return next((peer for peer in PEERS if peer.name == name), None)


async def make(peer: Peer, place: Place) -> Any:
    """The ASGI application of one that is not Node's."""
    from importlib import import_module

    module, _, maker = peer.maker.partition(".")
    return await getattr(import_module(f"{__name__}.{module}"), maker)(place)
