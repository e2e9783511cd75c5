"""How a server encrypts: the version, its certificate, believed or not, and what it still agrees to."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from contextlib import suppress
from dataclasses import replace

from cryptography import x509
from cryptography.x509.oid import NameOID

from limen.cli.outside.wire import PATIENCE, Place, opened
from limen.clock import Instant, Seconds
from limen.doctor.outside.seen import Certificate, Encryption

_OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def believing(ca: str | None) -> ssl.SSLContext:
    """A context that believes the system's authorities, or those of this file."""
    return ssl.create_default_context(cafile=ca)


def unbelieving() -> ssl.SSLContext:
    """A context that believes everybody, to look at what is not to be: no credential goes over it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def encryption(place: Place, *, patience: Seconds = PATIENCE) -> Encryption | None:
    """What the connection is like; None where there is no TLS to be had. `place` has a believing context."""
    untrusted = ""
    try:
        version, der = await _shaken(place, patience)
    except ssl.SSLCertVerificationError as error:
        untrusted = error.verify_message or "it cannot be verified"
        found = await _or_none(replace(place, tls=unbelieving()), patience)
        if found is None:
            return None
        version, der = found
    except (OSError, EOFError, TimeoutError):
        return None
    old = await _or_none(replace(place, tls=_outdated()), patience)
    return Encryption(version, untrusted, _certificate(der), "" if old is None else old[0])


async def _or_none(place: Place, patience: Seconds) -> tuple[str, bytes] | None:
    with suppress(OSError, EOFError, TimeoutError):
        return await _shaken(place, patience)
    return None


async def _shaken(place: Place, patience: Seconds) -> tuple[str, bytes]:
    async with asyncio.timeout(patience):
        _, writer = await opened(place)
        try:
            tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
            return tls.version() or "", tls.getpeercert(binary_form=True) or b""
        finally:
            writer.transport.abort()


def _outdated() -> ssl.SSLContext:
    context = unbelieving()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are deprecated is what is asked about
        context.minimum_version, context.maximum_version = _OLD
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _certificate(der: bytes) -> Certificate | None:
    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            Instant(found.not_valid_after_utc.timestamp()), _name(found.subject), _name(found.issuer)
        )
    except (ValueError, x509.InvalidVersion):  # the latter is no ValueError
        return None


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return "".join(c for c in text if c.isprintable())[:100]
