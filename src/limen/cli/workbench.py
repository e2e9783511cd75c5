"""`limen workbench --export FILE`: the page for tokens as one file that works offline."""

from __future__ import annotations

from typing import IO

from click import File, command, option

from limen.cli.answer import Answer, Verb
from limen.server.workbench import export


@command("workbench", cls=Verb)
@option(
    "--export", "file", type=File("w", encoding="utf-8", lazy=True), required=True, help="Where to write it."
)
def verb(file: IO[str]) -> Answer:
    """Write the workbench, a page for tokens, into one file.

    It decodes, verifies and makes tokens in a browser, without a network. A running server has the same page
    at /workbench. A file that is there is overwritten.
    """
    page = export()
    file.write(page)
    if file.name == "-":
        return Answer({})
    size = len(page.encode())
    return Answer(
        {"file": file.name, "bytes": size}, [f"{file.name} has {size:,} bytes; open it in a browser"]
    )
