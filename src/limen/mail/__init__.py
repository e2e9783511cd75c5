"""Mail: letters put into words and carried to a server, by whichever process comes first."""

from __future__ import annotations

from pathlib import Path

from limen.clock import Clock
from limen.counts import Counts
from limen.errors import Misconfigured
from limen.letters import LetterSealer
from limen.mail.postman import Carrier, Postman
from limen.settings import Settings, mail_server
from limen.stores.base_recovery import Outbox


def open_post(
    settings: Settings, store: Outbox, sealer: LetterSealer, clock: Clock, counts: Counts | None = None
) -> Postman | None:
    """Who sends the letters of this deployment; None where there is no mail. Misconfigured for a template
    that cannot be used, and where a package is missing."""
    if not settings.mail:
        return None
    try:
        from limen.mail.writing import Scribe
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return Postman(store, sealer, Scribe(settings), _carrier(settings), clock, counts=counts)


def _carrier(settings: Settings) -> Carrier:
    if mail_server.is_console(settings.mail):
        from limen.mail.console import Console

        folder = settings.mail.removeprefix(mail_server.CONSOLE)
        return Console(Path(folder) if folder else None)
    try:
        from limen.mail.smtp import SMTPCarrier
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return SMTPCarrier(mail_server.parse(settings.mail), sender=mail_server.sender(settings.mail_from))


def _missing(error: ModuleNotFoundError) -> Misconfigured:
    return Misconfigured("mail needs more packages: pip install 'limen[server]'", reason=error.name)
