"""Wheel, sdist and bill of materials: what is in them, and that the same source gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import limen
from support.package import PYTHON, copied, run
from support.source import ROOT


def test_the_same_source_gives_the_same_bytes_on_another_machine(dist: Path, tmp_path: Path) -> None:
    elsewhere = copied(tmp_path / "a rather longer path than before")
    for path in [elsewhere, *elsewhere.rglob("*")]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700 if path.is_dir() or path.stat().st_mode & 0o100 else 0o600)
    build = ["-m", "build", "--no-isolation", "--outdir", str(tmp_path / "out"), "."]
    command = f"umask 077; exec {PYTHON} {' '.join(build)}"
    run("sh", "-c", command, cwd=elsewhere, TZ="Pacific/Apia", PYTHONHASHSEED="7", LC_ALL="C")
    again = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(again) == 2
    for name, data in again.items():
        assert data == (dist / name).read_bytes(), name


def test_each_file_of_the_package_is_in_the_wheel_and_no_other(wheel: Path, tree: Path) -> None:
    source = tree / "src"
    ours = {path.relative_to(source).as_posix() for path in (source / "limen").rglob("*") if path.is_file()}
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if not re.match(r"limen-[^/]*\.dist-info/", name)} == ours
    assert {"limen/py.typed", "limen/mail/templates/link.html"} <= ours


def test_the_sdist_is_source_and_texts(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    top = {name for name in names if not name.startswith("src/limen/")}
    assert top == {".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}


def test_the_version_is_in_one_place_and_everywhere_the_same(dist: Path, wheel: Path) -> None:
    version = limen.__version__
    assert wheel.name == f"limen-{version}-py3-none-any.whl"
    assert (dist / f"limen-{version}.tar.gz").exists()
    archive = zipfile.ZipFile(wheel)
    told = Parser().parsestr(archive.read(f"limen-{version}.dist-info/METADATA").decode())
    assert told["Version"] == version
    written = [path for path in (ROOT / "src").rglob("*.py") if f'"{version}"' in path.read_text()]
    assert written == [ROOT / "src" / "limen" / "__init__.py"]
    assert "version" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_extras_are_those_that_people_are_told_of(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    extras = Parser().parsestr(archive.read(name).decode()).get_all("Provides-Extra")
    assert {"server", "fastapi", "django", "flask", "litestar", "postgres", "redis", "lab", "dev"} <= {
        *extras
    }


def test_no_path_of_the_machine_that_built_it_is_in_it(wheel: Path, tree: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for place in (str(tree), str(ROOT), str(Path.home())):
        assert not [name for name in archive.namelist() if place.encode() + b"/" in archive.read(name)], place


def test_the_bill_of_materials_is_valid_and_of_the_lock(dist: Path) -> None:
    text = next(dist.glob("*.cdx.json")).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["version"] == limen.__version__
    pinned = re.findall(r"^([a-z0-9.-]+)==([^ \\]+)", (ROOT / "requirements" / "run.txt").read_text(), re.M)
    billed = {(found["name"].lower().replace("_", "-"), found["version"]) for found in bill["components"]}
    assert billed <= {*pinned}, "a component of no lock"
    root = next(found for found in bill["dependencies"] if found["ref"] == "root-component")
    assert {"cryptography", "argon2-cffi", "bcrypt"} <= {ref.split("==")[0] for ref in root["dependsOn"]}
    assert not re.search(r"file:|\"(/|~)", text)


def test_the_sums_are_those_of_the_files(dist: Path) -> None:
    lines = [line.split() for line in (dist / "SHA256SUMS").read_text().splitlines()]
    assert len(lines) == 3
    for digest, name in lines:
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest
