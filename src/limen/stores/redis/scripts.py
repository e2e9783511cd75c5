"""The scripts: each one operation, all or nothing. `prelude` stands before all but what sets the fence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """Lua, and the digest by which Redis knows it."""

    text: bytes
    digest: str


def _read(name: str) -> str:
    return files("limen.stores.redis").joinpath("lua", f"{name}.lua").read_text("utf-8")


def _script(name: str, *, fenced: bool = True) -> Script:
    text = (_read("prelude") + _read(name) if fenced else _read(name)).encode()
    return Script(text, hashlib.sha1(text).hexdigest())  # noqa: S324 - the name that EVALSHA asks for


OPEN = _script("open")
LIST = _script("list")
ROTATE = _script("rotate")
TOUCH = _script("touch")
REVOKE = _script("revoke")
OTHERS = _script("others")
APPLY = _script("apply")
APPEND = _script("append")
CHARGE = _script("charge")
SETTLE = _script("settle")
SWEEP = _script("sweep")
BEAT = _script("beat")
SETTLE_EPOCH = _script("settle_epoch", fenced=False)
ALL = (OPEN, LIST, ROTATE, TOUCH, REVOKE, OTHERS, APPLY, APPEND, CHARGE, SETTLE, SWEEP, BEAT, SETTLE_EPOCH)
