"""What there is to say about a deployment: id → severity, sentence, reason, section, mend. Ids stay."""

from __future__ import annotations

from limen.lint import Catalogue, Rule, Severity

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTICE
_STOLEN = "Whoever steals a credential can use it for so long."

CATALOGUE: Catalogue = {
    "configuration_broken": Rule(
        _E, "the configuration cannot be used: {problem} ({code})", "Nothing starts with it.",
        "docs/errors.md", "Do what the sentence says."),
    "database_unusable": Rule(
        _E, "the database cannot be used: {problem} ({code})", "Nothing starts without it.",
        "docs/errors.md", "Do what the sentence says."),
    "secret_missing": Rule(
        _E, "there is no LIMEN_SECRET", "Nothing is served without it, and nothing was made: this is no "
        "development.", "ASVS 13.3.1", "Make one with `limen key secret`, and keep it outside the database."),
    "secret_in_configuration": Rule(
        _W, "the secret stands in {source}", "Configuration is copied, shown and checked in.",
        "ASVS 13.3.1", "Move it to LIMEN_SECRET, or to a file named by LIMEN_SECRET_FILE."),
    "access_lifetime_long": Rule(
        _W, "access tokens live for {value}", _STOLEN, "RFC 9700 §2.2.2, ASVS 7.3.2",
        "Set access_lifetime to 5 to 15 minutes; hybrid refreshes them."),
    "idle_lifetime_long": Rule(
        _W, "a session that nobody uses lives for {value}", _STOLEN, "ASVS 7.3.1, NIST SP 800-63B-4 §2.1.3",
        "Set idle_lifetime to at most 30 days."),
    "absolute_lifetime_long": Rule(
        _W, "a sign-in lasts for {value}", _STOLEN, "ASVS 7.3.2, NIST SP 800-63B-4 §2.1.3",
        "Set absolute_lifetime to at most 90 days."),
    "refresh_grace_long": Rule(
        _W, "a spent refresh credential is answered for {value}", "So long a thief's replay goes unseen.",
        "RFC 9700 §4.14.2", "Set refresh_grace to seconds: 10 is enough for tabs and retries."),
    "max_staleness_long": Rule(
        _W, "a view of the feed is trusted for {value}", "So long a revoked credential may be accepted.",
        "ASVS 7.4.1", "Set max_staleness to seconds: 5 is the default."),
    "leeway_long": Rule(
        _N, "clocks may differ by {value}", "So long an expired token is accepted.", "RFC 9068 §4",
        "Keep clocks with NTP and leeway at 5 seconds."),
    "key_rotation_long": Rule(
        _W, "signing keys are rotated every {value}", "A key that leaked signs for so long.",
        "NIST SP 800-57-1 §5.3.6", "Set key_rotation to 90 days; it costs nothing."),
    "jwt_lag_long": Rule(
        _W, "the jwt strategy accepts a token for up to {value} after sign-out",
        "Nothing but its expiry ends it.", "RFC 9700 §2.2.2, ASVS 7.4.1",
        "Take hybrid, or set access_lifetime to 5 to 15 minutes."),
    "development": Rule(
        _N, "this is development: {issuer}", "Cookies go without Secure and without __Host-, and a secret is "
        "made by itself.", "RFC 6265 §4.1.2.5, ASVS 3.3.1", "Elsewhere set issuer to the https address."),
    "issuer_plain_http": Rule(
        _E, "the issuer is {issuer}, plain http", "Whoever is on the way reads and replaces everything.",
        "RFC 8414 §2, RFC 9700 §2.6, ASVS 12.2.1", "Put TLS in front, and set issuer to the https address."),
    "cookies_bare": Rule(
        _E, "cookies go without Secure and without __Host-", "Another site, or whoever is on the way, reads "
        "and plants them.", "ASVS 3.3.1, RFC 6265 §8.6", "Set issuer to the https address."),
    "audience_default": Rule(
        _N, "no audience is named: access tokens are for the issuer itself", "Services that share it can use "
        "each other's tokens.", "RFC 9068 §2.2, RFC 8725 §3.9",
        "Set audience to the identifier of the service that takes the tokens."),
    "algorithm_symmetric": Rule(
        _N, "tokens are signed by HS256", "Whoever verifies can forge.", "RFC 8725 §3.5, RFC 9068 §2.1",
        "Keep it within one service; else take ES256."),
    "proxies_malformed": Rule(
        _E, "trusted_proxies has {network}, which is no network", "It matches nobody.", "RFC 4632 §3.1",
        "Write 10.0.0.0/8, for one."),
    "proxies_none": Rule(
        _W, "no proxy is trusted", "`limen serve` ends no TLS, so it answers nobody; and all clients share "
        "one address.", "ASVS 4.1.3, ASVS 12.2.1",
        "Name the proxy that ends TLS in trusted_proxies; not where your server does so itself."),
    "proxies_everyone": Rule(
        _E, "trusted_proxies has {network}: everybody", "Any client writes its own address, and none is "
        "ever slowed down.", "ASVS 4.1.3", "Name the addresses of your proxies."),
    "proxies_wide": Rule(
        _W, "trusted_proxies has {network}, a large public network", "Strangers in it write the address that "
        "they come from.", "ASVS 4.1.3", "Name the addresses of your proxies."),
    "origins_wildcard": Rule(
        _E, "origins has {origin}", "Any page may act for whoever is signed in.", "ASVS 3.4.2, RFC 9700 §2.6",
        "Name each origin: https://app.example, for one."),
    "origins_plain_http": Rule(
        _W, "origins has {origin}, plain http", "Whoever is on the way can act for whoever is signed in.",
        "ASVS 3.4.2", "Serve that origin by https."),
    "hosts_wildcard": Rule(
        _E, "hosts has a wildcard", "A rebound name reaches the server as its own.",
        "RFC 9110 §7.2, ASVS 4.1.3", "Name each host."),
    "hashing_weak": Rule(
        _E, "passwords are hashed too cheaply: {problem}", "A stolen table is guessed through.",
        "ASVS 11.4.2, appendix C", "Take what `limen hash calibrate` proposes."),
    "passwords_short": Rule(
        _W, "passwords of {length} characters are taken", "It is the only factor here.",
        "NIST SP 800-63B-4 §3.1.1.2", "Set password_min_length to 15, or enforce a second factor."),
    "mail_none": Rule(
        _W, "no mail is sent", "Whoever forgets the password is shut out, and no address is ever proven.",
        "OWASP Forgot Password", "Set mail and mail_from."),
    "mail_begins_clear": Rule(
        _N, "mail goes to {place} by STARTTLS", "The connection begins in clear text; it is refused without "
        "TLS, but smtps needs no such step.", "RFC 8314 §3.3", "Set mail to smtps://, if the server has it."),
    "insecure": Rule(
        _E, "{name} is set", "It takes away a protection on purpose.", "docs/configuration.md",
        "Remove it wherever others can reach the server."),
    "database_forgets": Rule(
        _W, "the database is memory://", "Everything is gone when the process ends.", "docs/configuration.md",
        "Name a file: sqlite:////var/lib/limen/limen.db."),
    "accept_further": Rule(
        _N, "credentials of {name} are accepted beside those of {strategy}",
        "Its promises hold for them, and they may be weaker.", "docs/configuration.md",
        "Remove it from accept when the last of them has expired."),
    "sessions_unlimited": Rule(
        _N, "an account may have any number of sessions", "One that is abused fills the database.",
        "ASVS 7.1.2", "Set session_limit."),
    "ring_broken": Rule(
        _E, "the key ring has {count} active keys and needs exactly one", "Nothing starts with it.",
        "docs/errors.md", "Restore the database."),
    "ring_without_next": Rule(
        _W, "no key waits its turn", "The next rotation is refused until one was published.",
        "ASVS 11.1.1, RFC 7517 §5", "Run `limen key list`; a server that runs makes one."),
    "rotation_overdue": Rule(
        _W, "the signing key is {age} old", "The rotation that was to happen did not.",
        "NIST SP 800-57-1 §5.3.6", "Run `limen key rotate`; a server that runs does so by itself."),
    "ring_algorithm": Rule(
        _N, "the ring signs by {active} and the setting is {wanted}", "Keys change at their rotation.",
        "RFC 8725 §3.1", "Run `limen key rotate` twice, or wait."),
    "sqlite_old": Rule(
        _W, "{problem}", "A damaged database is not mended, only restored.", "sqlite.org/wal.html",
        "Install SQLite 3.51.3 or newer."),
    "schema_pending": Rule(
        _W, "migrations are missing: {names}", "They are applied when the next process starts.",
        "docs/cli.md", "Run `limen migrate`."),
    "database_missing": Rule(
        _N, "there is no database yet", "It is made at the first start.", "docs/cli.md",
        "Run `limen migrate` to make it now."),
    "file_readable": Rule(
        _E, "{path} can be read or written by others (mode {mode})", "It holds what nobody else may have.",
        "ASVS 13.3.2", "chmod 600 it (a directory 700)."),
    "password_readable": Rule(
        _W, "{name} in {path} has a password in it, and everybody here may read it (mode {mode})",
        "Who has it goes around Limen, to the accounts or the sessions themselves.", "ASVS 13.3.2",
        "chmod 640 it, and give it to the group of the user that Limen runs as."),
    "file_writable": Rule(
        _E, "{path} can be written by others (mode {mode})", "They choose how Limen runs.", "ASVS 13.3.2",
        "chmod go-w it."),
    "file_foreign": Rule(
        _W, "{path} belongs to another user", "That user can change it, whatever its mode.", "ASVS 13.3.2",
        "chown it to the user that Limen runs as."),
    "clock_behind": Rule(
        _E, "the clock is at least {behind} behind a moment that is on record",
        "Dead credentials live again, and new ones are refused elsewhere.", "RFC 7519 §4.1.4",
        "Set the clock, and let NTP keep it."),
    "clock_alone": Rule(
        _N, "the system says that its clock follows no time server", "It drifts, and tokens are refused or "
        "live too long.", "RFC 9068 §4", "Run chrony or systemd-timesyncd; in a container, on its host."),
}  # fmt: skip
