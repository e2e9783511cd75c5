"""Plain WSGI: nobody gets past the middleware, and Limen's own routes answer under it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from wsgiref.validate import validator

import httpx2
import pytest

from limen import Denied, Limen, Secret, Verifier
from limen.background import Background
from limen.insecure import WeakHashing
from limen.integrations.wsgi import LimenMiddleware
from limen.testing import EMAIL, PASSWORD, TurnableClock, for_tests, origin, present, sign_in
from support.redis import free_port
from support.serving import Serving

LOGIN = {"email": EMAIL, "password": PASSWORD}


def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Says who is asking, as far as it was told."""
    who = environ.get("limen.identity")
    body = json.dumps({"account": who and who.account, "path": environ["PATH_INFO"]}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def client(app: Any, auth: Limen, *, checked: bool = True, **options: Any) -> httpx2.Client:
    """`checked` by PEP 3333, whose validator wants a type of a redirect's empty body, too."""
    transport = httpx2.WSGITransport(app=validator(app) if checked else app, **options)
    return httpx2.Client(transport=transport, base_url=auth.settings.issuer, headers={"origin": origin(auth)})


Made = Callable[..., tuple[LimenMiddleware, Limen]]


@pytest.fixture
def made(strategy: str, clock: TurnableClock) -> Iterator[Made]:
    loops = []

    def make(app: Any = inner, *, settings: dict[str, Any] | None = None, **options: Any) -> Any:
        auth = for_tests(clock=clock, strategy=strategy, **settings or {})
        middleware = LimenMiddleware(app, auth, **options)
        loops.append(middleware.background)
        return middleware, auth

    yield make
    for loop in loops:
        loop.close()


def test_W27_nothing_gets_past_without_an_identity_but_public_paths(made: Made) -> None:
    app, auth = made(public={"/", "/static/"})
    with client(app, auth) as stranger:
        for path in ("/me", "/static/../me", "/static//x", "/static"):
            answer = stranger.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "credential_missing"), path
            assert answer.headers["www-authenticate"] == 'Bearer realm="limen"'
        assert stranger.get("/").json() == {"account": None, "path": "/"}
        assert stranger.get("/static/a.css").status_code == 200
        head = stranger.head("/me")
    assert (head.status_code, head.content) == (401, b"")
    assert int(head.headers["content-length"]) > 0


def test_who_is_signed_in_is_told_to_the_application(made: Made, transport: str) -> None:
    app, auth = made(public={"/"})
    grant = app.background.run(sign_in(auth))
    with client(app, auth) as ada:
        present(ada, auth, grant, transport=transport)
        assert ada.get("/me").json()["account"] == ada.get("/").json()["account"] == grant.account
        assert ada.post("/me").status_code == 200
        if transport == "cookie":  # S13
            foreign = ada.post("/me", headers={"origin": "https://evil.example"})
            assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site")
            handshake = ada.get("/me", headers={"origin": "null", "upgrade": "websocket"})
            assert handshake.status_code == 403


def test_an_identity_that_a_server_left_behind_is_not_believed(made: Made) -> None:
    app, _ = made(public={"/"})
    told: list[Any] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", "limen.identity": "mallory"
    }  # fmt: skip
    assert b"mallory" not in b"".join(app(environ, lambda *said: told.append(said)))
    assert told[0][0] == "200 OK"


def test_signing_in_and_out_over_the_routes_of_limen(made: Made, transport: str) -> None:
    app, auth = made()
    app.background.run(auth.add_account(EMAIL, PASSWORD))
    with client(app, auth) as ada:
        answer = ada.post("/auth/login", json=LOGIN | {"transport": transport})
        assert answer.status_code == 200, answer.text
        if transport == "bearer":
            ada.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        assert ada.get("/auth/session").json()["account"] == ada.get("/me").json()["account"]
        assert ada.get("/.well-known/jwks.json").json()["keys"] is not None
        assert ada.get("/auth/nowhere").status_code == 404
        assert ada.head("/.well-known/jwks.json").content == b""
        assert ada.post("/auth/logout").status_code == 200
        if auth.settings.strategy != "jwt" or transport == "cookie":
            assert ada.get("/me").status_code == 401


def test_S24_bodies_are_bounded_before_they_are_read(made: Made) -> None:
    app, auth = made()
    read: list[int] = []

    class Endless:
        def read(self, size: int = -1) -> bytes:
            read.append(size)
            return b" " * size

    for length, terminated in (("99999999", False), ("", True), ("9" * 30, False)):
        told: list[Any] = []
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/auth/login", "wsgi.url_scheme": "http",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length, "wsgi.input": Endless(),
            "wsgi.input_terminated": terminated, "HTTP_ORIGIN": origin(auth),
        }  # fmt: skip
        b"".join(app(environ, lambda *said: told.append(said)))  # noqa: B023
        assert told[0][0][:4] in ("413 ", "400 "), told
    assert sum(read) <= 65_537


def test_a_stream_is_refused_in_words(made: Made) -> None:
    app, auth = made(settings={"clients": ("api",)})
    secret = auth.client_secret("api")
    with client(app, auth) as api:
        page = api.get("/auth/feed/page", auth=("api", secret))
        stream = api.get("/auth/feed", auth=("api", secret))
    assert (page.status_code, page.json()["position"]) == (200, 0)
    assert (stream.status_code, stream.json()["code"]) == (503, "feed_not_streamed")


def test_a_revocation_by_this_process_is_effective_at_once(made: Made, strategy: str) -> None:
    app, auth = made()
    grant = app.background.run(sign_in(auth))
    with client(app, auth) as ada:
        present(ada, auth, grant, transport="bearer")
        assert ada.get("/me").status_code == 200
        app.background.run(auth.revoke_sessions(app.background.run(auth.find_account(EMAIL))))
        assert ada.get("/me").status_code == (200 if strategy == "jwt" else 401)


def test_only_a_trusted_proxy_says_whose_the_request_is(made: Made) -> None:
    sources: list[str] = []
    for trusted in ((), ("198.51.100.0/24",)):
        app, auth = made(settings={"trusted_proxies": trusted})
        app.background.run(auth.add_account(EMAIL, PASSWORD))
        with client(app, auth, remote_addr="198.51.100.1") as ada:
            ada.headers["x-forwarded-for"] = "203.0.113.9, 192.0.2.33"
            answer = ada.post("/auth/login", json=LOGIN | {"transport": "bearer"})
        ada.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        who = app.background.run(auth.authenticate(answer.json()["access_token"]))
        sources += [session.source for session in app.background.run(auth.sessions(who))]
    if auth.settings.strategy != "jwt":  # which keeps none
        assert sources == ["198.51.100.1", "192.0.2.33"]


def test_a_person_is_led_to_the_page_where_people_sign_in(made: Made) -> None:
    app, auth = made(pages=True, public={"/about"})
    navigating = {"sec-fetch-mode": "navigate", "accept": "text/html"}
    with client(app, auth, checked=False) as stranger:
        led = stranger.get("/notes?a=b", headers=navigating)
        told = stranger.get("/notes", headers={"accept": "application/json"})
        page = stranger.get(led.headers["location"].partition("8000")[2] or led.headers["location"])
    assert led.status_code in (302, 303)
    assert "sign-in" in led.headers["location"]
    assert told.status_code == 401
    assert (page.status_code, "<form" in page.text) == (200, True)


def test_an_application_asks_for_more_by_the_same_requirement(made: Made) -> None:
    def reader(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with pytest.raises(Denied) as denied:
            app.check(auth.scopes("notes:read"), environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [denied.value.code.encode()]

    app, auth = made(reader)
    with client(app, auth) as ada:
        present(ada, auth, app.background.run(sign_in(auth)), transport="bearer")
        assert ada.get("/notes").text == "insufficient_scope"


def test_without_its_routes_it_leaves_them_to_the_application(made: Made) -> None:
    app, auth = made(mount=False, public={"/auth/login"})
    with client(app, auth) as stranger:
        assert stranger.get("/auth/login").json()["path"] == "/auth/login"


def test_S36_a_verifier_stands_in_the_place_of_a_limen_and_starts_anew_on_another_loop(
    tmp_path: Path,
) -> None:
    secret = Secret.generate()
    at = f"http://127.0.0.1:{free_port()}"
    options: dict[str, Any] = {
        "secret": secret, "issuer": at, "strategy": "hybrid", "clients": ("api",), "scheme": WeakHashing()
    }  # fmt: skip
    issuing = Background(Limen(f"sqlite:///{tmp_path}/limen.db", **options))
    issuer = cast("Limen", issuing.auth)
    variables = {
        "LIMEN_DATABASE": f"sqlite:///{tmp_path}/limen.db", "LIMEN_ISSUER": at, "LIMEN_STRATEGY": "hybrid",
        "LIMEN_CLIENTS": "api", "LIMEN_SECRET": secret.reveal(),
    }  # fmt: skip
    grant = issuing.run(sign_in(issuer))
    with Serving(tmp_path, "--port", at.rpartition(":")[2], **variables):
        verifier = Verifier(at, client_id="api", client_secret=issuer.client_secret("api"), audience=at)
        app = LimenMiddleware(inner, verifier)
        bearer = {"authorization": f"Bearer {grant.credential}"}
        transport = httpx2.WSGITransport(app=validator(app))
        with httpx2.Client(transport=transport, base_url="https://api.example", headers=bearer) as api:
            for _ in range(2):
                assert api.get("/notes").json()["account"] == grant.account
                assert api.get("/auth/login").json()["path"] == "/auth/login"  # no routes of its own
                app.background.close()
            api.get("/notes")
            issuing.run(issuer.revoke_session(grant.session))
            app.background.run(verifier.catch_up())
            assert api.get("/notes").json()["code"] == "credential_revoked"
        app.background.close()
    issuing.close()


def test_what_the_application_asks_besides_is_answered_where_it_lets_it_through(made: Made) -> None:
    def notes(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        app.check(auth.scopes("notes:read"), environ)
        return inner(environ, start_response)

    app, auth = made(notes)
    grant = app.background.run(sign_in(auth))
    with client(app, auth) as ada:
        present(ada, auth, grant, transport="bearer")
        refused = ada.get("/notes")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("path", ["/notes", "/open"])
def test_it_is_answered_too_where_the_answer_is_made_piece_by_piece(
    made: Made, begins: bool, path: str
) -> None:
    ended = []

    def notes(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        if begins:
            start_response("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"] == "/notes":
            app.check(auth.scopes("notes:read"), environ)
        if not begins:
            start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            yield b"all "
            yield b"of it"
        finally:
            ended.append(path)

    app, auth = made(notes)
    grant = app.background.run(sign_in(auth))
    with client(app, auth, raise_app_exceptions=False) as ada:
        present(ada, auth, grant, transport="bearer")
        answer = ada.get(path)
    if path == "/open":
        assert (answer.status_code, answer.text, ended) == (200, "all of it", [path])
    else:
        assert (answer.status_code, answer.json()["code"], ended) == (403, "insufficient_scope", [])


def test_what_is_wrong_at_the_first_request_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    auth = for_tests(f"sqlite:///{tmp_path}/nowhere/app.db")
    app = LimenMiddleware(inner, auth)
    with client(app, auth) as ada:
        for path, asked in (
            ("/auth/session", ""),
            ("/me", "%0AERROR forged"),
            ("/auth/", "%0D%0AERROR forged"),
        ):
            caplog.clear()
            answer = ada.get(path + asked, headers={"authorization": "Bearer a.b.c"})
            assert (answer.status_code, answer.json()["code"]) == (500, "misconfigured")
            (line,) = [line for line in caplog.messages if line.startswith(path)]
            assert "\n" not in line
            assert "does not exist: make it, or name another database" in line
