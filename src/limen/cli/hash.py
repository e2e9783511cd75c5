"""`limen hash password|verify|calibrate`: password hashes."""

from __future__ import annotations

from time import perf_counter

import click

from limen.cli import given
from limen.cli.answer import Answer, Exit, Table, VerbGroup
from limen.errors import Rejected
from limen.passwords import Argon2id, Bcrypt, Calibration, Hasher, Matched, UnusableHash, calibrate


@click.group("hash", cls=VerbGroup)
def verb() -> None:
    """Hash and verify passwords; find parameters for this machine."""


@verb.command()
@click.option(
    "--scheme", type=click.Choice(["argon2id", "bcrypt"]), default="argon2id", show_default=True, help="How."
)
@click.option("--memory-kib", type=int, default=19_456, show_default=True, help="argon2id.")
@click.option("--time-cost", type=int, default=2, show_default=True, help="argon2id.")
@click.option("--parallelism", type=int, default=1, show_default=True, help="argon2id.")
@click.option("--cost", type=int, default=12, show_default=True, help="bcrypt.")
@given.asks_password()
def password(
    scheme: str, memory_kib: int, time_cost: int, parallelism: int, cost: int, password: str
) -> Answer:
    """Hash a password."""
    argon2id = scheme == "argon2id"
    chosen = (
        Argon2id(memory_kib=memory_kib, time_cost=time_cost, parallelism=parallelism)
        if argon2id
        else Bcrypt(cost=cost)
    )
    made = Hasher(chosen).hash(password)
    return Answer({"hash": made}, [made])


@verb.command()
@click.argument("stored", metavar="HASH")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
def verify(stored: str, password_stdin: bool) -> Answer:
    """Say whether a password is the one behind HASH, of any format that is known; exit code 1 if not.

    HASH `-` is the first line of stdin; what follows it is then the password.
    """
    if stored == "-":
        stored, _, secret = given.text("-").partition("\n")
        secret = secret.removesuffix("\n")
    else:
        secret = given.password(from_stdin=password_stdin, confirm=False)
    hasher = Hasher(Argon2id())
    try:
        described, verdict = hasher.describe(stored), hasher.verify(stored, secret)
    except UnusableHash as error:
        raise Rejected(f"this hash cannot be verified: {error}", code="hash_unusable", status=422) from error
    matches = isinstance(verdict, Matched)
    data = {
        "matches": matches,
        "format": described.format.value,
        "parameters": described.parameters,
        "outdated": described.outdated,
        "advice": list(described.advice),
    }
    verdict_line = "it is the password" if matches else "it is not the password"
    return Answer(data, [f"{verdict_line} ({described.format})", *described.advice], exit=_exit(matches))


@verb.command(name="calibrate")
@click.option("--target", type=float, default=100.0, show_default=True, help="Milliseconds for one hash.")
def find_parameters(target: float) -> Answer:
    """Measure what this machine can afford, and propose parameters. Takes some seconds."""
    found = calibrate(target, measure=perf_counter)
    rows = [[*_named(one), f"{one.milliseconds:.1f}", "yes" if one.within else "no"] for one in found]
    best = next((one for one in found if one.within), found[0])
    data = {
        "target_ms": target,
        "proposals": [
            {
                "scheme": _named(one)[0],
                "settings": _settings(one),
                "ms": round(one.milliseconds, 1),
                "within": one.within,
            }
            for one in found
        ],
    }
    lines = ["", f"in limen.toml, for about {best.milliseconds:.0f} ms a hash:"]
    lines += [f"  {name} = {value}" for name, value in _settings(best).items()]
    return Answer(data, lines, Table(["scheme", "parameters", "ms", f"within {target:g} ms"], rows))


def _named(one: Calibration) -> tuple[str, str]:
    scheme = one.scheme
    if isinstance(scheme, Bcrypt):
        return "bcrypt", f"cost {scheme.cost}"
    return "argon2id", f"{scheme.memory_kib} KiB, {scheme.time_cost} passes, {scheme.parallelism} lane"


def _settings(one: Calibration) -> dict[str, int]:
    scheme = one.scheme
    if isinstance(scheme, Bcrypt):
        return {"bcrypt_cost": scheme.cost}
    return {
        "argon2_memory_kib": scheme.memory_kib,
        "argon2_time_cost": scheme.time_cost,
        "argon2_parallelism": scheme.parallelism,
    }


def _exit(matches: bool) -> Exit:
    return Exit.OK if matches else Exit.NO
