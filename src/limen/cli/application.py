"""An application found by its name, `module:name`, or what to write instead."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from typing import Any

import click

from limen.errors import LimenError, Misconfigured


def split(application: str) -> tuple[str, list[str]]:
    """The module and the names of `module:name.name`; Misconfigured for anything else."""
    module, colon, name = application.partition(":")
    names = name.split(".")
    parts = [*module.split("."), *names]
    if not colon or not all(part.isidentifier() for part in parts):
        raise Misconfigured(
            f"{application} names no application: write the module, a colon and the name in it, as app:app"
        )
    return module, names


def find(application: str, folder: str, *, factory: bool = False) -> Any:
    """The application; Misconfigured where there is none, with what to write instead."""
    module, names = split(application)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found: Any = _imported(module, folder)
    for name in names:
        if not hasattr(found, name):
            raise Misconfigured(f"{module} has no {'.'.join(names)}{_instead(found, module)}")
        found = getattr(found, name)
    if factory:
        return _made(found, application)
    if inspect.isclass(found) or not callable(found):
        raise Misconfigured(f"{application} is {_kind(found)}, and no application{_instead(found, module)}")
    if inspect.isfunction(found) and len(inspect.signature(found).parameters) < 3:
        raise Misconfigured(f"{application} is a function that makes an application: add --factory")
    return found


def _imported(module: str, folder: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise Misconfigured(
                f"there is no module {error.name} in {folder}: name it as Python imports it, from the folder "
                "where it lies"
            ) from error
        raise _broken(error) from error
    except LimenError as error:
        raise _told_for_development(error) from error
    except Exception as error:
        raise _broken(error) from error


def _told_for_development(error: LimenError) -> LimenError:
    """What is wrong, in the words of somebody who is at home."""
    if error.code != "secret_missing":
        return error
    return Misconfigured(
        "a Limen was made that is not for development: make it by Limen.from_env(…), whose issuer is then "
        "this machine and whose secret is made for it, or set LIMEN_SECRET",
        code="secret_missing",
    )


def _made(make: Any, application: str) -> Any:
    if _is_application(make):
        raise Misconfigured(f"{application} is an application already: leave --factory out")
    if not callable(make):
        raise Misconfigured(f"{application} is {_kind(make)}, and no function that makes an application")
    try:
        made = make()
    except LimenError as error:
        raise _told_for_development(error) from error
    except Exception as error:
        raise _broken(error) from error
    if not callable(made):
        raise Misconfigured(f"{application} made {_kind(made)}, and no application")
    return made


class Broken(Misconfigured):
    """The application itself does not start; a change of it may help."""


def _broken(error: BaseException) -> Broken:
    """The traceback from where the application begins, and a sentence."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not _is_ours(frame.filename)]
    lines = [*traceback.format_list(theirs), *traceback.format_exception_only(error)]
    click.echo("".join(lines).rstrip(), err=True)
    return Broken(f"the application does not start: {type(error).__name__}", code="application_broken")


def _is_ours(file: str) -> bool:
    return file == __file__ or file.startswith("<frozen importlib") or file == importlib.__file__


def _kind(found: Any) -> str:
    kind = "a class" if inspect.isclass(found) else type(found).__name__
    return kind if kind.startswith("a ") else f"a value of type {kind}"


def _instead(module: Any, name: str) -> str:
    """What else there is in it that may be meant."""
    members = vars(module).items() if inspect.ismodule(module) else ()
    near = [key for key, value in members if not key.startswith("_") and _is_application(value)]
    return f": is it {' or '.join(f'{name}:{key}' for key in near[:3])}?" if near else ""


def _is_application(found: Any) -> bool:
    """Whether it is called as ASGI calls."""
    if inspect.isclass(found) or not callable(found):
        return False
    try:
        return list(inspect.signature(found).parameters) == ["scope", "receive", "send"]
    except (TypeError, ValueError):
        return False
