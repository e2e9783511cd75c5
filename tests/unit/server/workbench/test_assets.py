"""The files of the page: what is left out of them, and what they may not hold."""

from __future__ import annotations

import base64
import json
import re

from limen.lint import CATALOGUE, known_secrets
from limen.server.modules import slim
from limen.server.workbench.assets import INDEX, KNOWN_SECRETS, RULES, STYLE, assets, document
from support.source import SRC

SOURCE = SRC / "limen/server/static/workbench"


def test_comments_and_indentation_are_left_out_and_texts_are_not() -> None:
    module = (
        "/** What it is.\n * @param {string} a */\nexport function f(a) {\n  // why\n\n"
        "  const b = /** @type {string} */ (a); // said\n"
        '  return b + "// no comment" + "/* nor this */";\n}\n'
    )
    assert slim(module) == (
        'export function f(a) {\nconst b = (a); // said\nreturn b + "// no comment" + "/* nor this */";\n}\n'
    )


def test_every_module_is_served_and_two_are_made_of_tables() -> None:
    written = {file.name for file in SOURCE.glob("*.js")}
    assert assets().keys() == written | {INDEX, STYLE, RULES, KNOWN_SECRETS}
    rules = json.loads(assets()[RULES].decode().removeprefix("export default ").rstrip(";\n"))
    assert rules["rules"].keys() == CATALOGUE.keys()
    assert base64.b64decode(assets()[KNOWN_SECRETS].split(b'"')[1]) == known_secrets.packed()


def test_the_page_is_the_same_but_for_what_speaks_of_a_server() -> None:
    served, alone = document(served=True), document(served=False)
    assert served.encode() == assets()[INDEX]
    assert "<!--" not in served + alone
    for word in ("<dialog", "Send the token", 'id="ask"', "to this server"):
        assert (word in served, word in alone) == (True, False)


def test_W21_no_module_parses_markup_runs_text_or_opens_a_connection() -> None:
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment"
        r"|\beval\(|new Function|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|localStorage"
        r"|sessionStorage|indexedDB|document\.cookie|addEventListener\(\"message|\.submit\(|requestSubmit"
        r"|window\.open|location\.(?:assign|replace|href\s*=)"
    )
    found = {file.name: ways.findall(file.read_text()) for file in SOURCE.glob("*.js")}
    in_an_example, after_a_question = {"make.js": ["fetch("]}, {"ask.js": [".submit("]}
    assert {name: words for name, words in found.items() if words} == in_an_example | after_a_question


def test_no_module_and_no_function_in_it_is_larger_than_its_name() -> None:
    """As in Python: at 400 lines a file and 40 a function, look for the second name inside."""
    for file in SOURCE.glob("*.js"):
        lines = file.read_text().splitlines()
        assert len(lines) <= 400, file.name
        begun: dict[str, int] = {}
        for number, line in enumerate(lines):
            indent = line[: len(line) - len(line.lstrip())]
            if re.match(r"\s*(export )?(async )?(function\*? )?\w*\(.*\{$", line) and not re.match(
                r"\s*(if|for|while|switch)\b", line
            ):
                begun[indent] = number
            if line == f"{indent}}}" and indent in begun:
                assert number - begun.pop(indent) < 40, f"{file.name}:{number + 1}"
