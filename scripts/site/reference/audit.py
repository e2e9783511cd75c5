"""Every event of the audit log and what it says."""

from __future__ import annotations

from scripts.site.reference.markdown import code, sentence
from scripts.site.reference.markdown import table as drawn

from limen.audit import EVENTS


def table() -> str:
    return drawn(("event", "when"), ((code(name), sentence(EVENTS[name])) for name in sorted(EVENTS)))
