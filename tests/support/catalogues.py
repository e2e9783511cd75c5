"""The translations of the pages: what there is to translate, and whether it is.

`PYTHONPATH=tests .venv/bin/python -m support.catalogues` brings the .po files up to what the pages say and
writes the .mo files that Limen reads; then it lists what is not translated yet.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from support.source import ROOT

PAGES, TEMPLATES = ROOT / "src/limen/server/pages", ROOT / "src/limen/server/templates"
LETTERS = ROOT / "src/limen/mail/templates"
TRANSLATIONS = ROOT / "src/limen/translations"
LANGUAGES = ("de", "ar")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PYTHON = {"msg": None, "msgs": (1, 2)}
_JINJA = {"_": None, "gettext": None, "ngettext": (1, 2)}


def sentences() -> Catalog:
    """Everything that pages and letters say, in English. What administrators read is English alone."""
    found = _empty()
    for path in sorted([*PAGES.glob("*.py"), *TEMPLATES.glob("*.html"), *LETTERS.glob("*.*")]):
        for text in _said(path):
            found.add(text)
    return found


def _empty(language: str | None = None) -> Catalog:
    """Without the lines of a header that change each time it is written."""
    return Catalog(locale=language, project="Limen", charset="utf-8", fuzzy=False, header_comment="#")


def _said(path: Path) -> Iterator[str | tuple[str, ...]]:
    python = path.suffix == ".py"
    method, keywords = ("python", _PYTHON) if python else ("jinja2.ext:babel_extract", _JINJA)
    with path.open("rb") as file:
        for _, text, _, _ in extract(method, file, keywords, options={"newstyle_gettext": "true"}):
            yield text


def catalogue(language: str) -> Catalog:
    """A .po file; an empty one where there is none."""
    path = po(language)
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def untranslated(found: Catalog) -> list[str]:
    """What has no translation, or not in every form that the language has."""
    return [
        str(message.id)
        for message in found
        if message.id and not (all(message.string) if message.pluralizable else message.string)
    ]


def written(found: Catalog) -> str:
    """What a .po file has; of its header only what says how to read it."""
    text = io.BytesIO()
    write_po(text, found, width=100, sort_output=True, ignore_obsolete=True, omit_header=True)
    header = (
        f"Language: {found.locale}",
        f"Plural-Forms: {found.plural_forms}",
        "Content-Type: text/plain; charset=utf-8",
    )
    return (
        'msgid ""\nmsgstr ""\n'
        + "".join(f'"{line}\\n"\n' for line in header)
        + "\n"
        + text.getvalue().decode()
    )


def compiled(found: Catalog) -> bytes:
    """What a .mo file has: made of the .po file, so that it has nothing else."""
    binary = io.BytesIO()
    source = read_po(io.BytesIO(written(found).encode()), locale=found.locale)
    source.creation_date = source.revision_date = EPOCH  # written into it, and no news
    write_mo(binary, source)
    return binary.getvalue()


def po(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES/limen.po"


def main() -> None:
    template = sentences()
    for language in LANGUAGES:
        found = catalogue(language)
        found.update(template, no_fuzzy_matching=True)
        found.obsolete.clear()
        path = po(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(found), "utf-8")
        path.with_suffix(".mo").write_bytes(compiled(found))
        for missing in untranslated(found):
            print(f"{language}: {missing}")


if __name__ == "__main__":
    main()
