"""`limen doctor --url` at a real Limen behind real proxies: silent where all is well, and a finding for each
mistake that is planted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limen.cli.outside.walk import Wanted, look
from limen.doctor.outside import examine
from limen.doctor.outside.catalogue import CATALOGUE
from limen.doctor.outside.seen import Outside
from limen.lint import Finding
from support.fronts import FILES, Fronts
from support.serving import Serving
from support.shell import Shell

_HOST = "proxy_set_header Host $http_host;"
_FOR = "proxy_set_header X-Forwarded-For $remote_addr;"
_PROTO = "proxy_set_header X-Forwarded-Proto $scheme;"
_USER = 'proxy_set_header Remote-User "";'
_REDIRECT = "return 301 https://localhost:"
_TOLD = "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;"
_PASS = "proxy_pass http://127.0.0.1:LIMEN;"
_BACKEND = "backend limen\n"
_CADDY = "reverse_proxy 127.0.0.1:LIMEN"
_FRONTEND = "default_backend limen"


def inside(*lines: str) -> dict[str, str]:
    """Further lines in nginx's location."""
    return {_USER: "\n".join([_USER, *lines])}


def backend(*lines: str) -> dict[str, str]:
    return {_BACKEND: "\n    ".join([_BACKEND.rstrip(), *lines]) + "\n"}


def served_by_itself(path: str, headers: str = "", body: str = "{}") -> dict[str, str]:
    """nginx answers one address itself."""
    location = f"location = {path} {{ default_type application/json; {headers} return 200 '{body}'; }}"
    return {"location / {": f"{location}\n location / {{"}


PLANTED: list[tuple[str, str, dict[str, str]]] = [
    ("host_foreign", "nginx", {_HOST: "proxy_set_header Host $proxy_host;"}),
    ("host_foreign", "haproxy", backend("http-request set-header Host limen.internal")),
    ("host_foreign", "caddy", {_CADDY: f"{_CADDY} {{\n header_up Host limen.internal\n }}"}),
    ("host_foreign", "apache", {"ProxyPreserveHost On": ""}),
    ("host_foreign", "traefik", {"loadBalancer: {": "loadBalancer: {passHostHeader: false, "}),
    ("user_passed", "traefik", {'Remote-User: ""': 'Remote-None: ""'}),
    ("user_passed", "apache", {"RequestHeader unset Remote-User": ""}),
    ("authorization_lost", "apache", {"ProxyPreserveHost On": "ProxyPreserveHost On\n"
                                      "RequestHeader unset Authorization"}),
    ("errors_replaced", "apache", {"ProxyPreserveHost On": "ProxyPreserveHost On\nProxyErrorOverride On"}),
    ("hsts_lost", "traefik", {"{customRequestHeaders": "{customResponseHeaders: "
                              "{Strict-Transport-Security: ''}, "
                              "customRequestHeaders"}),
    ("scheme_untold", "apache", {"RequestHeader set X-Forwarded-Proto https": ""}),
    ("scheme_untold", "nginx", {_PROTO: 'proxy_set_header X-Forwarded-Proto "";'}),
    ("scheme_untold", "haproxy", {"http-request set-header X-Forwarded-Proto https": ""}),
    ("scheme_believed", "nginx", {_PROTO: "proxy_set_header X-Forwarded-Proto $told;",
                                  "access_log off;": "access_log off; map $http_x_forwarded_proto $told "
                                  "{ '' https; default $http_x_forwarded_proto; }"}),
    ("scheme_believed", "caddy", {"auto_https off": "auto_https off\n servers {\n trusted_proxies static "
                                                    "127.0.0.1\n }"}),
    ("source_believed", "nginx", {_FOR: ""}),
    ("source_believed", "caddy",
     {_CADDY: f"{_CADDY} {{\n header_up X-Forwarded-For {{header.X-Forwarded-For}}\n }}"}),
    ("source_believed", "haproxy", {"http-request set-header X-Forwarded-For %[src]": ""}),
    ("source_untold", "nginx", inside("proxy_hide_header Limen-Probe;")),
    ("user_passed", "nginx", {_USER: ""}),
    ("request_named", "nginx", {"proxy_set_header X-Request-Id $request_id;": ""}),
    ("request_named", "caddy", {"request_header -X-Request-Id": ""}),
    ("user_passed", "haproxy", {"http-request del-header Remote- -m beg": ""}),
    ("user_passed", "caddy", {"request_header -Remote-*": ""}),
    ("authorization_lost", "nginx", inside('proxy_set_header Authorization "";')),
    ("authorization_lost", "caddy", {_CADDY: f"{_CADDY} {{\n header_up -Authorization\n }}"}),
    ("authorization_lost", "haproxy", backend("http-request del-header Authorization")),
    ("authorization_cut", "nginx",
     {"large_client_header_buffers 4 16k;": "large_client_header_buffers 4 2k;"}),
    ("authorization_cut", "haproxy", {"tune.bufsize 32768": "tune.bufsize 4096\n    tune.maxrewrite 1024"}),
    ("cookies_lost", "nginx", inside('proxy_set_header Cookie "";')),
    ("cookie_changed", "nginx", inside("proxy_cookie_path / /auth/;")),
    ("cookie_changed", "nginx", inside("proxy_cookie_flags ~ nosecure nohttponly samesite=none;")),
    ("cookie_changed", "haproxy",
     backend("http-response replace-header Set-Cookie (.*) '\\1; Domain=localhost'")),
    ("cookie_changed", "caddy", {_CADDY: f"{_CADDY} {{\n header_down Set-Cookie __Host- limen-\n }}"}),
    ("set_cookie_merged", "haproxy",
     backend("http-response set-header Set-Cookie '%[res.hdr(set-cookie)], b=c'")),
    ("set_cookie_lost", "nginx", inside("proxy_hide_header Set-Cookie;")),
    ("challenge_lost", "nginx", inside("proxy_hide_header WWW-Authenticate;")),
    ("challenge_lost", "caddy", {_CADDY: f"{_CADDY} {{\n header_down -WWW-Authenticate\n }}"}),
    ("errors_replaced", "nginx", inside("proxy_intercept_errors on;", "error_page 401 403 404 /50x.html;")),
    ("errors_replaced", "haproxy",
     backend("http-response return status 404 content-type text/plain string no if { status 404 }")),
    ("errors_replaced", "caddy",
     {_CADDY: f"{_CADDY} {{\n @no status 404\n handle_response @no {{\n respond no 404\n "
                                          "}\n }"}),
    ("store_allowed", "nginx", inside("proxy_hide_header Cache-Control;")),
    ("store_allowed", "caddy", {_CADDY: f"{_CADDY} {{\n header_down Cache-Control public\n }}"}),
    ("kept_by_cache", "haproxy", backend("http-response set-header Age 30")),
    ("headers_lost", "nginx", inside("proxy_hide_header Content-Security-Policy;")),
    ("hsts_lost", "nginx", inside("proxy_hide_header Strict-Transport-Security;")),
    ("hsts_short", "haproxy", backend("http-response set-header Strict-Transport-Security max-age=3600")),
    ("origin_lost", "nginx", inside('proxy_set_header Origin "";')),
    ("origin_lost", "haproxy", backend("http-request del-header Origin")),
    ("origin_foreign", "haproxy", backend("http-request set-header Origin https://other.example")),
    ("cors_open", "nginx", inside("add_header Access-Control-Allow-Origin $http_origin always;")),
    ("cors_open", "caddy", {"request_header": "header Access-Control-Allow-Origin *\n    request_header"}),
    ("answers_compressed", "nginx", inside("gzip on;", "gzip_proxied any;", "gzip_min_length 10;")),
    ("answers_compressed", "caddy", {"request_header": "encode gzip\n    request_header"}),
    ("keys_missing", "nginx", {"location / {": "location /.well-known/ { return 404; }\n location / {"}),
    ("keys_private", "nginx", served_by_itself("/.well-known/jwks.json",
     body='{"keys":[{"kty":"EC","d":"x"}]}')),
    ("keys_unkept", "nginx", inside("proxy_hide_header Cache-Control;")),
    ("keys_kept_long", "nginx", served_by_itself("/.well-known/jwks.json",
     "add_header Cache-Control max-age=90000;",
                                                 '{"keys":[]}')),
    ("keys_stale", "haproxy", backend("http-response set-header Age 4000 if { res.hdr(etag) -m found }")),
    ("keys_untagged", "nginx", inside("proxy_hide_header ETag;")),
    ("issuer_foreign", "nginx",
     served_by_itself("/.well-known/oauth-authorization-server", body='{"issuer":"https://other.example"}')),
    ("metadata_missing", "caddy",
     {"@probes path": "respond /.well-known/oauth-authorization-server 404\n    @probes path"}),
    ("readiness_public", "nginx", {"location ~ ^/(readyz|metrics)$": "location = /metrics"}),
    ("metrics_public", "nginx", {"location ~ ^/(readyz|metrics)$ { return 404; }":
                                 "location = /metrics { return 200 '# TYPE limen_checks counter'; }"}),
    ("development_public", "nginx", served_by_itself("/openapi.json", body='{"info":{"title":"Limen"}}')),
    ("redirected", "nginx", {"location / {": "location / { return 302 https://other.example/;\n"}),
    ("not_limen", "nginx", {"location / {": "location / { return 200 hello;\n"}),
    ("tls_old", "nginx", {" ssl; server_name": " ssl; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers "
                                              "ALL:@SECLEVEL=0; server_name"}),
    ("clear_text", "nginx", {_REDIRECT: "return 200 hello; } #"}),
    ("clear_elsewhere", "nginx", {_REDIRECT: "return 301 https://other.example; } #"}),
    ("clear_believed", "nginx",
     {_REDIRECT: f"location / {{ {_PASS} proxy_set_header Host localhost:TLS; {_TOLD} }} }} #"}),
    ("clock_off", "haproxy", backend('http-response set-header Date "%[date(20),http_date]"')),
    ("clock_far_off", "haproxy", backend('http-response set-header Date "%[date(-3600),http_date]"')),
    ("silent", "nginx", {"location / {": "location /auth/status-list/ { return 444; }\n location / {"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def fronts() -> Iterator[Fronts]:
    with Fronts() as made:
        yield made


def seen(fronts: Fronts, **more: Any) -> Outside:
    options: dict[str, Any] = {"ca": str(fronts.ca), "http_port": fronts.clear, **more}
    return look(Wanted(**{"url": fronts.url, **options}))


def looked(fronts: Fronts, **more: Any) -> dict[str, Finding]:
    return {finding.id: finding for finding in examine(seen(fronts, **more))}


@pytest.mark.parametrize("program", FILES)
def test_a_good_deployment_finds_nothing(fronts: Fronts, program: str) -> None:
    with fronts.behind(program):
        assert looked(fronts) == {}


def spelt(fronts: Fronts, changes: dict[str, str]) -> dict[str, str]:
    """The changes with the ports in place of their names."""

    def ports(text: str) -> str:
        return text.replace("LIMEN", str(fronts.limen)).replace("TLS;", f"{fronts.port};")

    return {ports(old): ports(new) for old, new in changes.items()}


@pytest.mark.parametrize(("rule", "program", "changes"), PLANTED)
def test_a_planted_mistake_is_found(fronts: Fronts, rule: str, program: str, changes: dict[str, str]) -> None:
    with fronts.behind(program, spelt(fronts, changes)):
        found = looked(fronts, behind=program)
    assert rule in found, sorted(found)
    line = found[rule].mend
    assert line
    assert "{" not in line or line.startswith(f"{program}: ")


def test_every_finding_has_a_planted_mistake() -> None:
    elsewhere = {
        "unreachable", "not_https", "tls_untrusted", "certificate_ends", "certificate_ended",
        "credential_refused",
    }  # fmt: skip
    assert CATALOGUE.keys() - {rule for rule, _, _ in PLANTED} == elsewhere


@pytest.mark.parametrize(
    ("rule", "certificate"),
    [
        ("tls_untrusted", {"name": "other.example"}),
        ("tls_untrusted", {"days": -3}),
        ("certificate_ended", {"days": -3}),
        ("certificate_ends", {"days": 5}),
    ],
)
def test_a_certificate_is_looked_at_whether_or_not_it_is_believed(
    fronts: Fronts, rule: str, certificate: dict[str, Any]
) -> None:
    fronts.certify(**certificate)
    try:
        with fronts.behind("nginx"):
            found = looked(fronts)
    finally:
        fronts.certify()
    assert rule in found, sorted(found)
    assert found.keys() <= {"tls_untrusted", "certificate_ended", "certificate_ends"}


def test_an_authority_that_nobody_knows_is_not_believed(fronts: Fronts) -> None:
    with fronts.behind("nginx"):
        assert looked(fronts, ca=None).keys() == {"tls_untrusted"}


def test_somebody_who_has_signed_in_is_let_through_and_never_shown(fronts: Fronts) -> None:
    token = fronts.signed_in()
    with fronts.behind("nginx"):
        assert looked(fronts, credential=token) == {}
    with fronts.behind("caddy", spelt(fronts,
     {"request_header": "encode {\n gzip\n minimum_length 10\n }\n    "
                                                               "request_header"})):  # fmt: skip
        found = looked(fronts, credential=token)
    assert "answers_compressed" in found
    assert token not in repr(found)


def test_a_credential_that_is_none_is_said(fronts: Fronts) -> None:
    with fronts.behind("nginx"):
        found = looked(fronts, credential="limen-doctor")
    assert found.keys() == {"credential_refused"}
    assert found["credential_refused"].what == "the credential is refused: credential_invalid"


def test_no_credential_goes_where_tls_is_not_believed(fronts: Fronts) -> None:
    with fronts.behind("nginx"):
        assert "signed_in" not in seen(fronts, ca=None, credential=fronts.signed_in()).heard


def test_the_line_is_that_of_the_program_in_front(fronts: Fronts) -> None:
    with fronts.behind("nginx", {_HOST: "proxy_set_header Host $proxy_host;"}):
        assert looked(fronts)["host_foreign"].mend == "nginx: proxy_set_header Host $http_host;"
        assert looked(fronts, behind="apache")["host_foreign"].mend == "apache: ProxyPreserveHost On"
        assert "as it came" in looked(fronts, behind="envoy")["host_foreign"].mend


def test_it_asks_a_few_dozen_times_and_leaves_nothing_behind(fronts: Fronts) -> None:
    with fronts.behind("nginx"):
        before = fronts.rows()
        assert len(seen(fronts).heard) <= 30
        assert fronts.rows() == before


def test_the_verb_says_what_was_found_and_exits_by_it(
    fronts: Fronts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(fronts.folder, monkeypatch, capsys)
    options = ("doctor", "--url", fronts.url, "--ca", str(fronts.ca), "--http-port", str(fronts.clear))
    with fronts.behind("nginx"):
        well = shell(*options, "--json")
        assert (well.code, well.json["findings"], well.json["asked"]["plain"]) == (0, [], 401)
        assert "looks well" in shell(*options).out
    with fronts.behind("nginx", {_HOST: "proxy_set_header Host $proxy_host;"}):
        ill = shell(*options)
    assert ill.code == 1
    assert "proxy_set_header Host $http_host;" in ill.out


@pytest.mark.parametrize("transports", ["cookie", "bearer"])
def test_a_transport_that_is_not_allowed_is_not_missed(transports: str) -> None:
    with Fronts(LIMEN_TRANSPORTS=transports) as alone, alone.behind("nginx"):
        assert looked(alone) == {}


def test_an_application_that_embeds_limen_is_looked_at_too(fronts: Fronts) -> None:
    """Its own 404, its description and its pages are its own."""
    with fronts.embedded() as port, fronts.behind("nginx", {f":{fronts.limen};": f":{port};"}):
        assert looked(fronts) == {}


def test_development_on_this_machine_finds_nothing(tmp_path: Path) -> None:
    with Serving(tmp_path, "--port", "0") as serving:
        found = examine(look(Wanted(url=serving.address)))
        assert [finding.id for finding in found] == []
