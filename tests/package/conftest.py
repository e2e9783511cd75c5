"""The distributions, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.package import PYTHON, copied, run


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def dist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` makes."""
    out = tmp_path_factory.mktemp("dist")
    run("sh", "scripts/dist", PYTHON, out, cwd=tree)
    return out


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))
