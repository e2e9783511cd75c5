"""Starting an application anew when a file changes: uvicorn's watch, around what may have failed."""

from __future__ import annotations

import threading
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from socket import socket

import click
import uvicorn
from uvicorn.supervisors.watchfilesreload import WatchFilesReload

from limen.cli.answer import Exit
from limen.cli.developing import Development

WATCHED = ("*.py", "*.toml", "*.html")


def run(child: Development, bound: socket) -> Exit:
    """Watch and serve, until a signal says stop, or the first process says that there is nothing to serve."""
    config = uvicorn.Config(
        child.application, reload=True, reload_dirs=[child.folder], reload_includes=list(WATCHED),
        log_config=None,
    )  # fmt: skip
    watch = _Watch(config, target=child, sockets=[bound])
    watch.run()
    return watch.verdict


class _Watch(WatchFilesReload):
    """What cannot be served at all ends it; what failed otherwise is tried again with the next change."""

    def startup(self) -> None:
        self.verdict, self._changed = Exit.OK, False
        super().startup()
        self._mind()

    def restart(self) -> None:
        self._changed = True
        super().restart()
        self._mind()

    def _mind(self) -> None:
        threading.Thread(target=self._wait, args=(self.process,), daemon=True).start()

    def _wait(self, process: SpawnProcess) -> None:
        connection.wait([process.sentinel])  # then `join` waits for nobody
        process.join()
        if process is not self.process or self.should_exit.is_set():
            return
        code = process.exitcode
        if code == Exit.MISCONFIGURED and not self._changed:
            self.verdict = Exit.MISCONFIGURED
            self.should_exit.set()
        elif code:
            click.echo("limen dev: it is started again when a file changes", err=True)
