"""A letter in words: text and HTML by templates, in the language of its reader, as a message (RFC 5322).

Templates are sandboxed and see nothing but texts, for an operator may hand them to somebody who must not run
code here (W22). Each can be replaced: a file of its name in the folder `mail` of the setting `templates`.
"""

from __future__ import annotations

import gettext
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, FunctionLoader, PrefixLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from limen import ids
from limen.accounts import ascii_domain, check_email
from limen.errors import Misconfigured
from limen.letters import Kind, Letter, Posted
from limen.settings import Settings, mail_server

FIRST = "en"
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_SAMPLE = {
    "link": "https://app.example/reset?token=x",
    "hours": "1",
    "email": "ada@example.org",
    "new_email": "ada@new.example",
    "name": "Ada",
    "forgot": "https://app.example/forgot",
    "sign_in": "https://app.example/sign-in",
}
"""Every value that a letter may show."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message that a server can be given."""

    recipient: str
    subject: str
    text: str = field(repr=False)
    data: bytes = field(repr=False)
    international: bool
    """Whether the recipient's address needs a server that knows SMTPUTF8 (RFC 6531)."""


class Scribe:
    """Writes letters. Misconfigured, when made, for a template that cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._brand = settings.brand_name
        self._sender = mail_server.sender(settings.mail_from or "no-reply@localhost.localdomain")
        folder = Path(settings.templates) if settings.templates else None
        own = _own_texts(folder)
        self._tongues = {
            language: _environment(folder, _Words(own.get(language, {}), _catalogue(language)))
            for language in dict.fromkeys([*_languages(), *own])
        }
        self._try_all()

    def write(self, posted: Posted, letter: Letter) -> Written:
        """The message; whatever a template or an address raises where it cannot be made."""
        subject, text, html = self._words(letter)
        recipient = _address(letter.to)
        international = not recipient.addr_spec.isascii()
        message = EmailMessage(policy=SMTPUTF8 if international else SMTP)
        message["From"] = Address(self._sender.name or self._brand, addr_spec=self._sender.address)
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(datetime.fromtimestamp(ids.created_ms(posted.id) / 1_000, UTC))
        message["Message-ID"] = f"<{posted.id}@{self._sender.address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is away from this one
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return Written(recipient.addr_spec, subject, text, message.as_bytes(), international)

    def _words(self, letter: Letter) -> tuple[str, str, str]:
        """Subject, text and HTML. The first line of the text's template is the subject."""
        language = self._language(letter.language)
        values = {
            **dict.fromkeys(_SAMPLE, ""),
            **letter.values,
            "to": letter.to,
            "brand": self._brand,
            "language": language,
            "direction": "rtl" if language in _RIGHT_TO_LEFT else "ltr",
        }
        tongue = self._tongues[language]
        whole = tongue.get_template(f"{letter.kind}.txt").render(values)
        subject, _, text = whole.partition("\n")
        html = tongue.get_template(f"{letter.kind}.html").render(values, subject=one_line(subject))
        return one_line(subject), text.strip() + "\n", html

    def _language(self, asked: str) -> str:
        for name in (asked, asked.partition("-")[0]):
            if name in self._tongues:
                return name
        return FIRST

    def _try_all(self) -> None:
        """Write every letter once, so that a slip in a template is seen at the start."""
        for language in self._tongues:
            for kind in Kind:
                try:
                    self._words(Letter(kind, "ada@example.org", _SAMPLE, language))
                except Exception as error:  # whatever a template does
                    raise Misconfigured(
                        f"templates: the letter mail/{kind} cannot be written: {error}", reason="template"
                    ) from error


def one_line(text: str) -> str:
    """Text that is one line of a header, whatever was in it (W06)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _address(email: str) -> Address:
    local, _, domain = check_email(email).rpartition("@")
    return Address(username=local, domain=ascii_domain(domain))


class _Words(gettext.NullTranslations):
    """A catalogue, and before it the sentences that an operator says otherwise."""

    def __init__(self, own: Mapping[str, str], catalogue: gettext.NullTranslations) -> None:
        super().__init__()
        self._own = own
        self.add_fallback(catalogue)

    def gettext(self, message: str) -> str:
        return self._own.get(message) or super().gettext(message)


def _own_texts(folder: Path | None) -> Mapping[str, Mapping[str, str]]:
    """Language → our sentence → an operator's, from `texts.toml`, which the pages read too."""
    if folder is None or not (folder / "texts.toml").exists():
        return {}
    try:
        return tomllib.loads((folder / "texts.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"templates: {folder / 'texts.toml'} cannot be read: {error}") from error


def _environment(folder: Path | None, words: gettext.NullTranslations) -> ImmutableSandboxedEnvironment:
    ours = FunctionLoader(_packaged)
    loaders: list[BaseLoader] = [ours, PrefixLoader({"limen": ours})]
    if folder is not None:
        loaders.insert(0, FileSystemLoader(folder / "mail"))
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=lambda name: name is None or not name.endswith(".txt"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    said: Any = made
    made.globals = {"_": made.globals["_"]}
    said.install_gettext_translations(words, newstyle=True)
    return made


def _packaged(name: str) -> str | None:
    found = files("limen.mail").joinpath("templates", *name.split("/"))
    return found.read_text("utf-8") if found.is_file() else None


def _languages() -> Mapping[str, None]:
    """English, which the templates say themselves, and those that there are translations for."""
    folder = files("limen").joinpath("translations")
    there = sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    return dict.fromkeys([FIRST, *(name for name in there if not name.startswith("_"))])


def _catalogue(language: str) -> gettext.NullTranslations:
    found = files("limen").joinpath("translations", language, "LC_MESSAGES", "limen.mo")
    if not found.is_file():
        return gettext.NullTranslations()
    with found.open("rb") as file:
        return gettext.GNUTranslations(file)
