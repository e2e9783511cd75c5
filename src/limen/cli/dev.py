"""`limen dev`: an application of one's own on this machine, with all that it needs, following its files."""

from __future__ import annotations

import logging.config
import os
import secrets
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import click

from limen.cli import listening, logs, mail_box, serving, surroundings
from limen.cli.answer import Answer, Exit, Verb, note, wants_json
from limen.cli.application import split
from limen.cli.developing import Development, exit_of
from limen.errors import Misconfigured
from limen.settings import DEVELOPMENT_DIRECTORY, load, mail_server

_PORT = 8000
_MAIL_BOX = f"{mail_server.CONSOLE}{DEVELOPMENT_DIRECTORY}/mail"


@click.command("dev", cls=Verb)
@click.argument("application", metavar="MODULE:NAME")
@click.option("--strategy", type=click.Choice(["session", "jwt", "hybrid"]), help="What a sign-in hands out.")
@click.option("--factory", is_flag=True, help="NAME is a function that makes the application.")
@surroundings.configuration_options
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), help="8000, or the issuer's; 0: any.")
@click.option("--reload/--no-reload", default=True, show_default=True, help="Start anew on a change.")
@surroundings.log_level_option("What is logged.", "info")
@click.option(
    "--access-log/--no-access-log", default=True, show_default=True, help="A line for each request."
)
@click.pass_context
def verb(
    context: click.Context, application: str, strategy: str | None, factory: bool, database: str | None,
    config: str | None, host: str, port: int | None, reload: bool, log_level: str, access_log: bool,
) -> Answer:  # fmt: skip
    """Run an application that holds a Limen, on this machine, with all that it needs: database, keys, a mail
    box, and a link that makes the first administrator. For development alone.
    """
    split(application)
    _require_loopback(host, host)
    serving.leave_on_signals()
    logging.config.dictConfig(logs.configuration(log_level, access=access_log))
    surroundings.put({"strategy": strategy, "database": database, "config": config})
    bound = listening.listen(host, _port() if port is None else port)
    _require_loopback(bound.getsockname()[0], host)
    address = listening.address_of(bound, host)
    _surround(address)
    child = Development(
        application, str(Path.cwd()), address,
        factory=factory, as_json=wants_json(context), level=log_level, access_log=access_log,
        mail_box=f"{mail_box.PATH}/{secrets.token_urlsafe(16)}",
    )  # fmt: skip
    if not wants_json(context):
        watched = ", and starts anew when a file below this folder changes" if reload else ""
        click.echo(f"limen dev: {application} on {address}{watched}. Ctrl-C ends it.", err=True)
    return Answer({}, exit=_watched(child, bound) if reload else exit_of(child.serve([bound])))


def _watched(child: Development, bound: socket) -> Exit:
    try:
        from limen.cli.reloading import run
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "starting anew on a change needs one package more: pip install 'limen[dev]', or say --no-reload"
        ) from error
    return run(child, bound)


def _require_loopback(address: str, host: str) -> None:
    if not listening.is_loopback(address):
        raise Misconfigured(
            f"`limen dev` stays on this machine: listen on 127.0.0.1 instead of {host}",
            code="development_exposed",
        )


def _port() -> int:
    """That of the issuer, if somebody chose one."""
    loaded = load({}, environment=True)
    chosen = loaded.sources.get("issuer", "default") != "default"
    return (urlsplit(loaded.settings.issuer).port or _PORT) if chosen else _PORT


def _surround(address: str) -> None:
    """Set for this process and its children what nobody has set: where it is, and where letters go."""
    loaded = load({}, environment=True)
    settings, sources = loaded.settings, loaded.sources
    if not settings.development:
        raise Misconfigured(
            f"{sources['issuer']} says {settings.issuer}, and `limen dev` is plain http on this machine: "
            "leave the issuer out here",
        )
    if sources.get("issuer", "default") == "default":
        surroundings.put({"issuer": address})
    elif urlsplit(settings.issuer).port != urlsplit(address).port:
        note(f"clients are told to come to {settings.issuer}, and this listens on {address}")
    if sources.get("mail", "default") == "default":
        surroundings.put({"mail": _MAIL_BOX})
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
