"""Rules about a deployment seen from outside, where no server is needed: times, ids, words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limen.clock import Instant
from limen.doctor.catalogue import CATALOGUE as INSIDE
from limen.doctor.outside import CATALOGUE, examine
from limen.doctor.outside.mends import MENDS
from limen.doctor.outside.seen import Certificate, Encryption, Outside, Reply
from limen.lint import CATALOGUE as OF_TOKENS
from support.source import ROOT

NOW = Instant(1_800_000_000.0)
DAY = 86_400.0
MISSING = b'{"type":"urn:limen:problem:credential_missing","code":"credential_missing"}'


def plain(*headers: tuple[str, str], body: bytes = MISSING, took: float = 0.2) -> Reply:
    return Reply(401, headers, body, NOW, took)


def found(seen: Outside) -> set[str]:
    return {finding.id for finding in examine(seen)}


def at(url: str = "https://auth.example", reply: Reply | None = None, **more: Encryption) -> Outside:
    return Outside(url=url, now=NOW, heard={"plain": reply or plain()}, encryption=more.get("encryption"))


@pytest.mark.parametrize(
    ("date", "took", "rule"),
    [
        ("Fri, 15 Jan 2027 08:00:00 GMT", 0.2, None),
        ("Fri, 15 Jan 2027 08:00:05 GMT", 0.2, None),
        ("Fri, 15 Jan 2027 07:59:54 GMT", 0.2, None),
        ("Fri, 15 Jan 2027 08:00:07 GMT", 0.2, "clock_off"),
        ("Fri, 15 Jan 2027 07:59:50 GMT", 0.2, "clock_off"),
        ("Fri, 15 Jan 2027 08:00:07 GMT", 9.0, None),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 0.2, "clock_far_off"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.2, "clock_far_off"),
        ("yesterday", 0.2, None),
        ("", 0.2, None),
    ],
)
def test_a_difference_of_clocks_is_one_beyond_the_way_there_and_back(
    date: str, took: float, rule: str | None
) -> None:
    clocks = {id_ for id_ in found(at(reply=plain(("date", date), took=took))) if id_.startswith("clock")}
    assert clocks == ({rule} if rule else set())


def test_plain_http_is_for_this_machine_alone() -> None:
    assert "not_https" in found(at("http://auth.example"))
    assert "not_https" not in found(at("http://127.0.0.1:8000"))
    assert "hsts_lost" not in found(at("http://127.0.0.1:8000"))


@pytest.mark.parametrize(
    ("days", "rule"), [(90, None), (14.1, None), (13, "certificate_ends"), (-1, "certificate_ended")]
)
def test_a_certificate_ends(days: float, rule: str | None) -> None:
    shown = Certificate(Instant(NOW + days * DAY), "auth.example", "somebody")
    ends = {id_ for id_ in found(at(encryption=Encryption("TLSv1.3", "", shown))) if "certificate" in id_}
    assert ends == ({rule} if rule else set())


def test_ids_are_told_apart_and_every_mend_is_of_one() -> None:
    assert MENDS.keys() <= CATALOGUE.keys()
    assert not CATALOGUE.keys() & (INSIDE.keys() | OF_TOKENS.keys())
    programs = {name for lines in MENDS.values() for name in lines}
    assert programs == {"nginx", "caddy", "traefik", "haproxy", "apache", "cloudflare"}


PINNED = """
authorization_cut authorization_lost certificate_ended certificate_ends challenge_lost clear_believed
answers_compressed clear_elsewhere clear_text clock_far_off clock_off cookie_changed cookies_lost cors_open
credential_refused development_public errors_replaced headers_lost host_foreign hsts_lost hsts_short
issuer_foreign keys_kept_long keys_missing keys_private keys_stale keys_unkept keys_untagged kept_by_cache
metadata_missing metrics_public not_https not_limen origin_foreign origin_lost readiness_public redirected
request_named scheme_believed scheme_untold set_cookie_lost set_cookie_merged silent source_believed
source_untold store_allowed tls_old tls_untrusted unreachable user_passed
"""
"""People's scripts know findings by these. One may come; none may go or be renamed."""


def test_ids_stay() -> None:
    assert sorted(CATALOGUE) == sorted(PINNED.split())


def test_every_rule_says_what_why_where_and_what_to_do() -> None:
    for rule, said in CATALOGUE.items():
        assert all((said.what, said.why, said.section, said.mend)), rule


def test_readiness_that_is_meant_to_be_public_is_no_finding() -> None:
    seen = at()
    ready = Reply(200, (), b'{"status":"ready"}', NOW)
    seen = replace(seen, heard={**seen.heard, "readyz": ready})
    assert "readiness_public" in found(seen)
    assert "readiness_public" not in found(replace(seen, public_probes=True))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"code":5}', b"\xff", b'{"code":"a"}'])
def test_what_is_no_problem_document_of_limen_has_no_code(body: bytes) -> None:
    assert plain(body=body).code == ""
    assert "not_limen" in found(at(reply=plain(body=body)))


def test_whatever_a_key_set_holds_is_judged_and_nothing_falls_over() -> None:
    for body in (b"", b"[]", b'{"keys":{}}', b'{"keys":[1,null,[]]}', b'{"keys":[{"k":"x"}]}'):
        seen = at()
        heard = {**seen.heard, "keys": Reply(200, (), body, NOW), "metadata": Reply(200, (), body, NOW)}
        assert found(replace(seen, heard=heard)) & {"keys_missing", "keys_private", "keys_unkept"}


def test_every_finding_is_on_the_page() -> None:
    page = (ROOT / "docs/doctor.md").read_text()
    rows = [
        line.split("|")[1:3]
        for line in page.splitlines()
        if line.startswith("| `") and "limen" not in line[:9]
    ]
    assert {(id_.strip(" `"), severity.strip()) for id_, severity in rows} == {
        (id_, rule.severity.value) for id_, rule in CATALOGUE.items()
    }


GOOD_COOKIE = "__Host-sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
AMBIGUOUS = b'{"type":"urn:limen:problem:credential_ambiguous","code":"credential_ambiguous"}'


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("__Host-sid", "sid", "it is called 'sid'"),
        ("; Secure", "", "Secure is gone"),
        ("; HttpOnly", "", "HttpOnly is gone"),
        ("SameSite=Lax", "SameSite=None", "SameSite is none"),
        ("; SameSite=Lax", "", "SameSite is gone"),
        ("Path=/", "Path=/auth", "Path is /auth"),
        ("; Path=/", "", "Path is gone"),
        ("; Secure", "; Secure; Domain=example", "Domain is example"),
        ("", "", ""),
        ("Path=/", "path=/", ""),
    ],
)
def test_S11_whatever_is_done_to_a_cookie_is_told(old: str, new: str, what: str) -> None:
    lines = tuple(("set-cookie", line) for line in (GOOD_COOKIE.replace(old, new, 1), GOOD_COOKIE))
    twice = Reply(400, lines, AMBIGUOUS, NOW)
    seen = at()
    told = [one for one in examine(replace(seen, heard={**seen.heard, "twice": twice})) if "cookie" in one.id]
    assert [one.id for one in told] == (["cookie_changed"] if what else [])
    assert not what or what in told[0].what.replace("SameSite is None", "SameSite is none")
