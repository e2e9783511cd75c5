"""Write the reference anew: `make reference`."""

from __future__ import annotations

from scripts.site.reference import DOCS, made


def main() -> None:
    for path, text in made():
        if text is None:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"wrote docs/{path.relative_to(DOCS)}")


if __name__ == "__main__":
    main()
