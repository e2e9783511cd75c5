"""Colours that can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Misconfigured
from limen.settings import colours, load

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_contrast_is_that_of_the_standard() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#ffffff", "#ffffff") == pytest.approx(1)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOURS)
def test_any_colour_has_one_near_it_that_can_be_read(colour: str) -> None:
    for paper in (colours.PAPER_LIGHT, colours.PAPER_DARK):
        found = colours.readable(colour, on=paper)
        assert colours.contrast(found, paper) >= colours.CONTRAST_MIN
        assert colours.contrast(colours.on_top(found), found) >= colours.CONTRAST_MIN
        if colours.contrast(colour, paper) >= colours.CONTRAST_MIN:
            assert found == colour


@pytest.mark.parametrize("wrong", ["", "red", "#FFF", "#0B665B", "#0b665b;", "#0b665b\n", "0b665b"])
def test_what_is_no_colour_is_refused(wrong: str) -> None:
    with pytest.raises(Misconfigured, match="#0b665b"):
        load({"brand_color": wrong})


def test_a_colour_that_nobody_can_read_is_refused_with_one_that_can_be() -> None:
    with pytest.raises(Misconfigured, match="too light") as caught:
        load({"brand_color": "#ffcc00"})
    proposed = re.findall(r"#[0-9a-f]{6}", str(caught.value))[-1]
    load({"brand_color": proposed})
