"""What `from limen import …` gives, pinned: a name that comes or goes is a line in CHANGELOG.md."""

from __future__ import annotations

import types

import limen

PUBLIC: tuple[str, ...] = ()


def test_public_names_are_the_pinned_ones() -> None:
    assert tuple(getattr(limen, "__all__", ())) == PUBLIC


def test_each_public_name_is_there() -> None:
    assert [name for name in PUBLIC if not hasattr(limen, name)] == []


def test_nothing_else_looks_public() -> None:
    """Modules are reached by their own names; any other name that is there by accident would be relied on."""
    seen = {name for name, value in vars(limen).items() if not isinstance(value, types.ModuleType)}
    assert {name for name in seen if not name.startswith("_")} - {*PUBLIC, "annotations"} == set()
