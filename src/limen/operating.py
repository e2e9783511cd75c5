"""What an operator does with accounts, sessions and keys: the part of `Limen` under the command line.

Nobody asks here who may: whoever can make a Limen over the database may do anything to it. Each act is in the
audit log with who is said to have done it.
"""

from __future__ import annotations

from collections.abc import Mapping

from limen.accounts import Account
from limen.audit import THE_OPERATOR, Actor
from limen.flows import operate
from limen.flows.parts import Parts
from limen.flows.sign_out import sign_out_everywhere
from limen.keys import KeyRing, StoredRing
from limen.live_ring import LiveRing
from limen.sessions import StrategyName
from limen.settings import Settings
from limen.stores.base import Store
from limen.strategies.base import Revoked, Strategy


class Operating:
    """Every method is the flow of its name, with the parts of this Limen."""

    settings: Settings
    store: Store
    _parts: Parts
    _ring: LiveRing
    _strategies: Mapping[StrategyName, Strategy]

    async def add_account(
        self,
        email: str,
        password: str | None,
        *,
        scopes: tuple[str, ...] | None = None,
        verified: bool = False,
        by: Actor = THE_OPERATOR,
    ) -> Account:
        """See flows/operate."""
        wanted = self.settings.default_scopes if scopes is None else scopes
        return await operate.add_account(
            self._parts, email, password, scopes=wanted, verified=verified, by=by
        )

    async def find_account(self, email_or_id: str) -> Account:
        """See flows/operate."""
        return await operate.find_account(self._parts, email_or_id)

    async def set_password(self, account: Account, password: str, *, by: Actor = THE_OPERATOR) -> Revoked:
        """See flows/operate."""
        return await operate.set_password(self._parts, self._strategies.values(), account, password, by=by)

    async def set_scopes(
        self, account: Account, scopes: tuple[str, ...], *, by: Actor = THE_OPERATOR
    ) -> Revoked:
        """See flows/operate."""
        return await operate.set_scopes(self._parts, self._strategies.values(), account, scopes, by=by)

    async def disable_account(self, account: Account, *, by: Actor = THE_OPERATOR) -> Revoked:
        """See flows/operate."""
        return await operate.disable_account(self._parts, self._strategies.values(), account, by=by)

    async def enable_account(self, account: Account, *, by: Actor = THE_OPERATOR) -> None:
        """See flows/operate."""
        await operate.enable_account(self._parts, account, by=by)

    async def delete_account(self, account: Account, *, by: Actor = THE_OPERATOR) -> Revoked:
        """See flows/operate."""
        return await operate.delete_account(self._parts, self._strategies.values(), account, by=by)

    async def revoke_session(self, sid: str, *, by: Actor = THE_OPERATOR) -> Revoked:
        """See flows/operate."""
        return await operate.revoke_session(self._parts, self._strategies.values(), sid, by=by)

    async def revoke_sessions(self, account: Account, *, by: Actor = THE_OPERATOR) -> Revoked:
        """End all sessions of an account."""
        return await sign_out_everywhere(
            self._parts, self._strategies.values(), account.id, by=by, why="operator"
        )

    async def begin_anew(self, *, by: Actor = THE_OPERATOR) -> Revoked:
        """See flows/operate."""
        return await operate.begin_anew(self._parts, self._strategies.values(), self._ring.renew, by=by)

    async def stored_ring(self) -> StoredRing:
        """All keys with their states, retired ones too."""
        return await self.store.ring()

    async def rotate_keys(self, *, by: Actor = THE_OPERATOR) -> KeyRing:
        """See live_ring."""
        return await operate.move_key(self._parts, self._ring.rotate(), "key_rotated", by=by)

    async def retire_key(self, kid: str, *, by: Actor = THE_OPERATOR) -> KeyRing:
        """See live_ring."""
        return await operate.move_key(self._parts, self._ring.retire(kid), "key_retired", kid, by=by)

    async def compromise_key(self, kid: str, *, by: Actor = THE_OPERATOR) -> KeyRing:
        """See live_ring."""
        return await operate.move_key(self._parts, self._ring.compromise(kid), "key_compromised", kid, by=by)
