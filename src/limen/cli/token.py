"""`limen token decode|verify|explain|sign|lint`. Tokens come by stdin: arguments are seen by other users."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from limen import ids, lint
from limen.cli import asking, given
from limen.cli.answer import Answer, VerbGroup, note, visible
from limen.cli.findings import found_data, found_lines, verdict
from limen.cli.moments import moment
from limen.clock import Instant, SystemClock
from limen.errors import Denied, Rejected
from limen.jose import b64, jwk, jws, jwt, strict_json, unverified
from limen.jose.jwk import Algorithm, SigningKey, VerifyKey

_TIMES = ("exp", "iat", "nbf", "auth_time")
_token = click.argument("token", default="-")
_keys = click.option("--keys", "keys_file", metavar="FILE", help="A JWK, a JWK set or a PEM.")
_secret = click.option("--secret-file", metavar="FILE", help="An HMAC secret (HS256).")
_alg = click.option("--alg", type=click.Choice(list(Algorithm)), help="The algorithm of a PEM.")
_database = click.option("--database", metavar="URL", help="Ask the deployment on this database.")
_config = click.option("--config", metavar="FILE", help="Read this instead of ./limen.toml.")
_WARNING = "decoded is not verified: anybody can have written this"


@click.group("token", cls=VerbGroup)
def verb() -> None:
    """Decode, verify, explain, sign and lint tokens. They are read from stdin."""


@verb.command()
@_token
def decode(token: str) -> Answer:
    """Show what a token says, without verifying any of it."""
    read = unverified.read(given.token(token))
    times = {name: moment(read.claims[name]) for name in _TIMES if _is_number(read.claims.get(name))}
    data = {
        "verified": False,
        "header": dict(read.header),
        "claims": dict(read.claims),
        "times": times,
        "flaws": list(read.flaws),
    }
    lines = [_shouted(f"NOT VERIFIED: {_WARNING}"), "", "header", *_json(read.header), "", "claims"]
    lines += [*_json(read.claims), *(["", *(f"{name}: {at}" for name, at in times.items())] if times else [])]
    lines += ["", *(f"refused for its form: {flaw}" for flaw in read.flaws)] if read.flaws else []
    note(_WARNING)
    return Answer(data, lines)


@verb.command()
@_token
@_keys
@_secret
@_alg
@click.option("--issuer", help="Who must have issued it (`iss`).")
@click.option("--audience", help="Whom it must be for (`aud`); the issuer if it is not said.")
@click.option("--typ", default=jwt.ACCESS_TOKEN, show_default=True, help="The kind in its header.")
@_database
@_config
def verify(
    token: str, keys_file: str | None, secret_file: str | None, alg: str | None, issuer: str | None,
    audience: str | None, typ: str, database: str | None, config: str | None,
) -> Answer:  # fmt: skip
    """Say whether a credential is good; exit code 1 if not.

    Without keys it is asked as a request would be, revocations included, of the deployment that the
    configuration names. With --keys or --secret-file, and --issuer, the token alone is checked.
    """
    if keys_file is None and secret_file is None:
        return asking.ask(given.token(token), database=database, config=config)
    if issuer is None:
        raise click.UsageError("Say who must have issued the token: --issuer.")
    keys = _verify_keys(keys_file, secret_file, alg)
    held = [keys] if isinstance(keys, VerifyKey) else keys.values()
    allowed = frozenset(key.alg for key in held)
    policy = jwt.TokenPolicy(issuer=issuer, audience=audience or issuer, algorithms=allowed, typ=typ)
    return _judged(given.token(token), jwt.TokenVerifier(policy, keys))


@verb.command()
@_token
@_database
@_config
def explain(token: str, database: str | None, config: str | None) -> Answer:
    """Say why the deployment accepts or refuses a credential; exit codes as for verify.

    Every step of the check in its order, with the value that is wanted beside the one that is there; what
    ended the session, and which event of the feed says so. Nothing is changed, and no credential is shown.
    """
    return asking.explain(given.token(token), database=database, config=config)


@verb.command()
@click.argument("claims", metavar="CLAIMS", default="-")
@click.option("--key", "key_file", metavar="FILE", required=True, help="A private JWK or PEM.")
@_alg
@click.option("--typ", default=jwt.ACCESS_TOKEN, show_default=True, help="The kind that it must be of.")
@click.option("--issuer", help="Fills in `iss`.")
@click.option("--audience", help="Fills in `aud`.")
@click.option("--subject", help="Fills in `sub`.")
@click.option("--client-id", help="Fills in `client_id`, which RFC 9068 asks for.")
@click.option("--lifetime", type=click.IntRange(1), default=900, show_default=True, help="Seconds.")
def sign(
    claims: str, key_file: str, alg: str | None, typ: str, issuer: str | None, audience: str | None,
    subject: str | None, client_id: str | None, lifetime: int,
) -> Answer:  # fmt: skip
    """Sign the JSON object in the file CLAIMS (`-`: stdin). Missing `iat`, `exp` and `jti` are filled in."""
    now = SystemClock().now()
    filled = {"iss": issuer, "aud": audience, "sub": subject, "client_id": client_id, "iat": int(now),
              "exp": int(now) + lifetime, "jti": ids.uuid7(now)}  # fmt: skip
    about = {name: value for name, value in filled.items() if value is not None} | given.json_object(claims)
    key = _signing_key(key_file, alg)
    made = jws.sign(json.dumps(about, separators=(",", ":"), ensure_ascii=False).encode(), key, typ=typ)
    found = lint.token({"alg": key.alg.value, "typ": typ, "kid": key.kid}, about, size=len(made), now=now)
    for finding in found:
        if finding.severity is not lint.Severity.NOTICE:
            note(f"{finding.id}: {finding.what}. {finding.mend}")
    return Answer(found_data(found, token=made, claims=about), [made])


@verb.command(name="lint")
@_token
@_keys
@_secret
@_alg
def find_faults(token: str, keys_file: str | None, secret_file: str | None, alg: str | None) -> Answer:
    """Say what is wrong with a token, or with its key; exit code 1 for errors. Nothing is verified."""
    text = given.token(token)
    header, claims, flaws = _read(text)
    keys = {} if keys_file is None else _verify_keys(keys_file, None, alg)
    key = keys if isinstance(keys, VerifyKey) else keys.get(str(header.get("kid")))
    found = lint.token(
        header,
        claims,
        size=len(text),
        now=SystemClock().now(),
        expected=None if key is None else key.alg.value,
        signed_with=None if secret_file is None else _secret_of(secret_file),
        flaws=flaws,
    )
    note("lint does not verify: nothing is said about the signature")
    return Answer(found_data(found, verified=False), found_lines(found), exit=verdict(found))


def _judged(token: str, verifier: jwt.TokenVerifier) -> Answer:
    try:
        claims = verifier.verify(token, now=SystemClock().now())
    except Denied as error:
        return asking.refused(error)
    said = json.loads(b64.decode(token.split(".")[1]))
    lines = ["valid", *_json(said), "", f"expires {moment(Instant(claims.exp))}"]
    return Answer({"valid": True, "claims": said}, lines)


def _read(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any] | None, tuple[str, ...]]:
    """Header, claims and flaws of form. Of an encrypted token, the header alone."""
    try:
        read = unverified.read(token)
    except Rejected as error:
        if error.reason != "token_encrypted":
            raise
        try:
            return strict_json.load_object(b64.decode(token.split(".")[0])), None, ()
        except ValueError:
            raise error from None
    return read.header, read.claims, read.flaws


def _verify_keys(
    keys_file: str | None, secret_file: str | None, alg: str | None
) -> VerifyKey | dict[str, VerifyKey]:
    """The set, or the one key that is to check whatever the token calls it."""
    if secret_file is not None:
        return jwk.symmetric(_secret_of(secret_file)).verify_key
    text = given.text(keys_file or "-")
    named = None if alg is None else Algorithm(alg)
    if text.lstrip().startswith("-----BEGIN"):
        return jwk.verify_key_from_pem(text, _named(named))
    read = given.parsed(text, keys_file or "-")
    return jwk.key_set(read) if "keys" in read else jwk.verify_key(read, alg=named)


def _signing_key(file: str, alg: str | None) -> SigningKey:
    text = given.text(file)
    named = None if alg is None else Algorithm(alg)
    if text.lstrip().startswith("-----BEGIN"):
        return jwk.signing_key_from_pem(text, _named(named))
    return jwk.signing_key(given.parsed(text, file), alg=named)


def _named(alg: Algorithm | None) -> Algorithm:
    if alg is None:
        raise click.UsageError("A PEM does not say for which algorithm it is: --alg.")
    return alg


def _secret_of(file: str) -> bytes:
    return given.text(file).removesuffix("\n").encode()


def _json(said: Mapping[str, Any]) -> list[str]:
    text = json.dumps(said, indent=2, ensure_ascii=False, default=str)
    return [f"  {visible(line)}" for line in text.splitlines()]


def _shouted(text: str) -> str:
    return click.style(text, fg="red", bold=True)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
