"""fastapi-users over SQLAlchemy and aiosqlite, put together as in its full example, with each strategy.

Its current_user reads the user of every request from the database, whatever the strategy is.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import redis.asyncio
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy, RedisStrategy
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy.access_token import (
    SQLAlchemyAccessTokenDatabase,
    SQLAlchemyBaseAccessTokenTableUUID,
)
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from limen.lab.peers import Place
from limen.lab.people import ACCOUNTS, PASSWORD, email

_LIFETIME = 3_600
_SECRET = secrets.token_urlsafe(32)
_CHEAP = PasswordHelper(PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
"""Hashes that cost nothing, as the lab's own: they are measured apart."""


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = _SECRET
    verification_token_secret = _SECRET


async def tokens(place: Place) -> Any:
    """JWTStrategy: HS256. Its sign-out answers 204 and changes nothing."""

    def strategy() -> JWTStrategy[User, uuid.UUID]:
        return JWTStrategy(_SECRET, lifetime_seconds=_LIFETIME)

    return await _made(place, lambda _: strategy)


async def database(place: Place) -> Any:
    """DatabaseStrategy: a row for each token."""

    def over(session: Callable[..., Any]) -> Callable[..., Any]:
        def strategy(
            session: AsyncSession = Depends(session),  # noqa: B008 - as its documentation writes it
        ) -> DatabaseStrategy[User, uuid.UUID, AccessToken]:
            table = SQLAlchemyAccessTokenDatabase(session, AccessToken)
            return DatabaseStrategy(table, lifetime_seconds=_LIFETIME)

        return strategy

    return await _made(place, over)


async def in_redis(place: Place) -> Any:
    """RedisStrategy: a key for each token."""
    client = redis.asyncio.from_url(place.redis, decode_responses=True)

    def strategy() -> RedisStrategy[User, uuid.UUID]:
        return RedisStrategy(client, lifetime_seconds=_LIFETIME)

    return await _made(place, lambda _: strategy)


async def _made(place: Place, strategy: Callable[[Callable[..., Any]], Callable[..., Any]]) -> FastAPI:
    engine = create_async_engine(f"sqlite+aiosqlite:///{place.database}")
    session_maker = async_sessionmaker(engine, expire_on_commit=False)

    async def session() -> AsyncIterator[AsyncSession]:
        async with session_maker() as found:
            yield found

    async def manager(session: AsyncSession = Depends(session)) -> AsyncIterator[UserManager]:  # noqa: B008
        yield UserManager(SQLAlchemyUserDatabase(session, User), _CHEAP)

    backend = AuthenticationBackend("lab", BearerTransport(tokenUrl="auth/login"), strategy(session))
    users = FastAPIUsers[User, uuid.UUID](manager, [backend])
    current = users.current_user(active=True)
    app = FastAPI()
    app.include_router(users.get_auth_router(backend), prefix="/auth")

    @app.get("/")
    async def hello(user: User = Depends(current)) -> dict[str, str]:  # noqa: B008
        return {"hello": user.email}

    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with session_maker() as found:
        for number in range(ACCOUNTS):
            given = schemas.BaseUserCreate(email=email(number), password=PASSWORD)
            await UserManager(SQLAlchemyUserDatabase(found, User), _CHEAP).create(given)
    return app
