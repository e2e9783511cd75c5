"""The whole page in one file: it works from a disk without a network, under a policy of its own.

The modules become functions in one script. They keep to a plain way of importing and exporting, so that a few
patterns tell what each takes and gives; what they do not recognise is refused and never guessed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping

from limen.server.workbench.assets import KNOWN_SECRETS, STYLE, assets, document

_ENTRY = "main.js"
_IMPORT = re.compile(
    r'^import (?:\* as (\w+)|\{ ([\w$, ]+) \}|(\w+)) from "\./([\w-]+\.js)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?:(default) |((?:async )?function\*?|const|class) ([\w$]+))", re.MULTILINE)
_LEFT_OVER = re.compile(r"^\s*(?:import\b|export\b)", re.MULTILINE)
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


def link(files: Mapping[str, str]) -> str:
    """The modules that `main.js` needs, each as a function that answers its exports, in the order of need."""
    return '"use strict";\n' + "".join(
        f"const {_variable(name)} = (() => {{\n{_body(files[name])}}})();\n"
        for name in _order(files, _ENTRY, {})
    )


def _order(files: Mapping[str, str], name: str, done: dict[str, bool]) -> Iterator[str]:
    """`name` after all that it imports. ValueError for a circle."""
    if name in done:
        if not done[name]:
            raise ValueError(f"{name} imports itself by a circle")
        return
    done[name] = False
    for found in _IMPORT.finditer(files[name]):
        yield from _order(files, found[4], done)
    done[name] = True
    yield name


def _body(module: str) -> str:
    given = [found[3] or "default" for found in _EXPORT.finditer(module)]
    body = _IMPORT.sub(_taken, module)
    body = _EXPORT.sub(lambda found: "const $default = " if found[1] else f"{found[2]} {found[3]}", body)
    if _LEFT_OVER.search(body):
        raise ValueError("a module imports or exports in a way that is not known here")
    answer = ", ".join("default: $default" if name == "default" else name for name in given)
    return f"{body}return {{ {answer} }};\n"


def _taken(found: re.Match[str]) -> str:
    whole, some, default, name = found.groups()
    if some is not None:
        return f"const {{ {some.replace(' as ', ': ')} }} = {_variable(name)};\n"
    return f"const {whole or default} = {_variable(name)}{'' if whole else '.default'};\n"


def _variable(name: str) -> str:
    return "$" + name.removesuffix(".js").replace("-", "_")


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
