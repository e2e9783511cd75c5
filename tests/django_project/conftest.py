"""Each test has a database of Django's and a store of Limen's of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import django_site

django_site.configure()

from django.conf import settings  # noqa: E402 - Django must be set up before
from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402

from limen.django import config  # noqa: E402


@pytest.fixture(params=["session", "hybrid", "jwt"])
def strategy(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Path]:
    """The project's database; Limen is configured and nobody has asked it yet."""
    with django_site.project(tmp_path) as database, override_settings(LIMEN=django_site.limen(tmp_path)):
        yield database
        config.close()


@pytest.fixture
def site(bare: Path, strategy: str) -> Iterator[str]:
    """The same for each strategy."""
    with override_settings(LIMEN={**settings.LIMEN, "strategy": strategy}):
        yield strategy
        config.close()


@pytest.fixture
def ada(bare: Path) -> Any:
    """A user of Django's, as Django makes one."""
    return get_user_model().objects.create_user("ada", "ada@example.com", django_site.PASSWORD)


@pytest.fixture
def client() -> Client:
    return Client(headers={"host": "testserver.localhost"})
