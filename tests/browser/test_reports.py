"""The lab's reports in Chromium, as `/lab` serves them: readable under a policy that allows one style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from limen.lab import archive
from limen.lab.page import page
from support.lab import a_run
from support.serving import Serving

RUN = "20270115T080000Z"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `/lab` of a server in whose folder the lab has left a run."""
    folder = tmp_path_factory.mktemp("lab")
    path = archive.save(a_run(), folder / archive.FOLDER)
    archive.write_page(path, page(a_run()))
    with Serving(folder, "--port", "0") as serving:
        yield f"{serving.address}/lab"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 380])
def test_a_report_is_found_and_shown(chromium: Any, lab: str, scheme: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    sheet = context.new_page()
    sheet.on("console", lambda message: complaints.append(message.text))
    sheet.goto(lab)
    sheet.click(f"a[href='/lab/{RUN}']")
    sheet.wait_for_selector("h1")
    shown = [box for svg in sheet.query_selector_all("figure > svg") if (box := svg.bounding_box())]
    assert len(shown) > 5
    assert all(200 < box["width"] <= width for box in shown)
    assert sheet.evaluate("document.documentElement.scrollWidth") <= width
    paper = sheet.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(252, 252, 251)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert complaints == []
    context.close()
