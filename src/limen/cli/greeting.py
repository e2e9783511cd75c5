"""What `limen serve` says when it is ready: where it is, what it promises, and three lines to try."""

from __future__ import annotations

from limen.auth import Limen
from limen.lint import spell
from limen.settings import Registration, Transport

_JSON = "-H 'content-type: application/json'"
_BODY = '"email":"ada@example.com","password":"correct horse battery staple"'


def lines_to_try(auth: Limen, address: str) -> list[str]:
    """Three lines for a POSIX shell: make an account, sign in, ask who one is. They work as they stand.

    In production that is where the issuer is reached, through whatever ends TLS in front.
    """
    base = address if auth.settings.development else auth.settings.issuer  # plain http is for development
    at = f"{base}{auth.settings.prefix}"
    make = f"curl {at}/register {_JSON} -d '{{{_BODY}}}'"
    if auth.settings.registration == Registration.CLOSED:
        make = "limen account add ada@example.com"
    login = f"curl -s {at}/login {_JSON} -d"
    if Transport.BEARER in auth.transports:
        pick = """sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'"""
        sign_in = f"""TOKEN=$({login} '{{{_BODY},"transport":"bearer"}}' | {pick})"""
        return [make, sign_in, f'curl {at}/session -H "Authorization: Bearer $TOKEN"']
    jar = "cookies.txt"
    sign_in = f"""{login} '{{{_BODY},"transport":"cookie"}}' -H 'Origin: {auth.settings.issuer}' -c {jar}"""
    return [make, sign_in, f"curl {at}/session -b {jar}"]


def greeting(auth: Limen, address: str, workers: int, set_up: str | None) -> list[str]:
    """For people, on stderr: stdout belongs to the audit log."""
    promise = auth.guarantees
    settings = auth.settings
    processes = "one process" if workers == 1 else f"{workers} processes"
    return [
        f"Limen listens on {address} ({settings.strategy}, {processes}, {settings.place})",
        f"  a request seen before: {promise.store_reads} store reads; "
        f"after sign-out a credential is accepted for {_lag(promise.revocation_lag)}",
        *(["  development: plain http, on this machine only"] if settings.development else []),
        "",
        "Try it:",
        *(f"  {line}" for line in lines_to_try(auth, address)),
        "",
        *(["Make the first administrator, within an hour and once:", f"  {set_up}", ""] if set_up else []),
    ]


def _lag(seconds: float) -> str:
    return f"at most {spell(seconds)}" if seconds else "0 s"
