"""Django 6 needs a later Python than this may be: what asks Django runs again where the machine has one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.package import clean, run
from support.source import ROOT


def _later() -> Path | None:
    """A Python for which the lock has Django 6, wherever one is kept beside others."""
    named = (shutil.which(f"python3.{minor}") for minor in range(12, 20))
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions").glob("3.*/bin/python")
    asked = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 12))"
    for found in (*filter(None, named), *sorted(kept, reverse=True)):
        if subprocess.run([found, "-c", asked], env=clean(), capture_output=True).returncode == 0:
            return Path(found)
    return None


def test_django_6_is_asked_all_that_django_5_is(wheel: Path, tmp_path: Path) -> None:
    later = _later()
    if later is None:
        pytest.skip("no Python 3.12 or later with venv in PATH; with one this runs on Django 6")
    run(later, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    lock = ("-r", str(ROOT / "requirements/build.txt"), "-r", str(ROOT / "requirements/test.txt"))
    run(python, "-m", "pip", "install", "-qq", "--require-hashes", *lock, cwd=tmp_path)
    run(python, "-m", "pip", "install", "-qq", "--no-deps", wheel, cwd=tmp_path)
    version = run(python, "-c", "import django; print(django.__version__)", cwd=tmp_path)
    assert int(version.split(".")[0]) >= 6

    said = run(
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "django",
        "tests/django_project", "tests/conformance",
        cwd=ROOT,
    )  # fmt: skip

    assert " passed" in said
    assert "failed" not in said
