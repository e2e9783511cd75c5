"""The drawings of the documentation."""

from __future__ import annotations

from scripts.site.drawings import Drawing, Step

BROWSER, SERVER, STORE, OTHER = range(4)

SESSION = Drawing(
    "session",
    "The session: who carries it is looked up",
    ("Browser", "Server", "Store", "Another server"),
    (
        Step(BROWSER, SERVER, "address and password"),
        Step(SERVER, STORE, "a row, with a digest"),
        Step(SERVER, BROWSER, "session credential", answer=True),
        Step(BROWSER, SERVER, "request, credential"),
        Step(SERVER, STORE, "the row, unless remembered"),
        Step(SERVER, BROWSER, "200", answer=True),
        Step(BROWSER, SERVER, "sign out"),
        Step(SERVER, STORE, "row away, event in: 1 commit"),
        Step(SERVER, BROWSER, "effective now", answer=True),
        Step(STORE, OTHER, "the feed: it ended", "feed"),
        Step(BROWSER, OTHER, "a copy of the credential", "bad"),
        Step(OTHER, BROWSER, "401", "bad", answer=True),
    ),
)
JWT = Drawing(
    "jwt",
    "The JWT: whoever has the public key can check it, and nobody can call it back",
    ("Browser", "Server", "Another server"),
    (
        Step(0, 1, "address and password"),
        Step(1, 0, "access token, 15 min", answer=True),
        Step(2, 1, "the public keys, once"),
        Step(0, 2, "request, access token"),
        Step(2, 2, "signature, claims: asks nobody"),
        Step(2, 0, "200", answer=True),
        Step(0, 1, "sign out"),
        Step(1, 0, "effective in 14 min 10 s", answer=True),
        Step(0, 2, "a copy of the token", "bad"),
        Step(2, 0, "200, until it expires", "bad", answer=True),
    ),
)
HYBRID = Drawing(
    "hybrid",
    "The hybrid: a token that is checked where it arrives, before a session that can be ended",
    ("Browser", "Server", "Store", "Another server"),
    (
        Step(BROWSER, SERVER, "address and password"),
        Step(SERVER, STORE, "a row, with a digest"),
        Step(SERVER, BROWSER, "token and refresh", answer=True),
        Step(BROWSER, OTHER, "request, access token"),
        Step(OTHER, OTHER, "signature, filter: no read"),
        Step(OTHER, BROWSER, "200", answer=True),
        Step(BROWSER, SERVER, "refresh credential"),
        Step(SERVER, STORE, "rotate: compare and swap"),
        Step(SERVER, BROWSER, "new token, successor", answer=True),
        Step(BROWSER, SERVER, "sign out"),
        Step(SERVER, STORE, "row away, event in: 1 commit"),
        Step(STORE, OTHER, "the feed: it ended", "feed"),
        Step(BROWSER, OTHER, "a copy of the token", "bad"),
        Step(OTHER, BROWSER, "401, milliseconds later", "bad", answer=True),
    ),
)
ROTATION = Drawing(
    "rotation",
    "Rotation: two tabs get one successor, and a thief ends the session",
    ("First tab", "Second tab", "Server", "Thief"),
    (
        Step(0, 2, "refresh with A"),
        Step(2, 0, "B", answer=True),
        Step(1, 2, "A, a moment later"),
        Step(2, 1, "B: the same", answer=True),
        Step(0, 2, "refresh with B"),
        Step(2, 0, "C", answer=True),
        Step(3, 2, "A, a minute later", "bad"),
        Step(2, 2, "spent long ago: a replay", "bad"),
        Step(2, 3, "401: the session has ended", "bad", answer=True),
        Step(0, 2, "refresh with C"),
        Step(2, 0, "401: sign in again", "bad", answer=True),
    ),
)
FEED = Drawing(
    "feed",
    "The bound: a view of the feed is as old as the last question that was answered in full",
    ("Verifier", "Issuer or store", "Somebody"),
    (
        Step(0, 1, "barrier, sent at 10.0 s", "feed"),
        Step(1, 0, "all events so far", "feed", answer=True),
        Step(0, 0, "fresh at 10.0 s: when it asked"),
        Step(2, 1, "sign out"),
        Step(1, 0, "event, milliseconds later", "feed"),
        Step(0, 0, "covered credentials: 401", "feed"),
        Step(0, 1, "barrier, sent at 11.0 s: lost", "bad"),
        Step(0, 0, "until 15.0 s: memory is good"),
        Step(0, 1, "after: each request asks", "bad"),
        Step(0, 0, "no answer: 503, never a guess", "bad"),
    ),
)
ALL = (SESSION, JWT, HYBRID, ROTATION, FEED)
