"""What the pages of one server are made of: templates, words, files. Read once, when the server is made."""

from __future__ import annotations

import gettext as catalogues
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Self

from jinja2 import FunctionLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from limen.server.pages import texts
from limen.server.pages.assets import Assets
from limen.server.pages.texts import Texts
from limen.settings import Settings

LANGUAGES = {"en": "English", "de": "Deutsch", "ar": "العربية"}
"""Each by its own name."""


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose pages these are. `logo` is the name of a file among the assets."""

    name: str
    logo: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that a page needs beside what it is about."""

    environment: ImmutableSandboxedEnvironment = field(repr=False)
    texts: Mapping[str, Texts] = field(repr=False)
    assets: Assets
    brand: Brand

    @classmethod
    def of(cls, settings: Settings) -> Self:
        said = {language: Texts(language, _catalogue(language)) for language in LANGUAGES}
        return cls(_environment(), MappingProxyType(said), Assets.of({}), Brand("Limen"))

    def page(self, name: str, values: Mapping[str, Any]) -> str:
        """A template filled in. Every value in it is escaped; what is not given is an error."""
        return self.environment.get_template(name).render(values)


def _environment() -> ImmutableSandboxedEnvironment:
    """Sandboxed, since an operator may hand the templates to somebody who must not run code here (W22)."""
    made = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_packaged),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.globals = {"gettext": texts.gettext, "_": texts.gettext, "ngettext": texts.ngettext}
    return made


def _packaged(name: str) -> str | None:
    found = files("limen.server").joinpath("templates", *name.split("/"))
    return found.read_text("utf-8") if found.is_file() else None


def _catalogue(language: str) -> catalogues.NullTranslations:
    """The translations that ship; English is what the templates say themselves."""
    found = files("limen").joinpath("translations", language, "LC_MESSAGES", "limen.mo")
    if not found.is_file():
        return catalogues.NullTranslations()
    with found.open("rb") as file:
        return catalogues.GNUTranslations(file)
