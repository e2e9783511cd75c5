"""The words of the pages in one language, and how templates ask for them.

`msg` marks a sentence that Python has, so that a test finds it missing in a catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})


def msg(text: str) -> str:
    """The sentence itself. Whoever shows it looks it up then, in the language of the person."""
    return text


def msgs(one: str, many: str) -> tuple[str, str]:
    """As `msg`, for one and for many of something; languages have up to six forms of it."""
    return one, many


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said in a language; `own` has the sentences that an operator says otherwise."""

    language: str
    catalogue: NullTranslations = field(repr=False)
    own: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, as HTML has it."""
        return "rtl" if self.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"

    def find(self, text: str) -> str:
        """The sentence in this language, its places still open."""
        return self.own.get(text) or self.catalogue.gettext(text)

    def find_plural(self, one: str, many: str, n: int) -> str:
        return self.own.get(one if n == 1 else many) or self.catalogue.ngettext(one, many, n)

    def say(self, text: str, **values: object) -> str:
        """The sentence with its places filled. Plain text: a template escapes it."""
        return self.find(text) % values if values else self.find(text).replace("%%", "%")

    def say_count(self, one: str, many: str, n: int, **values: object) -> str:
        """The sentence for so many of something, which stands in it as `%(n)s`."""
        return self.find_plural(one, many, n) % {"n": n, **values}


@pass_context
def gettext(context: Context, text: str, **values: Any) -> Markup:
    """For templates: the sentence as markup that the translator wrote, what is put into it escaped."""
    texts: Texts = context["texts"]
    return Markup(texts.find(text)) % values  # noqa: S704 - of our catalogue or the operator's; values are escaped


@pass_context
def ngettext(context: Context, one: str, many: str, n: int, **values: Any) -> Markup:
    """For templates, as `gettext`."""
    texts: Texts = context["texts"]
    values.setdefault("n", n)
    return Markup(texts.find_plural(one, many, n)) % values  # noqa: S704 - as above
