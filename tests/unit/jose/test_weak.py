"""Keys that protect nothing, each with the reason why."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.jose import jwk, public_secrets, weak
from limen.jose.jwk import Algorithm

LIST = Path(__file__).parents[2] / "vectors/data/passwords/jwt.secrets.list.gz"
SECRETS = [line.rstrip(b"\r") for line in gzip.decompress(LIST.read_bytes()).split(b"\n") if line]
P = 2**255 - 19


def reason(check: object, *given: object) -> str:
    with pytest.raises(Misconfigured) as error:
        check(*given)  # type: ignore[operator]
    assert error.value.code == "key_refused"
    return error.value.reason


def prime_from(start: int) -> int:
    """The next number that is prime, to Fermat's test in three bases."""
    n = start | 1
    while any(n % d == 0 for d in (3, 5, 7, 11, 13)) or any(pow(b, n - 1, n) != 1 for b in (2, 3, 5)):
        n += 2
    return n


def test_K10_two_primes_close_to_each_other_are_refused() -> None:
    p = prime_from(3 << 1022 | 0x1234567)
    for gap in (2, 1 << 20, 1 << 500):
        assert reason(weak.check_rsa, p * prime_from(p + gap), 65537) == "rsa_close_primes"


def test_K10_a_square_is_refused() -> None:
    p = prime_from(3 << 1022 | 0x99999)
    assert reason(weak.check_rsa, p * p, 65537) == "rsa_close_primes"


def test_K10_an_even_modulus_and_one_with_a_small_factor_are_refused() -> None:
    for factor in (2, 3, 691, 701):
        modulus = factor * ((1 << 2050) + 1)
        assert reason(weak.check_rsa, modulus, 65537) == "rsa_modulus"


def test_K10_a_modulus_of_the_broken_generator_is_refused() -> None:
    """Made as it made them: p = k·M + (65537^a mod M), M the product of the first 126 primes."""
    primes = [n for n in range(2, 702) if all(n % d for d in range(2, math.isqrt(n) + 1))]
    product = math.prod(primes)
    assert len(primes) == 126
    p, q = (_roca_prime(product, k, a) for k, a in ((1 << 53, 12345), (5 << 51, 67890)))
    assert (p * q).bit_length() >= 2048
    assert reason(weak.check_rsa, p * q, 65537) == "rsa_roca"
    other = prime_from(1 << 1030)
    weak.check_rsa(p * other, 65537)


def _roca_prime(product: int, k: int, a: int) -> int:
    rest = pow(65537, a, product)
    while any(pow(b, k * product + rest - 1, k * product + rest) != 1 for b in (2, 3, 5)):
        k += 1
    return k * product + rest


@pytest.mark.parametrize("bits", [1024, 2047, 8193, 16384])
def test_K10_a_modulus_has_a_size_that_is_safe_and_bearable(bits: int) -> None:
    assert reason(weak.check_rsa, (1 << bits - 1) + 1, 65537) == "rsa_size"


def test_K10_keys_that_we_make_pass() -> None:
    for alg in (Algorithm.RS256, Algorithm.PS256):
        assert jwk.generate(alg).alg is alg


@pytest.mark.parametrize("y", [0, 1, P - 1, P, P + 1, 2**255 - 1, P + 18])
@pytest.mark.parametrize("sign", [0, 1])
def test_J32_points_of_small_order_and_other_forms_are_refused(y: int, sign: int) -> None:
    encoded = (y | sign << 255).to_bytes(32, "little")
    assert reason(weak.check_ed25519, encoded) in ("small_order", "not_on_curve")


def test_J32_half_of_all_numbers_are_no_point() -> None:
    def on_curve(y: int) -> bool:
        try:
            weak.check_ed25519(y.to_bytes(32, "little"))
        except Misconfigured as error:
            return error.reason != "not_on_curve"
        return True

    found = sum(on_curve(y) for y in range(2, 202))
    assert 70 < found < 130
    assert on_curve(4 * pow(5, -1, P) % P)  # the base point, RFC 8032 §5.1


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (b"", "secret_size"), (b"x", "secret_size"), (b"secret", "secret_size"), (bytes(31), "secret_size"),
        (bytes(range(31)), "secret_size"), (bytes(32), "secret_weak"), (b"ab" * 16, "secret_weak"),
        (b"0123456789abcdef" * 2, "secret_weak"), (b"0101101" * 5, "secret_weak"),
        (b"your-256-bit-secret-your-256-bit-secret-", "secret_weak"), (bytes(5000), "secret_size"),
    ],
)  # fmt: skip
def test_J35_a_secret_that_can_be_guessed_is_refused(secret: bytes, expected: str) -> None:
    assert reason(jwk.symmetric, secret) == expected


def test_J35_the_table_is_that_of_the_list() -> None:
    packed = Path(public_secrets.__file__).with_name("public_secrets.bin").read_bytes()
    assert packed == public_secrets.tabulate(SECRETS)
    assert len(packed) < 32_768


def test_J35_no_public_secret_makes_a_key() -> None:
    """All 103,979: most for their length, the rest because they stand in the table."""
    assert len(SECRETS) == 103_979
    packed = public_secrets.tabulate(SECRETS)
    long = [s for s in SECRETS if len(s) >= weak.MINIMUM_SECRET_BYTES]
    assert len(long) > 1_500
    assert [s for s in long if not public_secrets.holds(packed, s)] == []
    assert {reason(jwk.symmetric, s) for s in long} <= {"secret_public", "secret_weak", "secret_size"}
    assert {reason(jwk.symmetric, s) for s in SECRETS if s not in set(long)} == {"secret_size"}


def test_J35_a_public_secret_is_known_in_the_forms_in_which_it_is_pasted() -> None:
    packed = public_secrets.tabulate([b"00112233445566778899aabbccddeeff" * 2, b"A-_" + b"bcd" * 20])
    assert public_secrets.holds(packed, bytes.fromhex("00112233445566778899aabbccddeeff" * 2))
    assert len(packed) // 8 == 5  # hex is base64 as well


def test_J35_a_random_secret_is_in_no_table() -> None:
    assert not public_secrets.holds(b"", b"x" * 32)
    for _ in range(50):
        assert jwk.generate(Algorithm.HS256).alg is Algorithm.HS256
