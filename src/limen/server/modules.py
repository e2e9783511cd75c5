"""Modules and style sheets as they are served: without what only their readers need, or linked into one.

Linked, modules become functions in one script. They keep to a plain way of importing and exporting, so that a
few patterns tell what each takes and gives; what they do not recognise is refused and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# What only the type checker and whoever reads the source needs: comments, and indentation.
_COMMENT = re.compile(r"/\*\*(?:(?!\*/).)*\*/[ ]?|^[ ]*//[^\n]*\n", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(r"\s*\n\s*")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_SPACE = re.compile(r"\s*([{};])\s*|(?<=[:,])[ ]")
_ENTRY = "main.js"
_IMPORT = re.compile(
    r'^import (?:\* as (\w+)|\{ ([\w$, ]+) \}|(\w+)) from "\./([\w-]+\.js)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?:(default) |((?:async )?function\*?|const|class) ([\w$]+))", re.MULTILINE)
_LEFT_OVER = re.compile(r"^\s*(?:import\b|export\b)", re.MULTILINE)


def slim(module: str) -> str:
    """A module without its comments and indentation. No module of ours has a text over several lines."""
    return _BLANK.sub("\n", _COMMENT.sub("", module)).lstrip()


def slim_style(sheet: str) -> str:
    """A style sheet without its comments and indentation."""
    return _CSS_SPACE.sub(r"\1", _CSS_COMMENT.sub("", sheet))


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
