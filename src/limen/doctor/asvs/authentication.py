"""OWASP ASVS 5.0.0, V6: authentication."""

from __future__ import annotations

from ipaddress import ip_network

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
from limen.passwords.policy import ALONE, BESIDE_ANOTHER_FACTOR

R = Requirement
_NARROW = 8
"""A network of fewer bits is no network of proxies."""
_NO_FACTOR = "Limen brings no second factor; `factors` takes those of an application"
_NO_BAND = "nothing is sent by phone or push to sign in with"
_NO_PROVIDER = "nobody signs in by another identity provider"


def _length(running: Running) -> Ruling:
    least = running.settings.password_min_length
    if least < BESIDE_ANOTHER_FACTOR:
        return fails(f"passwords of {least} characters are taken")
    advised = "" if least >= ALONE else f"; {ALONE} are advised where it is the only factor"
    return passes(f"new passwords have at least {least} characters{advised}")


def _pages_mask(running: Running) -> Ruling:
    if not running.pages:
        return asks("there are no pages without the transport cookie: are your fields type=password?")
    return passes("fields are type=password, and show what is in them on demand")


def _pages_paste(running: Running) -> Ruling:
    if not running.pages:
        return asks("there are no pages without the transport cookie: may people paste into your fields?")
    return passes("fields say what they are for (autocomplete), and hinder nobody")


def _pathways(running: Running) -> Ruling:
    return passes("there is one, the password; docs/asvs.md names every route that hands out credentials")


def _no_default(running: Running) -> Ruling:
    if running.settings.registration == "open" and "limen:admin" in running.settings.default_scopes:
        return fails("whoever registers is an administrator")
    return passes(
        "no account is there before somebody makes one; the first administrator by a link of an hour"
    )


def _reset(running: Running) -> Ruling:
    if not running.settings.mail:
        return fails("no letters are sent, so a forgotten password has no way back but an operator")
    return passes("by a link in a letter, once, that signs nobody in and skips no factor")


def _told(running: Running) -> Ruling:
    if not running.settings.mail:
        return fails("no letters are sent, so nobody is told")
    return passes("a new password, another address and a deletion are told by letter")


def _mail_alone(running: Running) -> Ruling:
    return passes("letters prove an address and reset a password; none signs anybody in")


def _initial(running: Running) -> Ruling:
    return passes("links have 128 random bits, one use and an end; whoever follows one chooses the password")


def _known_words(running: Running) -> Ruling:
    return passes("brand_name, the parts of the issuer's host, the account's address and its parts")


def _stuffing(running: Running) -> Ruling:
    proxies = running.settings.trusted_proxies
    everybody = [one for one in proxies if ip_network(one, strict=False).prefixlen < _NARROW]
    if everybody:
        return fails(f"trusted_proxies has {everybody[0]}: whoever guesses writes an address of their own")
    return passes("guesses are charged before they are looked at: by address, source, network and in all")


def _rotation(running: Running) -> Ruling:
    return passes("a password has no end, and no setting gives it one")


def _enumeration(running: Running) -> Ruling:
    s = running.settings
    if s.registration == "open" and not s.mail:
        return fails("registration is open without letters: whoever registers sees by signing in if it took")
    return passes("answers are alike byte for byte, and leave on a grid of 250 ms")


AUTHENTICATION: tuple[Requirement, ...] = (
    R("6.1.1", 1, "It is written down how guessing is slowed, and how nobody is locked out by a stranger.",
      always(passes("docs/asvs.md has every limit, and a test holds it to the code")), (),
      ("test_the_page_is_what_the_catalogue_makes_of_it",
       "test_A05_whoever_signed_in_here_before_is_not_kept_out")),
    R("6.1.2", 2, "Words that a password here must not be are written down.", _known_words,
      ("brand_name", "issuer"), ("test_A35_the_name_of_the_service_is_no_password",)),
    R("6.1.3", 2, "All ways to sign in are written down, with their strength.", _pathways, ("accept",),
      ("test_every_route_that_hands_out_credentials_is_written_down",)),
    R("6.2.1", 1, "New passwords have at least 8 characters; 15 are advised.", _length,
      ("password_min_length",), ("test_A28_length_counts_characters_and_64_of_any_kind_fit",)),
    R("6.2.2", 1, "People can change their password.", always(passes("`POST password/change`, and a page")),
      (), ("test_a_password_is_changed", "test_S26_a_new_password_ends_the_others_and_this_one_goes_on")),
    R("6.2.3", 1, "That takes the current one as well.", always(passes("it does, and guesses are slowed")),
      (),
      ("test_changing_the_password_needs_the_current_one_and_is_throttled",)),
    R("6.2.4", 1, "New passwords are compared with the 3,000 most common.",
      always(passes("a list of more is compared with the whole password, whatever its case")), (),
      ("test_A35_every_common_password_is_refused_whatever_its_case",)),
    R("6.2.5", 1, "There are no rules of composition.", always(passes("there are none")), (),
      ("test_A36_there_are_no_rules_of_composition",)),
    R("6.2.6", 1, "Fields for passwords hide what is typed.", _pages_mask, ("transports",),
      ("test_B10_a_password_is_shown_pasted_and_advised_on", "test_A36_no_field_hinders_a_person")),
    R("6.2.7", 1, "Pasting and password managers are let in.", _pages_paste, ("transports",),
      ("test_B10_a_password_is_shown_pasted_and_advised_on", "test_A36_no_field_hinders_a_person")),
    R("6.2.8", 1, "A password is verified as it came: not cut, not folded.",
      always(passes("all of it is hashed, in NFC, which is one spelling of the same characters")), (),
      ("test_A28_every_byte_of_a_password_counts", "test_A28_it_is_nfc_once_and_nothing_is_trimmed_or_cut",
       "test_A29_our_bcrypt_reads_every_byte")),
    R("6.2.9", 2, "64 characters are let in.", always(passes("up to 1,024 bytes are, whatever they are")), (),
      ("test_A28_length_counts_characters_and_64_of_any_kind_fit",)),
    R("6.2.10", 2, "Nobody must change a password because time has passed.", _rotation, (),
      ("test_no_setting_gives_a_password_an_end",)),
    R("6.2.11", 2, "Those words are refused.", _known_words, ("brand_name", "issuer"),
      ("test_A35_words_that_anybody_would_guess_are_compared_as_a_whole",
       "test_A35_the_name_of_the_service_is_no_password")),
    R("6.2.12", 2, "New passwords are compared with those that are known to be stolen.",
      always(fails("no flow asks: `limen.passwords.BreachLookup` is a part without a setting, for an "
                   "application of your own to call"))),
    R("6.3.1", 1, "What is written down against guessing is done.", _stuffing, ("trusted_proxies",),
      ("test_A05_waiting_doubles_and_is_said",
       "test_A07_stuffing_from_one_network_is_slowed_whatever_the_host",
       "test_A08_two_hundred_guesses_at_once_are_five_evaluations",
       "test_A09_without_its_throttles_nobody_signs_in", "test_A07_W15_a_spoofed_address_is_ignored")),
    R("6.3.2", 1, "No account comes with the product.", _no_default, ("registration", "default_scopes"),
      ("test_A46_the_link_leads_to_one_administrator_and_then_nowhere",
       "test_A46_after_an_hour_or_with_a_made_up_text_there_is_no_administrator")),
    R("6.3.3", 2, "People sign in by more than one factor.",
      always(fails(f"{_NO_FACTOR}, and none is enforced"))),
    R("6.3.4", 2, "All ways to sign in are as strong, and none is unknown.", _pathways, ("accept",),
      ("test_every_route_that_hands_out_credentials_is_written_down",
       "test_S29_the_half_is_accepted_by_no_other_route", "test_A16_a_reset_signs_nobody_in")),
    R("6.3.5", 3, "People are told of suspicious attempts.",
      always(fails("no letter tells of a new device or of guesses; the audit log does"))),
    R("6.3.6", 3, "Mail is no factor.", _mail_alone, (),
      ("test_A16_a_reset_signs_nobody_in", "test_A14_a_link_of_one_kind_opens_nothing_else")),
    R("6.3.7", 3, "People are told when what they sign in with was changed.", _told, ("mail",),
      ("test_A20_a_reset_sets_the_password_ends_all_sessions_and_tells_the_owner",
       "test_A18_letters_go_to_each_address_with_a_link_of_its_own")),
    R("6.3.8", 3, "Nobody can tell who has an account.", _enumeration, ("registration", "mail"),
      ("test_A01_A04_a_failed_sign_in_is_byte_for_byte_the_same",
       "test_A01_a_registration_is_byte_for_byte_the_same",
       "test_A02_a_failed_sign_in_leaves_on_the_grid_whatever_was_wrong",
       "test_A13_forgot_says_the_same_for_a_stranger")),
    R("6.4.1", 1, "What people are given to begin with is random, short-lived and no password.", _initial, (),
      ("test_A17_whatever_is_no_ticket_is_void",
       "test_a_ticket_is_good_once_for_its_account_and_until_its_end",
       "test_A46_after_an_hour_or_with_a_made_up_text_there_is_no_administrator")),
    R("6.4.2", 1, "There are no hints and no secret questions.", always(passes("there are none")), (),
      ("test_what_people_are_asked_for_is_written_down",)),
    R("6.4.3", 2, "A forgotten password is reset safely, and past no factor.", _reset, ("mail",),
      ("test_A16_a_reset_skips_no_factor", "test_A16_a_reset_signs_nobody_in",
       "test_A14_a_link_that_is_no_longer_good_changes_nothing")),
    R("6.4.4", 2, "A lost factor is replaced by as good a proof as when it was set up.",
      always(absent(_NO_FACTOR))),
    R("6.4.5", 3, "What expires is renewed in time.", always(absent("a password does not expire"))),
    R("6.4.6", 3, "An administrator begins a reset and chooses no password.",
      always(fails("pages and API only send a link; but `limen account set-password` lets whoever has "
                   "the configuration choose one"))),
    R("6.5.1", 2, "Codes are good once.", always(absent(_NO_FACTOR))),
    R("6.5.2", 2, "Codes of little entropy are hashed as passwords are.", always(absent(_NO_FACTOR))),
    R("6.5.3", 2, "Codes and seeds come from a secure random generator.", always(absent(_NO_FACTOR))),
    R("6.5.4", 2, "Codes have at least 20 bits.", always(absent(_NO_FACTOR))),
    R("6.5.5", 2, "Codes end after minutes.", always(absent(_NO_FACTOR))),
    R("6.5.6", 3, "A factor can be revoked.", always(absent(_NO_FACTOR))),
    R("6.5.7", 3, "Biometrics stand beside another factor.", always(absent(_NO_FACTOR))),
    R("6.5.8", 3, "The time of a one-time code is the server's.", always(absent(_NO_FACTOR))),
    R("6.6.1", 2, "Phone and SMS are offered beside something stronger.", always(absent(_NO_BAND))),
    R("6.6.2", 2, "A code belongs to the request that it was made for.", always(absent(_NO_BAND))),
    R("6.6.3", 2, "Guessing a code is slowed.", always(absent(_NO_BAND))),
    R("6.6.4", 3, "Push messages cannot be sent without end.", always(absent(_NO_BAND))),
    R("6.7.1", 3, "Certificates that verify people are kept from being changed.", always(absent(_NO_FACTOR))),
    R("6.7.2", 3, "Challenges have 64 bits and are used once.", always(absent(_NO_FACTOR))),
    R("6.8.1", 2, "Nobody is taken for another by way of a second provider.", always(absent(_NO_PROVIDER))),
    R("6.8.2", 2, "Assertions are always verified.", always(absent(_NO_PROVIDER))),
    R("6.8.3", 2, "A SAML assertion is good once.", always(absent(_NO_PROVIDER))),
    R("6.8.4", 2, "How somebody was proven elsewhere is asked about.", always(absent(_NO_PROVIDER))),
)  # fmt: skip
