"""Whose pages these are: a name, a logo and one colour, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from limen.errors import Misconfigured
from limen.settings import Settings
from limen.settings.colours import PAPER_DARK, PAPER_LIGHT, mix, on_top, readable

LOGO_MAX = 100_000
"""Bytes. It is loaded by every page."""
_KINDS = {".svg": b"<", ".png": b"\x89PNG", ".webp": b"RIFF"}
_OURS = "#0b665b"
_BY_NIGHT = 8.0
"""The contrast that a colour gets on dark paper. What is just readable there looks dull."""


@dataclass(frozen=True, slots=True)
class Brand:
    """`logo` is the name of a file among the assets; empty: the name is written out."""

    name: str
    colour: str = _OURS
    logo: str = ""
    image: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Misconfigured where the logo cannot be read or is no picture."""
        if not settings.brand_logo:
            return cls(settings.brand_name, settings.brand_color)
        path = Path(settings.brand_logo)
        return cls(settings.brand_name, settings.brand_color, f"logo{path.suffix.lower()}", _picture(path))

    def dress(self, files: dict[str, bytes], *, style: str, icon: str) -> dict[str, bytes]:
        """The files of the pages in this colour, and the logo beside them."""
        dressed = {style: files[style] + _inks(self.colour).encode()}
        dressed[icon] = files[icon].replace(_OURS.encode(), self.colour.encode())
        return files | dressed | ({self.logo: self.image} if self.logo else {})


def _picture(path: Path) -> bytes:
    begins = _KINDS.get(path.suffix.lower())
    if begins is None:
        raise Misconfigured(f"brand_logo: {path.name} is no .svg, .png or .webp file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"brand_logo: {path} cannot be read: {error.strerror}") from error
    if len(content) > LOGO_MAX or not content.lstrip().startswith(begins):
        raise Misconfigured(f"brand_logo: {path.name} is not such a picture of at most {LOGO_MAX:,} bytes")
    return content


def _inks(colour: str) -> str:
    """In place of the style sheet's own colour, by day and by night."""
    if colour == _OURS:
        return ""
    night = readable(colour, on=PAPER_DARK, least=_BY_NIGHT)
    return (
        f":root{{{_ink(colour, PAPER_LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_ink(night, PAPER_DARK)}}}}}"
    )


def _ink(colour: str, paper: str) -> str:
    return f"--accent:{colour};--on-accent:{on_top(colour)};--wash:{mix(colour, paper, 0.1)}"
