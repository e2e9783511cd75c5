"""A35, A36: which new passwords are refused, each with its reason, and which rules there are not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from limen.errors import Misconfigured, Rejected
from limen.passwords import PasswordPolicy
from limen.passwords.common import common_passwords, fold

DATA = Path(__file__).parents[2] / "vectors/data/passwords/django-common-passwords.txt.gz"
SHORT = PasswordPolicy(min_length=8)


def code(policy: PasswordPolicy, password: str, *context: str) -> str | None:
    try:
        policy.check(password, context=context)
    except Rejected as error:
        refusal = error
    else:
        return None
    assert (refusal.http_status, refusal.field) == (422, "password")
    return refusal.code


def test_A35_every_common_password_is_refused_whatever_its_case() -> None:
    listed = [word for word in gzip.decompress(DATA.read_bytes()).decode().split("\n") if word]
    assert len(listed) >= 19_640
    assert {fold(word) for word in listed} == common_passwords()
    long_enough = [word for word in listed if len(word) >= 8]
    for word in long_enough:
        for form in (word, word.upper(), word.title(), f" {word} "):
            assert code(SHORT, form) == "password_common"


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("seven77", "password_too_short"), ("eight888x", None), ("ada@example.org", "password_contextual"),
        ("ADA@EXAMPLE.ORG", "password_contextual"), ("lovelace", "password_contextual"),
        ("lovelace and more", None), ("limen-product", "password_contextual"),
    ],
)  # fmt: skip
def test_A35_words_that_anybody_would_guess_are_compared_as_a_whole(
    password: str, expected: str | None
) -> None:
    policy = PasswordPolicy(min_length=8, context=("Limen-Product",))
    assert code(policy, password, "ada@example.org", "lovelace", "") == expected


@pytest.mark.parametrize(
    "password", ["a" * 16, "correct horse battery", " " * 16, "🔑" * 15, "漢字" * 8, "1" * 15 + "2"]
)
def test_A36_there_are_no_rules_of_composition(password: str) -> None:
    assert code(PasswordPolicy(), password) is None


def test_A28_length_counts_characters_and_64_of_any_kind_fit() -> None:
    assert code(PasswordPolicy(), "é" * 14) == "password_too_short"
    assert code(PasswordPolicy(), "e\u0301" * 15) is None
    least = PasswordPolicy(max_bytes=256)
    assert code(least, "🔑" * 64) is None
    assert code(least, "🔑" * 65) == "password_too_long"


@pytest.mark.parametrize(
    "options",
    [{"min_length": 7}, {"min_length": 65}, {"max_bytes": 255}, {"max_bytes": 1_025}, {"context": "limen"}],
)
def test_a_policy_that_is_none_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(Misconfigured):
        PasswordPolicy(**options)  # type: ignore[arg-type]
