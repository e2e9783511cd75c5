"""Recovery, `auth.recovery`: what a person does with letters and links, and with their own account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from limen.accounts import Account
from limen.audit import THE_OPERATOR, Actor
from limen.flows import change_email, own_account, reset_password, verify_email
from limen.flows.parts import Parts
from limen.mail.postman import Postman
from limen.strategies.base import Identity, Revoked, Strategy


class Recovery:
    """Each method hands on to one flow. `language` is that of the letters: the page's, or a client's."""

    def __init__(self, parts: Parts, accepted: Iterable[Strategy], postman: Postman | None) -> None:
        self._parts, self._accepted, self._postman = parts, tuple(accepted), postman

    async def send_letters(self) -> None:
        """Try to send what is due now. In a server this happens by itself."""
        while self._postman is not None and await self._postman.round():
            pass

    async def send_verification(self, identity: Identity, *, source: str = "", language: str = "") -> None:
        """See flows/verify_email."""
        await verify_email.send_verification(self._parts, identity, source=source, language=language)

    async def verify_email(self, token: str, *, source: str = "") -> Revoked:
        """See flows/verify_email."""
        return await verify_email.verify_email(self._parts, self._accepted, token, source=source)

    async def forgot_password(self, email: str, *, source: str = "", language: str = "") -> None:
        """See flows/reset_password."""
        await reset_password.forgot_password(self._parts, email, source=source, language=language)

    async def reset_password(
        self, token: str, password: str, *, source: str = "", language: str = ""
    ) -> Revoked:
        """See flows/reset_password."""
        return await reset_password.reset_password(
            self._parts, self._accepted, token, password, source=source, language=language
        )

    async def send_reset_link(self, account: Account, *, by: Actor = THE_OPERATOR) -> None:
        """See flows/reset_password."""
        await reset_password.send_reset_link(self._parts, account, by=by)

    async def change_email(
        self, identity: Identity, password: str, new_email: str, *, source: str = "", language: str = ""
    ) -> None:
        """See flows/change_email."""
        await change_email.change_email(
            self._parts, identity, password, new_email, source=source, language=language
        )

    async def confirm_email(self, token: str, *, source: str = "", language: str = "") -> bool:
        """See flows/change_email."""
        return await change_email.confirm_email(self._parts, token, source=source, language=language)

    async def set_name(self, identity: Identity, name: str) -> str:
        """See flows/own_account."""
        return await own_account.set_name(self._parts, identity, name)

    async def delete_account(
        self, identity: Identity, password: str, *, source: str = "", language: str = ""
    ) -> Revoked:
        """See flows/own_account."""
        return await own_account.delete_account(
            self._parts, self._accepted, identity, password, source=source, language=language
        )

    async def export(self, identity: Identity) -> dict[str, Any]:
        """See flows/own_account."""
        return await own_account.export(self._parts, identity)
