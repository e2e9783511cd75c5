"""Letters to a mail server (RFC 5321). Never in clear text but to this very machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import aiosmtplib

from limen.clock import Seconds
from limen.mail.postman import Deliver, NotSent
from limen.settings.mail_server import MailServer, Sender

if TYPE_CHECKING:
    from limen.mail.writing import Written

PATIENCE: Seconds = 20.0
"""For the whole of a greeting with TLS and sign-in, and for the whole of each letter."""


class SMTPCarrier:
    """One connection for the letters of one round."""

    def __init__(self, server: MailServer, *, sender: Sender, patience: Seconds = PATIENCE) -> None:
        self._server, self._sender, self._patience = server, sender, patience

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Deliver]:
        """Connect. NotSent if nobody takes letters there just now."""
        client = self._client()
        try:
            async with asyncio.timeout(self._patience):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise NotSent(_name(error)) from error
        try:
            yield lambda written: self._deliver(client, written)
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(1):
                    await client.quit()
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        s = self._server
        return aiosmtplib.SMTP(
            hostname=s.host,
            port=s.port,
            use_tls=s.tls,
            start_tls=not (s.tls or s.local),
            username=s.user,
            password=s.password,
            local_hostname=self._sender.address.rpartition("@")[2],
            timeout=self._patience,
        )

    async def _deliver(self, client: aiosmtplib.SMTP, written: Written) -> None:
        """Give the server one letter; NotSent unless it says that it has it."""
        options = ["SMTPUTF8", "BODY=8BITMIME"] if written.international else []
        encoding = "utf-8" if written.international else "ascii"
        try:
            async with asyncio.timeout(self._patience):
                if written.international and not await _knows_utf8(client):
                    raise NotSent("SMTPUTF8 is not known there", refused=True)
                await client.mail(self._sender.address, options=options, encoding=encoding)
                await client.rcpt(written.recipient, encoding=encoding)
                await client.data(written.data)
        except aiosmtplib.SMTPResponseException as error:
            await _begin_anew(client)
            raise NotSent(_name(error), refused=500 <= error.code < 600) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(_name(error), lost=True) from error


async def _begin_anew(client: aiosmtplib.SMTP) -> None:
    """Forget the letter that was refused. Where even that fails, the next letter finds out."""
    with suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout(1):
            await client.rset()


def _name(error: BaseException) -> str:
    """`SMTPRecipientRefused 550`: what may be logged. The server's words could quote whom it is for."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__


async def _knows_utf8(client: aiosmtplib.SMTP) -> bool:
    await client.ehlo()
    return client.supports_extension("smtputf8")
