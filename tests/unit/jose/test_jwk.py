"""Keys: in and out as JWK and PEM, one algorithm each, and what is refused at the door."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from limen.errors import Misconfigured
from limen.jose import algorithms, b64, jwk
from limen.jose.jwk import Algorithm
from support.tokens import key

ASYMMETRIC = [alg for alg in Algorithm if not alg.symmetric]
PUBLIC = {"RSA": {"e", "n"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}
P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(Misconfigured) as error:
        make()
    assert error.value.code == "key_refused"
    return error.value.reason


def public(of: Algorithm = Algorithm.ES256, /, **changes: Any) -> dict[str, Any]:
    members = {**key(of).verify_key.to_jwk(), **changes}
    return {name: value for name, value in members.items() if value is not ...}


def private(of: Algorithm = Algorithm.ES256, /, **changes: Any) -> dict[str, Any]:
    members = {**key(of).to_private_jwk(), **changes}
    return {name: value for name, value in members.items() if value is not ...}


@pytest.mark.parametrize("alg", list(Algorithm))
def test_a_key_goes_out_and_comes_back(alg: Algorithm) -> None:
    again = jwk.signing_key(json.loads(json.dumps(key(alg).to_private_jwk())))
    assert (again.kid, again.alg) == (key(alg).kid, alg)
    assert again.to_private_jwk() == key(alg).to_private_jwk()
    assert key(alg).verify_key.verifies(b"message", again.sign(b"message"))
    assert not key(alg).verify_key.verifies(b"massage", again.sign(b"message"))


@pytest.mark.parametrize("alg", list(Algorithm))
def test_a_new_key_is_named_by_its_thumbprint_and_large_enough(alg: Algorithm) -> None:
    made = jwk.generate(alg)
    assert made.kid == jwk.thumbprint(made.to_private_jwk()) == made.verify_key.kid
    if alg in (Algorithm.RS256, Algorithm.PS256):
        assert len(b64.decode(made.to_private_jwk()["n"])) * 8 == 3072
    if alg is Algorithm.HS256:
        assert len(b64.decode(made.to_private_jwk()["k"])) == 32


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_K05_the_public_form_has_public_members_only(alg: Algorithm) -> None:
    members = key(alg).verify_key.to_jwk()
    assert members.keys() == PUBLIC[members["kty"]] | {"kty", "alg", "kid", "use"}
    assert jwk.verify_key(members).to_jwk() == members


def test_K05_a_symmetric_key_has_no_public_form() -> None:
    with pytest.raises(TypeError):
        key(Algorithm.HS256).verify_key.to_jwk()


@pytest.mark.parametrize("alg", list(Algorithm))
def test_K05_no_key_shows_its_private_half_in_text_or_pickle(alg: Algorithm) -> None:
    signing = key(alg)
    hidden = [
        signing.to_private_jwk()[name] for name in ("d", "p", "q", "k") if name in signing.to_private_jwk()
    ]
    assert hidden
    shown = f"{signing} {signing!r} {signing.verify_key} {signing.verify_key!r} {dir(signing)}"
    assert not any(part in shown for part in hidden)
    for thing in (signing, signing.verify_key):
        for take in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                take(thing)
        assert not hasattr(thing, "__dict__")


@pytest.mark.parametrize("alg", ASYMMETRIC)
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_comes_from_pem(alg: Algorithm, form: PrivateFormat) -> None:
    if alg is Algorithm.EDDSA and form is PrivateFormat.TraditionalOpenSSL:
        return  # has no such form
    made = _cryptography(alg)
    pem = made.private_bytes(Encoding.PEM, form, NoEncryption())
    outer = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signing = jwk.signing_key_from_pem(pem, alg)
    checking = jwk.verify_key_from_pem(outer.decode(), alg, kid="mine")
    assert (checking.kid, checking.alg) == ("mine", alg)
    assert signing.kid == jwk.thumbprint(checking.to_jwk())
    assert checking.verifies(b"m", signing.sign(b"m"))


def _cryptography(alg: Algorithm) -> Any:
    if alg in (Algorithm.RS256, Algorithm.PS256):
        return rsa.generate_private_key(65537, 2048)
    if alg is Algorithm.EDDSA:
        return Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1() if alg is Algorithm.ES256 else ec.SECP384R1())


@pytest.mark.parametrize(
    "made",
    [ec.generate_private_key(ec.SECP256K1()), ec.generate_private_key(ec.SECP521R1()),
     ed448.Ed448PrivateKey.generate(), x25519.X25519PrivateKey.generate()],
    ids=lambda made: type(made).__name__,
)  # fmt: skip
def test_K09_a_pem_of_another_kind_is_refused(made: Any) -> None:
    inner = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    outer = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert refused(lambda: jwk.signing_key_from_pem(inner, Algorithm.ES256)) in (
        "curve_unknown",
        "kty_unknown",
    )
    assert refused(lambda: jwk.verify_key_from_pem(outer, Algorithm.ES256)) in (
        "curve_unknown",
        "kty_unknown",
    )


@pytest.mark.parametrize(
    "pem", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"\xff", "ключ"]
)
def test_text_that_is_no_pem_is_refused(pem: str | bytes) -> None:
    assert refused(lambda: jwk.verify_key_from_pem(pem, Algorithm.ES256)) == "pem_malformed"
    assert refused(lambda: jwk.signing_key_from_pem(pem, Algorithm.ES256)) == "pem_malformed"


def test_a_pem_under_a_password_needs_it() -> None:
    made = _cryptography(Algorithm.ES256)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    assert jwk.signing_key_from_pem(pem, Algorithm.ES256, password=b"open").alg is Algorithm.ES256
    for wrong in (None, b"wrong"):
        read = partial(jwk.signing_key_from_pem, pem, Algorithm.ES256, password=wrong)
        assert refused(read) == "pem_malformed"


def test_J34_K12_a_key_belongs_to_one_algorithm() -> None:
    assert refused(lambda: jwk.verify_key(public(), alg=Algorithm.ES384)) == "alg_mismatch"
    assert refused(lambda: jwk.verify_key(public(alg="EdDSA"))) == "alg_mismatch"
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256), alg=Algorithm.PS256)) == "alg_mismatch"
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256, alg=...))) == "alg_missing"
    assert jwk.verify_key(public(Algorithm.RS256, alg=...), alg=Algorithm.PS256).alg is Algorithm.PS256
    assert jwk.verify_key(public(alg=...)).alg is Algorithm.ES256
    assert refused(lambda: jwk.signing_key(private(Algorithm.HS256, alg="HS512"))) == "alg_mismatch"
    assert refused(lambda: jwk.signing_key(private(Algorithm.HS256), alg=Algorithm.RS256)) == "alg_mismatch"
    assert refused(lambda: jwk.signing_key(private(alg=["ES256"]))) == "alg_mismatch"


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"use": None},
        {"key_ops": ["encrypt"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"key_ops": ["sign"]},
        {"use": ["sig"]},
    ],
)
def test_K09_a_key_for_something_else_is_refused(change: dict[str, Any]) -> None:
    assert refused(lambda: jwk.verify_key(public(**change))) == "use_mismatch"


def test_K09_a_key_for_signing_may_say_so() -> None:
    assert jwk.signing_key(private(key_ops=["sign"])).kid == key().kid
    assert refused(lambda: jwk.signing_key(private(key_ops=["verify"]))) == "use_mismatch"
    assert jwk.verify_key(public(key_ops=["verify"], use=...)).kid == key().kid


def test_K09_certificates_and_addresses_in_a_key_are_not_looked_at() -> None:
    members = public(x5c=["not a certificate"], x5u="http://127.0.0.1:9/", x5t="x", nonsense=1)
    assert jwk.verify_key(members).to_jwk() == public()


def test_K09_a_private_key_is_no_public_key() -> None:
    for alg in Algorithm:
        assert refused(partial(jwk.verify_key, private(alg))) == "key_private"


@pytest.mark.parametrize("kty", [None, "ec", "oct", "RSA ", 1, ["EC"], "", "AKP"])
def test_K09_a_type_that_we_do_not_know_is_refused(kty: object) -> None:
    assert refused(lambda: jwk.verify_key(public(kty=kty))) == "kty_unknown"


@pytest.mark.parametrize("name", ["x", "y"])
@pytest.mark.parametrize("value", [..., None, 1, "", "AA", "!" * 43, "A" * 42, "A" * 44, "=" * 43])
def test_K11_a_point_is_two_numbers_of_full_length(name: str, value: object) -> None:
    assert refused(lambda: jwk.verify_key(public(**{name: value}))) in ("member_missing", "member_malformed")


def test_K11_a_point_lies_on_its_curve() -> None:
    y = b64.decode(public()["y"])
    off = b64.encode(y[:-1] + bytes([y[-1] ^ 1]))
    zero = b64.encode(bytes(32))
    assert refused(lambda: jwk.verify_key(public(y=off))) == "not_on_curve"
    assert refused(lambda: jwk.verify_key(public(x=zero, y=zero))) == "not_on_curve"
    assert refused(lambda: jwk.verify_key(public(crv="P-384"))) == "member_malformed"
    for crv in ("P-521", "secp256k1", "p-256", None, ["P-256"]):
        assert refused(partial(jwk.verify_key, public(crv=crv))) == "curve_unknown"


@pytest.mark.parametrize("d", [0, P256, P256 + 1, 2**256 - 1])
def test_K11_a_private_number_is_within_the_order(d: int) -> None:
    text = b64.encode(d.to_bytes(32, "big"))
    assert refused(lambda: jwk.signing_key(private(d=text))) in ("private_malformed", "halves_differ")


@pytest.mark.parametrize("alg", [Algorithm.ES256, Algorithm.ES384, Algorithm.EDDSA])
def test_K11_the_halves_of_a_key_belong_together(alg: Algorithm) -> None:
    other = key(alg, 1).to_private_jwk()
    assert refused(lambda: jwk.signing_key(private(alg, d=other["d"]))) == "halves_differ"
    assert refused(lambda: jwk.signing_key(private(alg, d=...))) == "member_missing"
    assert refused(lambda: jwk.signing_key(private(alg, d="AA"))) == "member_malformed"


@pytest.mark.parametrize("name", ["d", "p", "q", "dp", "dq", "qi"])
def test_K11_the_numbers_of_an_rsa_key_belong_together(name: str) -> None:
    number = bytearray(b64.decode(private(Algorithm.RS256)[name]))
    number[-1] ^= 2
    changed = private(Algorithm.RS256, **{name: b64.encode(bytes(number))})
    assert refused(lambda: jwk.signing_key(changed)) == "private_malformed"
    assert refused(lambda: jwk.signing_key(private(Algorithm.RS256, **{name: ...}))) == "member_missing"
    assert refused(lambda: jwk.signing_key(private(Algorithm.RS256, oth=[]))) == "rsa_primes"


@pytest.mark.parametrize("name", ["n", "e"])
def test_K10_a_number_has_one_text(name: str) -> None:
    padded = b64.encode(b"\0" + b64.decode(public(Algorithm.RS256)[name]))
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256, **{name: padded}))) == "member_malformed"
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256, **{name: ""}))) == "member_malformed"
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256, n="A" * 1_000_000))) == "member_malformed"


@pytest.mark.parametrize("bits", [512, 1024, 2047])
def test_K10_a_short_rsa_key_is_refused_in_every_form(bits: int) -> None:
    modulus = (1 << bits - 1) + 1
    text = b64.encode(modulus.to_bytes((bits + 7) // 8, "big"))
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256, n=text))) == "rsa_size"
    if bits == 1024:
        outer = rsa.generate_private_key(65537, bits).public_key()
        pem = outer.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        assert refused(lambda: jwk.verify_key_from_pem(pem, Algorithm.RS256)) == "rsa_size"


@pytest.mark.parametrize("exponent", [1, 2, 3, 17, 65535, 65536, 65538, 2**257 + 1])
def test_K10_an_exponent_that_is_small_or_even_is_refused(exponent: int) -> None:
    text = b64.encode(exponent.to_bytes((exponent.bit_length() + 7) // 8, "big"))
    assert refused(lambda: jwk.verify_key(public(Algorithm.RS256, e=text))) == "rsa_exponent"


@pytest.mark.parametrize("kid", ["", "a b", "k" * 129, "k\n", "ü", 1, [], "../x", "a@b"])
def test_J12_a_key_has_an_id_that_can_be_one(kid: object) -> None:
    assert refused(lambda: jwk.verify_key(public(kid=kid))) == "kid_malformed"
    assert refused(lambda: jwk.signing_key(private(kid=kid))) == "kid_malformed"


def test_K13_two_keys_of_one_id_are_refused() -> None:
    other = {**key(Algorithm.ES256, 1).verify_key.to_jwk(), "kid": key().kid}
    assert refused(lambda: jwk.key_set({"keys": [public(), other]})) == "kid_duplicate"
    assert refused(lambda: jwk.key_set({"keys": [public(), public()]})) == "kid_duplicate"
    hidden = {"kty": "oct", "kid": key().kid, "k": "AA"}
    assert refused(lambda: jwk.key_set({"keys": [public(), hidden]})) == "kid_duplicate"
    assert refused(lambda: jwk.by_kid([key().verify_key, key().verify_key])) == "kid_duplicate"


def test_K13_a_key_without_an_id_has_its_thumbprint() -> None:
    assert jwk.verify_key(public(kid=...)).kid == jwk.thumbprint(public()) == key().kid


FOREIGN: list[Any] = [
    {"kty": "oct", "kid": "o", "k": "A" * 43, "alg": "HS256"},
    public(kid="enc", use="enc"),
    public(kid="ops", key_ops=["encrypt"]),
    public(kid="alg", alg="ES384"),
    public(kid="kty", kty="AKP"),
    public(kid=...),
    public(kid="bad kid"),
    {"kty": "RSA", "kid": "r", "n": "AA", "e": "AQAB", "alg": "RS256"},
    private(kid="leaked"),
    "no object",
    None,
    [],
    public(kid="x", x="broken"),
    public(Algorithm.RS256, kid="rsa", alg=...),
]


@pytest.mark.parametrize("member", FOREIGN, ids=range(len(FOREIGN)))
def test_K09_a_set_is_read_past_members_that_are_not_for_us(member: Any) -> None:
    for keys in ([member, public()], [public(), member]):
        assert list(jwk.key_set({"keys": keys})) == [key().kid]
    assert jwk.key_set({"keys": [member]}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys":{}}',
        '{"keys":null}',
        "<html>",
        '{"keys":[],"keys":[]}',
        b"\xff",
        '{"keys":[',
        "[" * 100_000,
    ],
)
def test_K09_what_is_no_set_is_refused(text: str | bytes) -> None:
    assert refused(lambda: jwk.key_set(text)) == "set_malformed"


def test_a_set_comes_as_text_bytes_or_mapping() -> None:
    given = {"keys": [key(alg).verify_key.to_jwk() for alg in ASYMMETRIC]}
    text = json.dumps(given)
    for form in (given, text, text.encode()):
        found = jwk.key_set(form)
        assert {kid: k.alg for kid, k in found.items()} == {key(alg).kid: alg for alg in ASYMMETRIC}


@pytest.mark.parametrize("members", [{}, {"kty": "EC"}, {"kty": ["EC"]}, {"kty": "RSA", "e": 1, "n": "x"}])
def test_a_thumbprint_needs_its_members(members: dict[str, Any]) -> None:
    assert refused(lambda: jwk.thumbprint(members)) == "member_missing"


def test_K12_there_is_no_way_to_use_a_key_under_another_algorithm() -> None:
    """`alg` is read from the record; to set it otherwise makes no other signature."""
    signing = key()
    assert signing.alg is signing.verify_key.alg
    assert len(signing.sign(b"m")) == 64
    assert not hasattr(signing.verify_key, "verify_with")


def test_what_another_library_makes_is_read() -> None:
    der = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    made = load_der_private_key(der, None)
    assert isinstance(made, ec.EllipticCurvePrivateKey)
    assert algorithms.public_half(made) == made.public_key()


@pytest.mark.parametrize("alg", [alg for alg in Algorithm if not alg.symmetric])
def test_a_public_key_written_as_pem_is_the_same_key(alg: Algorithm) -> None:
    made = key(alg).verify_key
    pem = made.to_pem()
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----")
    assert jwk.verify_key_from_pem(pem, alg).to_jwk() == made.to_jwk()


def test_a_secret_key_is_not_written_as_pem() -> None:
    with pytest.raises(TypeError):
        key(Algorithm.HS256).verify_key.to_pem()
