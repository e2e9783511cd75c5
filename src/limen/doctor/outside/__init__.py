"""Findings about a deployment as it is seen from outside. Pure: whoever asks brings what was heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from limen import lint
from limen.doctor.outside.catalogue import CATALOGUE
from limen.doctor.outside.connection import connection
from limen.doctor.outside.documents import documents
from limen.doctor.outside.mends import MENDS
from limen.doctor.outside.passage import passage
from limen.doctor.outside.seen import Outside, Reply, Silence
from limen.lint import Finding, find

__all__ = ["CATALOGUE", "Outside", "examine"]

_MISSED = 3
"""Names of questions that are told."""


def examine(seen: Outside) -> tuple[Finding, ...]:
    """Every finding, worst first, with the line to change where the program in front is known."""
    return tuple(_mended(finding, seen) for finding in lint.worst_first(list(_all(seen))))


def _all(seen: Outside) -> Iterator[Finding]:
    yield from connection(seen)
    plain = seen.heard.get("plain")
    if not isinstance(plain, Reply):
        why = plain.why if plain is not None else "it was not asked"
        yield find(CATALOGUE, "unreachable", url=seen.url, why=why)
        return
    stops = list(_stops(seen, plain))
    yield from stops
    if not stops:
        yield from passage(seen, plain)
        yield from documents(seen)
    yield from _silent(seen)


def _stops(seen: Outside, plain: Reply) -> Iterator[Finding]:
    """What keeps everything else from being seen."""
    if plain.code == "host_unknown":
        yield find(CATALOGUE, "host_foreign")
    elif plain.code == "https_required":
        yield find(CATALOGUE, "scheme_untold")
    elif 300 <= plain.status < 400:
        yield find(
            CATALOGUE, "redirected", url=seen.url, target=(plain.header("location") or "nowhere")[:100]
        )
    elif not plain.code and not _is_replaced_limen(seen):
        yield find(CATALOGUE, "not_limen", url=seen.url, path="", status=plain.status)


def _is_replaced_limen(seen: Outside) -> bool:
    """Whether other answers show that Limen is there, though its errors do not come through."""
    keys = seen.reply("keys")
    return keys is not None and isinstance(keys.json.get("keys"), list)


def _silent(seen: Outside) -> Iterator[Finding]:
    silent = {
        name: heard.why
        for name, heard in seen.heard.items()
        if isinstance(heard, Silence) and not name.startswith("clear")  # nobody need listen there
    }
    if silent:
        named = ", ".join(list(silent)[:_MISSED]) + (", …" if len(silent) > _MISSED else "")
        yield find(CATALOGUE, "silent", questions=named, why=next(iter(silent.values())))


def _mended(finding: Finding, seen: Outside) -> Finding:
    line = MENDS.get(finding.id, {}).get(seen.program)
    if line is None:
        return replace(finding, mend=finding.mend.format(url=seen.url))
    return replace(finding, mend=f"{seen.program}: {line}")
