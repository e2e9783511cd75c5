"""The whole page in one file: it works from a disk without a network, under a policy of its own."""

from __future__ import annotations

import base64
import hashlib
import re

from limen.server.modules import link
from limen.server.workbench.assets import KNOWN_SECRETS, STYLE, assets, document

_HEAD = re.compile(r'<link rel="stylesheet" href="[^"]+">\n<script type="module" src="[^"]+"></script>\n')
_END = "</body>"


def export() -> str:
    """The page as one HTML document."""
    files = {name: content.decode() for name, content in assets().items()}
    style, script = files[STYLE], link(files)
    table = files[KNOWN_SECRETS].split('"')[1]
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, style)}">\n'
        f"<style>{style}</style>\n"
    )
    # A block of data is no script, so that no policy keeps it from being read as text.
    data = f'<script type="text/plain" id="known-secrets">{table}</script>\n'
    tail = f'{data}<script type="module">{script}</script>\n'
    page, replaced = _HEAD.subn(lambda _: head, document(served=False))
    if replaced != 1 or page.count(_END) != 1 or "</script" in script or "<!--" in script:
        raise ValueError("the page cannot be written into one file")
    return page.replace(_END, f"{tail}{_END}")


def _policy(script: str, style: str) -> str:
    """What `pages.POLICY` says, for a document that holds its script and style itself. A meta element has no
    say about frames, so that the page looks for itself whether it is in one."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
