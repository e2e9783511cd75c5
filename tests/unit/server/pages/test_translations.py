"""Every sentence of the pages in every language, and the compiled catalogues as their sources say."""

from __future__ import annotations

import re

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo

from limen.server.pages.look import LANGUAGES
from support import catalogues

PLACE = re.compile(r"%\((\w+)\)s")
MAKE = "run `PYTHONPATH=tests .venv/bin/python -m support.catalogues`"


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_B14_everything_is_translated(language: str) -> None:
    found = catalogues.catalogue(language)
    said, known = ({m.id for m in c if m.id} for c in (catalogues.sentences(), found))
    assert said == known, MAKE
    assert catalogues.untranslated(found) == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_a_translation_puts_in_what_the_sentence_does(language: str) -> None:
    for message in catalogues.catalogue(language):
        if not message.id:
            continue
        ours = message.id if isinstance(message.id, tuple) else (message.id,)
        theirs = message.string if isinstance(message.string, tuple) else (message.string,)
        places = {place for text in ours for place in PLACE.findall(text)}
        for text in theirs:
            # "One minute" and "two minutes" are words of their own in some languages.
            assert places - {"n"} <= set(PLACE.findall(text)) <= places, text
            assert "%" not in PLACE.sub("", text).replace("%%", ""), text


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_what_is_read_is_what_is_written(language: str) -> None:
    with catalogues.po(language).with_suffix(".mo").open("rb") as file:
        binary = read_mo(file)
    assert table(binary) == table(catalogues.catalogue(language)), MAKE


def table(found: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {forms(m.id): forms(m.string) for m in found if m.id}


def forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_the_languages_are_those_that_the_pages_offer() -> None:
    assert set(catalogues.LANGUAGES) == LANGUAGES.keys() - {"en"}
