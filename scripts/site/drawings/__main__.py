"""Write the drawings anew: `make reference` does it too."""

from __future__ import annotations

from pathlib import Path

from scripts.site.drawings import svg
from scripts.site.drawings.catalogue import ALL

PLACE = Path(__file__).parents[3] / "docs" / "drawings"


def main() -> None:
    PLACE.mkdir(exist_ok=True)
    for drawing in ALL:
        (PLACE / f"{drawing.name}.svg").write_text(svg(drawing))


if __name__ == "__main__":
    main()
