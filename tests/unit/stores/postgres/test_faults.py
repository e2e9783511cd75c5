"""What a failure means to whom."""

from __future__ import annotations

import socket
import ssl

import asyncpg
import pytest

from limen.errors import Misconfigured, Unavailable
from limen.stores.postgres import faults


def postgres(sqlstate: str) -> asyncpg.PostgresError:
    error: asyncpg.PostgresError = asyncpg.PostgresError.new(
        {"C": sqlstate, "M": "the secret content", "S": "ERROR"}
    )
    return error


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_others_in_the_way_are_met_again(sqlstate: str) -> None:
    assert faults.is_contended(postgres(sqlstate))
    assert not faults.is_lost(postgres(sqlstate))


@pytest.mark.parametrize("sqlstate", ["57P01", "57P02", "57P03", "08006", "08003", "25006", "53300", "25P03"])
def test_a_connection_that_is_of_no_use_is_replaced(sqlstate: str) -> None:
    assert faults.is_lost(postgres(sqlstate))
    assert not faults.is_contended(postgres(sqlstate))


@pytest.mark.parametrize(
    "error", [ConnectionResetError(), OSError(), EOFError(), asyncpg.InterfaceError("closed")]
)
def test_a_socket_that_fails_is_a_lost_connection(error: Exception) -> None:
    assert faults.is_lost(error)
    assert faults.is_foreign(error)


@pytest.mark.parametrize(
    "error", [ValueError(), asyncpg.exceptions._base.DataError("not a UUID"), KeyError()]
)
def test_what_the_caller_did_is_not_repeated(error: Exception) -> None:
    assert not faults.is_lost(error)
    assert not faults.is_contended(error)
    assert not faults.is_foreign(error)


@pytest.mark.parametrize("sqlstate", ["53100", "XX000", "42501", "22003"])
def test_what_does_not_pass_is_not_repeated(sqlstate: str) -> None:
    assert not faults.is_lost(postgres(sqlstate))
    assert not faults.is_contended(postgres(sqlstate))
    assert faults.is_foreign(postgres(sqlstate))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asyncpg.exceptions._base.ClientConfigurationError("root.crt"), "sslrootcert=FILE"),
        (ssl.SSLCertVerificationError("self-signed"), "authority"),
        (ConnectionError('PostgreSQL server at "db:5432" rejected SSL upgrade'), "sslmode=disable"),
    ],
)
def test_what_waiting_does_not_mend_is_the_operators(error: Exception, said: str) -> None:
    told = faults.at_start(error)
    assert isinstance(told, Misconfigured)
    assert said in told.message


@pytest.mark.parametrize("error", [ConnectionRefusedError(), socket.gaierror(), FileNotFoundError()])
def test_who_is_not_there_may_come_back(error: Exception) -> None:
    told = faults.at_start(error)
    assert isinstance(told, Unavailable)
    assert "just now" not in told.message
    assert told.reason == type(error).__name__


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("unexpected connection_lost() call"),
        ConnectionError('PostgreSQL server at "db:5432": server sent an error response during SSL exchange'),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        ssl.SSLError(1, "[SSL: TLSV1_ALERT_INTERNAL_ERROR] tlsv1 alert internal error"),
    ],
)
def test_tls_that_breaks_off_while_the_server_starts_is_no_ones_configuration(error: Exception) -> None:
    told = faults.at_start(error)
    assert isinstance(told, Unavailable)
    assert "sslmode" not in told.message


def test_no_message_of_the_server_gets_out() -> None:
    told = faults.unavailable(postgres("23505"))
    assert "secret content" not in str(told) + told.reason
    assert told.reason.startswith("23505 ")
    assert told.retry_after > 0


@pytest.mark.parametrize("sqlstate", ["28P01", "28000", "3D000", "42501"])
def test_at_the_start_the_developer_is_told_what_waiting_does_not_mend(sqlstate: str) -> None:
    assert isinstance(faults.at_start(postgres(sqlstate)), Misconfigured)
    assert isinstance(faults.at_start(postgres("57P03")), Unavailable)
    assert isinstance(faults.at_start(OSError()), Unavailable)
