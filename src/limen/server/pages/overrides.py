"""What an operator says or shows otherwise: templates and sentences, one by one, from a folder of theirs.

A file there takes the place of ours of the same name, and may extend it as `limen/sign-in.html`. `texts.toml`
has a table for each language, from our English sentence to theirs:

    [en]
    "Sign in" = "Welcome back"

A language that we do not have becomes one. Everything is looked at when the server is made.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from limen.errors import Misconfigured

TEXTS = "texts.toml"
_PLACE = re.compile(r"%\((\w+)\)s")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z0-9]{1,7})?\Z", re.ASCII)


def folder_of(setting: str) -> Path | None:
    """The folder; Misconfigured if it is named and is none."""
    if not setting:
        return None
    folder = Path(setting)
    if not folder.is_dir():
        raise Misconfigured(f"templates: {setting} is no folder")
    return folder


def texts(folder: Path | None) -> dict[str, dict[str, str]]:
    """Language → our sentence → theirs. Misconfigured for a file that cannot be used as it is."""
    if folder is None or not (folder / TEXTS).exists():
        return {}
    try:
        found = tomllib.loads((folder / TEXTS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"templates: {folder / TEXTS} cannot be read: {error}") from error
    for language, table in found.items():
        _check(language, table)
    return found


def _check(language: str, table: object) -> None:
    if not _LANGUAGE.match(language) or not isinstance(table, Mapping):
        raise Misconfigured(f"templates: {TEXTS} has no language {language!r}: write [en] or [pt-BR]")
    for ours, theirs in table.items():
        if not isinstance(theirs, str) or not _fits(ours, theirs):
            raise Misconfigured(
                f"templates: in {TEXTS}, [{language}] {ours!r}: give a text with the %(places)s of ours, "
                "and write %% for a percent sign"
            )


def _fits(ours: str, theirs: str) -> bool:
    """Whether all that is put into theirs is there to be put in, and nothing else is asked for."""
    rest = _PLACE.sub("", theirs).replace("%%", "")
    return set(_PLACE.findall(theirs)) <= set(_PLACE.findall(ours)) and "%" not in rest
