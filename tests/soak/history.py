"""What was done, by whom and when: the records of a run, as lines of JSON.

Every moment is of the one CLOCK_MONOTONIC of the machine, so what several processes did is in one order.
No record holds a credential: sessions by their ids, refresh credentials by their generation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Self

ALL_ENDED = "all sessions ended"
"""What is written down when the store itself has given all sessions up."""


class Kind(StrEnum):
    """What a client asks for."""

    REGISTER = "register"
    SIGN_IN = "sign in"
    CALL = "call"
    """A request with a credential, which a server or a verifier lets pass or not."""
    REFRESH = "refresh"
    SIGN_OUT = "sign out"
    """The session that it came with."""
    SIGN_OUT_OTHERS = "sign out others"
    """All sessions of the account but the one that it came with."""
    SIGN_OUT_EVERYWHERE = "sign out everywhere"
    CHANGE_PASSWORD = "change password"
    """Ends all sessions of the account and opens `session`."""
    END = "end"
    """An operator, or a client of OAuth, ends one session."""
    END_ALL = "end all"
    """An operator ends all sessions of an account."""


class Outcome(StrEnum):
    """What is known of an operation when its client goes on."""

    OK = "ok"
    DENIED = "denied"
    """Nothing was done: 4xx."""
    UNKNOWN = "unknown"
    """No answer, or 503: it may have happened, may happen yet, or never."""
    BROKEN = "broken"
    """An answer that a server must never give: 500. What was done is unknown too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One question of a client, from before it was asked until after it was answered."""

    kind: Kind
    process: str
    """Who was asked, and which incarnation of it: `server 1.3` is the third process of that name."""
    client: str
    account: str
    begin: float
    end: float
    outcome: Outcome
    code: str = ""
    session: str = ""
    """Whose credential was presented, or what was opened; of a sign-in that was not answered: empty."""
    strategy: str = ""
    generation: int = -1
    """Of the refresh credential that was presented."""
    given: str = ""
    """A mark of the refresh credential that was answered: the same mark, the same credential."""
    password: int = -1
    """Which of the account's passwords was presented; of a change: the new one."""
    final: bool = False
    """Done when everything had healed, to see what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that the nemesis did, from before it began until after it was mended."""

    what: str
    whom: str
    begin: float
    end: float
    seconds: float = 0.0
    """Of a clock that was turned: by how much."""
    loses: bool = False
    """What was acknowledged meanwhile may be lost, as the docs say of this configuration."""
    ends_all: bool = False
    """All sessions that were opened before its end may be ended by it, as the docs say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the deployment promises, in seconds."""

    max_staleness: float
    refresh_grace: float
    access_lifetime: float
    leeway: float
    lease: float = 0.0
    """Sessions in Redis: so long a master that was deposed may still answer lookups."""
    linger: float = 15.0
    """So long after its client gave up, an operation may still happen: in a process that was paused, behind
    a connection that was held. Longer than any pause and the patience of a store together."""

    def lag(self, strategy: str) -> float:
        """How long after the acknowledgement a call with a credential of this strategy may be accepted."""
        return max(self.max_staleness, self.lease) if strategy == "session" else self.max_staleness


@dataclass(slots=True)
class History:
    """Everything of one run."""

    promise: Promise
    operations: list[Operation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    """How the run was made: store, seed."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """From lines of JSON; the first is the promise."""
        with path.open() as lines:
            return cls._made(json.loads(line) for line in lines)

    @classmethod
    def _made(cls, records: Iterator[dict[str, Any]]) -> Self:
        first = next(records)
        history = cls(Promise(**first["promise"]), about=first["about"])
        for record in records:
            if "fault" in record:
                history.faults.append(Fault(**record["fault"]))
            else:
                history.operations.append(_operation(record["operation"]))
        return history


class Recorder:
    """A history that is written down as it happens, so that it survives whatever comes."""

    def __init__(self, history: History, file: IO[str] | None = None) -> None:
        self.history, self._file = history, file
        self._write({"promise": asdict(history.promise), "about": history.about})

    def did(self, operation: Operation) -> None:
        self.history.operations.append(operation)
        self._write({"operation": asdict(operation)})

    def broke(self, fault: Fault) -> None:
        self.history.faults.append(fault)
        self._write({"fault": asdict(fault)})

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(record, separators=(",", ":")) + "\n")


def counted(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first."""
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _operation(record: dict[str, Any]) -> Operation:
    return Operation(**record | {"kind": Kind(record["kind"]), "outcome": Outcome(record["outcome"])})
