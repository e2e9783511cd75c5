"""What the pages of one server are made of: templates, words, files. Read once, when the server is made."""

from __future__ import annotations

import gettext as catalogues
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    FunctionLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from limen.errors import Misconfigured
from limen.server.pages import overrides, texts
from limen.server.pages.assets import Assets
from limen.server.pages.brand import Brand
from limen.server.pages.texts import Texts
from limen.settings import Settings

LANGUAGES = {"en": "English", "de": "Deutsch", "ar": "العربية"}
"""Each by its own name."""
OWN_NAME = "language"
"""The sentence by which a language of an operator's own says its name."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that a page needs beside what it is about."""

    environment: ImmutableSandboxedEnvironment = field(repr=False)
    texts: Mapping[str, Texts] = field(repr=False)
    languages: Mapping[str, str]
    assets: Assets
    brand: Brand

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Misconfigured for a template, a text or a logo that cannot be used."""
        folder, brand = overrides.folder_of(settings.templates), Brand.of(settings)
        own = overrides.texts(folder)
        named = LANGUAGES | {code: own[code].get(OWN_NAME, code) for code in own.keys() - LANGUAGES.keys()}
        said = {code: Texts(code, _catalogue(code), own.get(code, {})) for code in named}
        return cls(
            _environment(folder), MappingProxyType(said), MappingProxyType(named), Assets.of(brand), brand
        )

    def page(self, name: str, values: Mapping[str, Any]) -> str:
        """A template filled in. Every value in it is escaped; what is not given is an error."""
        return self.environment.get_template(name).render(values)


def _environment(folder: Path | None) -> ImmutableSandboxedEnvironment:
    """Sandboxed, since an operator may hand the templates to somebody who must not run code here (W22)."""
    ours = FunctionLoader(_packaged)
    loaders: list[BaseLoader] = [ours, PrefixLoader({"limen": ours})]
    if folder is not None:
        loaders.insert(0, FileSystemLoader(folder))
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.globals = {"gettext": texts.gettext, "_": texts.gettext, "ngettext": texts.ngettext}
    if folder is not None:
        _compile(made, folder)
    return made


def _compile(made: ImmutableSandboxedEnvironment, folder: Path) -> None:
    """Every template of an operator's own, so that a slip of theirs is seen now and not by a person."""
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).as_posix()
        try:
            made.get_template(name)
        except TemplateError as error:
            raise Misconfigured(f"templates: {name} cannot be used: {error}") from error


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
