"""The command line: `limen VERB …`. Each group of verbs is one file, imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

try:
    import click
except ModuleNotFoundError:  # the core was installed alone
    sys.stderr.write("limen: the command line needs more than the core: pip install 'limen[server]'\n")
    raise SystemExit(4) from None

from limen import __version__
from limen.cli.answer import Exit
from limen.cli.failures import explained
from limen.cli.lazy import LazyGroup

VERBS = {
    "serve": "Answer over HTTP.",
    "dev": "Run an application that holds a Limen, on this machine, with all that it needs.",
    "migrate": "Bring the database's schema up to date.",
    "account": "Add, import, show, disable, enable and delete accounts; set passwords and scopes.",
    "session": "List and end sessions.",
    "key": "Rotate, retire and end signing keys; make secrets.",
    "token": "Decode, verify, explain, sign and lint tokens.",
    "proxy": "Print configurations for the programs that stand before an application.",
    "hash": "Hash and verify passwords; find parameters for this machine.",
    "id": "Make and inspect UUIDs.",
    "lab": "Measure the strategies on this machine, and choose by numbers.",
    "workbench": "Write the workbench, a page for tokens, into one file.",
    "doctor": "Check the configuration against the mistakes that people make.",
}
"""Verb → what it does, as `limen --help` says it without importing any of them."""

limen = LazyGroup(
    "limen",
    verbs=VERBS,
    package="limen.cli",
    help="Authentication for Python back ends: sessions, JWT and a hybrid of both behind one switch.",
    epilog="Exit codes: 0 yes, 1 no, 2 input, 3 unavailable, 4 misconfigured. Every verb has --json.",
)
limen.params.append(
    click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, help="Print the version.",
        callback=lambda ctx, _, asked: _version(ctx) if asked else None,
    )
)  # fmt: skip


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say, and answer the exit code. Whatever goes wrong is one sentence on stderr."""
    with explained(as_json="--json" in arguments) as outcome:
        with limen.make_context("limen", list(arguments)) as context:
            answer = limen.invoke(context)
        sys.stdout.flush()
        outcome.code = answer if isinstance(answer, int) else Exit.OK
    return int(outcome.code)


def main() -> None:
    """The script `limen`."""
    sys.exit(run(sys.argv[1:]))


def _version(context: click.Context) -> None:
    click.echo(f"limen {__version__}")
    context.exit()
