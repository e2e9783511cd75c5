"""`limen doctor --url`: a deployment looked at from outside, as a stranger sees it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click

from limen.cli.answer import Answer
from limen.cli.findings import found_data, found_lines, verdict
from limen.cli.given import token
from limen.cli.outside.walk import Wanted, look
from limen.doctor.outside import examine
from limen.doctor.outside.seen import Outside, Reply

F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["Wanted", "outside_options", "seen_from_outside"]

_PROGRAMS = ("nginx", "caddy", "traefik", "haproxy", "apache", "envoy", "cloudflare")
_OPTIONS = (
    click.option("--prefix", default="/auth", help="Where its routes lie, with --url; /auth."),
    click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="Believe this authority too."),
    click.option("--http-port", type=click.IntRange(1, 65_535), help="Its port for plain http; 80."),
    click.option(
        "--behind", type=click.Choice(_PROGRAMS), help="The program in front, if it does not say so."
    ),
    click.option("--public-probes", is_flag=True, help="Everybody may ask /readyz: that is meant."),
    click.option("--credential-stdin", is_flag=True, help="Read a token from stdin, and look signed in too."),
)


def outside_options(verb: F) -> F:
    """The options of `--url`; the verb gets `wanted`, which is None without it."""

    @wraps(verb)
    def ask(*, url: str | None, **others: Any) -> Any:
        mine = {name: others.pop(name) for name in _NAMES}
        if url is None:
            _refuse_alone()
            return verb(url=url, wanted=None, **others)
        credential = token("-") if mine.pop("credential_stdin") else None
        return verb(url=url, wanted=Wanted(url=url, credential=credential, **mine), **others)

    decorated: Any = ask
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return cast("F", decorated)


_NAMES = ("prefix", "ca", "http_port", "behind", "public_probes", "credential_stdin")


def _refuse_alone() -> None:
    context = click.get_current_context()
    for name in _NAMES:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is of --url")


def seen_from_outside(wanted: Wanted) -> Answer:
    """Findings of a look from outside; exit code 1 where one is an error."""
    seen = look(wanted)
    found = examine(seen)
    lines = found_lines(found, nothing="nothing found: this deployment looks well from outside")
    return Answer(found_data(found, url=seen.url, asked=_asked(seen)), lines, None, verdict(found))


def _asked(seen: Outside) -> dict[str, int | str]:
    """What each question was answered with: a status, or why there was none."""
    return {
        name: heard.status if isinstance(heard, Reply) else heard.why for name, heard in seen.heard.items()
    }
