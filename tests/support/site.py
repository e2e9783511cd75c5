"""The documentation as it is built, and a server of files for it."""

from __future__ import annotations

import atexit
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from support.source import ROOT


def build(folder: Path, *, root: Path = ROOT) -> str:
    """What is wrong with the documentation; empty if nothing is, and then `folder` holds the site.

    Never with `--quiet`: that drops the warnings before `--strict` counts them.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


@cache
def built() -> Path:
    """The site, built once for all tests of this run."""
    folder = Path(tempfile.mkdtemp(prefix="limen-site"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    assert build(folder) == ""
    return folder


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at the pages."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of these files."""
    handler = functools.partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
