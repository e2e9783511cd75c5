"""What `from limen import …` gives, pinned: a name that comes or goes is a line in CHANGELOG.md."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import limen

PUBLIC = (
    "Denied",
    "Factor",
    "Grant",
    "Guarantees",
    "Identity",
    "Limen",
    "LimenError",
    "Misconfigured",
    "Rejected",
    "Revoked",
    "Secret",
    "Session",
    "Settings",
    "SignedIn",
    "StrategyName",
    "Throttled",
    "Transport",
    "Unavailable",
    "Unfinished",
    "Verifier",
)


def test_public_names_are_the_pinned_ones() -> None:
    assert tuple(getattr(limen, "__all__", ())) == PUBLIC


def test_each_public_name_is_there() -> None:
    assert [name for name in PUBLIC if not hasattr(limen, name)] == []


def test_importing_the_package_loads_no_part_of_it() -> None:
    """The command line lies below it, and asks for what it needs."""
    code = "import sys, limen; print([name for name in sys.modules if name.startswith('limen.')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_said_as_python_says_it() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Keeper'"):
        _ = limen.Keeper


def test_nothing_else_looks_public() -> None:
    """Modules are reached by their own names; any other name that is there by accident would be relied on."""
    seen = {name for name, value in vars(limen).items() if not isinstance(value, types.ModuleType)}
    assert {name for name in seen if not name.startswith("_")} - {*PUBLIC, "annotations"} == set()
