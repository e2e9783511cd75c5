"""One corpus, one verdict: other people's readers take what Limen takes and read it alike, and no more."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from limen.auth import Limen
from limen.clock import Instant
from limen.errors import Denied
from limen.jose import b64
from limen.jose.jwk import Algorithm
from limen.keys import KeyWrap
from limen.secret import Secret
from limen.settings import require_secret
from limen.testing import TurnableClock
from limen.verifier import Verifier
from readers.corpus import Corpus
from readers.programs import CHECKERS, PINNED, READERS, verdicts
from support.servers import free_port
from support.serving import Serving

AUDIENCE = "https://api.example"
ALGORITHMS = [alg for alg in Algorithm if not alg.symmetric]
"""HS256 is not among them: who can check its tokens could make them, so no reader is given its key."""
PAGE = Path(__file__).parents[2] / "docs" / "other-languages.md"
SECRET = Secret.generate().reveal()
ACCOUNT = {"email": "ada@example.com", "password": "correct horse battery staple"}

# What differs has no part in who may do what: only the issuer's signature gets a token so far, and the issuer
# never writes one like that. Two texts for one signature matter to whoever keeps a list of refused texts.
TWICE = {"a claim twice, good last": "its JSON parser takes the last of two equal names"}
TEXT = {"exp is text": "it makes a number of it"}
PADDED = {"padded": "it takes the padding of other alphabets off"}
STRAY = {"stray bits at its end": "its base64 ignores them: one signature has several texts"}
IGNORED = {"payload not encoded": "`b64` that is not in `crit` may be ignored (RFC 7797 §6)"}
NO_CRIT = {"crit that is empty": "an empty list asks for nothing; RFC 7515 §4.1.11 forbids it"}
TWO = (
    "it looks at the type of a key and not at its `alg`; a service that pins one algorithm does not have that"
)
TAKES: dict[str, dict[str, str]] = {
    "PyJWT": TWICE | TEXT | PADDED,
    "joserfc": TWICE | NO_CRIT,
    "Authlib": TWICE | NO_CRIT,
    "jose": TWICE | PADDED | STRAY | IGNORED,
    "go-oidc": TWICE
    | TEXT
    | STRAY
    | NO_CRIT
    | {"PS256 by a key of RS256": TWO, "RS256 by a key of PS256": TWO},
    "ruby-jwt": TWICE | TEXT | STRAY | IGNORED,
    "Crypt::JWT": TWICE | TEXT | STRAY | IGNORED,
    "latchset jose": TWICE | IGNORED,
}
"""Bad tokens that a reader takes, each with the reason."""
UNKNOWN_TO = {
    "Authlib": dict.fromkeys(("ES384", "PS256", "EdDSA"), "it takes joserfc's recommended algorithms alone"),
    "ruby-jwt": {"EdDSA": "it needs the gem rbnacl for that"},
    "latchset jose": {"EdDSA": "it knows no such key"},
}
"""Algorithms that a reader cannot check. It refuses all their tokens."""


class Issuer:
    """A real server whose ring has keys of every algorithm, and what its Verifier says of the corpus."""

    def __init__(self, address: str, corpus: Corpus, signed_in: str) -> None:
        self.address, self.corpus = address, corpus
        self.good = [("signed in", signed_in), *corpus.good()]
        self.bad = list(corpus.bad())
        self.tokens = [*self.good, *self.bad]
        self.claims = asyncio.run(self._judged())

    async def _judged(self) -> dict[str, Any]:
        """Who each token proves, by Limen's own Verifier over HTTP; None where it is refused."""
        found: dict[str, Any] = {}
        async with Verifier(self.address, audience=AUDIENCE) as verifier:
            for name, text in self.tokens:
                try:
                    found[name] = await verifier.authenticate(text)
                except Denied:
                    found[name] = None
        return found


async def made_ring(database: str, issuer: str, now: Instant) -> Corpus:
    """A ring in which a key of each algorithm is live, having signed in its turn, and one was found out."""
    clock = TurnableClock(now)

    def opened(alg: Algorithm) -> Limen:
        return Limen(
            database, secret=SECRET, issuer=issuer, audience=AUDIENCE, strategy="jwt", algorithm=alg.value,
            jwks_max_age=0, clock=clock,
        )  # fmt: skip

    async with opened(Algorithm.ES256) as auth:
        await auth.add_account(ACCOUNT["email"], ACCOUNT["password"])
        lost = auth.ring.active.kid
        await auth.compromise_key(lost)
    for alg in (*(alg for alg in ALGORITHMS if alg is not Algorithm.ES256), *[Algorithm.ES256] * 2):
        async with opened(alg) as auth:
            clock.turn(1)
            await auth.rotate_keys()
    async with opened(Algorithm.ES256) as auth:
        wrap = KeyWrap(require_secret(auth.settings))
        stored = (await auth.stored_ring()).keys
        opened_keys = {key.kid: wrap.open(key) for key in stored}
        live = {key.alg: key for kid, key in opened_keys.items() if kid in auth.ring.verifying}
        live[Algorithm.ES256] = auth.ring.active
    return Corpus(issuer, AUDIENCE, clock.now(), live, opened_keys[lost])


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    folder, port = tmp_path_factory.mktemp("issuer"), free_port()
    address = f"http://127.0.0.1:{port}"
    database = f"sqlite:///{folder / 'limen.db'}"
    corpus = asyncio.run(made_ring(database, address, Instant(time.time() - 30)))
    environment = {"LIMEN_SECRET": SECRET, "LIMEN_AUDIENCE": AUDIENCE, "LIMEN_STRATEGY": "jwt"}
    arguments = ("--database", database, "--port", str(port), "--issuer", address)
    with Serving(folder, *arguments, **environment):
        answer = httpx2.post(f"{address}/auth/login", json=ACCOUNT | {"transport": "bearer"})
        yield Issuer(address, corpus, answer.json()["access_token"])


def test_limen_itself_takes_the_good_ones_and_no_other(issuer: Issuer) -> None:
    assert {name for name, claims in issuer.claims.items() if claims} == {name for name, _ in issuer.good}


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_in_another_language_gives_the_verdict_of_limen(
    reader: str, issuer: Issuer, tmp_path: Path
) -> None:
    environment = {"ISSUER": issuer.address, "AUDIENCE": AUDIENCE, "ALGORITHMS": ",".join(ALGORITHMS)}
    said = verdicts(reader, tmp_path, [text for _, text in issuer.tokens], **environment)
    by_name = dict(zip((name for name, _ in issuer.tokens), said, strict=True))
    unknown = UNKNOWN_TO.get(reader, {})
    for name, text in issuer.good:
        found = by_name[name]
        if name.partition(":")[0] in unknown:
            assert "refused" in found, f"{reader} has learned {name}"
        else:
            assert found == {"claims": claims_of(text)}, f"{reader} on the token that is {name}"
    taken = {name for name, _ in issuer.bad if "claims" in by_name[name]}
    named = set(TAKES.get(reader, {}))
    assert taken <= named, f"{reader} takes what is bad: {sorted(taken - named)}"
    if reader in PINNED:
        assert named == taken, f"{reader} does not take any more: {sorted(named - taken)}"


@contextmanager
def down_for_a_moment(keys: bytes) -> Iterator[str]:
    """An issuer that says first, in JSON, that it cannot answer just now, and then its keys."""

    class Stumbling(BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self) -> None:
            body = keys if Stumbling.asked else b'{"status": 503, "code": "unavailable"}'
            self.send_response(200 if Stumbling.asked else 503)
            Stumbling.asked += 1
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Stumbling) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("reader", sorted(READERS.keys() - {"latchset jose"}))
def test_a_reader_does_not_take_an_error_of_the_issuer_for_its_keys(
    reader: str, issuer: Issuer, tmp_path: Path
) -> None:
    """The shell's fetches once a run, and fails then."""
    with down_for_a_moment(httpx2.get(f"{issuer.address}/.well-known/jwks.json").content) as address:
        token = replace(issuer.corpus, issuer=address).saying()
        said = verdicts(reader, tmp_path, [token, token], ISSUER=address, AUDIENCE=AUDIENCE)
    assert ["claims" in one for one in said] == [False, True], said


def claims_of(text: str) -> Any:
    return json.loads(b64.decode(text.split(".")[1]))


@pytest.mark.parametrize("reader", READERS)
def test_the_page_shows_the_files_that_are_run(reader: str) -> None:
    shown = re.findall(r"^```\w+\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert (CHECKERS / READERS[reader].checker).read_text() in shown
