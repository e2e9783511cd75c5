"""What there is to say about tokens and keys: id → severity, sentence, reason, section, mend.

The ids are what the command line, the workbench and people's scripts know a finding by. They do not change.
"""

from __future__ import annotations

from limen.lint.finding import Catalogue, Rule, Severity

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTICE

_ASK = "Ask for the claim when a token is issued, and refuse tokens without it."
_FORGE = "A verifier that follows it takes a key, or an address, from whoever wrote the token."

HEADER: Catalogue = {
    "alg_missing": Rule(
        _E, "the header names no algorithm", "No verifier may guess one.", "RFC 7515 §4.1.1",
        "Write `alg` into the header; every JOSE library does."),
    "alg_malformed": Rule(
        _E, "`alg` is {alg} and not text", "Libraries have let such values pass their checks.",
        "RFC 7515 §4.1.1", "Write the name of one algorithm."),
    "alg_none": Rule(
        _E, "the algorithm is {alg}: the token is not signed", "Anybody can write any claims.",
        "RFC 8725 §3.1, §3.2", "Sign it, with ES256 for one, and let verifiers name what they accept."),
    "alg_unknown": Rule(
        _E, "the algorithm {alg} is not registered for signatures", "Nobody who checks strictly accepts it.",
        "RFC 7518 §3.1", "Take ES256 or EdDSA; names are case-sensitive."),
    "alg_foreign": Rule(
        _N, "Limen does not take {alg}", "It is registered, but Limen keeps to six algorithms.",
        "RFC 8725 §3.1", "Verify it with another library, or sign with one of the six."),
    "alg_symmetric": Rule(
        _N, "{alg} has one key for signing and for verifying", "Each service that verifies can also forge.",
        "RFC 8725 §3.5, RFC 9068 §2.1", "Keep it within one service; elsewhere sign with ES256."),
    "alg_confused": Rule(
        _E, "the token says {alg} and its key is for {expected}",
        "A verifier that follows the token may use a public key as an HMAC secret.", "RFC 8725 §3.1",
        "Take the algorithm from the key's record and never from the token."),
    "alg_weak_encryption": Rule(
        _E, "the token is encrypted by {alg}", "RSA1_5 tells its padding; PBES2 lets the token choose how "
        "long the verifier works.", "RFC 8725 §3.2, §3.6", "Encrypt with ECDH-ES or RSA-OAEP-256."),
    "typ_missing": Rule(
        _W, "the header does not say what kind of token this is",
        "A token made for one purpose is taken for another.", "RFC 8725 §3.11, RFC 9068 §2.1",
        "Write `typ: at+jwt` into access tokens, and refuse others."),
    "typ_generic": Rule(
        _N, "`typ` is {typ}, which any token has", "It does not tell an access token from an ID token.",
        "RFC 8725 §3.11", "Write `typ: at+jwt` into access tokens, and refuse others."),
    "typ_malformed": Rule(
        _E, "`typ` is {typ} and no media type", "A strict verifier refuses it.", "RFC 7515 §4.1.9",
        "Write `at+jwt`, or another registered type."),
    "kid_missing": Rule(
        _N, "the header names no key", "Keys cannot be rotated without trying each of them.",
        "RFC 7515 §4.1.4", "Write the key's id, its RFC 7638 thumbprint for one, into `kid`."),
    "kid_malformed": Rule(
        _E, "`kid` is {kid}: not 1 to 128 plain characters",
        "It goes into logs and look-ups of whoever verifies.", "RFC 7515 §4.1.4, RFC 8725 §3.10",
        "Use the RFC 7638 thumbprint; look `kid` up in a table of known keys and nowhere else."),
    "kid_path": Rule(
        _E, "`kid` {kid} looks like a path", "A verifier that opens a file by it reads a key of the "
        "attacker's choice: /dev/null is an empty one.", "RFC 8725 §3.10",
        "Look `kid` up in a table of known keys and nowhere else."),
    "kid_injection": Rule(
        _E, "`kid` {kid} holds characters of SQL, LDAP or a shell",
        "A verifier that puts it into a query runs what it says.", "RFC 8725 §3.10, ASVS 1.2.4",
        "Look `kid` up in a table of known keys and nowhere else."),
    "header_url": Rule(
        _E, "the header says where to fetch the key (`{name}`)", _FORGE, "RFC 8725 §3.10, ASVS 9.1.3",
        "Fetch keys from the issuer's configured address alone, and ignore the header."),
    "header_key": Rule(
        _E, "the header brings its own key (`jwk`)", _FORGE, "RFC 7515 §4.1.3, ASVS 9.1.3",
        "Verify with configured keys alone; only DPoP proofs carry their key."),
    "header_certificate": Rule(
        _W, "the header brings a certificate (`{name}`)", _FORGE, "RFC 7515 §4.1.6, ASVS 9.1.3",
        "Verify with configured keys alone."),
    "crit_present": Rule(
        _W, "the header has critical extensions: {crit}", "Whoever does not know them must refuse the "
        "token, and some libraries do not look.", "RFC 7515 §4.1.11", "Do without extensions in tokens."),
    "crit_malformed": Rule(
        _E, "`crit` is {crit}", "It is a list of names of extensions that stand in the header: not empty, "
        "each once.", "RFC 7515 §4.1.11", "Leave it out."),
    "b64_false": Rule(
        _E, "the header has `b64`", "The payload is then not what it looks like.", "RFC 7797 §7",
        "Tokens are encoded: leave it out."),
    "compressed": Rule(
        _W, "the content is compressed (`zip`)", "Its length tells what is in it, and a small token can "
        "unpack to a huge one.", "RFC 8725 §3.6", "Do without compression."),
    "encrypted": Rule(
        _N, "the token is encrypted (JWE)", "Nothing can be said about claims that cannot be read; and that "
        "it decrypts does not prove who wrote it.", "RFC 8725 §3.3",
        "Where it is an access token, take a signed one."),
    "nested": Rule(
        _W, "another token is inside (`cty`)", "Both have to be verified, and the inner one is forgotten.",
        "RFC 8725 §3.3", "Take one signed token."),
    "duplicate_names": Rule(
        _E, "a name stands twice in one object", "Two parsers read two different tokens.",
        "RFC 7519 §4, RFC 8259 §4", "Write each name once; refuse tokens that do not."),
    "form_malformed": Rule(
        _E, "the {part} is not canonical base64url, or not strict JSON",
        "What one parser takes and another does not lets one token be two.", "RFC 7515 §2, RFC 8725 §3.7",
        "Write base64url without padding, and JSON in UTF-8."),
    "size_cookie": Rule(
        _W, "the token has {size:,} bytes, more than fits into a cookie (4,096 with name and attributes)",
        "Browsers drop the cookie without a word.", "RFC 6265 §6.1",
        "Leave out what can be looked up; keep roles and profiles out of tokens."),
    "size_header": Rule(
        _E, "the token has {size:,} bytes, more than servers take in a header (8 KiB)",
        "The request is refused before anybody reads it.", "RFC 9110 §5.4",
        "Leave out what can be looked up; keep roles and profiles out of tokens."),
}  # fmt: skip

CLAIMS: Catalogue = {
    "exp_missing": Rule(
        _E, "the token never expires (`exp`)", "Whoever finds it can use it for ever.",
        "RFC 9068 §2.2, ASVS 9.2.1", _ASK),
    "exp_long": Rule(
        _W, "the token lives for {lifetime}", "Until then a stolen one works, whatever is done.",
        "RFC 9700 §2.2.2, ASVS 7.3.2", "Let access tokens live for 5 to 15 minutes, and refresh them."),
    "exp_very_long": Rule(
        _E, "the token lives for {lifetime}", "Until then a stolen one works, whatever is done.",
        "RFC 9700 §2.2.2, ASVS 7.3.2", "Let access tokens live for 5 to 15 minutes, and refresh them."),
    "exp_past": Rule(
        _N, "the token expired {ago} ago", "Nobody accepts it any more.", "RFC 7519 §4.1.4",
        "Refresh it, or sign in."),
    "exp_before_iat": Rule(
        _E, "the token expires before it was issued", "It was never good.", "RFC 7519 §4.1.4",
        "Look at the clock of the issuer."),
    "nbf_future": Rule(
        _N, "the token is not good for another {ahead} (`nbf`)", "Nobody accepts it yet.",
        "RFC 7519 §4.1.5", "Wait, or compare the clocks."),
    "nbf_after_exp": Rule(
        _E, "the token becomes good after it has expired (`nbf`)", "It will never be good.",
        "RFC 7519 §4.1.5", "Look at how it is issued."),
    "iat_missing": Rule(
        _N, "the token does not say when it was issued (`iat`)", "It cannot be told from one that was issued "
        "before everything was revoked.", "RFC 9068 §2.2", _ASK),
    "iat_future": Rule(
        _W, "the token was issued {ahead} from now (`iat`)", "Two clocks differ, or somebody made it up.",
        "RFC 7519 §4.1.6", "Compare the clocks of issuer and verifier."),
    "time_malformed": Rule(
        _E, "`{name}` is {value} and not a number of seconds",
        "Some libraries take it for no limit at all.", "RFC 7519 §2", "Write whole seconds since 1970."),
    "time_milliseconds": Rule(
        _E, "`{name}` looks like milliseconds", "Read as seconds it lies in a far future, so that the token "
        "never expires or never begins.", "RFC 7519 §2", "Write whole seconds since 1970."),
    "iss_missing": Rule(
        _W, "the token does not say who issued it (`iss`)", "One of another issuer, or of another stage, "
        "is accepted wherever keys are shared.", "RFC 9068 §2.2, RFC 8725 §3.8", _ASK),
    "iss_malformed": Rule(
        _E, "`iss` is {value}", "It is one text; lists of issuers have fooled verifiers.", "RFC 7519 §4.1.1",
        "Write the issuer's URL."),
    "iss_plain_http": Rule(
        _W, "the issuer is reached by plain http", "Whoever is on the way replaces its keys.",
        "RFC 8414 §2, RFC 8725 §3.8", "Give the issuer an https address."),
    "aud_missing": Rule(
        _W, "the token does not say whom it is for (`aud`)", "Each service that receives it can use it at "
        "all others.", "RFC 9068 §2.2, RFC 8725 §3.9, ASVS 9.2.3", _ASK),
    "aud_malformed": Rule(
        _E, "`aud` is {value}", "It is one text or a list of texts.", "RFC 7519 §4.1.3",
        "Write the identifier of the one service that it is for."),
    "aud_many": Rule(
        _N, "the token is for {count} services (`aud`)", "Each of them can use it at the others.",
        "RFC 9068 §3, RFC 8725 §3.9", "Issue one token for each."),
    "aud_wildcard": Rule(
        _E, "the token is for everybody (`aud`)", "That is no audience.", "RFC 8725 §3.9",
        "Write the identifier of the one service that it is for."),
    "sub_missing": Rule(
        _W, "the token does not say whom it is about (`sub`)", "Whoever reads it takes something else for "
        "the identity.", "RFC 9068 §2.2", _ASK),
    "sub_malformed": Rule(
        _E, "`sub` is {value}", "It is one text that is not empty.", "RFC 7519 §4.1.2",
        "Write the account's id as text."),
    "sub_personal": Rule(
        _W, "`sub` is an e-mail address", "Addresses change and are given to others; and whoever sees the "
        "token learns it.", "OpenID Connect Core §5.7, RFC 7519 §12", "Write the account's id."),
    "jti_missing": Rule(
        _N, "the token has no id (`jti`)", "It cannot be named, in a log or in a list of revoked ones.",
        "RFC 9068 §2.2", _ASK),
    "jti_malformed": Rule(
        _E, "`jti` is {value}", "It is one text.", "RFC 7519 §4.1.7", "Write a UUID."),
    "secret_claim": Rule(
        _E, "the claim `{name}` looks like a password, a key or another credential",
        "Tokens are signed and not encrypted: everybody who sees one reads it.",
        "RFC 7519 §12, ASVS 14.2.6", "Take it out, and replace what was exposed."),
    "personal_claim": Rule(
        _W, "the claim `{name}` holds personal data",
        "Tokens are signed and not encrypted, and lie in logs and browsers.",
        "RFC 7519 §12, RFC 9068 §6", "Take it out; let who needs it ask for it."),
}  # fmt: skip

KEYS: Catalogue = {
    "secret_public": Rule(
        _E, "the secret stands in a public list",
        "Whoever tries the list signs tokens in your name within a second.", "RFC 8725 §3.5, ASVS 11.6.1",
        "Make another with `limen key secret`, and replace this one everywhere."),
    "secret_short": Rule(
        _E, "the secret has {bytes} bytes and {alg} needs {least}",
        "It can be guessed from one token, without asking you.", "RFC 7518 §3.2, RFC 8725 §3.5",
        "Make another with `limen key secret`."),
    "secret_repeats": Rule(
        _E, "the secret repeats itself", "It is long and can still be guessed.", "RFC 8725 §3.5",
        "Make another with `limen key secret`."),
    "secret_words": Rule(
        _W, "the secret is made of words", "What a person thinks up, a program guesses.", "RFC 8725 §3.5",
        "Make another with `limen key secret`."),
    "secret_is_public_key": Rule(
        _E, "the secret is a public key", "Everybody has it. This is how RS256 verifiers are made to take "
        "HS256 tokens.", "RFC 8725 §3.1", "Take the algorithm from the key's record."),
    "key_malformed": Rule(
        _E, "the key is no JWK: {problem}", "No verifier takes it.", "RFC 7517 §4",
        "Export it again from where it was made."),
    "key_small": Rule(
        _E, "the RSA modulus has {bits} bits and needs 2,048", "It can be factored.", "RFC 7518 §3.3",
        "Make another: ES256 for one."),
    "key_exponent": Rule(
        _E, "the RSA exponent is {exponent}", "With a small one, signatures have been forged.",
        "RFC 8017 §3.1, ASVS 11.6.1", "Make another, with exponent 65537."),
    "key_private": Rule(
        _N, "this is a private key", "Whoever has it signs tokens in your name.", "RFC 7517 §9.2",
        "Never publish it; `limen key list` shows what Limen publishes."),
    "key_alg_missing": Rule(
        _W, "the key does not say for which algorithm it is", "One key used for two algorithms weakens both.",
        "RFC 8725 §3.1, RFC 7517 §4.4", "Write `alg` into it."),
    "key_alg_mismatch": Rule(
        _E, "a key of type {kty} cannot be for {alg}", "A verifier that takes it is confused.",
        "RFC 8725 §3.1", "Write the algorithm that the key was made for."),
    "key_use": Rule(
        _E, "the key is not for signatures", "It was made for encryption, or must not verify.",
        "RFC 7517 §4.2, §4.3", "Make a key for signatures alone."),
    "key_kid_missing": Rule(
        _N, "the key has no id", "It cannot be found by a token, nor rotated.", "RFC 7517 §4.5",
        "Give it its RFC 7638 thumbprint as `kid`."),
    "key_kid_twice": Rule(
        _E, "two keys have the id {kid}", "Which of them verifies is chance.", "RFC 7517 §4.5",
        "Give each its RFC 7638 thumbprint as `kid`."),
    "key_mixed": Rule(
        _E, "the set holds both secrets and public keys", "A public set never holds a secret, and a mixed "
        "one invites confusion of algorithms.", "RFC 8725 §3.1", "Keep secrets out of key sets."),
}  # fmt: skip

CATALOGUE: Catalogue = {**HEADER, **CLAIMS, **KEYS}
