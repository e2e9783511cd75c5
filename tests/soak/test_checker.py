"""The checker, on histories that are wrong on purpose in each way, and on those that only look it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soak.checker import Verdict, check
from soak.history import Fault, History, Kind, Operation, Outcome, Promise, Recorder

PROMISE = Promise(max_staleness=2.0, refresh_grace=30.0, access_lifetime=60.0, leeway=5.0, linger=15.0)
LENGTH = 0.5
"""Of each operation."""


class Told:
    """A history that a test tells; each operation begins `at` a moment and takes LENGTH."""

    def __init__(self) -> None:
        self.history = History(PROMISE)

    def did(self, kind: Kind, at: float, outcome: Outcome = Outcome.OK, **more: Any) -> Operation:
        more = {"process": "server 1.1", "client": "ada", "account": "ada", "end": at + LENGTH} | more
        if kind in (Kind.CALL, Kind.REFRESH, Kind.SIGN_OUT, Kind.END):
            more = {"session": "s1"} | more
        o = Operation(kind=kind, begin=at, outcome=outcome, **more)
        self.history.operations.append(o)
        return o

    def opened(
        self, at: float = 0.0, session: str = "s1", strategy: str = "hybrid", **more: Any
    ) -> Operation:
        return self.did(Kind.SIGN_IN, at, session=session, strategy=strategy, password=0, **more)

    def call(self, at: float, outcome: Outcome = Outcome.OK, **more: Any) -> Operation:
        code = "credential_revoked" if outcome is Outcome.DENIED else ""
        return self.did(Kind.CALL, at, outcome, **({"code": code} | more))

    def refresh(self, at: float, generation: int, outcome: Outcome = Outcome.OK, **more: Any) -> Operation:
        code = "refresh_denied" if outcome is Outcome.DENIED else ""
        given = f"g{generation + 1}" if outcome is Outcome.OK else ""
        return self.did(
            Kind.REFRESH, at, outcome, **({"code": code, "given": given} | more), generation=generation
        )

    def broke(self, what: str, begin: float, end: float, **more: Any) -> None:
        self.history.faults.append(Fault(what=what, whom="server 1", begin=begin, end=end, **more))

    def ends(self, session: str = "s1", *, well: bool) -> None:
        """Somebody looks at the end, and finds the session or does not."""
        outcome = Outcome.OK if well else Outcome.DENIED
        self.refresh(1_000, 90, outcome, session=session, final=True)

    def verdict(self) -> Verdict:
        return check(self.history)

    def rules(self) -> list[str]:
        return [finding.rule for finding in self.verdict().findings]


# -- rule 1: accepted late -------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
def test_a_call_is_late_from_max_staleness_after_the_acknowledgement_on_and_not_before(strategy: str) -> None:
    for lag, rules in ((2.0, []), (2.001, ["accepted late"])):
        told = Told()
        told.opened(strategy=strategy)
        ended = told.did(Kind.SIGN_OUT, 10.0)
        told.call(ended.end + lag)
        told.ends(well=False)
        assert told.rules() == rules
        assert told.verdict().worst_lag == pytest.approx(lag)


def test_a_lookup_in_redis_may_be_as_old_as_the_lease_and_a_token_may_not() -> None:
    for strategy, rules in (("session", []), ("hybrid", ["accepted late"])):
        told = Told()
        told.history.promise = replace(PROMISE, max_staleness=1.0, lease=2.0)
        told.opened(strategy=strategy)
        told.call(told.did(Kind.SIGN_OUT, 10.0).end + 2.0)
        told.ends(well=False)
        assert told.rules() == rules


def test_a_call_that_began_before_the_acknowledgement_is_not_late_however_long_it_took() -> None:
    told = Told()
    told.opened()
    ended = told.did(Kind.SIGN_OUT, 10.0)
    told.call(ended.end, end=60.0)
    told.ends(well=False)
    verdict = told.verdict()
    assert (verdict.findings, verdict.worst_lag, verdict.revocations) == ([], 0.0, 1)


def test_a_refresh_asks_the_store_and_is_late_at_once() -> None:
    for begin, rules in ((10.5, []), (10.51, ["accepted late"])):
        told = Told()
        told.opened()
        told.did(Kind.SIGN_OUT, 10.0)
        told.refresh(begin, 0)
        told.ends(well=False)
        assert told.rules() == rules


@pytest.mark.parametrize("kind", [Kind.SIGN_OUT_EVERYWHERE, Kind.END_ALL, Kind.CHANGE_PASSWORD])
def test_what_ends_an_account_ends_each_session_that_was_open_and_no_other(kind: Kind) -> None:
    told = Told()
    told.opened(at=0.0, session="open")
    told.opened(at=9.8, session="being opened")
    told.did(kind, 10.0, session="new", strategy="hybrid", password=1)
    told.opened(at=20.0, session="opened after", strategy="hybrid")
    told.opened(at=0.0, session="another's", account="bob")
    for session in ("being opened", "opened after", "another's"):
        told.ends(session, well=True)
    if kind is Kind.CHANGE_PASSWORD:
        told.ends("new", well=True)
        told.history.operations = [
            replace(o, password=1) if o.begin == 20.0 else o for o in told.history.operations
        ]
    told.ends("open", well=False)
    assert told.rules() == []
    told.call(15.0, session="open")
    told.call(15.0, session="another's", account="bob")
    assert told.rules() == ["accepted late"]


def test_sign_out_others_spares_the_session_that_it_came_with() -> None:
    told = Told()
    told.opened(session="kept")
    told.opened(session="other")
    told.did(Kind.SIGN_OUT_OTHERS, 10.0, session="kept")
    told.call(20.0, session="kept")
    told.ends("kept", well=True)
    told.ends("other", well=False)
    assert told.rules() == []
    told.call(20.0, session="other")
    assert told.rules() == ["accepted late"]


def test_an_unanswered_or_refused_revocation_promises_nothing() -> None:
    for outcome in (Outcome.UNKNOWN, Outcome.DENIED):
        told = Told()
        told.opened()
        told.did(Kind.SIGN_OUT, 10.0, outcome)
        told.call(50.0)
        told.ends(well=True)
        assert told.rules() == []


def test_what_was_ended_and_is_there_again_when_all_has_healed_is_revived() -> None:
    told = Told()
    told.opened()
    told.did(Kind.END, 10.0)
    told.ends(well=True)
    assert told.rules() == ["revived", "not looked at"]


def test_a_token_without_a_session_is_late_once_it_has_expired_whoever_signed_out() -> None:
    for at, rules in ((65.5, []), (65.51, ["accepted late"])):
        told = Told()
        told.opened(strategy="jwt")
        told.did(Kind.SIGN_OUT, 10.0)
        told.call(at)
        assert told.rules() == rules


def test_a_token_expires_as_the_clocks_stand() -> None:
    told = Told()
    told.opened(strategy="jwt")
    told.broke("clock", 100.0, 200.0, seconds=-3_600.0)
    told.call(150.0)
    assert told.rules() == []
    told.call(150.0, process="server 2.1")
    told.call(300.0)
    assert told.rules() == ["accepted late"] * 2


def test_a_replay_that_was_refused_has_ended_the_session() -> None:
    told = Told()
    told.opened()
    told.refresh(1.0, 0)
    told.refresh(2.0, 1)
    told.refresh(3.0, 0, Outcome.DENIED, client="thief")
    told.ends(well=False)
    assert told.rules() == []
    told.call(10.0)
    assert told.rules() == ["accepted late"]


# -- rule 2: honest, and signed out ----------------------------------------------------------------------


def test_a_refusal_needs_somebody_who_ended_the_session_before() -> None:
    for begin, rules in ((10.5, ["honest, and signed out"]), (10.4, [])):
        told = Told()
        told.opened()
        told.call(10.0, Outcome.DENIED)
        told.did(Kind.SIGN_OUT, begin)
        told.ends(well=False)
        assert told.rules() == rules


def test_an_honest_refresh_that_is_called_a_replay_is_found() -> None:
    told = Told()
    told.opened()
    told.refresh(1.0, 0)
    told.refresh(5.0, 1, Outcome.DENIED)
    assert told.rules() == ["honest, and signed out"]


def test_a_second_tab_within_the_grace_is_honest_and_after_it_a_replay() -> None:
    for at, rules in ((30.49, ["honest, and signed out"]), (30.5, [])):
        told = Told()
        told.opened()
        told.refresh(1.0, 0)
        told.refresh(at, 0, Outcome.DENIED)  # asked until at + 0.5
        assert told.rules() == rules


def test_the_grace_passes_as_the_clocks_stand() -> None:
    told = Told()
    told.opened()
    told.refresh(1.0, 0, process="server 2.1")
    told.refresh(2.0, 0, Outcome.DENIED)
    assert told.rules() == ["honest, and signed out"]
    told.broke("clock", 1.5, 9.0, seconds=3_600.0)
    assert told.rules() == []


def test_a_refresh_that_was_not_answered_may_come_late_and_be_a_replay() -> None:
    for at, rules in ((16.0, []), (16.6, ["honest, and signed out"])):
        told = Told()
        told.opened()
        told.refresh(1.0, 0, Outcome.UNKNOWN)  # until 1.5, so perhaps until 16.5
        told.refresh(2.0, 0)
        told.refresh(at, 1)
        told.refresh(at + 5, 2, Outcome.DENIED)
        assert told.rules() == rules


def test_a_revocation_that_was_not_answered_may_have_happened() -> None:
    told = Told()
    told.opened()
    told.did(Kind.SIGN_OUT_EVERYWHERE, 10.0, Outcome.UNKNOWN)
    told.opened(at=20.0, session="soon")
    told.opened(at=26.0, session="later")
    for session, found in (("s1", 0), ("soon", 0), ("later", 2)):
        told.call(40.0, Outcome.DENIED, session=session)
        told.refresh(41.0, 0, Outcome.DENIED, session=session)
        assert told.rules().count("honest, and signed out") == found


def test_a_process_that_has_refused_a_session_never_accepts_it_again() -> None:
    told = Told()
    told.opened()
    told.did(Kind.SIGN_OUT, 10.0, Outcome.UNKNOWN)
    told.call(11.0, Outcome.DENIED)
    told.call(12.0, process="server 1.2")
    told.call(11.4)  # began before that refusal was answered
    told.ends(well=False)
    assert told.rules() == []
    told.call(12.0)
    assert told.rules() == ["forgotten"]


def test_two_tabs_are_given_one_successor() -> None:
    told = Told()
    told.opened()
    told.refresh(1.0, 0)
    told.refresh(1.1, 0)
    told.ends(well=True)
    assert told.rules() == []
    told.refresh(1.2, 0, given="another")
    assert told.rules() == ["two successors"]


def test_a_credential_of_ours_is_never_called_invalid_but_by_a_wrong_clock() -> None:
    told = Told()
    told.opened()
    told.ends(well=True)
    told.call(10.0, Outcome.DENIED, code="token_invalid")
    assert told.rules() == ["called invalid"]
    told.broke("clock", 9.0, 11.0, seconds=3_600.0)
    assert told.rules() == []
    told.call(10.0, Outcome.DENIED, code="credential_invalid")
    assert told.rules() == ["called invalid"]


def test_a_verifier_that_asks_an_issuer_with_a_wrong_clock_cannot_tell_an_end_from_it() -> None:
    told = Told()
    told.opened()
    told.broke("clock", 9.0, 11.0, seconds=-3_600.0)
    told.call(10.0, Outcome.DENIED, process="verifier 1.1")
    told.call(20.0, process="verifier 1.1")
    told.ends(well=True)
    assert told.rules() == []
    told.call(10.0, Outcome.DENIED, process="server 2.1")  # a server asks nobody
    told.call(11.1, Outcome.DENIED, process="verifier 1.1")
    assert told.rules() == ["honest, and signed out"] * 2 + ["forgotten"]


def test_a_refusal_for_another_reason_is_no_finding() -> None:
    told = Told()
    told.opened()
    told.ends(well=True)
    told.call(100.0, Outcome.DENIED, code="token_expired")
    told.call(100.0, Outcome.UNKNOWN)
    assert told.rules() == []


# -- rule 3: nothing acknowledged is missing -------------------------------------------------------------


def test_an_account_that_was_acknowledged_can_sign_in_at_the_end() -> None:
    for outcome, rules in (
        (Outcome.OK, []),
        (Outcome.DENIED, ["acknowledged write lost"]),
        (Outcome.UNKNOWN, ["not looked at"]),
    ):
        told = Told()
        told.did(Kind.REGISTER, 0.0)
        code = "sign_in_failed" if outcome is Outcome.DENIED else ""
        more = {"code": code, "password": 0, "session": "s1", "strategy": "jwt"}
        told.did(Kind.SIGN_IN, 100.0, outcome, final=True, **more)
        assert told.rules() == rules


def test_an_account_that_was_not_acknowledged_need_not_be_there() -> None:
    told = Told()
    told.did(Kind.REGISTER, 0.0, Outcome.UNKNOWN)
    told.did(Kind.SIGN_IN, 100.0, Outcome.DENIED, password=0, final=True)
    assert told.rules() == []


def test_an_account_whose_sign_in_was_put_off_is_not_lost() -> None:
    told = Told()
    told.did(Kind.REGISTER, 0.0)
    told.did(Kind.SIGN_IN, 100.0, Outcome.DENIED, code="too_many_attempts", password=0, final=True)
    assert told.rules() == ["not looked at"]


def test_an_account_that_nobody_looked_for_is_not_proven() -> None:
    told = Told()
    told.did(Kind.REGISTER, 0.0)
    assert told.rules() == ["not looked at"]


def test_an_old_password_is_good_until_its_change_is_acknowledged() -> None:
    for at, outcome, rules in (
        (10.5, Outcome.OK, []),
        (10.6, Outcome.OK, ["acknowledged write lost"]),
        (10.6, Outcome.UNKNOWN, []),
    ):
        told = Told()
        told.did(Kind.CHANGE_PASSWORD, 10.0, outcome, session="s2", strategy="hybrid", password=1)
        told.opened(at=at)
        told.ends("s1", well=True)
        if outcome is Outcome.OK:
            told.ends("s2", well=True)
        assert told.rules() == rules


def test_a_session_that_nobody_ended_is_there_at_the_end() -> None:
    told = Told()
    told.opened()
    assert told.rules() == ["not looked at"]
    told.ends(well=False)
    assert told.rules() == ["acknowledged write lost"]


def test_a_rotation_that_was_acknowledged_is_not_lost() -> None:
    told = Told()
    told.opened()
    told.refresh(1.0, 0)
    told.refresh(100.0, 1, Outcome.DENIED, final=True)
    assert told.rules() == ["acknowledged write lost"]


def test_a_session_whose_last_refresh_was_not_answered_need_not_be_found() -> None:
    told = Told()
    told.opened()
    told.refresh(1.0, 0, Outcome.UNKNOWN)
    assert told.rules() == []


def test_a_revocation_that_nobody_looked_at_is_not_proven() -> None:
    told = Told()
    told.opened()
    told.did(Kind.SIGN_OUT, 10.0)
    assert told.rules() == ["not looked at"]
    told.ends(well=False)
    assert told.rules() == []


def test_an_answer_that_a_server_must_never_give_is_found() -> None:
    told = Told()
    told.did(Kind.SIGN_IN, 1.0, Outcome.BROKEN, code="internal_error")
    assert told.rules() == ["broken"]


# -- what a configuration is documented to lose ----------------------------------------------------------


def test_what_was_acknowledged_while_it_could_be_lost_is_not_asked_for_and_all_else_is() -> None:
    told = Told()
    told.opened()
    told.opened(session="later", at=30.0)
    told.did(Kind.SIGN_OUT, 20.0)
    told.broke("failover", 19.0, 21.0, loses=True)
    told.call(40.0)
    told.ends(well=True)
    told.ends("later", well=True)
    assert told.rules() == []
    told.did(Kind.SIGN_OUT, 22.0)
    assert told.rules() == ["accepted late", "revived", "not looked at"]


def test_a_session_that_was_lost_is_ended_by_what_names_it_or_its_account_alone() -> None:
    for kind, rules in (
        (Kind.SIGN_OUT_OTHERS, []),
        (Kind.SIGN_OUT, ["accepted late", "not looked at"]),
        (Kind.SIGN_OUT_EVERYWHERE, ["accepted late", "not looked at"]),
    ):
        told = Told()
        told.opened()
        told.broke("failover", 0.0, 1.0, loses=True)
        session = {"session": "s2"} if kind is Kind.SIGN_OUT_OTHERS else {"session": "s1"}
        told.did(kind, 10.0, **session)
        told.call(20.0)
        assert told.rules() == rules


def test_a_fault_that_ends_all_sessions_excuses_refusals_and_no_acceptance() -> None:
    told = Told()
    told.opened()
    told.opened(session="after", at=30.0)
    told.broke("failover", 19.0, 21.0, ends_all=True)
    told.ends(well=False)
    told.ends("after", well=False)
    assert told.rules() == ["acknowledged write lost"]
    told.opened(session="ended before", at=1.0)
    told.did(Kind.SIGN_OUT, 18.0, session="ended before")
    told.ends("ended before", well=True)
    assert sorted(told.rules()) == ["acknowledged write lost", "not looked at", "revived"]


def test_a_store_that_gives_all_sessions_up_is_found_where_it_is_not_set_up_to() -> None:
    told = Told()
    told.broke("all sessions ended", 1.0, 2.0, ends_all=True)
    assert told.rules() == ["all sessions ended"]
    told.history.about["lossy"] = True
    assert told.rules() == []


# -- written down ----------------------------------------------------------------------------------------


def test_a_history_that_was_written_down_is_read_back_and_found_the_same(tmp_path: Path) -> None:
    told = Told()
    told.opened()
    told.did(Kind.SIGN_OUT, 10.0)
    told.call(20.0)
    told.broke("clock", 1.0, 2.0, seconds=3_600.0)
    file = io.StringIO()
    again = Recorder(History(PROMISE, about={"seed": 7}), file)
    for o in told.history.operations:
        again.did(o)
    for fault in told.history.faults:
        again.broke(fault)
    (tmp_path / "history.jsonl").write_text(file.getvalue())
    read = History.read(tmp_path / "history.jsonl")
    assert read == again.history
    assert check(read) == told.verdict()
    assert [f.rule for f in check(read).findings] == ["accepted late", "not looked at"]
