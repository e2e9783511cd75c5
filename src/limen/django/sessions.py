"""`SESSION_ENGINE = "limen.django.sessions"`: Django's sessions, which end with the session of Limen.

Of somebody who signed in under the `session` strategy the key in the cookie is the session credential itself.
Everybody else has a random key. Our table has the SHA-256 of either, so nothing that is read there can be
presented. Who has signed in is asked of Limen at each request; a session that ended there is empty here.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, router, transaction
from django.utils import timezone

from limen import Denied, Grant, LimenError, Session, StrategyName
from limen.django import config
from limen.django.asking import source_of, user_agent_of
from limen.django.models import Link, StoredSession

_log = logging.getLogger("limen.django")
_CREDENTIAL = 64
"""Characters of a session credential; a random key has 32."""
_lent: dict[str, str] = {}
"""Under Django's tests, and only there: tokens that no answer could carry, by the digest of the key of the
session that the test client signed in by `login` or `force_login`."""


class SessionStore(SessionBase):
    """See the module. `caller` is whom LimenMiddleware found; without it the engine works by itself."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.caller: Any = None
        self._sid = self._account = ""

    @property
    def sid(self) -> str:
        """The session of Limen that this one ends with; empty for nobody's, or where it was not loaded."""
        return self._sid

    def is_of(self, sid: str) -> bool:
        """Whether it belongs to that sign-in; under `jwt`, which keeps none, to any."""
        self._get_session()
        return bool(self._account) and self._sid in (sid, "")

    @property
    def account(self) -> str:
        """Whose it is; empty for nobody's, or where it was not loaded."""
        return self._account

    @property
    def credential(self) -> str | None:
        """The key, where it is a session credential."""
        key: str | None = self.session_key
        if key is None:
            return None
        return key if len(key) == _CREDENTIAL else _lent.get(_digest(key))

    @classmethod
    def get_model_class(cls) -> type[StoredSession]:
        return StoredSession

    # -- Django's contract ---------------------------------------------------------------------------------

    def load(self) -> dict[str, Any]:
        row = StoredSession.objects.filter(
            digest=_digest(self.session_key), expires__gt=timezone.now()
        ).first()
        if row is None:
            return self._nothing()
        if row.sid and self._lives(row) is None:
            StoredSession.objects.filter(digest=row.digest).delete()
            return self._nothing()
        if row.account and self.caller is not None and self.caller.is_another(row.sid, row.account):
            return self._nothing()
        self._sid, self._account = row.sid, row.account
        found: dict[str, Any] = self.decode(row.data)
        return found

    def exists(self, session_key: str) -> bool:
        found: bool = StoredSession.objects.filter(digest=_digest(session_key)).exists()
        return found

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            self._sid = self._account = ""
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)
        if self.session_key is None:  # it turned out to have ended while it was loaded
            self.create()
            return
        row = StoredSession(
            digest=_digest(self.session_key),
            sid=self._sid,
            account=self._account,
            data=self.encode(data),
            expires=self.get_expiry_date(),
        )
        using = router.db_for_write(StoredSession, instance=row)
        if must_create:
            try:
                with transaction.atomic(using=using):
                    row.save(force_insert=True, using=using)
            except IntegrityError:
                raise CreateError from None
        elif not self._write(row, using):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """Remove it, and end the session of Limen that it belongs to."""
        key = session_key or self.session_key
        if key is None:
            return
        row = StoredSession.objects.filter(digest=_digest(key)).first()
        if row is not None:
            if row.sid:
                config.run(config.auth().adoption.end(row.sid, row.account))
            row.delete()
        if key == self.session_key:  # whoever is next here ends nobody else's
            self._sid = self._account = ""

    def cycle_key(self) -> None:
        """Another key for the same data; of somebody signed in, another session of Limen in place of theirs.

        It is as old as the one before: a new key proves nothing. Where that one has ended, there is nothing
        to go on with, unless the end is that of a password which this very request has changed.
        """
        data, seen = self._as_it_was_seen(), None if self.caller is None else self.caller.seen
        sid = self._sid or ("" if seen is None else seen.session)
        account = self._account or ("" if seen is None else seen.account)
        session = config.run(config.auth().adoption.session(sid)) if sid else None
        if not self._sid and (session is not None or not self._changed_here(data, account)):
            super().cycle_key()  # nobody's, or of a sign-in that this session does not belong to
            return
        grant = self._again(data, account, session)
        if self.session_key is not None:
            self.delete(self.session_key)
        self.create()
        if grant is None:
            self._session_cache = {}
            return
        self._session_cache = data
        self.bind(grant)
        if self.caller is not None:
            self.caller.keep(grant)

    @classmethod
    def clear_expired(cls) -> None:
        """Remove what has run out, and end the sign-ins that ran out with it."""
        over = StoredSession.objects.filter(expires__lt=timezone.now())
        for sid in over.exclude(sid="").values_list("sid", flat=True).iterator():
            run_out(sid)
        over.delete()

    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()

    async def aflush(self) -> None:
        await sync_to_async(self.flush)()

    @classmethod
    async def aclear_expired(cls) -> None:
        await sync_to_async(cls.clear_expired)()

    # -- Limen's part --------------------------------------------------------------------------------------

    def meet(self, caller: Any) -> None:
        """From now on `caller` decides whose data are shown here; of what was looked at before, too."""
        self.caller = caller
        if self._account and self.is_loaded and caller.is_another(self._sid, self._account):
            self._session_cache = self._nothing()

    @property
    def is_loaded(self) -> bool:
        """Whether somebody has looked at it already."""
        return hasattr(self, "_session_cache")

    def bind(self, grant: Grant) -> None:
        """From now on this session ends with what was granted. Under `session` its credential is the key."""
        data, old = self._session, self.session_key
        if grant.strategy is StrategyName.SESSION:
            self._session_key = grant.credential
        elif old is None:
            self._session_key = self._get_new_session_key()
        if grant.strategy is not StrategyName.SESSION and self.caller is None and config.is_tested():
            _lent[_digest(self.session_key)] = grant.credential
        self._sid = "" if grant.strategy is StrategyName.JWT else grant.session
        self._account = grant.account
        if old != self.session_key or old is None:
            self._session_cache = data
            row = StoredSession(
                digest=_digest(self.session_key), sid=self._sid, account=self._account,
                data=self.encode(data), expires=self.get_expiry_date(),
            )  # fmt: skip
            row.save(force_insert=True)
            if old is not None:
                StoredSession.objects.filter(digest=_digest(old)).delete()
        else:
            self.save()
        self.modified = True

    def _as_it_was_seen(self) -> dict[str, Any]:
        """The data, also of a session that ended since this request was let in by it: a form that changes the
        password may look at the session only after that."""
        seen = None if self.caller is None else self.caller.seen
        if seen is not None and not hasattr(self, "_session_cache"):
            row = StoredSession.objects.filter(
                digest=_digest(self.session_key), sid=seen.session, expires__gt=timezone.now()
            ).first()
            if row is not None:
                self._sid, self._account = row.sid, row.account
                self._session_cache = self.decode(row.data)
        return self._session

    def _again(self, data: dict[str, Any], account: str, session: Session | None) -> Grant | None:
        if session is None and not self._changed_here(data, account):
            return None
        adoption, asked = config.auth().adoption, None if self.caller is None else self.caller.request
        with contextlib.suppress(Denied):
            whose = config.run(config.auth().find_account(account))
            return config.run(
                adoption.open_session(
                    whose,
                    amr=("pwd",) if session is None else session.amr,
                    authenticated=None if session is None else session.authenticated,
                    source=source_of(asked) if session is None else session.source,
                    user_agent=user_agent_of(asked) if session is None else session.user_agent,
                )
            )
        return None

    def _changed_here(self, data: dict[str, Any], account: str) -> bool:
        """Whether the user has another password than when this request was let in: Django's own forms call
        `cycle_key` after they have proven the old one and written the new one."""
        link = Link.objects.filter(account=account).select_related("user").first() if account else None
        if link is None or not link.user.is_active:
            return False
        if self.caller is not None:
            return bool(self.caller.user_hash) and self.caller.user_hash != link.user_hash
        before = data.get(HASH_SESSION_KEY)
        same = str(link.user.pk) == str(data.get(SESSION_KEY))
        return same and bool(before) and before != link.user.get_session_auth_hash()

    def _lives(self, row: StoredSession) -> str | None:
        """The id of the session of Limen that this one belongs to, if that is alive. Unavailable is raised:
        nobody is taken for a stranger, or for signed in, because a store is away."""
        try:
            if self.credential is not None:
                found = config.background().authenticate(self.credential)
                return row.sid if found.session == row.sid else None
            session = config.run(config.auth().adoption.session(row.sid))
        except Denied:
            return None
        return None if session is None else row.sid

    def _nothing(self) -> dict[str, Any]:
        self._session_key, self._sid, self._account = None, "", ""
        return {}

    def _write(self, row: StoredSession, using: str) -> bool:
        kept = StoredSession.objects.using(using).filter(digest=row.digest)
        written: int = kept.update(sid=row.sid, account=row.account, data=row.data, expires=row.expires)
        return written > 0


def run_out(sid: str) -> bool:
    """Whether Django's session of this sign-in has run out by Django's rules. Then the sign-in ends too."""
    over = StoredSession.objects.filter(sid=sid, expires__lte=timezone.now()).first() if sid else None
    if over is None:
        return False
    config.run(config.auth().adoption.end(over.sid, over.account))
    over.delete()
    return True


def _digest(key: str | None) -> str:
    return hashlib.sha256((key or "").encode()).hexdigest()


__all__ = ["CreateError", "LimenError", "SessionStore", "UpdateError"]
