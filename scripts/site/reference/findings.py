"""Every finding of the doctor and of the lint: what it says, why it matters, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.site.reference.markdown import NOTE, code, table

from limen.doctor import CATALOGUE as OF_A_CONFIGURATION
from limen.doctor.outside import CATALOGUE as OF_A_DEPLOYMENT
from limen.lint import CATALOGUE as OF_TOKENS
from limen.lint import Catalogue

HEAD = """# Every finding

What `limen doctor` finds in a configuration and, with `--url`, in a deployment seen from outside
([the doctor](../doctor.md)), and what `limen token lint`, `limen key lint` and the
[workbench](../workbench.md) find in tokens and keys. The ids stay, so a pipeline may look for them. `…`
stands for what was seen.
"""
SECTIONS = (
    ("limen doctor", OF_A_CONFIGURATION),
    ("limen doctor --url", OF_A_DEPLOYMENT),
    ("limen token lint, limen key lint", OF_TOKENS),
)
_SEEN = re.compile(r"\{[^}]*\}")


def page() -> str:
    columns = ("id", "severity", "what is found", "why it matters", "what to do")
    parts = [f"\n## {title}\n\n{table(columns, _rows(catalogue))}" for title, catalogue in SECTIONS]
    return HEAD + "".join(parts) + NOTE


def _rows(catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    for id_, rule in catalogue.items():
        why = f"{rule.why} ({rule.section})" if rule.section else rule.why
        yield code(id_), rule.severity.value, _plain(rule.what), _plain(why), _plain(rule.mend)


def _plain(text: str) -> str:
    """What is filled in when something is found, left open; an angle is no tag."""
    return re.sub("…+", "…", _SEEN.sub("…", text)).replace("<", "&lt;")
