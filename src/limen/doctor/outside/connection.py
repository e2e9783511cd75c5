"""Rules about the way there: TLS, plain http, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from limen.clock import Instant, Seconds
from limen.doctor.outside.catalogue import CATALOGUE
from limen.doctor.outside.seen import Encryption, Outside, Reply
from limen.lint import Finding, find, spell

_DAY: Seconds = 86_400
_ENDS_SOON: Seconds = 14 * _DAY
_OFF: Seconds = 5
"""What `leeway` tolerates unless it is set."""
_FAR_OFF: Seconds = 60
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def connection(seen: Outside) -> Iterator[Finding]:
    """All of them."""
    if seen.encryption is not None:
        yield from _encryption(seen.encryption, seen.now)
    elif seen.url.startswith("http://") and not seen.local:
        yield find(CATALOGUE, "not_https", url=seen.url)
    yield from _clear(seen)
    plain = seen.reply("plain")
    if plain is not None:
        yield from _clock(plain)


def _encryption(found: Encryption, now: Instant) -> Iterator[Finding]:
    if found.untrusted:
        yield find(CATALOGUE, "tls_untrusted", why=found.untrusted)
    if found.certificate is not None:
        left = found.certificate.ends - now
        subject = found.certificate.subject or "nobody"
        if left <= 0:
            yield find(CATALOGUE, "certificate_ended", subject=subject, ago=spell(-left))
        elif left < _ENDS_SOON:
            yield find(CATALOGUE, "certificate_ends", subject=subject, left=spell(left))
    if found.old or found.version in ("SSLv3", "TLSv1", "TLSv1.1"):
        yield find(CATALOGUE, "tls_old", version=found.old or found.version)


def _clear(seen: Outside) -> Iterator[Finding]:
    clear, forged = seen.reply("clear"), seen.reply("clear_forged")
    if clear is not None and clear.status in _REDIRECTS:
        target = clear.header("location") or ""
        if not _is_own(target, seen.url):
            yield find(CATALOGUE, "clear_elsewhere", target=target[:100] or "nowhere")
    elif clear is not None and clear.status < 400:
        yield find(CATALOGUE, "clear_text", status=clear.status)
    if forged is not None and forged.code.startswith("credential_"):
        yield find(CATALOGUE, "clear_believed")


def _is_own(target: str, url: str) -> bool:
    try:
        there = urlsplit(target)
        return (there.scheme, there.hostname) == ("https", urlsplit(url).hostname)
    except ValueError:
        return False


def _clock(plain: Reply) -> Iterator[Finding]:
    """`Date` is of a whole second, and of some moment between question and answer: only what is beyond both
    is a difference."""
    try:
        said = parsedate_to_datetime(plain.header("date") or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return
    early, late = plain.asked - 1, plain.asked + plain.took
    difference = max(early - said, said - late, 0.0)
    if difference > _OFF:
        way = "behind" if said < early else "ahead of"
        rule = "clock_far_off" if difference > _FAR_OFF else "clock_off"
        yield find(CATALOGUE, rule, difference=spell(difference), way=way)
