"""`manage.py limen adopt | leave | …`: the way in, the way out, and every verb of the command `limen`.

The verbs are the same as without Django (docs/cli.md); they read the project's `LIMEN` before limen.toml and
the environment.
"""

from __future__ import annotations

from argparse import REMAINDER
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from limen.django import config, moving
from limen.settings import beneath


class Command(BaseCommand):
    """Its own two verbs, and whatever else as `limen` has it."""

    help = "adopt: give every user an account. leave: give the users their passwords back. Else: as `limen`."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's name, and never changed

    def run_from_argv(self, argv: list[str]) -> None:
        """All that comes after `manage.py limen` is the verb's own."""
        if argv[2:3] and argv[2] in ("adopt", "leave"):
            super().run_from_argv(argv)
        else:
            raise SystemExit(_run(argv[2:]))

    def add_arguments(self, parser: Any) -> None:
        """`adopt` and `leave`, and what `call_command` hands on."""
        parser.add_argument("verb", metavar="adopt|leave|VERB")
        parser.add_argument("rest", nargs=REMAINDER)
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *_: Any, verb: str, rest: list[str], dry_run: bool, **__: Any) -> None:
        """CommandError where something was not as it should be."""
        dry_run = dry_run or "--dry-run" in rest
        if verb in ("adopt", "leave"):
            if not moving.is_migrated():
                raise CommandError("the tables are not there yet: first `manage.py migrate limen`")
            report = moving.adopt_all(dry_run=dry_run) if verb == "adopt" else moving.leave(dry_run=dry_run)
        else:
            code = _run([verb, *rest])
            if code:
                raise CommandError(f"limen {verb}: see above", returncode=code)
            return
        self.stdout.write("\n".join(report.lines))
        if not report.whole:
            who = "would not be" if dry_run else "is not"
            raise CommandError(f"somebody {who} as before: see above")


def _run(arguments: list[str]) -> int:
    """What the script of that name would do, with the project's settings beneath."""
    (script,) = entry_points(group="console_scripts", name="limen")
    cli = import_module(script.module)
    with beneath(config.options()):
        code: int = cli.run(arguments)
    return code
