"""Rules about what is published: keys and metadata; and about what should not be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from limen.doctor.outside.catalogue import CATALOGUE
from limen.doctor.outside.seen import Outside, Reply
from limen.lint import Finding, find, spell
from limen.lint.finding import quoted

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_KEPT_MOST = 3_600
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,12})", re.ASCII | re.IGNORECASE)
_DEVELOPMENT = ("openapi.json", "workbench", "playground")


def documents(seen: Outside) -> Iterator[Finding]:
    """All of them."""
    keys, metadata = seen.reply("keys"), seen.reply("metadata")
    if keys is not None:
        yield from _keys(keys, seen.reply("keys_again"))
    if metadata is not None:
        yield from _metadata(metadata, seen.url)
    if not seen.local:
        yield from _public(seen)


def _keys(keys: Reply, again: Reply | None) -> Iterator[Finding]:
    found = keys.json.get("keys")
    if keys.status != 200 or not isinstance(found, list):
        yield find(CATALOGUE, "keys_missing", status=keys.status)
        return
    if any(isinstance(one, dict) and _PRIVATE & one.keys() for one in found):
        yield find(CATALOGUE, "keys_private")
    yield from _kept(keys)
    if again is None or again.status != 304:
        yield find(CATALOGUE, "keys_untagged")


def _kept(keys: Reply) -> Iterator[Finding]:
    said = ", ".join(keys.all("cache-control"))
    ages = [int(age) for age in _MAX_AGE.findall(said)]
    if not ages or "no-store" in said.lower() or max(ages) == 0:
        yield find(CATALOGUE, "keys_unkept", value=said[:80] or "no Cache-Control")
        return
    if max(ages) > _KEPT_MOST:
        yield find(CATALOGUE, "keys_kept_long", value=spell(max(ages)))
    age = keys.header("age") or ""
    if age.isascii() and age.isdigit() and len(age) < 12 and int(age) > max(ages):
        yield find(CATALOGUE, "keys_stale", age=spell(int(age)), most=spell(max(ages)))


def _metadata(metadata: Reply, url: str) -> Iterator[Finding]:
    if metadata.status != 200 or not metadata.json:
        yield find(CATALOGUE, "metadata_missing", status=metadata.status)
    elif metadata.json.get("issuer") != url:
        yield find(CATALOGUE, "issuer_foreign", issuer=quoted(metadata.json.get("issuer")), url=url)


def _public(seen: Outside) -> Iterator[Finding]:
    ready, metrics = seen.reply("readyz"), seen.reply("metrics")
    if ready is not None and ready.json.get("status") == "ready" and not seen.public_probes:
        yield find(CATALOGUE, "readiness_public")
    if metrics is not None and metrics.status == 200 and b"# TYPE" in metrics.body:
        yield find(CATALOGUE, "metrics_public")
    for name in _DEVELOPMENT:
        found = seen.reply(name)
        if found is not None and found.status == 200 and _is_ours(name, found):
            yield find(CATALOGUE, "development_public", path=f"/{name}")
            return


def _is_ours(name: str, found: Reply) -> bool:
    if name != "openapi.json":
        return b"limen" in found.body.lower()
    info = found.json.get("info")
    return isinstance(info, dict) and info.get("title") == "Limen"
