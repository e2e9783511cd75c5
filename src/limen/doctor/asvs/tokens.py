"""OWASP ASVS 5.0.0, V9: self-contained tokens; and what applies of V10: OAuth and OIDC."""

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
from limen.jose.jwk import Algorithm
from limen.lint import spell

R = Requirement
_GRACE_MOST = 60
_ALGORITHMS = frozenset(one.value for one in Algorithm)
_NO_CODE = always(absent("there is no authorization endpoint and no code: the metadata name no grant"))
_NO_CLIENT = always(absent("Limen is nobody's OAuth client"))
_NO_RELYING = always(absent("Limen relies on no OpenID provider"))
_NO_PROVIDER = always(absent("Limen is no OpenID provider: it makes no ID tokens"))
_NO_CONSENT = always(absent("no client of other people is let in, so there is nothing to consent to"))
_NO_TOKENS = "the strategy session hands out no self-contained tokens"


def _tokens(running: Running) -> bool:
    return any(name != "session" for name in running.strategies)


def _verified(running: Running) -> Ruling:
    return passes("one call verifies and validates") if _tokens(running) else absent(_NO_TOKENS)


def _algorithms(running: Running) -> Ruling:
    wanted = running.settings.algorithm
    if not _tokens(running):
        return absent(_NO_TOKENS)
    if wanted not in _ALGORITHMS:
        return fails(f"{wanted} is on no list")
    keys = () if running.ring is None else running.ring.keys
    both = len({key.algorithm == "HS256" for key in keys}) > 1
    beside = "; the ring holds keys of both families, each bound to its own" if both else ""
    return passes(f"{wanted} signs, and a key verifies its own algorithm alone{beside}")


def _sources(running: Running) -> Ruling:
    if not _tokens(running):
        return absent(_NO_TOKENS)
    return passes("keys are those of the ring; jku, x5u, jwk and x5c are never followed")


def _times(running: Running) -> Ruling:
    if not _tokens(running):
        return absent(_NO_TOKENS)
    leeway = running.settings.leeway
    if leeway > 60:
        return fails(f"a token is accepted {spell(leeway)} after its end")
    return passes(f"exp is required, nbf and iat are looked at; clocks may differ by {spell(leeway)}")


def _kind(running: Running) -> Ruling:
    if not _tokens(running):
        return absent(_NO_TOKENS)
    return passes("typ must be at+jwt; tokens of another kind have types of their own")


def _audience(running: Running) -> Ruling:
    s = running.settings
    if not _tokens(running):
        return absent(_NO_TOKENS)
    return passes(f"aud must be {s.audience or s.issuer}")


def _distinct(running: Running) -> Ruling:
    s = running.settings
    if not _tokens(running):
        return absent(_NO_TOKENS)
    if s.forward_audience in (s.issuer, s.audience) and s.forward_audience:
        return fails("forward_audience is that of access tokens")
    if s.clients and not s.audience:
        return fails(
            "services verify tokens (`clients`), and these name the issuer and none of them: set audience"
        )
    return passes("each kind of token has an audience of its own")


def _where_needed(running: Running) -> Ruling:
    first = running.settings.transports[0]
    if first == "cookie":
        return passes("a browser gets cookies that no script reads, unless it asks for a token by name")
    return asks("clients get tokens in the body unless they ask for cookies: is none of them a browser?")


def _rotated(running: Running) -> Ruling:
    s = running.settings
    if "hybrid" not in running.strategies:
        return absent("only the strategy hybrid has refresh tokens")
    if s.refresh_grace > _GRACE_MOST:
        return fails(f"a spent one gets its successor for {spell(s.refresh_grace)}")
    return passes(f"each is good once, with {spell(s.refresh_grace)} for tabs; a replay ends the session")


def _refresh_ends(running: Running) -> Ruling:
    if "hybrid" not in running.strategies:
        return absent("only the strategy hybrid has refresh tokens")
    return passes(f"{spell(running.settings.absolute_lifetime)} after the sign-in, whatever is refreshed")


def _revocable(running: Running) -> Ruling:
    if not running.stateful:
        return absent("the strategy jwt has neither refresh tokens nor reference tokens")
    if not running.pages:
        return fails("there are no pages without the transport cookie, only the API")
    return passes("/account/sessions lists and ends them")


def _clients(running: Running) -> Ruling:
    if not running.settings.clients:
        return absent("no clients are named")
    return passes(
        "they introspect, revoke and follow the feed with their secret, which is compared in constant time"
    )


def _strong_clients(running: Running) -> Ruling:
    if not running.settings.clients:
        return absent("no clients are named")
    return fails("they have secrets (client_secret_basic), and neither mTLS nor private_key_jwt")


TOKENS: tuple[Requirement, ...] = (
    R("9.1.1", 1, "Nothing in a token is believed before its signature.", _verified, ("strategy", "accept"),
      ("test_J04_a_token_without_its_signature_is_refused",
       "test_J54_no_error_and_no_chain_of_errors_holds_any_of_the_token",
       "test_a_token_is_taken_exactly_if_it_is_valid")),
    R("9.1.2", 1, "Algorithms are on a list, none is not on it, and families are not mixed up.", _algorithms,
      ("algorithm", "strategy"), ("test_J01_no_algorithm_is_refused_before_any_claim_is_read",
      "test_J06_a_public_key_is_never_an_hmac_secret", "test_J34_no_set_mixes_hmac_with_other_algorithms",
      "test_J05_an_algorithm_that_the_policy_does_not_allow_is_refused_though_we_have_the_key")),
    R("9.1.3", 1, "Keys come from where they were configured, never from the token.", _sources,
      ("strategy", "accept"), ("test_J08_a_key_in_the_header_is_never_used",
      "test_J09_J10_J11_nothing_is_fetched_that_a_header_names",
      "test_K08_no_address_is_taken_from_an_answer")),
    R("9.2.1", 1, "A token counts within its time alone.", _times, ("leeway", "strategy"),
      ("test_J24_a_token_is_good_while_now_is_before_exp_and_leeway",
       "test_J24_a_token_without_expiry_is_refused",
       "test_J25_what_lies_in_the_future_is_refused_beyond_the_leeway")),
    R("9.2.2", 2, "A token of another kind is none.", _kind, ("strategy", "accept"),
      ("test_J41_a_token_that_does_not_say_it_is_an_access_token_is_refused",
       "test_J42_a_token_of_another_kind_is_no_access_token",
       "test_R11_refresh_and_access_are_never_taken_for_each_other")),
    R("9.2.3", 2, "A token for somebody else is none.", _audience, ("audience", "issuer", "strategy"),
      ("test_J26_an_audience_that_is_not_exactly_us_is_refused", "test_J26_a_token_for_nobody_is_refused")),
    R("9.2.4", 2, "Audiences of one key are told apart.", _distinct, ("audience", "forward_audience",
       "clients"),
      ("test_R10_an_access_token_for_another_audience_or_of_another_issuer_is_refused",
       "test_K14_a_token_for_another_audience_is_refused")),
)  # fmt: skip

OAUTH: tuple[Requirement, ...] = (
    R("10.1.1", 2, "Tokens go to whoever needs them and to nobody else.", _where_needed, ("transports",),
      ("test_S11_cookies_have_every_flag_and_their_answer_no_token",)),
    R("10.1.2", 2, "A client takes values of a flow that it began itself.", _NO_CLIENT),
    R("10.2.1", 2, "A client's callback cannot be forged.", _NO_CLIENT),
    R("10.2.2", 2, "A client of several servers mixes none up.", _NO_CLIENT),
    R("10.2.3", 3, "A client asks for the scopes that it needs.", _NO_CLIENT),
    R("10.3.1", 2, "A resource takes tokens that are for it.", _audience, ("audience", "issuer", "strategy"),
      ("test_J26_an_audience_that_is_not_exactly_us_is_refused",
       "test_K14_a_token_for_another_audience_is_refused")),
    R("10.3.2", 2, "What was delegated decides: scopes and subject.",
      always(passes("`auth.scopes(…)` asks for all of them; a route that names none lets whoever has "
                    "signed in through")), (),
      ("test_scopes_are_all_asked_and_their_lack_is_forbidden_and_not_unknown",)),
    R("10.3.3", 2, "A person is known by what never becomes another's.",
      always(passes("sub is a UUIDv7 that is given once; an address is no identity")), (),
      ("test_J27_an_issuer_that_is_not_exactly_ours_is_refused",
       "test_a_token_that_we_issue_says_what_it_was_given")),
    R("10.3.4", 2, "How and when somebody was proven is asked where it matters.",
      always(passes("tokens say auth_time and amr, and `auth.recent` asks")), (),
      ("test_who_proved_themselves_long_ago_must_do_it_again",
       "test_stepping_up_makes_the_proof_a_recent_one")),
    R("10.3.5", 3, "A stolen token is of no use (DPoP, mTLS).",
      always(fails("tokens are bearer tokens: there is neither DPoP nor mTLS"))),
    R("10.4.1", 1, "Redirect URIs are compared exactly.", _NO_CODE),
    R("10.4.2", 1, "A code is good once.", _NO_CODE),
    R("10.4.3", 1, "A code ends after minutes.", _NO_CODE),
    R("10.4.4", 1, "Only needed grants are there; not implicit, not password.",
      always(passes("no grant is offered; `POST login` is the sign-in of the server's own people")), (),
      ("test_the_metadata_leads_to_what_there_is",)),
    R("10.4.5", 1, "A refresh token that comes twice is found out.", _rotated, ("refresh_grace", "strategy"),
      ("test_R01_a_replay_ends_the_session_for_both_holders", "test_R06_a_replay_is_found_after_a_restart",
       "test_R04_a_replay_in_the_grace_after_its_successor_was_used_is_a_theft")),
    R("10.4.6", 2, "Codes are bound by PKCE.", _NO_CODE),
    R("10.4.7", 2, "Clients that register themselves are not believed.", _NO_CODE),
    R("10.4.8", 2, "Refresh tokens have an end that does not move.", _refresh_ends, ("absolute_lifetime",
       "strategy"),
      ("test_R12_refreshing_does_not_outlive_the_absolute_lifetime",)),
    R("10.4.9", 2, "People revoke refresh tokens in the server's pages.", _revocable, ("transports",
       "strategy"),
      ("test_sessions_are_listed_ended_and_said_to_be_ended", "test_one_browser_ends_the_other")),
    R("10.4.10", 2, "Clients prove who they are when they ask the server.", _clients, ("clients",),
      ("test_R23_who_is_no_client_is_told_nothing", "test_R23_nobody_but_a_client_follows")),
    R("10.4.11", 2, "A client has the scopes that it needs.",
      always(absent("clients have no scopes: they get no tokens"))),
    R("10.4.12", 3, "Only needed response modes are there.", _NO_CODE),
    R("10.4.13", 3, "Codes are asked for by PAR.", _NO_CODE),
    R("10.4.14", 3, "Tokens are bound to whom they were given.",
      always(fails("tokens are bearer tokens: there is neither DPoP nor mTLS"))),
    R("10.4.15", 3, "Authorization details come from the client's server.", _NO_CODE),
    R("10.4.16", 3, "Clients prove themselves by keys.", _strong_clients, ("clients",)),
    R("10.5.1", 2, "ID tokens are not replayed.", _NO_RELYING),
    R("10.5.2", 2, "People of a provider are told apart by sub.", _NO_RELYING),
    R("10.5.3", 2, "Metadata of another issuer are refused.", _NO_RELYING),
    R("10.5.4", 2, "ID tokens are for this client.", _NO_RELYING),
    R("10.5.5", 2, "Logout tokens are looked at closely.", _NO_RELYING),
    R("10.6.1", 2, "Only safe response modes are there.", _NO_PROVIDER),
    R("10.6.2", 2, "Nobody is signed out by force.", _NO_PROVIDER),
    R("10.7.1", 2, "People consent to each request.", _NO_CONSENT),
    R("10.7.2", 2, "They are told to what.", _NO_CONSENT),
    R("10.7.3", 2, "They see and take back what they consented to.", _NO_CONSENT),
)  # fmt: skip
