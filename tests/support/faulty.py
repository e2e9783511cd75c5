"""SQLite connections that fail, or answer with another's row, when a test says so: a store's `factory`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

SET_UP = ("PRAGMA", "SELECT 1 FROM sqlite_master")
ASKED = "PRAGMA data_version"


class Plan:
    """What the next statements meet. `fail_at` counts down from now over all connections of the plan."""

    def __init__(self) -> None:
        self.fail_at: int | None = None
        """The statement that fails, and every one after it until the plan is reset; None: none."""
        self.code = sqlite3.SQLITE_FULL
        self.rolled_back = False
        """Whether SQLite ends the transaction by itself, as it may on a full disk or an I/O error."""
        self.once = False
        """Whether only that one statement fails."""
        self.met = 0
        self.answer: Callable[[str, Any], Any] | None = None
        """What is answered instead of a row, by statement and arguments; None from it: the true answer."""
        self.statements: list[str] = []

    def fail(
        self, at: int, code: int = sqlite3.SQLITE_FULL, *, rolled_back: bool = False, once: bool = False
    ) -> None:
        self.fail_at, self.code, self.rolled_back, self.once, self.met = at, code, rolled_back, once, 0

    def recover(self) -> None:
        self.fail_at = None

    def meet(self, connection: sqlite3.Connection, statement: str) -> None:
        self.statements.append(statement)
        if self.fail_at is None or (statement.startswith(SET_UP) and statement != ASKED):
            return
        self.met += 1
        if self.met == self.fail_at + 1 or (self.met > self.fail_at and not self.once):
            if self.rolled_back:
                sqlite3.Connection.rollback(connection)
            raise failure(self.code)


def failure(code: int) -> sqlite3.OperationalError:
    """What the `sqlite3` module raises for this code; its message quotes what no log may."""
    error = sqlite3.OperationalError("near 'hunter2': a message that could quote anything")
    error.sqlite_errorcode = code
    names = (
        "SQLITE_FULL",
        "SQLITE_IOERR",
        "SQLITE_READONLY",
        "SQLITE_BUSY",
        "SQLITE_CORRUPT",
        "SQLITE_NOMEM",
    )
    error.sqlite_errorname = {getattr(sqlite3, name): name for name in names}.get(code, "SQLITE_ERROR")
    return error


class _Answered:
    """A cursor that has one row, which the test chose."""

    rowcount = 1

    def __init__(self, row: Any) -> None:
        self._rows = [] if row is None else [row]

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[Any]:
        return self._rows


def factory(plan: Plan) -> type[sqlite3.Connection]:
    """Connections that follow the plan."""

    class Faulty(sqlite3.Connection):
        def execute(self, statement: str, *arguments: Any) -> Any:
            plan.meet(self, statement)
            if plan.answer is not None:
                row = plan.answer(statement, arguments[0] if arguments else ())
                if row is not None:
                    return _Answered(row)
            return super().execute(statement, *arguments)

        def executemany(self, statement: str, *arguments: Any) -> Any:
            plan.meet(self, statement)
            return super().executemany(statement, *arguments)

        def commit(self) -> None:
            if self.in_transaction:
                plan.meet(self, "COMMIT")
            super().commit()

    return Faulty
