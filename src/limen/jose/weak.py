"""Keys that are keys and yet protect nothing: refused when they are imported, with the reason.

An RSA modulus that is short, even, made by the generator of CVE-2017-15361 (ROCA) or of two primes too close
to each other; an Ed25519 point of small order, under which one signature is good for every message; an HMAC
secret that is short, repeats itself or stands in a public list.
"""

from __future__ import annotations

import math
from functools import cache

from limen.errors import Misconfigured
from limen.jose import public_secrets

MINIMUM_RSA_BITS = 2048
MAXIMUM_RSA_BITS = 8192
"""A larger modulus costs whoever verifies more than it gives."""
MINIMUM_SECRET_BYTES = 32
MAXIMUM_SECRET_BYTES = 4096
_FERMAT_STEPS = 100
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = (0, 1, _P - 1, _ORDER_8, _P - _ORDER_8)
"""Of order 4, 1, 2 and twice 8: with either sign, and with p added where that fits, 14 encodings."""


def refused(sentence: str, reason: str) -> Misconfigured:
    """The error for a key that cannot be used. The sentence never holds any of it."""
    return Misconfigured(f"this key is refused: {sentence}", code="key_refused", reason=reason)


def check_rsa(modulus: int, exponent: int) -> None:
    """Misconfigured where these numbers are no RSA key worth trusting (RFC 7518 §3.3, FIPS 186-5 §A.1)."""
    bits = modulus.bit_length()
    if not MINIMUM_RSA_BITS <= bits <= MAXIMUM_RSA_BITS:
        raise refused(f"an RSA modulus of {bits} bits; it takes {MINIMUM_RSA_BITS} or more", "rsa_size")
    if exponent < 65537 or exponent % 2 == 0 or exponent.bit_length() > 256:
        raise refused("an RSA exponent that is not odd and at least 65537", "rsa_exponent")
    if any(modulus % prime == 0 for prime in _primes()):
        raise refused("an RSA modulus with a small factor", "rsa_modulus")
    if _made_by_roca(modulus):
        raise refused("an RSA modulus of the broken generator of CVE-2017-15361 (ROCA)", "rsa_roca")
    if _primes_too_close(modulus):
        raise refused("an RSA modulus of two primes close to each other", "rsa_close_primes")


def check_ed25519(encoded: bytes) -> None:
    """Misconfigured unless this is a point of large order in canonical form (RFC 8032 §5.1.3)."""
    y = int.from_bytes(encoded, "little") & (1 << 255) - 1
    if y % _P in _SMALL_ORDER_Y:
        raise refused("an Ed25519 point of small order, under which anybody signs", "small_order")
    if y >= _P or not _on_curve(y):
        raise refused("no point of Ed25519", "not_on_curve")


def check_secret(secret: bytes) -> None:
    """Misconfigured for an HMAC secret that can be guessed (RFC 7518 §3.2)."""
    if not MINIMUM_SECRET_BYTES <= len(secret) <= MAXIMUM_SECRET_BYTES:
        raise refused(f"a secret of {len(secret)} bytes; HS256 takes 32 or more", "secret_size")
    if len(set(secret)) < 8 or secret in (secret + secret)[1:-1]:
        raise refused("a secret that repeats itself", "secret_weak")
    if public_secrets.contains(secret):
        raise refused("a secret that stands in a public list", "secret_public")


def _made_by_roca(modulus: int) -> bool:
    """Whether the modulus is a power of 65537 modulo each of the first primes, as no other generator's is.

    The fingerprint of Nemec et al., "The Return of Coppersmith's Attack" (2017), §2.2: the 126 primes that
    every key of 1984 bits or more was made with. By chance it holds for less than one in 2^150 moduli.
    """
    return all(modulus % prime in powers for prime, powers in _roca_fingerprint())


@cache
def _roca_fingerprint() -> tuple[tuple[int, frozenset[int]], ...]:
    return tuple((p, frozenset(pow(65537, k, p) for k in range(p - 1))) for p in _primes()[1:])


@cache
def _primes() -> tuple[int, ...]:
    """The first 126 primes."""
    return tuple(n for n in range(2, 702) if all(n % d for d in range(2, math.isqrt(n) + 1)))


def _primes_too_close(modulus: int) -> bool:
    """Whether Fermat's method factors the modulus in a few steps."""
    middle = math.isqrt(modulus)
    for step in range(_FERMAT_STEPS):
        square = (middle + step) ** 2 - modulus
        if square >= 0 and math.isqrt(square) ** 2 == square:
            return True
    return False


def _on_curve(y: int) -> bool:
    """Whether some x has -x² + y² = 1 + d·x²·y² (Euler's criterion on x²)."""
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(x_squared, (_P - 1) // 2, _P) in (0, 1)
