"""Modules become one script, and what is not understood is refused."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from limen.server.modules import link
from limen.server.workbench.single_file import export


def test_modules_come_after_what_they_need_and_take_it_by_name() -> None:
    files = {
        "main.js": 'import { a, $ as b } from "./one-two.js";\nimport * as all from "./one-two.js";\na(b);\n',
        "one-two.js": 'import TABLE from "./table.js";\nexport const a = (b) => b;\nexport function $() {}\n',
        "table.js": 'export default {"x":1};\n',
        "unused.js": "export const c = 1;\n",
    }
    assert link(files) == (
        '"use strict";\n'
        'const $table = (() => {\nconst $default = {"x":1};\nreturn { default: $default };\n})();\n'
        "const $one_two = (() => {\nconst TABLE = $table.default;\nconst a = (b) => b;\nfunction $() {}\n"
        "return { a, $ };\n})();\n"
        "const $main = (() => {\nconst { a, $: b } = $one_two;\nconst all = $one_two;\na(b);\n"
        "return {  };\n})();\n"
    )


@pytest.mark.parametrize(
    "module",
    [
        'import "./side-effect.js";\n',
        'import a, { b } from "./x.js";\n',
        "import { a } from './x.js';\n",
        'import { a } from "elsewhere";\n',
        "export let changes = 1;\n",
        "export { a };\n",
        'export * from "./x.js";\n',
    ],
)
def test_other_ways_of_importing_and_exporting_are_refused(module: str) -> None:
    with pytest.raises(ValueError, match="not known here"):
        link({"main.js": module, "x.js": "export const a = 1;\n", "side-effect.js": ""})


def test_a_circle_is_refused() -> None:
    files = {
        "main.js": 'import { a } from "./a.js";\n',
        "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
        "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
    }
    with pytest.raises(ValueError, match="circle"):
        link(files)


def test_B01_in_one_file_there_is_nothing_that_could_send_a_token() -> None:
    page = export()
    for word in ("workbench/verdict", ".submit(", "<dialog", "Send the token", "<form", "<!--served"):
        assert word not in page
    assert "form-action 'none'" in page


def test_the_policy_of_the_file_names_its_own_script_and_style_and_nothing_else() -> None:
    page = export()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    said = dict(part.split(" ", 1) for part in policy[1].split("; "))
    for directive, pattern in {
        "script-src": r'<script type="module">(.*?)</script>',
        "style-src": r"<style>(.*?)</style>",
    }.items():
        [text] = re.findall(pattern, page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert said.pop(directive) == f"'sha256-{digest}'"
    assert set(said.values()) == {"'none'", "'script'"}
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script")
    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*""", page) == []
