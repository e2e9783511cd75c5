"""Every setting: its name, variable, kind, default and meaning."""

from __future__ import annotations

from scripts.site.reference.markdown import code
from scripts.site.reference.markdown import table as drawn

from limen.settings import describe
from limen.settings.table import Setting


def row(setting: Setting) -> tuple[str, ...]:
    return (
        code(setting.name),
        code(setting.variable),
        setting.kind.value,
        code(setting.default),
        setting.means,
    )


def table() -> str:
    return drawn(("name", "variable", "kind", "default", "meaning"), map(row, describe().values()))
