"""Flask in its own idiom: factories, blueprints, decorators, its command line, and its session left alone."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, session
from flask.testing import FlaskClient
from flask.views import MethodView

from limen import Limen, Misconfigured
from limen.background import Background
from limen.integrations.flask import (
    LimenFlask,
    current_identity,
    fresh_login_required,
    login_required,
    scopes_required,
)
from limen.testing import EMAIL, PASSWORD, TurnableClock, for_tests, origin, present, sign_in

LOGIN = {"email": EMAIL, "password": PASSWORD}
limen = LimenFlask()


def notes_app(auth: Limen, **options: Any) -> Flask:
    """As a factory makes it, with views of a blueprint."""
    app = Flask(__name__)
    app.secret_key = "of Flask's own session"
    extension = LimenFlask(**options) if options else limen
    extension.init_app(app, auth)
    notes = Blueprint("notes", __name__, url_prefix="/notes")

    @app.get("/maybe")
    def maybe() -> dict[str, Any]:
        return {"account": current_identity.account if current_identity else None}

    @app.route("/me", methods=["GET", "POST"])
    @login_required
    def me() -> dict[str, str]:
        session["seen"] = session.get("seen", 0) + 1
        return {"account": current_identity.account, "seen": session["seen"]}

    @app.get("/later")
    @login_required
    async def later() -> str:
        return current_identity.account

    @app.post("/fresh")
    @fresh_login_required
    def fresh() -> str:
        return "fresh"

    @app.post("/fresher")
    @fresh_login_required(minutes=1, scopes=("notes:read",))
    def fresher() -> str:
        return "fresher"

    @app.post("/out")
    @login_required
    def out() -> dict[str, float]:
        return {"effective": limen.run(limen.auth.sign_out(current_identity)).effective}

    @app.get("/teapot")
    def teapot() -> None:
        abort(418)

    @notes.get("/")
    @scopes_required("notes:read")
    def listed() -> str:
        return "notes"

    app.register_blueprint(notes)
    return app


@pytest.fixture
def app(strategy: str, clock: TurnableClock) -> Iterator[Flask]:
    made = notes_app(for_tests(clock=clock, strategy=strategy))
    yield made
    made.extensions["limen"].background.close()


def auth_of(app: Flask) -> Limen:
    with app.app_context():
        return limen.auth


def signed_in(app: Flask, transport: str = "bearer", *scopes: str) -> FlaskClient:
    auth, client = auth_of(app), app.test_client()
    with app.app_context():
        grant = limen.run(sign_in(auth, scopes=scopes))
    if transport == "bearer":
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {grant.credential}"
    else:
        client.set_cookie(auth.cookie, grant.credential)
        client.environ_base["HTTP_ORIGIN"] = origin(auth)
    return client


def test_W27_a_stranger_is_told_in_a_problem_document(app: Flask) -> None:
    client = app.test_client()
    for answer in (client.get("/me"), client.get("/notes/"), client.post("/fresh"), client.get("/later")):
        assert (answer.status_code, answer.json["code"]) == (401, "credential_missing")
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
    assert client.get("/maybe").json == {"account": None}
    assert client.get("/teapot").status_code == 418


def test_who_is_signed_in_is_the_current_identity(app: Flask, transport: str) -> None:
    client = signed_in(app, transport)
    account = client.get("/me").json["account"]
    assert client.get("/maybe").json["account"] == client.get("/later").text == account
    assert client.get("/me").json["seen"] == 2  # Flask's own session goes on
    assert client.post("/me").status_code == 200


def test_S13_another_site_s_post_is_refused(app: Flask) -> None:
    client = signed_in(app, "cookie")
    answer = client.post("/me", headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.json["code"]) == (403, "cross_site")


def test_scopes_and_recent_proofs_are_asked_for(app: Flask, clock: TurnableClock) -> None:
    client, reader = signed_in(app), signed_in(app)
    assert client.get("/notes/").json["code"] == "insufficient_scope"
    with app.app_context():
        account = limen.run(limen.auth.add_account("eve@example.com", PASSWORD, scopes=("notes:read",)))
        grant = limen.run(limen.auth.sign_in(account.email, PASSWORD)).grant
    reader.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {grant.credential}"
    assert reader.get("/notes/").text == "notes"
    assert reader.post("/fresher").text == "fresher"
    assert client.post("/fresher").json["code"] == "insufficient_scope"
    clock.turn(61)
    assert reader.post("/fresh").text == "fresh"
    assert reader.post("/fresher").json["code"] == "authentication_too_old"
    clock.turn(300)
    answer = reader.post("/fresh")
    assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]


def test_a_bad_credential_is_a_stranger_where_none_is_needed_and_an_error_elsewhere(app: Flask) -> None:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer garbage"
    assert client.get("/maybe").json == {"account": None}
    assert client.get("/me").json["code"] == "credential_invalid"


def test_nobody_is_taken_for_a_stranger_where_nobody_can_tell(clock: TurnableClock) -> None:
    auth = for_tests(clock=clock)
    loop = Background(auth, patience=0.0)  # it starts too slowly for whoever asks
    client = notes_app(auth).test_client()
    answer = client.get("/maybe", headers={"authorization": "Bearer of-somebody"})
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    loop.close()


def test_an_application_without_limen_has_no_strangers_either() -> None:
    with Flask(__name__).test_request_context("/"), pytest.raises(Misconfigured, match="has no Limen"):
        bool(current_identity)


def test_signing_in_and_out(app: Flask, strategy: str) -> None:
    client = app.test_client()
    with app.app_context():
        limen.run(limen.auth.add_account(EMAIL, PASSWORD))
    answer = client.post("/auth/login", json=LOGIN | {"transport": "bearer"})
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer.json['access_token']}"
    assert client.get("/auth/session").json["account"] == client.get("/me").json["account"]
    assert client.post("/out").status_code == 200
    assert client.get("/me").status_code == (200 if strategy == "jwt" else 401)


def test_a_person_is_led_to_the_sign_in(clock: TurnableClock) -> None:
    app = notes_app(for_tests(clock=clock), pages=True)
    client = app.test_client()
    led = client.get("/me", headers={"sec-fetch-mode": "navigate", "accept": "text/html"})
    assert led.status_code in (302, 303)
    page = client.get(led.location)
    assert (page.status_code, "<form" in page.text) == (200, True)
    assert client.get("/me", headers={"accept": "application/json"}).status_code == 401
    app.extensions["limen"].background.close()


def test_settings_come_from_the_application_s_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Flask(__name__)
    app.config.update(LIMEN_DATABASE="memory://", LIMEN_STRATEGY="session", LIMEN_PREFIX=None)
    LimenFlask(app)
    assert auth_of(app).settings.strategy == "session"
    monkeypatch.setenv("LIMEN_STRATEGY", "jwt")
    other = Flask(__name__)
    other.config.update(app.config)
    LimenFlask(other)
    assert auth_of(other).settings.strategy == "jwt"  # the environment has the last word
    assert auth_of(other) is not auth_of(app)
    with pytest.raises(Misconfigured, match="once"):
        LimenFlask(app)
    wrong = Flask(__name__)
    wrong.config["LIMEN_STRATEGIE"] = "jwt"
    with pytest.raises(Misconfigured, match="strategie"):
        LimenFlask(wrong)


def test_options_are_answered_by_flask_as_ever(app: Flask) -> None:
    """A browser's preflight carries no credential."""
    answer = app.test_client().options("/me")
    assert (answer.status_code, "POST" in answer.headers["allow"]) == (200, True)


def test_a_method_is_no_socket_whatever_the_headers_say(app: Flask) -> None:
    class Things(MethodView):
        @login_required
        def get(self) -> str:
            return type(self).__name__

    app.add_url_rule("/things", view_func=Things.as_view("things"))
    client = signed_in(app)
    assert client.get("/things", headers={"upgrade": "websocket"}).text == "Things"


def test_what_is_used_wrongly_is_said() -> None:
    with pytest.raises(Misconfigured, match="names of scopes"):
        scopes_required()
    with pytest.raises(Misconfigured, match="names of scopes"):
        scopes_required(lambda: "")  # type: ignore[arg-type]
    with Flask(__name__).app_context(), pytest.raises(Misconfigured, match="no Limen"):
        _ = limen.auth


def test_W27_a_view_whose_decorator_stands_above_its_route_is_not_open(
    clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    LimenFlask(app, for_tests(clock=clock))

    @login_required
    @app.get("/above")
    def above() -> str:
        return "open"

    @app.get("/below")
    @scopes_required("notes:read")
    @login_required
    def below() -> str:
        return "let in"

    client = app.test_client()
    assert client.get("/above").status_code == 500
    assert client.get("/below").status_code == 401
    assert "GET /above: the decorator of above stands above its route: put it below" in caplog.messages


def test_the_verbs_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = Flask(__name__)
    app.config["LIMEN_DATABASE"] = f"sqlite:///{tmp_path}/app.db"
    LimenFlask(app)
    runner = app.test_cli_runner()
    added = runner.invoke(args=["limen", "account", "add", EMAIL, "--no-password"])
    assert (added.exit_code, EMAIL in added.output) == (0, True), added.output
    listed = runner.invoke(args=["limen", "account", "list", "--json"])
    assert EMAIL in listed.output
    assert (tmp_path / "app.db").exists()
    assert runner.invoke(args=["limen", "id", "nothing"]).exit_code == 2
    assert "Verbs" in runner.invoke(args=["limen", "--help"]).output
    monkeypatch.setenv("LIMEN_DATABASE", f"sqlite:///{tmp_path}/other.db")
    refused = runner.invoke(args=["limen", "account", "list"])
    assert (refused.exit_code, "another database" in refused.output) == (1, True)
    assert not (tmp_path / "other.db").exists()


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.chdir(tmp_path)
    path = Path(__file__).parents[2] / "examples" / "flask_app.py"
    spec = importlib.util.spec_from_file_location("flask_app", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    module.app.extensions["limen"].background.close()


def test_the_example_runs_from_registration_to_signing_out(example: ModuleType) -> None:
    client = example.app.test_client()
    assert client.get("/").json == {"signed_in": False}
    assert client.post("/auth/register", json=LOGIN).status_code == 202
    token = client.post("/auth/login", json=LOGIN | {"transport": "bearer"}).json["access_token"]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert client.get("/me").json["account"]
    assert client.get("/").json == {"signed_in": True}
    assert client.post("/fresh").status_code == 200
    assert client.get("/notes").status_code == 403
    assert client.post("/auth/logout").status_code == 200
    assert client.get("/me").status_code == 401


def test_W27_a_stranger_s_socket_is_refused_before_it_is_accepted(example: ModuleType) -> None:
    """Here no socket is there to accept: whoever tried would fail in another way (tests/conformance)."""
    answer = example.app.test_client().get(
        "/echo", headers={"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13"}
    )
    assert (answer.status_code, answer.json["code"]) == (401, "credential_missing")


PAGE = (Path(__file__).parents[2] / "docs" / "flask.md").read_text()


def test_the_application_and_the_test_of_the_page_work_as_they_stand() -> None:
    factory, tests = (
        re.search(rf"```python\n([^`]*def {name}.*?)```", PAGE, re.DOTALL)
        for name in ("create_app", "test_notes")
    )
    assert factory is not None
    assert tests is not None
    notes = Blueprint("notes", __name__)
    names: dict[str, Any] = {"__name__": __name__, "notes": notes}
    exec(factory[1], names)
    made = names["create_app"]

    def create_app(auth: Limen) -> Flask:
        app = made(auth)
        app.register_blueprint(notes)
        assert isinstance(app, Flask)
        return app

    names["create_app"] = create_app
    exec(tests[1], names)
    names["test_notes"]()


def test_a_client_of_flask_presents_what_a_browser_would(app: Flask, transport: str, strategy: str) -> None:
    auth, client = auth_of(app), app.test_client()
    with app.app_context():
        grant = limen.run(sign_in(auth))
    present(client, auth, grant, transport=transport)
    assert client.get("/me").status_code == client.post("/me").status_code == 200
    if (transport, strategy) == ("cookie", "hybrid"):
        assert client.post("/auth/refresh").status_code == 200


def test_one_function_may_be_guarded_more_than_once() -> None:
    """As a factory does that is called again, and whoever gives it two addresses."""

    def told() -> str:
        return "told"

    for _ in range(2):
        app = Flask(__name__)
        LimenFlask(app, for_tests())
        app.add_url_rule("/one", "one", login_required(told))
        app.add_url_rule("/other", "other", scopes_required("notes:read")(told))
        client = app.test_client()
        assert [client.get(path).status_code for path in ("/one", "/other")] == [401, 401]
