"""From a ruling and the facts to an explanation, without a store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limen import explanation
from limen.clock import Instant
from limen.explanation import Facts, Outcome, Ruling, View, steps
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.revocations import Kind, Revocation
from support import tokens
from support.tokens import NOW

VIEW = View(fresh=True, age=0.1, max_staleness=5.0, position=7, settles=True)
KID = tokens.key().kid
KEY = StoredKey(KID, Algorithm.ES256, KeyState.RETIRED, b"", NOW, Instant(NOW - 60))
CUT = Revocation(Kind.KEY, KID, NOW, Instant(NOW + 900), Instant(NOW - 30), "compromised", 9)


def facts(**changes: object) -> Facts:
    said = {
        "now": NOW,
        "policy": tokens.policy(),
        "accepted": ("hybrid",),
        "loaded": frozenset({KID}),
        "view": VIEW,
    }
    return Facts(**(said | changes))  # type: ignore[arg-type]


def refused(reason: str, token: str | None = None, **changes: object) -> explanation.Explanation:
    ruling = Ruling(False, "token_invalid", reason)
    return explanation.explain(token or tokens.token(), ruling, facts(**changes))


@pytest.mark.parametrize("table", [explanation.TOKEN, explanation.SEALED, explanation.REFRESH])
def test_every_reason_of_a_table_ends_one_step_and_has_a_sentence(table: tuple[steps.Step, ...]) -> None:
    assert len({step.name for step in table}) == len(table)
    for step in table:
        assert step.asks.endswith("?")
        for reason, words in step.reasons.items():
            assert words.endswith(".")
            nothing_is_text = frozenset({"alg", "kid", "typ"})
            found = [steps.step_of(table, reason), steps.step_of(table, reason, no_text=nothing_is_text)]
            assert step in found


def test_steps_after_the_failed_one_were_not_reached_and_those_before_were_passed() -> None:
    outcomes = [check.outcome for check in refused("iss_wrong").request.checks]
    at = outcomes.index(Outcome.FAILED)
    assert set(outcomes[:at]) == {Outcome.PASSED}
    assert set(outcomes[at + 1 :]) == {Outcome.UNREACHED}
    assert refused("iss_wrong").request.failed == "issuer"


def test_a_reason_that_nobody_knows_is_a_store_that_nobody_could_ask() -> None:
    ruling = Ruling(False, "unavailable", "disk on fire", unavailable=True)
    found = explanation.explain(tokens.token(), ruling, facts(away="disk on fire"))
    assert found.request.failed == "session"
    assert "Nobody can tell just now (disk on fire)" in found.request.because
    assert "Not all could be looked up: disk on fire." in found.notes


def test_a_compromise_is_told_from_a_retirement() -> None:
    retired = refused("kid_unknown", keys=(KEY,), loaded=frozenset())
    compromised = refused("kid_unknown", keys=(KEY,), loaded=frozenset(), events=(CUT,))
    assert retired.key == explanation.KeyFact(KID, "retired", "ES256", KEY.since)
    assert compromised.key == explanation.KeyFact(KID, "compromised", "ES256", CUT.at)
    assert explanation.data_of(compromised)["events"][0]["position"] == 9
    assert refused("kid_unknown").key == explanation.KeyFact(KID, "unknown")


def test_a_key_that_the_store_has_and_this_process_not_is_said() -> None:
    found = refused("kid_unknown", keys=(replace(KEY, state=KeyState.ACTIVE),), loaded=frozenset())
    assert any("has not taken that in yet" in note for note in found.notes)


@pytest.mark.parametrize("reason", ["kid_unknown", "signature_invalid", "token_too_large"])
def test_an_unproven_token_names_nobody_but_its_key(reason: str) -> None:
    ruling = Ruling(False, "token_invalid", reason)
    assert explanation.named(tokens.token(), ruling) == explanation.Named(KID)


@pytest.mark.parametrize("ruling", [Ruling(True), Ruling(False, "token_invalid", "aud_wrong")])
def test_a_proven_token_names_its_session(ruling: Ruling) -> None:
    token = tokens.token(tokens.said(sid="s"))
    said = tokens.said()
    expected = explanation.Named(KID, "s", said["sub"], said["jti"], float(said["exp"]))
    assert explanation.named(token, ruling) == expected


def test_a_member_of_the_header_that_is_no_text_is_a_fault_of_form() -> None:
    numbers = tokens.token(header=tokens.head(alg=5, kid=[]))
    assert refused("alg_not_allowed", numbers).request.failed == "form"
    assert refused("kid_malformed", numbers).request.failed == "form"
    assert refused("alg_not_allowed").request.failed == "algorithm"
    assert refused("kid_malformed").request.failed == "key"


def test_clocks_that_differ_are_said_in_seconds() -> None:
    found = refused("issued_in_future", tokens.token(tokens.said(iat=int(NOW) + 4000)))
    assert any(note.startswith("It was issued 4,000 s ahead of this clock") for note in found.notes)
