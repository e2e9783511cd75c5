"""`/lab`: the reports that `limen lab` has left in this server's own folder, in a browser.

Only files are shown, never made: the lab runs from a shell. In development anybody on this machine may
look; in production an account with the scope `limen:admin`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from html import escape
from pathlib import Path

from limen.errors import Rejected
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call

FOLDER = Path(".limen") / "lab"
"""Where `limen lab` writes, below the directory in which a server was started."""
ADMIN = "limen:admin"
PATH = "/lab"
MOST = 50
"""Reports of a list, the newest."""
_LARGEST = 8 << 20
_NAME = re.compile(r"(?:(plan|advice|hash)-)?([0-9]{8})T([0-9]{4})[0-9]{2}Z\Z", re.ASCII)
"""What the lab calls them. Whatever has another name is not looked for, so no path can be asked for."""
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
_POLICY = "default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_LIST = (
    ":root{color-scheme:light dark}body{margin:0 auto;padding:2.5rem 1.1rem;max-width:44rem;"
    "font:1rem/1.55 system-ui,sans-serif}h1{font-size:1.7rem}li{padding:.25rem 0}code{font-size:.9em}"
)
_WHAT = {None: "run", "plan": "plan", "advice": "advice", "hash": "password hashes"}


def endpoints(folder: Path = FOLDER) -> list[Endpoint]:
    """The list of reports, and each of them."""
    where = folder.absolute()

    async def reports(site: Site, call: Call) -> Answer:
        await _allowed(site, call)
        return _page(_list(await asyncio.to_thread(_names, where)))

    async def report(site: Site, call: Call) -> Answer:
        await _allowed(site, call)
        return _page(await asyncio.to_thread(_read, where, call.path_parameter("name")), "; sandbox")

    media = "text/html"
    return [
        Endpoint(
            method="GET", path=PATH, run=reports, summary="Reports of the lab.", gives=(), media=media
        ),
        Endpoint(
            method="GET", path=f"{PATH}/{{name}}", run=report, summary="One of them.", gives=(), media=media
        ),
    ]  # fmt: skip


async def _allowed(site: Site, call: Call) -> None:
    if not site.auth.settings.development:
        await site.auth.scopes(ADMIN).check(call.scope)


def _names(folder: Path) -> list[str]:
    """Of the newest reports, newest first."""
    try:
        found = [path.stem for path in folder.iterdir() if path.suffix == ".html" and not path.is_symlink()]
    except OSError:
        return []
    named = [(match[2] + match[3], name) for name in found if (match := _NAME.match(name))]
    return [name for _, name in sorted(named, reverse=True)][:MOST]


def _read(folder: Path, name: str) -> bytes:
    path = folder / f"{name}.html"
    if not _NAME.match(name) or path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        raise Rejected("there is no such report", code="not_found", status=404)
    return path.read_bytes()


def _list(names: list[str]) -> bytes:
    items = "".join(f'<li><a href="{PATH}/{escape(name)}">{escape(_said(name))}</a></li>' for name in names)
    found = f"<ul>{items}</ul>" if items else "<p>There is none yet.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Limen lab</title>'
        f"<style>{_LIST}</style></head><body><h1>Reports of the lab</h1>{found}"
        "<p><code>limen lab compare</code>, <code>plan</code>, <code>advise</code> and "
        "<code>hash</code> write "
        "them, started in the directory of this server.</p></body></html>\n"
    ).encode()


def _said(name: str) -> str:
    match = _NAME.match(name)
    if match is None:
        return name
    day, hour = match[2], match[3]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {hour[:2]}:{hour[2:]} UTC, {_WHAT[match[1]]}"


def _page(body: bytes, further: str = "") -> Answer:
    """With a policy that allows the page's one style and nothing else: no script, no form, nothing from
    elsewhere, whatever somebody has written into the file."""
    style = _STYLE.search(body)
    digest = hashlib.sha256(style[1] if style else b"").digest()
    policy = _POLICY.format(style=f"'sha256-{base64.b64encode(digest).decode()}'")
    return Answer(
        200,
        body,
        (
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-security-policy", f"{policy}{further}".encode()),
        ),
    )
