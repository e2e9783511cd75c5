"""From where a session was opened, where the operator has a database of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.server.places import Places
from support.http import served
from support.mmdb import write
from support.world import EMAIL, PASSWORD

HAMBURG = {
    "city": {"names": {"en": "Hamburg", "de": "Hamburg"}},
    "country": {"iso_code": "DE", "names": {"en": "Germany", "de": "Deutschland"}},
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "places.mmdb"
    write(
        path,
        {
            "192.0.2.0/24": HAMBURG,
            "198.51.100.0/25": {"country": {"names": {"en": "Egypt"}}},
            "203.0.113.0/24": {"city": "<b>"},
        },
    )
    return path


@pytest.mark.parametrize(
    ("address", "language", "name"),
    [
        ("192.0.2.7", "en", "Hamburg, Germany"),
        ("192.0.2.7", "de", "Hamburg, Deutschland"),
        ("192.0.2.7", "ar", "Hamburg, Germany"),
        ("198.51.100.1", "de", "Egypt"),
        ("198.51.100.200", "en", ""),
        ("203.0.113.1", "en", ""),
        ("2001:db8::1", "en", ""),
        ("", "en", ""),
        ("unix", "en", ""),
    ],
)
def test_a_place_has_the_name_that_the_database_gives_it(
    database: Path, address: str, language: str, name: str
) -> None:
    assert Places.of(str(database)).name(address, language) == name


def test_without_a_database_nothing_is_known() -> None:
    assert Places.of("").name("192.0.2.7", "en") == ""


@pytest.mark.parametrize("content", [None, b"", b"no database", bytes(1_000)])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "places.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured, match="places"):
        Places.of(str(path))


@pytest.mark.anyio
async def test_the_list_of_sessions_names_the_place(database: Path) -> None:
    async with served(places=str(database)) as site:
        browser = site.client(**{"sec-fetch-site": "same-origin", "accept-language": "de"})
        await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert "Hamburg, Deutschland" in (await browser.get("/account/sessions")).text
