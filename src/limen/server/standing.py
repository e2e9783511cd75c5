"""The headers that stand on every answer, whatever its status (OWASP ASVS 3.4, 14.3.2)."""

from __future__ import annotations

from limen.server.wire import Answer, Header

HSTS: Header = (b"strict-transport-security", b"max-age=31536000")
HSTS_WHOLE: Header = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
"""Where the host is ours alone. An application that embeds us decides about its subdomains itself."""

_ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
        b"payment=(), usb=()",
    ),
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    ),
    (b"cache-control", b"no-store"),
    (b"vary", b"Cookie"),
)


def with_standing(answer: Answer, *, hsts: Header | None) -> Answer:
    """The answer with every header that it does not bring itself."""
    brought = {name for name, _ in answer.headers}
    missing = [header for header in _ALWAYS if header[0] not in brought]
    if hsts is not None:
        missing.append(hsts)
    return answer.plus(*missing)
