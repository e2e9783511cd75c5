"""Loading: which value counts, and where it came from."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from limen.errors import Misconfigured
from limen.secret import Secret
from limen.settings import secret_files
from limen.settings.checks import faults
from limen.settings.record import DEVELOPMENT_DIRECTORY, Settings
from limen.settings.table import Kind, describe
from limen.settings.values import parse, secret_of

_FILE = "limen.toml"
_UNPLACED = frozenset({"default", "settings", "keyword", "flag"})
_IN_CODE = frozenset({"default", "keyword"})
_SECRETS = frozenset({"secret", "secret_previous"})
_BESIDE = frozenset({"LIMEN_CONFIG", "LIMEN_SECRET_FILE"})
# What Kubernetes puts into every container of a namespace that has a service called limen or limen-….
_KUBERNETES = re.compile(
    r"LIMEN_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)\Z",
    re.ASCII,
)


_Chosen = dict[str, tuple[Any, str]]
"""Setting → value and source."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each came from: `keyword`, `limen.toml`, `LIMEN_…`, `default`, …"""

    settings: Settings
    sources: Mapping[str, str]


_BENEATH: ContextVar[Mapping[str, Any]] = ContextVar("limen settings of a project", default={})  # noqa: B039 - never changed


@contextmanager
def beneath(options: Mapping[str, Any]) -> Iterator[None]:
    """While this lasts, every `load` that reads the environment has these options beneath its own: for a
    framework whose settings hold them, and which runs our commands."""
    token = _BENEATH.set(options)
    try:
        yield
    finally:
        _BENEATH.reset(token)


def load(
    options: Mapping[str, Any],
    *,
    base: Settings | None = None,
    environment: bool = False,
    over: Mapping[str, Any] | None = None,
) -> Loaded:
    """The settings that count, checked. Misconfigured with a sentence that says what to do.

    In rising precedence: `base` or the defaults, `options`, limen.toml (of the working directory, or the file
    that LIMEN_CONFIG names), the environment, `over` for the flags of a command. The middle two are read with
    `environment` alone; but a secret, which must not stand in code, is always looked for outside. In
    development, where there is none, it is made.
    """
    chosen = _keywords(options, "keyword")
    if environment:
        chosen = _keywords(_BENEATH.get(), "keyword") | chosen
        chosen |= _file()
        chosen |= _environment()
    chosen |= _keywords(over or {}, "flag")
    settings = replace(base or Settings(), **{name: value for name, (value, _) in chosen.items()})
    sources = {one.name: "default" if base is None else "settings" for one in fields(Settings)}
    sources |= {name: source for name, (_, source) in chosen.items()}
    for name, sentence in faults(settings):
        raise Misconfigured(f"{_place(name, sources[name])}: {sentence}")
    if settings.secret is None:
        secret, sources["secret"] = _secret_of(settings)
        settings = replace(settings, secret=secret)
    if settings.development and settings.database.startswith(f"sqlite:///{DEVELOPMENT_DIRECTORY}/"):
        secret_files.directory()
    return Loaded(settings, sources)


def unheard(loaded: Loaded) -> list[str]:
    """Where values stand that differ from those that count, which were taken without asking there: the
    variables, `limen.toml`, or what is wrong with either."""
    try:
        chosen = _file() | _environment()
    except Misconfigured as error:
        return [error.message]
    differ = (
        source
        for name, (value, source) in chosen.items()
        if name not in _SECRETS
        and loaded.sources[name] in _IN_CODE
        and value != getattr(loaded.settings, name)
    )
    return sorted(set(differ))


def _keywords(options: Mapping[str, Any], source: str) -> _Chosen:
    table = describe()
    for name in options:
        if name not in table:
            raise _unknown(name, "setting")
    return {name: (parse(table[name], value, place=name), source) for name, value in options.items()}


def _file() -> _Chosen:
    named = os.environ.get("LIMEN_CONFIG")
    path = Path(named or _FILE)
    try:
        with path.open("rb") as file:
            said, found = tomllib.load(file), os.fstat(file.fileno())
    except FileNotFoundError as error:
        if named:
            raise Misconfigured(f"LIMEN_CONFIG names {path}, and there is no such file") from error
        return {}
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise Misconfigured(f"{path} is no TOML: {error}") from error
    table = describe()
    for name, value in said.items():
        if name not in table and isinstance(value, dict):
            raise Misconfigured(
                f"{path.name} has a table [{name}], and is flat: write the settings without a heading"
            )
        if name not in table:
            raise _unknown(name, f"setting in {path.name} called")
    if not said.keys().isdisjoint(_SECRETS):
        secret_files.check_private(path, found)
    return {
        name: (parse(table[name], value, place=_place(name, path.name)), path.name)
        for name, value in said.items()
    }


def _environment() -> _Chosen:
    by_variable = {one.variable: one for one in describe().values()}
    found: _Chosen = {}
    for variable, value in os.environ.items():
        if not variable.startswith("LIMEN_") or variable in _BESIDE or _KUBERNETES.match(variable):
            continue
        setting = by_variable.get(variable)
        if setting is None:
            raise _unknown(variable, "variable", before="LIMEN_")
        if setting.kind is not Kind.SECRET:  # which `_secret_of` reads, with LIMEN_SECRET_FILE
            found[setting.name] = (parse(setting, value, place=variable, text=True), variable)
    secret = _secret_outside()
    if secret is not None:
        found["secret"] = secret
    return found


def _secret_of(settings: Settings) -> tuple[Secret | None, str]:
    """The secret that no keyword gives, and its source. None where production has none: `require_secret`
    says what to do, and a command that needs no secret can go on."""
    found = _secret_outside()
    if found is not None:
        return found
    if not settings.development:
        return None, "default"
    if settings.database.startswith("memory:"):
        return Secret.generate(), "memory"
    return secret_files.development()


def _secret_outside() -> tuple[Secret, str] | None:
    text, named = os.environ.get("LIMEN_SECRET"), os.environ.get("LIMEN_SECRET_FILE")
    if text and named:
        raise Misconfigured("LIMEN_SECRET and LIMEN_SECRET_FILE are both set: keep one of them")
    if text:
        return secret_of(text), "LIMEN_SECRET"
    if named:
        return secret_files.read(Path(named)), "LIMEN_SECRET_FILE"
    return None


def _place(name: str, source: str) -> str:
    """Where somebody must go to put a value right."""
    if source.startswith("LIMEN_"):
        return source
    return name if source in _UNPLACED else f"{name} in {source}"


def _unknown(name: str, what: str, *, before: str = "") -> Misconfigured:
    near = difflib.get_close_matches(name.removeprefix(before).lower(), describe(), n=1)
    right = before + near[0].upper() if near and before else "".join(near)
    hint = f"did you mean {right}?" if near else "docs/configuration.md lists them all"
    return Misconfigured(f"there is no {what} {name}; {hint}")
