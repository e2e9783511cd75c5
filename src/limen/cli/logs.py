"""Where a server's lines go: the audit log to stdout, the rest to stderr. No line holds a credential."""

from __future__ import annotations

import logging
from typing import Any

from limen.settings import Settings

_QUIET = ("warning", "error")


class AccessFormatter(logging.Formatter):
    """uvicorn's line of a request without its query, where people put what should not be there."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        client, method, path, version, status = record.args or ("", "", "", "", "")
        record.message = f'{client} "{method} {str(path).partition("?")[0]} HTTP/{version}" {status}'
        return super().formatMessage(record)


def of(settings: Settings, *, access: bool) -> dict[str, Any]:
    """As the settings say it."""
    return configuration(settings.log_level, access=access)


def configuration(level: str, *, access: bool) -> dict[str, Any]:
    """For `logging.config.dictConfig`, in every worker alike."""
    line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    server = level if level in (*_QUIET, "debug") else "warning"  # its word about each start is ours already
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": line},
            "audit": {"format": "%(message)s"},
            "access": {"()": "limen.cli.logs.AccessFormatter", "fmt": line},
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
