"""Rules of the house that no linter knows, each with an example that breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

import pytest

from support.source import ROOT, Module, modules, parse, references

Lint = Callable[[Iterable[Module]], list[str]]

CLOCKS = re.compile(
    r"time\.(time|monotonic|perf_counter|process_time|clock_gettime)(_ns)?"
    r"|datetime\.(datetime\.(now|utcnow|today)|date\.today)"
    r"|limen\.clock\.SystemClock"
)
ASKS_THE_CLOCK = {"auth", "cli", "clock", "feed", "lab", "server", "testing", "verifier"}
SURROUNDINGS = re.compile(r"os\.(environb?|getenvb?|putenv)|sys\.(argv|orig_argv)")
READS_THE_SURROUNDINGS = {"cli", "settings"}
UNVERIFIED = re.compile(r"verify_signature|unverified", re.IGNORECASE)
READS_UNVERIFIED = {"cli", "explanation", "jose"}
PEERS = "limen.lab.peers"
"""Other libraries, measured as their own documentation has them. What they say nobody of ours believes."""
FOREIGN_JOSE = re.compile(r"(jwt|jose|joserfc|authlib|jwcrypto)(\.|$)")


def _uses(pattern: re.Pattern[str], allowed: set[str]) -> Lint:
    def lint(source: Iterable[Module]) -> list[str]:
        return [
            f"{module.path}:{line}: {name}"
            for module in source
            if module.unit() not in allowed
            for name, line in references(module)
            if pattern.fullmatch(name)
        ]

    return lint


clock_is_an_argument = _uses(CLOCKS, ASKS_THE_CLOCK)
surroundings_are_settings = _uses(SURROUNDINGS, READS_THE_SURROUNDINGS)


def nothing_is_asserted(source: Iterable[Module]) -> list[str]:
    """`python -O` removes asserts, and a check with them."""
    return [
        f"{module.path}:{node.lineno}"
        for module in source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assert)
    ]


def nothing_unverified(source: Iterable[Module]) -> list[str]:
    """Any way of reading a token that was not verified: by name, by option, or through another library."""
    return [
        f"{module.path}:{line}: {word}"
        for module in source
        if module.unit() not in READS_UNVERIFIED and not module.name.startswith(PEERS)
        for word, line in _words(module)
        if UNVERIFIED.search(word) or FOREIGN_JOSE.match(word)
    ]


def _words(module: Module) -> Iterable[tuple[str, int]]:
    yield from references(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield (node.value, node.lineno) if UNVERIFIED.search(node.value) else ("", 0)
        elif isinstance(node, ast.Attribute):
            yield f".{node.attr}", node.lineno


def nothing_is_swallowed(source: Iterable[Module]) -> list[str]:
    """`except …: pass` says that a failure does not matter; `contextlib.suppress(Narrow)` says which one."""
    return [
        f"{module.path}:{node.lineno}"
        for module in source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or (len(node.body) == 1 and isinstance(node.body[0], ast.Pass))
    ]


EXAMPLES: list[tuple[Lint, str]] = [
    (clock_is_an_argument, "import time\nnow = time.time()"),
    (clock_is_an_argument, "from time import monotonic\nnow = monotonic()"),
    (clock_is_an_argument, "import time as t\nread = t.monotonic_ns"),
    (clock_is_an_argument, "from datetime import UTC, datetime\nnow = datetime.now(UTC)"),
    (clock_is_an_argument, "from limen.clock import SystemClock"),
    (surroundings_are_settings, "import os\nhome = os.environ['HOME']"),
    (surroundings_are_settings, "from os import getenv\nhome = getenv('HOME')"),
    (surroundings_are_settings, "import sys\nname = sys.argv[0]"),
    (nothing_is_asserted, "def f(x: int) -> None:\n    assert x"),
    (nothing_unverified, "from limen.jose.jwt import decode_unverified"),
    (nothing_unverified, "from limen.jose import jwt\nclaims = jwt.UnverifiedClaims"),
    (nothing_unverified, "decode(token, options={'verify_signature': False})"),
    (nothing_unverified, "decode(token, verify_signature=False)"),
    (nothing_unverified, "import jwt"),
    (nothing_unverified, "def f():\n    from joserfc import jws"),
    (nothing_unverified, "library().get_unverified_header(token)"),
    (nothing_is_swallowed, "try:\n    f()\nexcept ValueError:\n    pass"),
    (nothing_is_swallowed, "try:\n    f()\nexcept:\n    raise"),
]


@pytest.mark.parametrize(("lint", "text"), EXAMPLES)
def test_a_breach_is_seen(lint: Lint, text: str) -> None:
    assert lint([parse("limen.sessions", text)]) != []


@pytest.mark.parametrize(
    ("lint", "name", "text"),
    [
        (clock_is_an_argument, "limen.auth", "from limen.clock import SystemClock"),
        (clock_is_an_argument, "limen.sessions", "import time\ntext = time.strftime('%Y', time.gmtime(now))"),
        (surroundings_are_settings, "limen.settings", "import os\nfound = os.environ"),
        (nothing_unverified, "limen.cli.token", "from limen.jose.jwt import decode_unverified"),
        (
            nothing_unverified,
            "limen.sessions",
            '"""What is unverified stays out."""\nfrom limen.jose import jwt',
        ),
    ],
)
def test_what_is_no_breach_is_not(lint: Lint, name: str, text: str) -> None:
    assert lint([parse(name, text)]) == []


def test_only_the_edge_asks_the_clock() -> None:
    assert clock_is_an_argument(modules()) == []


def test_only_settings_and_the_command_line_read_environment_and_arguments() -> None:
    assert surroundings_are_settings(modules()) == []


def test_no_check_is_an_assert() -> None:
    assert nothing_is_asserted(modules()) == []


def test_no_failure_is_swallowed() -> None:
    assert nothing_is_swallowed(modules()) == []


def test_J60_no_token_is_read_without_being_verified() -> None:
    assert nothing_unverified(modules()) == []


def in_tests(source: Iterable[Module]) -> list[str]:
    """Sleeping for time to pass, stand-ins for our own protocols, and tests that hide."""
    found = []
    for module in source:
        for name, line in references(module):
            if name == "time.sleep" or name.startswith(("unittest.mock", "pytest_mock")):
                found.append(f"{module.path}:{line}: {name}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail"):
                found.append(f"{module.path}:{node.lineno}: {ast.unparse(node)}")
    return [place for place in found if place.split(": ")[0] not in _reasoned(source)]


def _reasoned(source: Iterable[Module]) -> set[str]:
    """Where a skip says why, so that `-ra` prints it."""
    return {
        f"{module.path}:{node.lineno}"
        for module in source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("skip", "skipif", "xfail")
        if any(k.arg == "reason" for k in node.keywords) or (node.func.attr == "skip" and node.args)
    }


def _tests() -> list[Module]:
    files = sorted((ROOT / "tests").rglob("*.py"))
    kept = [f for f in files if not {"node_modules", "__pycache__"} & set(f.parts)]
    return [parse(f.stem, f.read_text(), path=str(f.relative_to(ROOT))) for f in kept]


def test_tests_neither_sleep_nor_mock_nor_hide() -> None:
    assert in_tests(_tests()) == []


@pytest.mark.parametrize(
    "text",
    [  # what the lint must find: text that is parsed, and marks no test here
        "import time\ntime.sleep(1)",
        "from unittest.mock import Mock",
        "import pytest\n@pytest.mark.skip\ndef test_x(): ...",
        "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_x(): ...",
    ],
)
def test_a_test_that_does_is_seen(text: str) -> None:
    assert in_tests([parse("test_x", text)]) != []


def test_a_skip_with_a_reason_is_allowed() -> None:
    assert in_tests([parse("test_x", "import pytest\npytest.skip('no /proc here')")]) == []


# The brackets keep this file from finding itself.
PROMISES = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")
WRITTEN = (".py", ".md", ".toml", ".txt", ".sh", ".js", ".mjs", ".sql")
FOLDERS = ("src", "tests", "bench", "docs", "examples", "scripts", "requirements", ".ci")


def _written() -> Iterable[tuple[str, str]]:
    files = [f for folder in FOLDERS for f in sorted((ROOT / folder).rglob("*"))]
    for file in [*files, *sorted(ROOT.glob("*"))]:
        foreign = {"node_modules", "__pycache__", "data", "results", ".coverage"}
        mine = not foreign & set(file.relative_to(ROOT).parts)
        if mine and file.is_file() and (file.suffix in WRITTEN or not file.suffix):
            yield str(file.relative_to(ROOT)), file.read_text()


def promises(files: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in files
        for number, line in enumerate(text.splitlines(), 1)
        if PROMISES.search(line)
    ]


def test_nothing_is_left_to_do_in_a_comment() -> None:
    assert promises(_written()) == []
    assert promises([("a.py", "# {}{}: later".format("TO", "DO"))]) != []
