"""docs/asvs.md, made from the catalogue: `PYTHONPATH=tests .venv/bin/python -m support.asvs > docs/asvs.md`.

Beside the requirements it has what they ask to be written down: the limits of guessing, the words that are no
password, the routes that hand out credentials. All of it is read from the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from limen.auth import Limen
from limen.doctor.asvs import CATALOGUE, STANDARD, Running
from limen.doctor.asvs.requirement import Requirement
from limen.flows import parts
from limen.lint import spell
from limen.secret import Secret
from limen.server.shapes import CookiesSet, Tokens
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.settings import Settings
from limen.throttle import Limit

GOOD = Settings(
    issuer="https://auth.example",
    mail="smtps://mail.example",
    mail_from="no-reply@auth.example",
    trusted_proxies=("10.0.0.7",),
    clients=("notes",),
    audience="https://notes.example",
)
"""A deployment as it should be, with which the page is made."""

PAGES = ("account", "entering", "factors", "proving", "renewal")
"""The modules of pages that write the cookies of a grant."""
CHAPTERS = {
    "6": "V6 Authentication",
    "7": "V7 Session management",
    "9": "V9 Self-contained tokens",
    "10": "V10 OAuth and OIDC",
}
LIMITS: dict[str, tuple[Limit, str]] = {
    "wrong passwords for one address": (parts.ACCOUNT, "a reset of the password opens it again"),
    "the same, for a device that has signed in there before": (parts.DEVICE, "strangers do not use it up"),
    "failures from one IPv4 address or IPv6 /64": (parts.HOST, ""),
    "failures from one /24 or /48": (parts.NETWORK, ""),
    "failures in the whole deployment": (parts.EVERYWHERE, "never counted for a known device"),
    "new accounts from one address": (parts.REGISTRATIONS, ""),
    "new accounts from one /24 or /48": (parts.NETWORK_REGISTRATIONS, ""),
    "letters asked for from one address": (parts.ASKED, ""),
    "letters asked for from one /24 or /48": (parts.NETWORK_ASKED, ""),
    "letters that a stranger can have sent to one address": (parts.LETTERS, ""),
    "changes of address of one account": (parts.CHANGES, ""),
}
HEAD = f"""# {STANDARD}

`limen doctor --asvs` goes through V6, V7, V9 and V10 of [OWASP ASVS 5.0.0](https://github.com/OWASP/ASVS)
and says of each requirement, for the configuration that it finds: pass, fail, not applicable, or that the
application must answer. It names the settings that decide with their values, and the tests that prove
what the verdict rests on. The sentences are ours and short; the standard's own are what counts.
`--level 1|2|3` (2) says how far to go, `--json` has everything, and the exit code is 1 where something
fails. This page is made from the same catalogue, for a deployment as it should be: https, letters, a
proxy that is named, the strategy hybrid. A test holds it to the code.

At level 2 Limen fails in three things whatever is set: passwords are not compared with stolen ones
(6.2.12), no second factor comes with it (6.3.3), and people end their sessions without a proof (7.5.2).
"""

CHARGED = """Charged before anything is looked at, in one step of the store. None of these is a setting; whose
address counts is `trusted_proxies`. A stranger who guesses keeps nobody out of a device that has signed
in before, which has a count of its own; any other device waits with the stranger, and after a hundred
failures until the owner resets the password (NIST SP 800-63B-4 §3.2.2)."""
COMPARED = """Compared with the whole password, whatever their case: `brand_name`, the issuer's host, its last
two labels and each of its labels; the account's address, what stands before and after its @, and the first
label of the latter; and the list of common passwords that is shipped."""


def page() -> str:
    """The page as it must be."""
    return "\n".join([HEAD, *_requirements(), *_limits(), *_words(), *_routes()]).rstrip() + "\n"


def routes() -> list[str]:
    """Every route of the API that hands out credentials."""
    site = Site.of(Limen("memory://", secret=Secret(bytes(range(32)))), whole=True)
    return [f"{one.method} {one.path}" for one in endpoints_of(site) if {Tokens, CookiesSet} & set(one.gives)]


def _requirements() -> Iterator[str]:
    for chapter, title in CHAPTERS.items():
        yield from (f"## {title}", "", "| id | level | requirement | verdict | settings | proven by |")
        yield "|---|---|---|---|---|---|"
        yield from (_row(one) for one in CATALOGUE if one.id.split(".")[0] == chapter)
        yield ""


def _row(one: Requirement) -> str:
    ruling = one.rule(Running(GOOD))
    settings = " ".join(f"`{name}`" for name in one.decided_by)
    tests = " ".join(f"`{name}`" for name in one.proven_by) if ruling.verdict.value == "pass" else ""
    said = f"**{ruling.verdict.value}**: {ruling.reason}"
    return f"| {one.id} | {one.level} | {one.says} | {said} | {settings} | {tests} |"


def _limits() -> Iterator[str]:
    yield from ("## How guessing is slowed (6.1.1)", "")
    yield from (CHARGED, "")
    yield from (
        "",
        "| what | at once | then | one is forgotten every | shut at | |",
        "|---|---|---|---|---|---|",
    )
    for name, (limit, more) in LIMITS.items():
        wait = f"{spell(limit.first)}, doubling to {spell(limit.longest)}"
        drain = "–" if limit.drain is None else spell(limit.drain)
        yield f"| {name} | {limit.free} | {wait} | {drain} | {limit.cap or '–'} | {more} |"
    yield ""


def _words() -> Iterator[str]:
    yield from ("## Words that are no password (6.1.2)", "")
    yield from (COMPARED, "")


def _routes() -> Iterator[str]:
    yield from ("## Every way to credentials (6.1.3, 6.3.4)", "")
    yield "One factor, the password, and any that an application adds (`factors`), stands behind all of them:"
    yield ""
    yield from (f"- `{one}`" for one in routes())
    yield f"- the pages of {', '.join(PAGES)}, which call the same flows"
    yield ""


def changed(**settings: object) -> Running:
    """That deployment with other settings."""
    return Running(replace(GOOD, **settings))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.stdout.write(page())
