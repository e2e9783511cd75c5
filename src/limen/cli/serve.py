"""`limen serve`: the server, on an address, with one database."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import logging.config
import socket
from urllib.parse import urlsplit

import click

from limen.auth import Limen
from limen.cli import listening, logs, serving, surroundings
from limen.cli.answer import Answer, Verb, note, wants_json
from limen.cli.greeting import greeting, lines_to_try
from limen.errors import Misconfigured
from limen.settings import Settings, load, mail_server

_PORT = 8000


@click.command("serve", cls=Verb)
@click.option("--strategy", type=click.Choice(["session", "jwt", "hybrid"]), help="What a sign-in hands out.")
@surroundings.configuration_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), help="8000, or the issuer's in development; 0: any.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--issuer", metavar="URL", help="Where clients reach it; https but on this machine.")
@surroundings.log_level_option("info, or what log_level says.")
@click.option("--access-log", is_flag=True, help="A line for each request, without its query.")
@click.pass_context
def verb(
    context: click.Context, strategy: str | None, database: str | None, config: str | None, host: str,
    port: int | None, workers: int, issuer: str | None, log_level: str | None, access_log: bool,
) -> Answer:  # fmt: skip
    """Answer over HTTP. The audit log goes to stdout, everything else to stderr; SIGTERM drains."""
    serving.leave_on_signals()
    flags = {"strategy": strategy, "database": database, "config": config, "issuer": issuer}
    surroundings.put({**flags, "log_level": log_level})
    settings = load({}, environment=True).settings
    logging.config.dictConfig(logs.of(settings, access=access_log))
    bound = _listen(host, port, workers)
    address = listening.address_of(bound, host)
    _try_operations(settings, workers)
    auth, set_up = asyncio.run(_tried())
    _remark(auth.settings, bound.getsockname()[1])
    _greet(auth, address, workers, set_up, as_json=wants_json(context))
    return Answer({}, exit=serving.serve(bound, auth.settings, workers=workers, access_log=access_log))


def _listen(host: str, port: int | None, workers: int) -> socket.socket:
    """The socket, on an address where this configuration may be served."""
    loaded = load({}, environment=True)
    settings = loaded.settings
    if settings.development and not listening.is_loopback(host):
        raise Misconfigured(
            f"{settings.issuer} is for development, which stays on this machine: name the https address that "
            f"clients use with --issuer, or listen on 127.0.0.1 instead of {host}",
            code="development_exposed",
        )
    if workers > 1 and settings.database.startswith("memory:"):
        raise Misconfigured("memory:// lives in one process: say --workers 1, or name a SQLite file")
    bound = listening.listen(host, _default_port(settings) if port is None else port)
    chosen = bound.getsockname()[1]
    if settings.development and not settings.mail:
        surroundings.put({"mail": mail_server.CONSOLE})  # so that every flow can be walked through at once
    if loaded.sources.get("issuer", "default") == "default" and chosen != _default_port(settings):
        surroundings.put({"issuer": listening.address_of(bound, host)})
    return bound


def _try_operations(settings: Settings, workers: int) -> None:
    """Say now that a port is taken, and not in each process."""
    if settings.metrics_address:
        host, first = listening.split_address(settings.metrics_address)
        for port in range(first, first + workers):
            listening.listen(host, port, named="metrics_address").close()


async def _tried() -> tuple[Limen, str | None]:
    """A Limen that was started once, so that what is wrong is said before anything is served; and where the
    first administrator is made, if nobody has an account."""
    auth = Limen.from_env()
    if auth.settings.traces == "otlp":
        importlib.import_module("limen.tracing")  # Misconfigured where its packages are not installed
    async with auth:
        return auth, await auth.admin.set_up_link()


def _greet(auth: Limen, address: str, workers: int, set_up: str | None, *, as_json: bool) -> None:
    if as_json:
        said = {
            "event": "serving",
            "address": address,
            "strategy": auth.settings.strategy,
            "issuer": auth.settings.issuer,
            "database": auth.settings.place,
            "workers": workers,
            "try": lines_to_try(auth, address),
            **({} if set_up is None else {"set_up": set_up}),
        }
        click.echo(json.dumps(said, ensure_ascii=False, separators=(",", ":")))
    elif auth.settings.log_format == "json":
        where, promise, *_ = greeting(auth, address, workers, set_up)
        # Not its link: lines for machines are kept and sent on, and a link is a credential.
        first = ["nobody has an account: limen account add you@example.com --admin"] if set_up else []
        click.echo("\n".join(logs.written(line.strip()) for line in (where, promise, *first)), err=True)
    else:
        click.echo("\n".join(greeting(auth, address, workers, set_up)), err=True)


def _remark(settings: Settings, port: int) -> None:
    if settings.development and port != _default_port(settings):
        _note(settings, f"clients are told to come to {settings.issuer}, and this listens on port {port}")
    if not settings.development and not settings.trusted_proxies:
        _note(
            settings,
            "plain http is answered for nobody but a proxy that ended TLS: name it in trusted_proxies",
        )


def _note(settings: Settings, text: str) -> None:
    if settings.log_format == "json":
        click.echo(logs.written(text, logging.WARNING), err=True)
    else:
        note(text)


def _default_port(settings: Settings) -> int:
    return (urlsplit(settings.issuer).port or _PORT) if settings.development else _PORT
