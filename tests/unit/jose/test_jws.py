"""Compact JWS: headers, segments and signatures, row by row of the attack catalogue."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from limen.errors import Denied, Misconfigured
from limen.jose import algorithms, b64, jwk, jws, jwt
from limen.jose.jwk import Algorithm
from support.tokens import NOW, head, key, policy, raw, said, signed, token, verifier

N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
L25519 = 2**252 + 27742317777372353535851937790883648493


def refused(text: str, signing: jwk.SigningKey | None = None) -> str:
    """Why no verifier takes it: as an access token, and as a JWS under the one key, for the same reason."""
    with pytest.raises(Denied) as error:
        verifier(signing).verify(text, now=NOW)
    with pytest.raises(Denied):
        jws.verify(text, (signing or key()).verify_key)
    return error.value.reason


def unsigned(header: object, signature: str = "") -> str:
    return f"{b64.encode(raw(header))}.{b64.encode(raw(said()))}.{signature}"  # type: ignore[arg-type]


def with_signature(signature: bytes, signing: jwk.SigningKey | None = None) -> str:
    return f"{token(signing=signing).rpartition('.')[0]}.{b64.encode(signature)}"


def pieces(text: str) -> tuple[str, str, str]:
    first, second, third = text.split(".")
    return first, second, third


@pytest.mark.parametrize("alg", list(Algorithm))
def test_what_is_signed_verifies_and_only_under_its_key(alg: Algorithm) -> None:
    text = jws.sign(b"payload", key(alg), typ="x+jwt")
    verified = jws.verify(text, {key(alg).kid: key(alg).verify_key}, typ="x+jwt")
    assert verified == (jws.Header(alg.value, key(alg).kid, "x+jwt"), b"payload")
    other = jwk.generate(alg)
    with pytest.raises(Denied) as error:
        jws.verify(text, other.verify_key)
    assert error.value.reason == "signature_invalid"


@pytest.mark.parametrize("alg", [Algorithm.HS256, Algorithm.RS256])
@pytest.mark.parametrize("typ", ["at+jwt", "JWT", ...])
def test_J01_no_algorithm_is_refused_before_any_claim_is_read(alg: Algorithm, typ: object) -> None:
    header = {k: v for k, v in {"alg": "none", "typ": typ, "kid": key(alg).kid}.items() if v is not ...}
    assert refused(unsigned(header), key(alg)) == "alg_not_allowed"
    text = f"{b64.encode(raw(header))}.{b64.encode(b'no claims')}."
    assert refused(text, key(alg)) == "alg_not_allowed"


@pytest.mark.parametrize(
    "alg",
    [
        "None",
        "NONE",
        "nOnE",
        "none ",
        " none",
        "no\u0301ne",
        "none\0",
        "\uff4eone",
        "noNE",
        "ES256 ",
        "es256",
    ],
)
def test_J02_no_spelling_of_an_algorithm_is_folded(alg: str) -> None:
    assert refused(unsigned(head(alg=alg))) == "alg_not_allowed"
    assert refused(token(header=head(alg=alg))) == "alg_not_allowed"


def test_J03_no_algorithm_with_the_old_signature_is_refused() -> None:
    signing = key(Algorithm.HS256)
    _, body, tail = pieces(token(signing=signing))
    assert (
        refused(f"{b64.encode(raw(head(signing, alg='none')))}.{body}.{tail}", signing) == "alg_not_allowed"
    )


def test_J04_a_token_without_its_signature_is_refused() -> None:
    signing = key(Algorithm.HS256)
    first, second, _ = pieces(token(signing=signing))
    assert refused(f"{first}.{second}.", signing) == "signature_invalid"
    assert refused(f"{first}.{second}", signing) == "segments_wrong"


@pytest.mark.parametrize(
    "alg", [..., None, 256, ["HS256"], {}, True, "", "hs256", "HS256,ES256", "HS512", "ES512"]
)
def test_J05_an_algorithm_that_is_none_of_ours_is_refused(alg: object) -> None:
    assert refused(token(header=head(alg=alg))) == "alg_not_allowed"


def forms_of_a_public_key(public: RSAPublicKey) -> Iterator[bytes]:
    spki = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pkcs1 = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    yield from (spki, pkcs1, spki.replace(b"\n", b"\r\n"), spki.strip(), spki.replace(b"\n", b""))
    yield from (b"\xef\xbb\xbf" + spki, der, b64.encode(der).encode(), spki + b"\n")
    numbers = public.public_numbers()
    yield numbers.n.to_bytes(256 * 2, "big").lstrip(b"\0")
    members = key(Algorithm.RS256).verify_key.to_jwk()
    yield from (json.dumps(members).encode(), members["n"].encode())


def test_J06_a_public_key_is_never_an_hmac_secret() -> None:
    """The key decides the algorithm; a token that says HS256 under an RSA key is refused for saying so."""
    rsa = key(Algorithm.RS256)
    pem = _pem(rsa)
    public = load_pem_public_key(pem)
    assert isinstance(public, RSAPublicKey)
    first = b64.encode(raw(head(rsa, alg="HS256")))
    text = f"{first}.{b64.encode(raw(said()))}"
    for form in forms_of_a_public_key(public):
        forged = f"{text}.{b64.encode(algorithms.mac(form)(text.encode()))}"
        assert refused(forged, rsa) == "alg_not_allowed"
    with pytest.raises(Misconfigured):
        jwt.TokenVerifier(policy(Algorithm.HS256), {rsa.kid: rsa.verify_key, **_hmac()})


def _pem(rsa: jwk.SigningKey) -> bytes:
    members = rsa.to_private_jwk()
    numbers = [int.from_bytes(b64.decode(members[name]), "big") for name in ("e", "n")]
    public = RSAPublicNumbers(*numbers).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _hmac() -> dict[str, jwk.VerifyKey]:
    return {key(Algorithm.HS256).kid: key(Algorithm.HS256).verify_key}


def test_J07_a_public_key_as_ssh_writes_it_is_no_secret_either() -> None:
    point = b"".join(b64.decode(key().verify_key.to_jwk()[name]) for name in ("x", "y"))
    blob = b"\0\0\0\x13ecdsa-sha2-nistp256\0\0\0\x08nistp256\0\0\0\x41\x04" + point
    line = b"ecdsa-sha2-nistp256 " + b64.encode(blob).encode()
    text = unsigned(head(alg="HS256")).rstrip(".")
    assert refused(f"{text}.{b64.encode(algorithms.mac(line)(text.encode()))}") == "alg_not_allowed"


@pytest.mark.parametrize("alg", [Algorithm.ES256, Algorithm.HS256])
def test_J08_a_key_in_the_header_is_never_used(alg: Algorithm) -> None:
    attacker = jwk.generate(alg)
    members = attacker.to_private_jwk() if alg is Algorithm.HS256 else attacker.verify_key.to_jwk()
    for kid in (key(alg).kid, attacker.kid, ...):
        header = head(attacker, jwk=members, kid=kid)
        assert refused(token(header=header, signing=attacker), key(alg)) == "jwk_refused"


@pytest.mark.parametrize("name", ["jku", "x5u"])
@pytest.mark.parametrize(
    "scheme",
    [
        "http://127.0.0.1:{port}/jwks",
        "file:///etc/passwd",
        "data:application/json,%7B%7D",
        "ftp://127.0.0.1:{port}/",
    ],
)
def test_J09_J10_J11_nothing_is_fetched_that_a_header_names(name: str, scheme: str) -> None:
    """A canary listens; nobody may knock. The good signature does not help."""
    with closing(socket.create_server(("127.0.0.1", 0))) as canary:
        canary.setblocking(False)
        url = scheme.format(port=canary.getsockname()[1])
        assert refused(token(header=head(**{name: url}))) == f"{name}_refused"
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.mark.parametrize("chain", [["MIIB"], [], "MIIB", None, {}])
def test_J10_J11_a_certificate_in_the_header_is_refused(chain: object) -> None:
    assert refused(token(header=head(x5c=chain))) == "x5c_refused"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "x' UNION SELECT 'secret' -- ",
        "*)(uid=*",
        "k\r\n2027 INFO login ok",
        "k\0",
        1,
        {},
        ["k"],
        None,
        "",
        "k" * 129,
        "k" * (1 << 12),
        "ключ",
        "k k",
        "k/",
        True,
        "__proto__\n",
        "\x1b[2J",
    ],
)
def test_J12_a_key_id_is_only_looked_up(kid: object, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Denied) as error:
        verifier().verify(token(header=head(kid=kid)), now=NOW)
    assert error.value.reason == "kid_malformed"
    assert "\n" not in f"{error.value} {error.value!r}"
    assert caplog.text == ""


def test_J12_an_id_of_a_mebibyte_costs_nothing() -> None:
    wide = jws.Verifier({key().kid: key().verify_key}, max_bytes=1 << 22)
    with pytest.raises(Denied) as error:
        wide.verify(token(header=head(kid="k" * (1 << 20))))
    assert error.value.reason == "kid_malformed"
    assert refused(token(header=head(kid="k" * (1 << 20)))) == "token_too_large"


@pytest.mark.parametrize(("kid", "reason"), [("unknown", "kid_unknown"), (..., "kid_missing")])
def test_J12_a_token_must_name_a_key_that_we_have(kid: object, reason: str) -> None:
    with pytest.raises(Denied) as error:
        verifier().verify(token(header=head(kid=kid)), now=NOW)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    "crit", [["exp"], [], ["alg"], "exp", ["absent"], ["exp", "exp"], [1], None, ["b64"], {}, [["exp"]], True]
)
def test_J13_whatever_is_critical_is_refused(crit: object) -> None:
    assert refused(token(header=head(crit=crit, exp=1))) == "crit_refused"


@pytest.mark.parametrize("b64_value", [False, "false", True, None, 0])
@pytest.mark.parametrize("critical", [True, False])
def test_J14_an_unencoded_payload_is_refused_before_it_is_looked_at(
    b64_value: object, critical: bool
) -> None:
    header = {**head(), "b64": b64_value, **({"crit": ["b64"]} if critical else {})}
    first = b64.encode(raw(header))
    for body in (b64.encode(raw(said())), "", "not-base64!!"):
        assert refused(signed(f"{first}.{body}")) in ("crit_refused", "b64_refused")


@pytest.mark.parametrize(
    "extra",
    [
        '"alg":"none"',
        '"alg":"ES256"',
        '"\\u0061lg":"none"',
        '"kid":"other"',
        '"x":{"a":1,"a":1}',
        '"typ":"JWT"',
    ],
)
def test_J15_duplicate_names_in_the_header_are_refused_at_every_depth(extra: str) -> None:
    for text in (raw(head()).decode()[:-1] + f",{extra}}}", f"{{{extra}," + raw(head()).decode()[1:]):
        expected = "header_duplicate"
        assert refused(token(header=text)) == expected


def test_J16_padding_is_refused() -> None:
    signing = key(Algorithm.HS256)
    first, second, third = pieces(token(signing=signing))
    assert refused(f"{first}.{second}.{third}=", signing) == "signature_malformed"
    padded = [part + "=" * (-len(part) % 4) for part in (first, second, third)]
    padded[1] = padded[1] if padded[1].endswith("=") else padded[1] + "===="
    assert refused(".".join(padded), signing) in ("header_malformed", "signature_malformed")
    assert refused(signed(f"{first}.{padded[1]}", signing), signing) == "payload_malformed"
    balanced = b64.encode(raw(head(signing, x="1")))
    assert refused(signed(f"{balanced}=.{second}", signing), signing) == "header_malformed"


def test_J17_stray_bits_after_the_last_byte_are_refused() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    signing = key(Algorithm.HS256)
    text = token(signing=signing)
    last = alphabet.index(text[-1])
    assert last % 4 == 0
    for stray in (1, 2, 3):
        assert refused(text[:-1] + alphabet[last + stray], signing) == "signature_malformed"


@pytest.mark.parametrize(
    "character", [" ", "\n", "\r\n", "\t", "!", "+", "/", "=", "\0", "é", "%41", "\u200b", "?", "\\", '"']
)
@pytest.mark.parametrize("segment", [0, 1, 2])
@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_J18_no_other_character_stands_in_a_segment(character: str, segment: int, place: str) -> None:
    parts = list(pieces(token()))
    part = parts[segment]
    parts[segment] = {
        "start": character + part, "middle": part[:8] + character + part[8:], "end": part + character
    }[place]  # fmt: skip
    text = ".".join(parts)
    resigned = text if segment == 2 or not text.isascii() else signed(".".join(parts[:2]))
    expected = ("header_malformed", "payload_malformed", "signature_malformed")[segment]
    assert refused(resigned) in (expected, "characters_wrong")


def test_J18_no_blank_stands_around_a_token() -> None:
    for text in (" " + token(), token() + " ", token() + "\n", "\ufeff" + token(), f"Bearer {token()}"):
        assert refused(text) in ("header_malformed", "signature_malformed", "characters_wrong")


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "..", ".", "....", ".a.b.c", "a.b.c.", ".a.b", "a..b.c"]
)
def test_J19_a_token_has_three_segments(text: str) -> None:
    assert refused(text) in ("segments_wrong", "header_malformed")


def test_J19_no_segment_is_added_to_a_good_token() -> None:
    good = token()
    first, second, third = pieces(good)
    assert refused(good + ".") in ("segments_wrong", "payload_malformed", "signature_invalid")
    assert refused("." + good) == "segments_wrong"
    check = verifier()
    check.verify(good, now=NOW)  # from here on its header is known
    for text in (good + ".", f"{good}.{third}", f"{first}.{good}", f"{first}..{second}.{third}"):
        with pytest.raises(Denied):
            check.verify(text, now=NOW)
    extra = signed(f"{first}.{second}.{second}")
    with pytest.raises(Denied) as error:
        check.verify(extra, now=NOW)
    assert error.value.reason == "payload_malformed"


@pytest.mark.parametrize(
    "text", ["." * 1_000_000, "a." * 500_000, "a" * (10 << 20), "a" * (10 << 20) + ".b.c"]
)
def test_J20_what_is_too_large_is_refused_before_it_is_looked_at(text: str) -> None:
    check = verifier()
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        with pytest.raises(Denied) as error:
            check.verify(text, now=NOW)
        best = min(best, time.perf_counter() - start)
        assert error.value.reason == "token_too_large"
    assert best < 0.001


def test_J20_the_limit_is_the_last_size_that_is_read() -> None:
    text = token()
    key_ = key().verify_key
    assert jws.verify(text, key_, max_bytes=len(text)).payload == raw(said())
    with pytest.raises(Denied):
        jws.verify(text, key_, max_bytes=len(text) - 1)


@pytest.mark.parametrize(
    "header", ["[" * 5000, '{"a":' * 1000, '{"alg":' + "[" * 4000, "[" * 2500 + "]" * 2500]
)
def test_J21_a_header_that_nests_deeply_is_refused(header: str) -> None:
    assert refused(token(header=header)) == "header_malformed"


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (N256, N256), (1, 1), (N256 - 1, 1), (2**256 - 1, 1)]
)
def test_J29_no_numbers_sign_everything(r: int, s: int) -> None:
    assert refused(with_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big"))) == "signature_invalid"


@pytest.mark.parametrize("size", [0, 1, 63, 65, 66, 96, 128])
def test_J30_a_signature_of_another_length_is_refused(size: int) -> None:
    whole = b64.decode(pieces(token())[2])
    assert refused(with_signature((whole * 2)[:size])) == "signature_invalid"


def test_J30_der_is_no_signature_of_jws() -> None:
    assert refused(with_signature(algorithms.der(b64.decode(pieces(token())[2])))) == "signature_invalid"


def test_J30_the_other_s_verifies_so_the_text_of_a_token_identifies_nothing() -> None:
    """Any ECDSA signature has a twin. Both are accepted, which is why revocation goes by ids, not by text."""
    text = token()
    signature = b64.decode(pieces(text)[2])
    twin = N256 - int.from_bytes(signature[32:], "big")
    other = f"{text.rpartition('.')[0]}.{b64.encode(signature[:32] + twin.to_bytes(32, 'big'))}"
    assert other != text
    assert verifier().verify(other, now=NOW) == verifier().verify(text, now=NOW)


def test_J31_ed25519_signatures_have_one_form() -> None:
    signing = key(Algorithm.EDDSA)
    signature = b64.decode(pieces(token(signing=signing))[2])
    grown = int.from_bytes(signature[32:], "little") + L25519
    for bad in (
        signature[:32] + grown.to_bytes(32, "little"), bytes(64), signature[:63], signature + b"\0",
        b"\1" + bytes(63), bytes(32) + bytes(32), (2**255 - 19 - 1).to_bytes(32, "little") + bytes(32),
    ):  # fmt: skip
        assert refused(with_signature(bad, signing), signing) == "signature_invalid"


def test_J33_rsa_signatures_have_one_form() -> None:
    signing = key(Algorithm.RS256)
    signature = b64.decode(pieces(token(signing=signing))[2])
    modulus = int.from_bytes(b64.decode(signing.verify_key.to_jwk()["n"]), "big")
    grown = int.from_bytes(signature, "big") + modulus
    size = len(signature)
    for bad in (
        b"\0" + signature, grown.to_bytes(size + 1, "big"), signature[:-1], signature[1:], bytes(size), b"",
        (1).to_bytes(size, "big"), modulus.to_bytes(size, "big"), (modulus - 1).to_bytes(size, "big"),
    ):  # fmt: skip
        assert refused(with_signature(bad, signing), signing) == "signature_invalid"


def test_J33_the_two_paddings_of_rsa_are_two_algorithms() -> None:
    rs = key(Algorithm.RS256)
    ps = jwk.signing_key({**rs.to_private_jwk(), "alg": "PS256"})
    for one, other in ((rs, ps), (ps, rs)):
        text = token(header=head(one), signing=other)
        assert refused(text, one) == "signature_invalid"
        assert refused(token(header=head(other), signing=other), one) == "alg_not_allowed"


def test_J34_no_set_mixes_hmac_with_other_algorithms() -> None:
    for other in (Algorithm.RS256, Algorithm.ES256):
        mixed = {k.kid: k.verify_key for k in (key(other), key(Algorithm.HS256))}
        for make in (
            lambda keys: jws.Verifier(keys),
            lambda keys: jwt.TokenVerifier(policy(Algorithm.HS256), keys),
            lambda keys: jwk.by_kid(keys.values()),
        ):
            with pytest.raises(Misconfigured) as error:
                make(mixed)
            assert error.value.reason == "set_mixed"


def test_J34_a_key_does_not_serve_the_algorithm_of_another() -> None:
    es, ed = key(Algorithm.ES256), key(Algorithm.EDDSA)
    keys = {k.kid: k.verify_key for k in (es, ed)}
    check = jwt.TokenVerifier(policy(Algorithm.ES256, Algorithm.EDDSA), keys)
    for signing, other in ((es, ed), (ed, es)):
        with pytest.raises(Denied) as error:
            check.verify(token(header=head(signing, alg=other.alg.value), signing=signing), now=NOW)
        assert error.value.reason == "alg_not_of_key"


@pytest.mark.parametrize(
    "change", [lambda s: s[:1], lambda s: s[:16], lambda s: s + b"\0", lambda s: b"", lambda s: s[1:]]
)
def test_J36_an_hmac_is_whole(change: Any) -> None:
    signing = key(Algorithm.HS256)
    signature = b64.decode(pieces(token(signing=signing))[2])
    assert refused(with_signature(change(signature), signing), signing) == "signature_invalid"


def test_J37_only_the_compact_form_is_read() -> None:
    first, second, third = pieces(token())
    flat = {"protected": first, "payload": second, "signature": third}
    general = {"payload": second, "signatures": [{"protected": first, "signature": third}]}
    polyglot = {f"  {first}.{second}.": "", **flat}
    for form in (flat, general, polyglot):
        assert refused(json.dumps(form)) in ("segments_wrong", "header_malformed")
    assert refused('{"  ' + f"{first}.{second}.{third}" + '":""}') == "header_malformed"


@pytest.mark.parametrize(
    "header", ["[]", '"ES256"', "null", "", " ", "not json", "1", '["alg"]', "{", b"\xff\xfe{}"]
)
def test_J38_J39_a_header_that_is_no_object_is_refused(header: str | bytes) -> None:
    assert refused(token(header=header)) == "header_malformed"


def test_J40_a_header_is_utf8_without_a_mark() -> None:
    text = raw(head()).decode()
    for header in (
        text.encode("utf-16"),
        text.encode("utf-8-sig"),
        text.encode().replace(b"ES256", b"ES\xff"),
    ):
        assert refused(token(header=header)) == "header_malformed"


def test_J55_a_long_signature_is_refused_for_its_length_before_it_is_converted() -> None:
    signature = "A" * 21_830
    wide = jws.Verifier(key().verify_key, max_bytes=1 << 16)
    with pytest.raises(Denied) as error:
        wide.verify(f"{token().rpartition('.')[0]}.{signature[:21_828]}")
    assert error.value.reason == "signature_invalid"
    with pytest.raises(Denied) as error:
        wide.verify(f"{token().rpartition('.')[0]}.{signature[:21_829]}")
    assert error.value.reason == "signature_malformed"
    assert refused(f"{token().rpartition('.')[0]}.{signature}") == "token_too_large"


def test_J56_keys_are_given_and_never_found_by_what_a_token_says() -> None:
    """There is nothing to call back: keys are a mapping that was read when the verifier was made."""
    keys = {key().kid: key().verify_key}
    check = jws.Verifier(keys)
    other = jwk.generate(Algorithm.ES256)
    keys[other.kid] = other.verify_key
    with pytest.raises(Denied) as error:
        check.verify(token(signing=other, header=head(other)))
    assert error.value.reason == "kid_unknown"
    with pytest.raises((TypeError, AttributeError)):
        jws.Verifier(lambda header: key().verify_key)  # type: ignore[arg-type]


def test_only_headers_with_a_right_signature_are_remembered() -> None:
    check = jws.Verifier({key().kid: key().verify_key})
    for number in range(200):
        first = b64.encode(raw(head(x=number)))
        with pytest.raises(Denied):
            check.verify(f"{first}.e30.{'A' * 86}")
    assert check.remembered == 0
    for number in range(200):
        check.verify(token(header=head(x=number)))
    assert check.remembered == 64
    assert check.verify(token(header=head(x=199))).header.kid == key().kid


def test_a_type_is_asked_for_only_where_one_is_wanted() -> None:
    assert jws.verify(token(header=head(typ=...)), key().verify_key).header.typ is None
    with pytest.raises(Denied) as error:
        jws.verify(token(header=head(typ=...)), key().verify_key, typ="at+jwt")
    assert error.value.reason == "typ_wrong"
