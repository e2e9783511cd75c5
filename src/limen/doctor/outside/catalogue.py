"""What there is to say about a deployment seen from outside: id → severity, sentence, reason, section,
mend. Ids stay. The mend here is for any program; `mends` has the lines for those that are known."""

from __future__ import annotations

from limen.lint import Catalogue, Rule, Severity

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTICE
_PROXY = "docs/gateways.md"

CATALOGUE: Catalogue = {
    "unreachable": Rule(
        _E, "{url} does not answer: {why}", "Nobody can sign in.", _PROXY,
        "Look whether the proxy runs, and whether it reaches Limen."),
    "silent": Rule(
        _W, "some questions were not answered: {questions} ({why})",
        "What they would have shown is not known.",
        _PROXY, "Ask again; if it stays so, look into the log of the proxy."),
    "not_limen": Rule(
        _E, "{url}{path} is answered with {status} and not by Limen", "Nothing else could be looked at.",
        "docs/http.md", "Name the address of Limen, and its `prefix` with --prefix. "
        "502 to 504 are a proxy that does not reach Limen: start it, or put its address right there."),
    "redirected": Rule(
        _E, "{url} sends clients on, to {target}", "Programs do not follow, and a form loses its body.",
        "ASVS 4.1.2", "Ask at the address that is the issuer; give that to clients."),
    "not_https": Rule(
        _E, "{url} is plain http", "Whoever is on the way reads and replaces everything.", "ASVS 12.2.1",
        "End TLS at the proxy, and set issuer to the https address."),
    "tls_untrusted": Rule(
        _E, "the certificate is not believed: {why}", "Browsers and programs refuse it.", "ASVS 12.2.2",
        "Serve the whole chain for this name, from an authority that clients know (or name yours: --ca)."),
    "certificate_ends": Rule(
        _W, "the certificate of {subject} ends in {left}", "Then nobody gets in.", "ASVS 12.2.2",
        "Renew it, and see to it that it is renewed by itself."),
    "certificate_ended": Rule(
        _E, "the certificate of {subject} ended {ago} ago", "Browsers and programs refuse it.", "ASVS 12.2.2",
        "Renew it, and see to it that it is renewed by itself."),
    "tls_old": Rule(
        _W, "the server agrees to {version}", "It has been broken for years.", "ASVS 12.1.1, RFC 8996",
        "Allow TLS 1.2 and 1.3 alone."),
    "clear_text": Rule(
        _E, "plain http is answered with {status} and not sent to https",
        "Whoever is on the way reads what is "
        "typed.", "ASVS 12.2.1, 3.4.1", "Answer every request on that port with a redirect to https."),
    "clear_elsewhere": Rule(
        _E, "plain http is sent to {target}", "It does not end at the issuer.", "ASVS 3.7.2",
        "Redirect to the issuer's own https address."),
    "clear_believed": Rule(
        _E, "over plain http `X-Forwarded-Proto: https` of a client is believed",
        "Cookies and tokens go in clear text, and Limen thinks them safe.", "ASVS 4.1.3",
        "Have the proxy write X-Forwarded-Proto itself, whatever came."),
    "clock_off": Rule(
        _W, "its clock is {difference} {way} that of this machine",
        "Tokens are refused or live too long; one of "
        "both is wrong.", "RFC 9068 §4, RFC 7519 §4.1.4", "Keep both with NTP (chrony, systemd-timesyncd)."),
    "clock_far_off": Rule(
        _E, "its clock is {difference} {way} that of this machine",
        "Tokens are refused or live too long; one of "
        "both is wrong.", "RFC 9068 §4, RFC 7519 §4.1.4", "Set the clock, and let NTP keep it."),
    "host_foreign": Rule(
        _E, "Limen is told another Host than clients use", "It refuses every request (host_unknown).",
        "ASVS 4.1.3, RFC 9110 §7.2", "Have the proxy pass Host on as it came; `hosts` names further ones."),
    "scheme_untold": Rule(
        _E, "Limen does not hear that the request came by https",
        "It refuses every request (https_required).",
        "ASVS 4.1.3", "Have the proxy send X-Forwarded-Proto, and name its address in trusted_proxies."),
    "scheme_believed": Rule(
        _E, "`X-Forwarded-Proto` of a client reaches Limen and is believed",
        "What a client writes decides how its request is taken.", "ASVS 4.1.3",
        "Have the proxy replace X-Forwarded-Proto and not pass it on."),
    "source_believed": Rule(
        _E, "`X-Forwarded-For` of a client reaches Limen and is believed",
        "Whoever guesses passwords writes another address for each guess, and no throttle slows them.",
        "ASVS 4.1.3, 6.3.1", "Have the proxy replace X-Forwarded-For, and name it alone in trusted_proxies."),
    "source_untold": Rule(
        _N, "whether X-Forwarded-For of a client is believed cannot be seen",
        "`Limen-Probe` was not answered: the proxy drops it, or this is an older Limen.", _PROXY,
        "Let the header Limen-Probe through, both ways; it tells nothing that is secret."),
    "user_passed": Rule(
        _N, "`Remote-User` of a client passes the proxy",
        "Limen reads none; an application behind the same proxy "
        "may believe it.", _PROXY,
        "Clear Remote-User, -Email, -Groups, -Name and -Scopes of what clients send."),
    "request_named": Rule(
        _W, "`X-Request-Id` of a client reaches Limen and is believed",
        "A stranger's requests pass for somebody else's in the log; `traceparent` may well go the same way.",
        "ASVS 4.1.3", "Have the proxy write X-Request-Id itself, and clear traceparent and tracestate."),
    "authorization_lost": Rule(
        _E, "`Authorization` does not reach Limen", "Programs cannot sign in (credential_missing).",
        "RFC 6750 §2.1", "Have the proxy pass Authorization on."),
    "authorization_cut": Rule(
        _E, "a token of {size:,} bytes is answered with {status}",
        "Accounts with many scopes cannot sign in.",
        "RFC 6750 §2.1, RFC 6265 §6.1", "Let heads of requests be 16 KiB at least."),
    "cookies_lost": Rule(
        _E, "`Cookie` does not reach Limen", "Browsers cannot sign in.", "RFC 6265 §5.4",
        "Have the proxy pass Cookie on."),
    "cookie_changed": Rule(
        _E, "`Set-Cookie` is changed on the way: {what}",
        "Browsers drop it, or scripts and other hosts get it.",
        "ASVS 3.3.1, 3.3.2, 3.3.4, RFC 6265bis §4.1.3", "Have the proxy pass Set-Cookie on as it comes."),
    "set_cookie_merged": Rule(
        _E, "several `Set-Cookie` arrive as {count} line",
        "Browsers read the first, and the rest of the sign-in is lost.",
        "RFC 9110 §5.3", "Do not fold this header: each cookie has a line of its own."),
    "set_cookie_lost": Rule(
        _E, "`Set-Cookie` does not come through", "Browsers cannot sign in.", "RFC 6265 §4.1",
        "Have the proxy pass Set-Cookie on; a cache must not take answers of Limen."),
    "challenge_lost": Rule(
        _W, "401 comes without `WWW-Authenticate`",
        "Clients do not learn that a token is wanted, or was refused.",
        "RFC 9110 §11.6.1, RFC 6750 §3", "Have the proxy pass WWW-Authenticate on."),
    "errors_replaced": Rule(
        _E, "errors are answered by the proxy's own pages: {questions}",
        "Clients get no `code`, and cannot tell a wrong password from a broken server.", "RFC 9457",
        "Have the proxy pass errors of Limen on as they come."),
    "store_allowed": Rule(
        _E, "answers about a person come without `no-store`: {value}",
        "A cache or a shared browser keeps them.",
        "ASVS 14.3.2", "Have the proxy leave Cache-Control alone."),
    "kept_by_cache": Rule(
        _E, "an answer about a person comes out of a cache (Age: {age})",
        "One person gets the answer of another.",
        "RFC 9111 §5.1, ASVS 14.3.2", "Let the cache keep nothing of Limen but /.well-known/."),
    "headers_lost": Rule(
        _W, "answers come without {names}", "Browsers are not told what to keep pages from.",
        "ASVS 3.4.3–3.4.8",
        "Have the proxy leave these headers alone."),
    "hsts_lost": Rule(
        _W, "answers come without `Strict-Transport-Security`", "A first look may go by http.", "ASVS 3.4.1",
        "Send it for a year, or let Limen's through."),
    "hsts_short": Rule(
        _W, "`Strict-Transport-Security` lasts for {value}", "Browsers forget it.", "ASVS 3.4.1",
        "Send max-age=31536000, or let Limen's through."),
    "origin_lost": Rule(
        _E, "`Origin` of another site does not reach Limen",
        "Limen cannot see that a page of strangers sent a form.",
        "ASVS 3.5.1, 3.5.3", "Have the proxy pass Origin and Sec-Fetch-* on."),
    "origin_foreign": Rule(
        _E, "pages at {url} are taken for another site", "No form and no sign-in goes through (cross_site).",
        "ASVS 3.5.1", "Set issuer to this address, or name it in origins."),
    "cors_open": Rule(
        _E, "a page of {origin} may read answers: {what}", "Any page may act for whoever is signed in.",
        "ASVS 3.4.2", "Have the proxy add no Access-Control-*; Limen does for `origins`."),
    "answers_compressed": Rule(
        _N, "answers about a person are compressed ({how})",
        "Their length tells of what is in them, where an "
        "attacker has a part of it (BREACH).", "ASVS 14.2.1, RFC 9110 §8.4.1",
        "Do not compress answers of Limen."),
    "keys_missing": Rule(
        _E, "/.well-known/jwks.json is answered with {status} and no keys", "Nobody can verify a token.",
        "RFC 7517 §5, RFC 8414 §2", "Have the proxy pass /.well-known/ on to Limen."),
    "keys_private": Rule(
        _E, "/.well-known/jwks.json has a private or secret part", "Whoever reads it signs for you.",
        "RFC 7517 §9.2", "`limen key compromise` each of them, now; then find out who wrote this file."),
    "keys_unkept": Rule(
        _N, "the keys may not be kept ({value})",
        "Each verifier fetches them for each token, or fails with you.",
        "RFC 9111 §5.2.2", "Have the proxy leave Cache-Control alone."),
    "keys_kept_long": Rule(
        _W, "the keys may be kept for {value}", "A key that was withdrawn verifies for so long.",
        "RFC 9111 §5.2.2.1",
        "Have the proxy leave Cache-Control alone; jwks_max_age says it."),
    "keys_stale": Rule(
        _W, "the keys come out of a cache that kept them for {age}, beyond {most}",
        "After a rotation tokens are refused.",
        "RFC 9111 §4.2", "Let the cache go by Cache-Control."),
    "keys_untagged": Rule(
        _N, "the keys have no ETag that is answered with 304", "Verifiers fetch them whole.",
        "RFC 9110 §13.1.2",
        "Have the proxy leave ETag and If-None-Match alone."),
    "issuer_foreign": Rule(
        _E, "the metadata name the issuer {issuer}",
        "Clients must refuse them, and tokens name another than you "
        "mean.", "RFC 8414 §3.3", "Set issuer to {url}, or ask at the issuer."),
    "metadata_missing": Rule(
        _W, "/.well-known/oauth-authorization-server is answered with {status}", "Clients find no endpoint.",
        "RFC 8414 §3", "Have the proxy pass /.well-known/ on to Limen."),
    "readiness_public": Rule(
        _N, "everybody may ask /readyz", "It tells strangers when the database is down.", "ASVS 13.4.5",
        "Answer it to your own machines alone; --public-probes says that this is meant."),
    "metrics_public": Rule(
        _E, "everybody may read /metrics", "It tells strangers who signs in how often, and what is failing.",
        "ASVS 13.4.5", "Answer it to your own machines alone."),
    "development_public": Rule(
        _E, "this is a server in development: {path} is there",
        "Its cookies are bare and its secret made by itself.",
        "ASVS 13.4.2", "Set issuer to the https address, and give it a secret."),
    "credential_refused": Rule(
        _W, "the credential is refused: {code}", "What needs one could not be looked at.", "docs/errors.md",
        "`limen token explain` says why."),
}  # fmt: skip
