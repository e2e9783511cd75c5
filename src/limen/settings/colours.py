"""Colours, as far as it must be known whether people can read what is written in them (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

CONTRAST_MIN = 4.5
PAPER_LIGHT, PAPER_DARK = "#faf9f6", "#141618"
"""What the pages are written on, by day and by night."""
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z", re.ASCII)


def is_colour(text: str) -> bool:
    """Whether this is a colour as settings write it: `#0b665b`, in lower case."""
    return _COLOUR.match(text) is not None


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """So much of `colour`, the rest of `other`."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def readable(colour: str, *, on: str, least: float = CONTRAST_MIN) -> str:
    """`colour` itself where it can be read on `on`; else the nearest that can, lighter or darker."""
    far = "#ffffff" if _luminance(on) < 0.18 else "#000000"
    for step in range(101):
        found = mix(far, colour, step / 100)
        if contrast(found, on) >= least:
            return found
    return far


def on_top(colour: str) -> str:
    """What is written on a button of this colour: white or nearly black, whichever is read more easily."""
    return max(("#ffffff", PAPER_DARK), key=lambda ink: contrast(ink, colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
