"""Runs on disk, one JSON file each, and the page beside it; plans, advice and hashes likewise."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from time import gmtime, strftime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from limen.errors import Rejected
from limen.lab.records import FORMAT, Run

FOLDER = Path(".limen") / "lab"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z\Z", re.ASCII)


def new_id() -> str:
    """Of what is measured or reckoned now: the time, so that names are in order."""
    return strftime("%Y%m%dT%H%M%SZ", gmtime())


def save(run: Run, folder: Path) -> Path:
    """Write a run, and answer where it is."""
    return _write(folder / f"{run.id}.json", msgspec.json.encode(run))


def keep(kind: str, id_: str, data: Mapping[str, Any], page: str, folder: Path) -> Path:
    """Write what is no run: its numbers, and its page, whose path is answered."""
    _write(folder / f"{kind}-{id_}.json", msgspec.json.encode(data))
    return write_page(folder / f"{kind}-{id_}.json", page)


def write_page(beside: Path, page: str) -> Path:
    """Write the page of what this file holds."""
    return _write(beside.with_suffix(".html"), page.encode())


def _write(path: Path, content: bytes) -> Path:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    fresh.write_bytes(content)
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
