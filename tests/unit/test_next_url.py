"""Where a form may lead afterwards: this origin, by a plain path, and nowhere else."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.next_url import LENGTH_MAX, safe_next

DATA = Path(__file__).parents[1] / "vectors/data/url/urltestdata.json.gz"
OURS = "https://app.example"
HERE = f"{OURS}/sign-in?next=x"
NO = "the default"

EVIL = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%2f/evil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "/./\\evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2e//evil.example",
    "/%2e/%2e./evil",
    "/a/../../evil",
    "/a//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "http:///evil.example",
    "https://app.example.evil.example",
    "https://app.example@evil.example",
    "https://app.example",
    "@evil.example",
    "/@evil.example",
    "/:80",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "evil.example",
    "?next=//evil.example",
    "#x",
    "",
    "/x\r\nset-cookie: a=b",
    "/x\x00",
    "/x\u2028",
    "/\uff0f\uff0fevil.example",
    "/\u3002evil.example",
    "/é",
    "/x%",
    "/x%g1",
    "/x#fragment",
    "/" + "x" * LENGTH_MAX,
]
GOOD = [
    "/",
    "/account",
    "/account/sessions",
    "/a-b_c.d~e/f",
    "/notes?q=a%20b&page=2",
    "/x?next=/y",
    "/caf%C3%A9",
]


@pytest.mark.parametrize("wanted", EVIL)
def test_A39_a_way_out_is_the_default_page(wanted: str) -> None:
    assert safe_next(wanted, default=NO) == NO


@pytest.mark.parametrize("wanted", GOOD)
def test_A39_a_page_of_ours_is_gone_to(wanted: str) -> None:
    assert safe_next(wanted, default=NO) == wanted


def cases() -> list[str]:
    found = [one for one in json.loads(gzip.decompress(DATA.read_bytes())) if isinstance(one, dict)]
    assert len(found) >= 869
    return [text for one in found for text in (one["input"], one.get("href", ""), one.get("pathname", ""))]


def variants(text: str) -> list[str]:
    return [text, f"/{text}", f"//{text}", f"/{text[1:]}", f"/x{text}", f"/%2e{text}", f"/x?{text}"]


def parsed(wanted: list[str]) -> list[Any]:
    """What a browser's own parser makes of them on our sign-in page: the origin, or null for no address."""
    beside = Path(sys.executable).with_name("node")
    program = str(beside) if beside.exists() else shutil.which("node")
    if program is None:
        pytest.skip("there is no node on this machine: `make test` installs one")
    script = (
        "const [here, all] = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(all.map((one) => { try { const u = new URL(one, here);"
        " return [u.origin, u.pathname + u.search]; } catch { return null; } })))"
    )
    done = subprocess.run(
        [program, "-e", script],
        input=json.dumps([HERE, wanted]),
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    found: list[Any] = json.loads(done.stdout)
    return found


def test_A39_of_all_whatwg_cases_none_leaves_the_origin() -> None:
    every = sorted({one for case in cases() for one in variants(case) if _is_unicode(one)})
    let_through = [one for one in every if safe_next(one, default=NO) != NO]
    assert len(let_through) > 100  # or the test would say nothing
    assert [
        one
        for one, found in zip(let_through, parsed(let_through), strict=True)
        if found not in ([OURS, one], [OURS, one.removesuffix("?")])
    ] == []


def _is_unicode(text: str) -> bool:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore") == text


@given(st.text(alphabet="/\\.%25fFcC:@ax?#\t\n\r \u3002\uff0f"))
def test_A39_what_is_let_through_is_a_path_in_every_reading(wanted: str) -> None:
    if safe_next(wanted, default=NO) != NO:
        assert wanted.startswith("/")
        assert "//" not in wanted.partition("?")[0]
        assert not set(wanted) & set("\\:@#\t\n\r ")
