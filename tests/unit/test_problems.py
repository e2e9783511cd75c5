"""Problem documents: what a client learns of an error, and what it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Denied, LimenError, Misconfigured, Rejected, Throttled, Unavailable
from limen.problems import Problem, problem, shown
from limen.settings import Transport
from limen.transport import CookieNames, find_credential


def header(found: Problem, name: bytes) -> str | None:
    values = [value.decode("ascii") for key, value in found.headers if key == name]
    assert len(values) <= 1
    return values[0] if values else None


def document(found: Problem) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(found.body)
    return loaded


def test_a_document_has_the_members_of_rfc_9457_and_a_code() -> None:
    found = problem(Rejected("the address has no domain", code="email_malformed", status=422, field="email"))
    assert found.status == 422
    assert document(found) == {
        "type": "urn:limen:problem:email_malformed",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "the address has no domain",
        "code": "email_malformed",
        "field": "email",
    }
    assert header(found, b"content-type") == "application/problem+json"
    assert header(found, b"cache-control") == "no-store"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Denied("sign in first", code="credential_missing"), 401),
        (Denied("no", code="cross_site", forbidden=True), 403),
        (Rejected("no", code="body_malformed"), 400),
        (Rejected("no", code="account_exists", status=409), 409),
        (Throttled("wait", retry_after=3), 429),
        (Unavailable("down"), 503),
        (Misconfigured("limen.toml says …"), 500),
        (LimenError("something went wrong", code="internal_error"), 500),
    ],
)
def test_the_status_says_who_must_act(error: LimenError, status: int) -> None:
    found = problem(error)
    assert found.status == document(found)["status"] == status


def test_the_reason_stays_here() -> None:
    error = Denied("this token is not valid", code="token_invalid", reason="signature_wrong_for_kid_7")
    found = problem(error)
    assert b"signature" not in found.body
    assert not any(b"signature" in value for _, value in found.headers)


def test_what_a_developer_is_told_is_not_told_to_a_client() -> None:
    found = problem(Misconfigured("/srv/app/limen.toml is no TOML", code="misconfigured"))
    assert b"/srv" not in found.body
    assert document(found)["code"] == "misconfigured"


def test_what_was_sent_is_not_sent_back() -> None:
    names, both = CookieNames(), frozenset(Transport)
    for sent in (b"__Host-sid=planted\xff", b"__Host-sid=planted; __Host-sid=planted2"):
        with pytest.raises(LimenError) as caught:
            find_credential([(b"cookie", sent)], names, both)
        found = problem(caught.value)
        assert b"planted" not in found.body + b"".join(value for _, value in found.headers)


def test_an_instance_names_the_line_in_the_log() -> None:
    found = problem(LimenError("something went wrong", code="internal_error"), instance="urn:uuid:0")
    assert document(found)["instance"] == "urn:uuid:0"


PLAIN = 'Bearer realm="limen"'


@pytest.mark.parametrize(
    ("code", "challenge"),
    [
        ("credential_missing", PLAIN),
        ("sign_in_failed", PLAIN),
        ("credential_invalid", f'{PLAIN}, error="invalid_token"'),
        ("credential_expired", f'{PLAIN}, error="invalid_token"'),
        ("credential_revoked", f'{PLAIN}, error="invalid_token"'),
        ("token_expired", f'{PLAIN}, error="invalid_token"'),
        ("token_invalid", f'{PLAIN}, error="invalid_token"'),
        ("token_stale", f'{PLAIN}, error="invalid_token"'),
    ],
)
def test_a_401_challenges_and_says_why_only_to_a_token(code: str, challenge: str) -> None:
    assert header(problem(Denied("no", code=code)), b"www-authenticate") == challenge


@pytest.mark.parametrize("code", ["credential_ambiguous", "credential_malformed"])
def test_a_bad_request_with_credentials_says_so(code: str) -> None:
    challenge = header(problem(Rejected("no", code=code)), b"www-authenticate")
    assert challenge == f'{PLAIN}, error="invalid_request"'


def test_a_missing_scope_is_named() -> None:
    error = Denied("no", code="insufficient_scope", forbidden=True, scopes=("notes:read", "notes:write"))
    challenge = header(problem(error), b"www-authenticate")
    assert challenge == f'{PLAIN}, error="insufficient_scope", scope="notes:read notes:write"'


@pytest.mark.parametrize("scope", ['a"b', "a\\b", "a\r\nx: y", "", "a b", "é"])
def test_W06_a_scope_that_none_can_be_is_left_out(scope: str) -> None:
    error = Denied("no", code="insufficient_scope", forbidden=True, scopes=("notes:read", scope))
    assert header(problem(error), b"www-authenticate") == f'{PLAIN}, error="insufficient_scope"'


@pytest.mark.parametrize(
    "error",
    [
        Denied("no", code="cross_site", forbidden=True),
        Rejected("no", code="body_malformed"),
        Unavailable("down"),
    ],
)
def test_others_do_not_challenge(error: LimenError) -> None:
    assert header(problem(error), b"www-authenticate") is None


@pytest.mark.parametrize(
    ("seconds", "whole"),
    [
        (0, 1),
        (0.2, 1),
        (1, 1),
        (1.0001, 2),
        (59.5, 60),
        (86_400, 86_400),
        (1e9, 86_400),
        (float("inf"), 86_400),
        (float("nan"), 86_400),
        (-3, 1),
    ],
)
@pytest.mark.parametrize("kind", [Throttled, Unavailable])
def test_retry_after_is_whole_seconds_and_never_too_early(
    kind: type[Throttled | Unavailable], seconds: float, whole: int
) -> None:
    found = problem(kind("wait", retry_after=seconds))
    assert header(found, b"retry-after") == str(whole)
    assert document(found)["retry_after"] == whole


def test_S08_an_answer_clears_what_would_come_again() -> None:
    error = Rejected("two", code="credential_ambiguous", clears=CookieNames().clears)
    cleared = [value for name, value in problem(error).headers if name == b"set-cookie"]
    assert cleared == list(CookieNames().clears)


messages = st.text(st.characters(codec=None, categories=None), max_size=60)


@given(messages, messages)
def test_W06_no_text_of_an_error_reaches_a_header_or_breaks_the_document(message: str, reason: str) -> None:
    error = Rejected(message, code="body_malformed", reason=reason, field="email")
    found = problem(error)
    assert found.headers == problem(Rejected("no", code="body_malformed")).headers
    assert document(found)["detail"] == message.encode("utf-8", "replace").decode()


def test_an_old_sign_in_is_told_how_young_it_must_be_by_rfc_9470() -> None:
    error = Denied("again", code="authentication_too_old", max_age=300)
    answer = problem(error)
    expected = f'{PLAIN}, error="insufficient_user_authentication", max_age="300"'
    assert (answer.status, header(answer, b"www-authenticate")) == (401, expected)


@given(st.text())
def test_a_path_in_the_log_is_one_short_line_whatever_is_asked_for(path: str) -> None:
    line = shown(path)
    assert len(line) <= 2_000
    assert line.isprintable()


def test_a_plain_path_is_shown_as_it_is() -> None:
    assert shown("/auth/session") == "/auth/session"
