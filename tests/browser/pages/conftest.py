"""Servers with the pages, and browsers with and without a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.pages import Place
from support.serving import Serving

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of the hybrid."""
    yield from _place(tmp_path_factory)


@pytest.fixture(scope="module")
def jwt_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of tokens that nobody can call back."""
    yield from _place(tmp_path_factory, LIMEN_STRATEGY="jwt")


def _place(factory: pytest.TempPathFactory, **environment: str) -> Iterator[Place]:
    folder = factory.mktemp("pages")
    with Serving(folder, "--port", "0", **environment) as serving:
        yield Place(folder, serving, environment)


@pytest.fixture
def opened(chromium: Any) -> Iterator[Opened]:
    """`opened(**options)`: a page in a browser of its own, whose console must stay empty of errors."""
    contexts, said = [], []

    def open_page(**options: Any) -> Any:
        context = chromium.new_context(**({"locale": "en"} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda one: said.append(one.text) if "Content Security" in one.text else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
