"""Lines for people and for machines: one for each event, whatever is in it."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from limen import request_id
from limen.cli import logs
from limen.settings import Settings

FORGED = "x\r\n2026-01-01 00:00:00,000 CRITICAL limen: all is lost \x1b[2J\x85\u2028\x7f\ud800"


def record(message: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    info: Any = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("limen.test", logging.WARNING, __file__, 1, message, arguments, info)


def raised(text: str) -> ValueError:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JSONFormatter()])
def test_W07_J12_what_a_client_sent_cannot_begin_a_line(formatter: logging.Formatter) -> None:
    line = formatter.format(record("refused: %s", FORGED))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    line.encode()


def test_W07_the_lines_of_a_traceback_are_indented_and_no_line_of_their_own() -> None:
    found = logs.TextFormatter().format(record("failed", error=raised(FORGED)))
    first, *others = found.split("\n")
    assert "WARNING limen.test: failed" in first
    assert others
    assert all(line.startswith("  ") and line.isprintable() for line in others)


def test_a_machine_reads_what_is_known_and_nothing_that_is_empty() -> None:
    line = logs.JSONFormatter().format(record("refused: %s", "x"))
    said = json.loads(line)
    assert said == {"at": said["at"], "level": "warning", "logger": "limen.test", "message": "refused: x"}


def test_a_traceback_is_one_field_of_one_line() -> None:
    line = logs.JSONFormatter().format(record("failed", error=raised("a\nb")))
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["error"]


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JSONFormatter()])
def test_the_line_names_its_request(formatter: logging.Formatter) -> None:
    with request_id.under("a-request"):
        assert "a-request" in formatter.format(record("done"))
    assert "a-request" not in formatter.format(record("done"))


@pytest.mark.parametrize("formatter", [logs.AccessFormatter(), logs.JSONAccessFormatter()])
def test_S32_the_line_of_a_request_has_no_query(formatter: logging.Formatter) -> None:
    line = formatter.format(record("%s", "192.0.2.7:1", "GET", "/auth/session?token=secret", "1.1", 200))
    assert "/auth/session HTTP/1.1" in line
    assert "secret" not in line
    assert "odd" in formatter.format(record("odd"))


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("access", [True, False])
def test_the_configuration_is_one_that_logging_takes(form: str, access: bool) -> None:
    found = logs.of(Settings(log_format=form, log_level="debug"), access=access)
    for formatter in found["formatters"].values():
        if "()" in formatter:
            assert getattr(sys.modules["limen.cli.logs"], formatter["()"].rpartition(".")[2])()
    assert found["loggers"]["limen"]["level"] == "DEBUG"
    assert found["loggers"]["limen.audit"]["handlers"] == ["audit"]
