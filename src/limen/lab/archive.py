"""Runs on disk: one JSON file each, and the page beside it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from limen.errors import Rejected
from limen.lab.records import FORMAT, Run

FOLDER = Path(".limen") / "lab"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z\Z", re.ASCII)


def save(run: Run, folder: Path) -> Path:
    """Write a run, whole or not at all, and answer where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.id}.json"
    fresh = path.with_suffix(".part")
    fresh.write_bytes(msgspec.json.encode(run))
    os.replace(fresh, path)
    return path


def find(named: str | None, folder: Path) -> Path:
    """The file of a run: by path, by id, or the last one. Rejected if there is none such."""
    if named is None:
        runs = kept(folder)
        if not runs:
            raise Rejected(
                f"there is no run in {folder}: make one with `limen lab compare`",
                code="run_missing",
                status=422,
            )
        return runs[-1]
    path = folder / f"{named}.json" if _ID.match(named) else Path(named)
    if not path.is_file():
        raise Rejected(f"there is no run at {path}", code="run_missing", status=422)
    return path


def kept(folder: Path) -> list[Path]:
    """All runs of a folder, oldest first."""
    return sorted(path for path in folder.glob("*.json") if _ID.match(path.stem))


def load(path: Path) -> Run:
    """The run in a file; Rejected where it is none, or of another format than this Limen's."""
    try:
        run = msgspec.json.decode(path.read_bytes(), type=Run)
    except msgspec.DecodeError as error:
        raise Rejected(f"{path} is no run of the lab: {error}", code="run_unreadable", status=422) from error
    if run.format != FORMAT:
        raise Rejected(
            f"{path} has format {run.format}, this Limen reads {FORMAT}: take the Limen that wrote it",
            code="run_unreadable",
            status=422,
        )
    return run


def without_credentials(url: str) -> str:
    """A store's address as a report may show it: no user, no password, no options."""
    parts = urlsplit(url)
    if "@" not in parts.netloc and not parts.query:
        return url
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
