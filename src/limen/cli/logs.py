"""Where a server's lines go: the audit log to stdout, the rest to stderr. No line holds a credential.

Lines are for people or, an object each, for machines. What a client sent cannot begin a line of its own in
either: whatever cannot be printed is escaped, and the lines of a traceback are indented.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from limen import request_id
from limen.settings import Settings

_QUIET = ("warning", "error")


class TextFormatter(logging.Formatter):
    """A line for people: with the id of the request at its end, where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        message = _visible(self._message(record))
        head = f"{self.formatTime(record)} {record.levelname} {record.name}: {message}"
        request = request_id.current()
        lines = [f"{head} [{request}]" if request else head]
        lines += [f"  {_visible(line)}" for line in _traceback(self, record).splitlines()]
        return "\n".join(lines)

    def _message(self, record: logging.LogRecord) -> str:
        return record.getMessage()


class JSONFormatter(TextFormatter):
    """One object a line: when (seconds since the epoch), level, logger, message, and what else is known."""

    def format(self, record: logging.LogRecord) -> str:
        known = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _visible(self._message(record)),
            "request": request_id.current(),
            "error": "\n".join(map(_visible, _traceback(self, record).splitlines())),
        }
        return msgspec.json.encode({name: value for name, value in known.items() if value != ""}).decode()


def written(message: str, level: int = logging.INFO) -> str:
    """The object for what is said whatever `log_level` is, beside the log."""
    known = {
        "name": "limen.serve",
        "msg": message,
        "levelno": level,
        "levelname": logging.getLevelName(level),
    }
    return JSONFormatter().format(logging.makeLogRecord(known))


class _OfAccess(TextFormatter):
    """uvicorn's line of a request without its query, where people put what should not be there."""

    def _message(self, record: logging.LogRecord) -> str:
        given = record.args
        if not isinstance(given, tuple) or len(given) != 5:
            return record.getMessage()
        client, method, path, version, status = given
        return f'{client} "{method} {str(path).partition("?")[0]} HTTP/{version}" {status}'


class AccessFormatter(_OfAccess):
    """The line of a request for people."""


class JSONAccessFormatter(_OfAccess, JSONFormatter):
    """The same as an object."""


def of(settings: Settings, *, access: bool) -> dict[str, Any]:
    """As the settings say it."""
    return configuration(settings.log_level, access=access, form=settings.log_format)


def configuration(level: str, *, access: bool, form: str = "text") -> dict[str, Any]:
    """For `logging.config.dictConfig`, in every worker alike."""
    prefix = "limen.cli.logs.JSON" if form == "json" else "limen.cli.logs."
    line = f"{prefix}Formatter" if form == "json" else f"{prefix}TextFormatter"
    server = level if level in (*_QUIET, "debug") else "warning"  # its word about each start is ours already
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": line},
            "audit": {"format": "%(message)s"},
            "access": {"()": f"{prefix}AccessFormatter"},
        },
        "handlers": {
            "stderr": _stream("line", "stderr"),
            "access": _stream("access", "stderr"),
            "audit": _stream("audit", "stdout"),
        },
        "loggers": {
            "limen": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "limen.audit": {"handlers": ["audit"], "level": "INFO", "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": server.upper(), "propagate": False},
            "uvicorn.access": {
                "handlers": ["access"] if access else [],
                "level": "INFO",
                "propagate": False,
            },
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }


def _stream(formatter: str, stream: str) -> dict[str, str]:
    return {"class": "logging.StreamHandler", "formatter": formatter, "stream": f"ext://sys.{stream}"}


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Empty where nothing was raised."""
    found = formatter.formatException(record.exc_info) if record.exc_info else ""
    return f"{found}\n{record.stack_info}" if record.stack_info else found


def _visible(text: str) -> str:
    """Text in which nothing moves a cursor or begins a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
