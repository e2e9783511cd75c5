from __future__ import annotations

import pytest

from limen.public_paths import PublicPaths


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("/", True),
        ("/static/a.css", True),
        ("/about", True),
        ("/about/", False),
        ("/static", False),
        ("/static/../me", False),
        ("/static//me", False),
        ("/static/..;/me", False),
        ("/static/\\me", False),
        ("/me", False),
        ("", False),
    ],
)
def test_a_path_is_public_by_its_name_or_below_one(path: str, public: bool) -> None:
    assert (path in PublicPaths.of({"/", "/static/", "/about"})) is public
