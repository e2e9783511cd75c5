"""The steps of each check in the server's own order, and which reasons end them.

The reasons are those that the check raises (`Denied.reason`); a test finds every one of the source here, and
another lets two faults meet and sees that the earlier step names them. What a reason says stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from limen.jose.jws import REFUSED_MEMBERS
from limen.jose.payloads import Claims


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a check, and why the answer may be no."""

    name: str
    asks: str
    reasons: Mapping[str, str]


_MEMBERS = {
    f"{name}_refused": f"Its header brings `{name}`, which is refused wherever it stands (RFC 8725 §3.10)."
    for name in REFUSED_MEMBERS
}
_CLAIMS = {
    f"{name}_{fault}": f"Its claim `{name}` {said}."
    for name in Claims.__struct_fields__
    for fault, said in (("missing", "is missing"), ("malformed", "is of the wrong type or range"))
}
_NO_HEADER_VALUE = {
    "alg_not_allowed": "Its header names no algorithm.",
    "kid_malformed": "Its key id is no text.",
    "typ_wrong": "Its type is no text.",
}
OF_THE_HEADER = {"alg_not_allowed": "alg", "kid_malformed": "kid", "typ_wrong": "typ"}
"""Reasons that mean the form of the header where this member is no text, and a later step where it is."""

_FOREIGN = "a key of this ring signed it for something else."
_ROW = {
    "session_gone": "Its session has ended.",
    "row_came_back": "Its session has ended, and a failover of the store has brought its row back.",
    "row_mixed_up": "The store answered with the row of another session: look into its log at once.",
    "strategy_mismatch": "Its session is of another strategy than this kind of credential.",
    "created_in_future": "Its session was opened more than a day ahead of this clock.",
}
_LIFETIMES = {
    "absolute_lifetime": "Its session is past its absolute end: it is time to sign in again.",
    "idle_lifetime": "Its session was not used for too long.",
}

TOKEN = (
    Step("size", "Is it short enough?", {"token_too_large": "It is longer than any token that is taken."}),
    Step(
        "form",
        "Is it a compact JWS whose header can be read in one way?",
        {
            "characters_wrong": "It holds characters that are not ASCII.",
            "segments_wrong": "It has not exactly three parts with dots between.",
            "header_malformed": "Its header is not canonical base64url of strict JSON.",
            "header_duplicate": "Its header says a name twice.",
            **_NO_HEADER_VALUE,
            **_MEMBERS,
        },
    ),
    Step(
        "algorithm",
        "Is its algorithm one that this server signs with?",
        {"alg_not_allowed": "Its algorithm is none of those that this server signs with."},
    ),
    Step("type", "Is it an access token?", {"typ_wrong": "It is of another type than an access token."}),
    Step(
        "key",
        "Does it name a key of the ring, for that algorithm?",
        {
            "kid_missing": "It does not say which key signed it.",
            "kid_malformed": "Its key id is none that a key of ours could have.",
            "kid_unknown": "No key of the ring has its key id.",
            "alg_not_of_key": "The key that it names is for another algorithm.",
        },
    ),
    Step(
        "signature",
        "Did that key sign it?",
        {
            "signature_malformed": "Its signature is not canonical base64url.",
            "signature_invalid": "The key that it names did not sign these bytes: it was changed on its way, "
            "or somebody else made it.",
        },
    ),
    Step(
        "claims",
        "Does it make every claim of RFC 9068, each of its type?",
        {
            "payload_malformed": "Its payload is not canonical base64url.",
            "claims_duplicate": "Its claims say a name twice.",
            "claims_malformed": "Its claims are no JSON object of strict form.",
            **_CLAIMS,
        },
    ),
    Step("issuer", "Is it from this issuer?", {"iss_wrong": "It is from another issuer."}),
    Step("audience", "Is it for this audience?", {"aud_wrong": "It is for another audience."}),
    Step("expiry", "Has it not expired?", {"expired": "It has expired."}),
    Step(
        "issued",
        "Was it issued already?",
        {"issued_in_future": "It was issued in the future: two clocks differ by more than the leeway."},
    ),
    Step("beginning", "Is it good already?", {"not_yet_valid": "It is not good yet."}),
    Step(
        "strategy",
        "Is it of a strategy that is accepted here?",
        {
            "strategy_unknown": f"It says no strategy that there is: {_FOREIGN}",
            "strategy_not_accepted": "Its strategy is not accepted here: `strategy` or `accept` would have "
            "to name it.",
            "not_a_token": "It is no token, and its strategy takes tokens.",
            "not_a_session": "It is no session credential, and its strategy takes these.",
            "claims_incomplete": f"It lacks claims of an access token of ours: {_FOREIGN}",
            "claims_foreign": f"Its ids are none of ours: {_FOREIGN}",
        },
    ),
    Step(
        "revocations",
        "Does no event of the feed end it?",
        {
            "revoked_session": "Its session was ended.",
            "revoked_account": "All sessions of its account were ended.",
            "revoked_issuer": "All sessions of this issuer were ended.",
            "revoked_key": "Its key was ended.",
        },
    ),
    Step(
        "scopes",
        "Is it younger than the last change of what its account may do?",
        {"token_stale": "What its account may do has changed since it was issued: refresh it."},
    ),
    Step("session", "Is its session's row alive?", _ROW),
    Step("lifetimes", "Is the session within its lifetimes?", _LIFETIMES),
)
"""Of an access token."""

SEALED = (
    Step(
        "seal",
        "Did this deployment seal it?",
        {
            "seal_mismatch": "It is no credential of this deployment: it was changed, was made under another "
            "secret, or is something else."
        },
    ),
    Step(
        "strategy",
        "Are session credentials accepted by requests here?",
        {
            "strategy_not_accepted": "Requests carry no session credential here: `strategy` or `accept` "
            "would have to name `session`."
        },
    ),
    Step("session", "Is its session alive?", _ROW),
    Step("lifetimes", "Is the session within its lifetimes?", _LIFETIMES),
    Step(
        "head",
        "Is it the session's current credential?",
        {"secret_mismatch": "It is not the current credential of its session."},
    ),
)
"""Of a session credential that a request carries."""

REFRESH = (
    Step("seal", "Did this deployment seal it?", {"seal": "It is no credential of this deployment."}),
    *SEALED[2:4],
    Step(
        "account",
        "May its account sign in?",
        {"account_gone": "Its account was disabled or removed."},
    ),
    Step(
        "head",
        "Is it the session's current credential, or the one before within the grace?",
        {
            "replay": "It was spent before, and its successor is in use: presenting it ends the session as "
            "a replay.",
            "unproven": "Its place in the session's line cannot be proven.",
        },
    ),
)
"""Of a session credential that is spent for new ones."""


def step_of(steps: tuple[Step, ...], reason: str, *, no_text: frozenset[str] = frozenset()) -> Step:
    """The step that a reason ends; where the header's member is no text, the one about its form.

    A reason that is in no table is a store's: nobody could read the session's row.
    """
    found = [step for step in steps if reason in step.reasons]
    if not found:
        return next(step for step in steps if step.name == "session")
    return found[0] if OF_THE_HEADER.get(reason) in no_text else found[-1]
