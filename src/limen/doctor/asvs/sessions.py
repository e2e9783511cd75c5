"""OWASP ASVS 5.0.0, V7: sessions."""

from __future__ import annotations

from limen.doctor.asvs.requirement import (
    Requirement,
    Ruling,
    Running,
    absent,
    always,
    asks,
    fails,
    passes,
)
from limen.lint import spell

R = Requirement
DAY = 86_400
LONGEST = 30 * DAY
"""NIST SP 800-63B-4 §2.1.3: at AAL1, which a password alone is, people prove themselves once in 30 days."""
_STALE_MOST = 60
_LIMITS = ("strategy", "accept", "idle_lifetime", "absolute_lifetime", "access_lifetime")


def _idle(running: Running) -> Ruling:
    s = running.settings
    if not running.stateful or ("jwt" in running.strategies and s.access_lifetime > s.idle_lifetime):
        return passes(f"a token ends after {spell(s.access_lifetime)}, used or not")
    if s.idle_lifetime > LONGEST:
        return fails(f"a session that nobody uses lives for {spell(s.idle_lifetime)}")
    return passes(f"a session that nobody uses ends after {spell(s.idle_lifetime)}")


def _absolute(running: Running) -> Ruling:
    s = running.settings
    lasts = max(
        s.absolute_lifetime if running.stateful else 0.0,
        s.access_lifetime if "jwt" in running.strategies else 0.0,
    )
    if lasts > LONGEST:
        return fails(f"a sign-in lasts for {spell(lasts)}; NIST SP 800-63B-4 allows 30 days for a password")
    return passes(f"a sign-in lasts for {spell(lasts)} at most")


def _documented(running: Running) -> Ruling:
    idle, absolute = _idle(running), _absolute(running)
    wrong = next((one for one in (idle, absolute) if one.verdict != passes("").verdict), None)
    return wrong or passes(
        f"{idle.reason}, {absolute.reason}: within NIST's 30 days for one factor (docs/configuration.md)"
    )


def _parallel(running: Running) -> Ruling:
    limit = running.settings.session_limit
    if not limit:
        return fails("an account may have any number of sessions")
    if "jwt" in running.strategies:
        return fails("the strategy jwt keeps no sessions, so nothing counts them")
    return passes(f"{limit} live sessions; with one more the oldest ends")


def _ended(running: Running) -> Ruling:
    s = running.settings
    if "jwt" in running.strategies:
        return fails(
            f"a token of the strategy jwt stays good until it ends, {spell(s.access_lifetime)} at "
            "most: the answer says so, and nothing shortens it"
        )
    if s.max_staleness > _STALE_MOST:
        return fails(f"an ended session may be accepted for {spell(s.max_staleness)}")
    return passes(f"an ended session is refused everywhere within {spell(s.max_staleness)}")


def _disabled(running: Running) -> Ruling:
    ended = _ended(running)
    return ended if ended.verdict != passes("").verdict else passes(
        "disabling and deleting end every session in the same commit"
    )  # fmt: skip


def _others(running: Running) -> Ruling:
    ended = _ended(running)
    return ended if ended.verdict != passes("").verdict else passes(
        "a new password and a reset end all others, without being asked"
    )  # fmt: skip


def _visible(running: Running) -> Ruling:
    if not running.pages:
        return asks("there are no pages without the transport cookie: can people sign out on each of yours?")
    return passes("every page of an account has a button; pages of your own ask `POST logout`")


def _administrators(running: Running) -> Ruling:
    if "jwt" in running.strategies:
        return fails("the strategy jwt keeps no sessions that anybody could end")
    return passes(
        "one session, or all of an account, at `/admin`; all there are by `limen migrate --restored`"
    )


def _own(running: Running) -> Ruling:
    if not running.stateful:
        return fails("the strategy jwt keeps no sessions to look at")
    return fails("people see and end their sessions, but are not asked for a proof first")


def _fresh(running: Running) -> Ruling:
    return passes("another address takes the password, and a link in a letter to each of both")


def _reference(running: Running) -> Ruling:
    if not running.stateful:
        return absent("the strategy jwt has no reference tokens")
    return passes("128 random bits of the system beside a unique id, and a seal")


_NO_FEDERATION = always(absent("there is no federation: no other provider, and no clients of other people"))

SESSIONS: tuple[Requirement, ...] = (
    R("7.1.1", 2, "How long sessions last is written down, and why longer than NIST says.", _documented,
      _LIMITS,
      ("test_every_setting_has_a_row_that_says_its_default_and_meaning", "test_S18_the_idle_end_is_exact",
       "test_S19_the_absolute_end_is_exact_however_active_it_was")),
    R("7.1.2", 2, "It is written down how many sessions one account may have.", _parallel,
      ("session_limit", "strategy", "accept"), ("test_S33_the_session_limit_ends_the_oldest",)),
    R("7.1.3", 2, "Federated sessions are written down.", _NO_FEDERATION),
    R("7.2.1", 1, "Sessions are verified by the server.",
      always(passes("a seal or a signature, and the row or the feed, are checked at each request")), (),
      ("test_S01_S03_a_credential_that_the_client_made_never_becomes_valid",
       "test_S01_a_well_formed_credential_that_we_did_not_make_is_nobody")),
    R("7.2.2", 1, "Credentials are made for each session, and are no fixed keys.",
      always(passes("each sign-in makes its own")), ("strategy",),
      ("test_S04_ten_thousand_first_credentials_differ_in_all_their_bits",)),
    R("7.2.3", 1, "A session credential is random: 128 bits from a secure generator.", _reference,
      ("strategy", "accept"), ("test_S04_ten_thousand_first_credentials_differ_in_all_their_bits",
                               "test_S04_two_processes_of_one_fork_make_different_ids")),
    R("7.2.4", 1, "Each proof makes a new credential, and ends the one before.",
      always(passes("a sign-in ends the session that it replaces, and so does a step-up")), (),
      ("test_S02_the_session_before_a_sign_in_ends_with_it",
       "test_the_new_session_is_authenticated_now_and_the_old_one_has_ended")),
    R("7.3.1", 2, "A session that is not used ends.", _idle, _LIMITS,
      ("test_S18_the_idle_end_is_exact", "test_S18_the_idle_lifetime_counts_from_recorded_activity",
       "test_S18_polling_keeps_no_session_awake")),
    R("7.3.2", 2, "A session ends however much it is used.", _absolute, _LIMITS,
      ("test_S19_the_absolute_lifetime_ends_a_session_that_is_used_every_minute",
       "test_R12_refreshing_does_not_outlive_the_absolute_lifetime")),
    R("7.4.1", 1, "A session that was ended is of no use any more.", _ended,
      ("strategy", "accept", "max_staleness", "access_lifetime"),
      ("test_S22_sign_out_says_when_it_is_in_effect_and_it_is",
       "test_S22_S36_sign_out_is_refused_by_the_next_check",
       "test_R20_D02_D12_D25_no_promise_breaks_whatever_happens")),
    R("7.4.2", 1, "An account that is disabled or deleted has no sessions.", _disabled,
      ("strategy", "accept", "max_staleness"), ("test_S25_disabling_and_deleting_end_everything",
                                                "test_S25_a_deleted_account_takes_its_sessions_along")),
    R("7.4.3", 2, "After a change of factors all other sessions can be ended.", _others,
      ("strategy", "accept", "max_staleness"),
      ("test_S02_S26_changing_the_password_ends_other_sessions_and_renews_this_one",
       "test_A14_A20_A22_a_reset_ends_all_sessions_and_every_ticket")),
    R("7.4.4", 2, "Every page shows how to sign out.", _visible, ("transports",),
      ("test_B09_somebody_registers_signs_in_and_out",
       "test_signing_out_ends_the_session_even_after_the_token_ran_out")),
    R("7.4.5", 2, "Administrators can end sessions of one account, and of all.", _administrators,
      ("strategy", "accept"), ("test_sessions_are_ended_one_by_one_and_all_at_once",
                               "test_D24_of_a_restored_backup_no_session_no_refresh_and_no_key_is_good")),
    R("7.5.1", 2, "Whoever changes an address or a factor proves themselves anew.", _fresh, (),
      ("test_A18_it_is_asked_for_with_the_password",
       "test_A18_an_address_changes_when_both_sides_have_agreed")),
    R("7.5.2", 2, "People see their sessions and, with a proof, end them.", _own, ("strategy", "accept")),
    R("7.5.3", 3, "What matters most asks for one more proof.",
      always(passes("acts of administrators, copies and deletions do; `auth.recent` for your own routes")),
      (),
      ("test_A45_acts_ask_for_a_recent_proof_and_looks_do_not",
       "test_a_copy_of_everything_asks_for_a_proof_of_minutes_ago",
       "test_who_proved_themselves_long_ago_must_do_it_again")),
    R("7.6.1", 2, "Sessions of a provider and of those that rely on it end as is written down.",
      _NO_FEDERATION),
    R("7.6.2", 2, "No session is made without an act of its person.",
      always(passes("only a form or a body with a password makes one, and no page of another site")), (),
      ("test_S14_no_other_site_can_sign_a_browser_in", "test_S17_nothing_changes_by_looking")),
)  # fmt: skip
