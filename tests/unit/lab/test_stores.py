"""Which servers the lab starts by itself, and what it says where it cannot. tests/lab starts them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.lab import stores
from limen.lab.world import check_stores


def test_a_name_is_started_and_an_address_is_not() -> None:
    assert [name for name in ("postgresql", "redis", "sqlite", "redis://a") if stores.can_start(name)] == [
        "postgresql", "redis",
    ]  # fmt: skip


def test_what_is_missing_is_named_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Misconfigured, match="no redis-server on this machine: install it, or give the"):
        check_stores(["memory", "redis"])


def test_a_driver_that_is_missing_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "hiredis", None)
    with pytest.raises(Misconfigured, match=r"redis needs its driver: pip install 'limen\[redis\]'"):
        check_stores(["redis"])


@pytest.mark.anyio
async def test_a_server_that_cannot_be_made_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(Misconfigured):
        async with stores.started("redis"):
            pass
    assert os.listdir(tmp_path) == []
