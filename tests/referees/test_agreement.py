"""What we sign three others accept, what they sign we accept, and what we accept at least two of them do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import joserfc.jwk
import joserfc.jws
import joserfc.jwt
import jwt as pyjwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.errors import JoseError

from limen.errors import Denied
from limen.jose import jwk, jws, jwt, payloads
from limen.jose.jwk import Algorithm
from support.tokens import AUDIENCE, ISSUER, NOW, head, key, said, token, verifier

ALGORITHMS = list(Algorithm)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
CLAIMS = st.fixed_dictionaries(
    {
        "sub": TEXT,
        "jti": TEXT,
        "client_id": TEXT,
        "exp": st.integers(int(NOW) + 1, payloads.LATEST - 1),
        "iat": st.integers(1, int(NOW)),
    },
    optional={
        "scope": TEXT,
        "sid": TEXT,
        "amr": st.lists(TEXT, max_size=3),
        "auth_time": st.integers(1, int(NOW)),
    },
)


class Node(Protocol):
    def ask(self, ask: str, **question: Any) -> Any: ...


pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def claims_of(drawn: dict[str, Any]) -> jwt.Claims:
    drawn = {**drawn, "amr": tuple(drawn["amr"])} if "amr" in drawn else drawn
    return jwt.Claims(iss=ISSUER, aud=AUDIENCE, **drawn)


def outer(alg: Algorithm) -> dict[str, Any]:
    """What a verifier is given: the public JWK, or the whole of a symmetric one."""
    return key(alg).to_private_jwk() if alg.symmetric else key(alg).verify_key.to_jwk()


@functools.cache
def for_pyjwt(alg: Algorithm, *, private: bool = False) -> Any:
    return pyjwt.PyJWK.from_dict(key(alg).to_private_jwk() if private else outer(alg)).key


@functools.cache
def for_joserfc(alg: Algorithm, *, private: bool = False) -> Any:
    return joserfc.jwk.import_key(key(alg).to_private_jwk() if private else outer(alg))


def pyjwt_reads(text: str, alg: Algorithm) -> dict[str, Any]:
    found: dict[str, Any] = pyjwt.decode(
        text, for_pyjwt(alg), algorithms=[alg.value], audience=AUDIENCE, issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )  # fmt: skip
    return found


def joserfc_reads(text: str, alg: Algorithm) -> dict[str, Any]:
    decoded = joserfc.jwt.decode(text, for_joserfc(alg), algorithms=[alg.value])
    joserfc.jwt.JWTClaimsRegistry(
        now=lambda: int(NOW),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
    ).validate(decoded.claims)
    return dict(decoded.claims)


def node_reads(node: Node, text: str, alg: Algorithm) -> dict[str, Any]:
    found: dict[str, Any] = node.ask(
        "judge", key=outer(alg), token=text, alg=alg.value, issuer=ISSUER, audience=AUDIENCE, now=NOW
    )
    return found


@pytest.mark.parametrize("alg", ALGORITHMS)
@FEW
@given(drawn=CLAIMS)
def test_what_we_sign_the_others_accept_and_read_alike(
    alg: Algorithm, drawn: dict[str, Any], node: Node
) -> None:
    text = jwt.issue(claims_of(drawn), key(alg))
    wanted = {"iss": ISSUER, "aud": AUDIENCE, **drawn}
    assert pyjwt_reads(text, alg) == wanted
    assert joserfc_reads(text, alg) == wanted
    assert node_reads(node, text, alg) == wanted


def pyjwt_signs(payload: dict[str, Any], alg: Algorithm) -> str:
    inner = for_pyjwt(alg, private=True)
    return pyjwt.encode(payload, inner, algorithm=alg.value, headers={"typ": "at+jwt", "kid": key(alg).kid})


def joserfc_signs(payload: dict[str, Any], alg: Algorithm) -> str:
    inner = for_joserfc(alg, private=True)
    return joserfc.jwt.encode(head(key(alg)), payload, inner, algorithms=[alg.value])


@pytest.mark.parametrize("alg", ALGORITHMS)
@FEW
@given(drawn=CLAIMS)
def test_what_the_others_sign_we_accept_and_read_alike(
    alg: Algorithm, drawn: dict[str, Any], node: Node
) -> None:
    payload = {"iss": ISSUER, "aud": AUDIENCE, **drawn}
    theirs = [
        pyjwt_signs(payload, alg),
        joserfc_signs(payload, alg),
        node.ask("issue", key=key(alg).to_private_jwk(), header=head(key(alg)), claims=payload),
    ]
    for text in theirs:
        assert verifier(key(alg)).verify(text, now=NOW) == claims_of(drawn)


def accepts(read: Callable[[], object]) -> bool:
    try:
        read()
    except (Denied, pyjwt.PyJWTError, JoseError, ValueError, TypeError, AttributeError, OverflowError):
        return False
    except Exception as error:
        if type(error).__name__ == "Refused":
            return False
        raise
    return True


def referees_of(node: Node, text: str, alg: Algorithm) -> list[bool]:
    """Who of the three takes the token as one of ours, signature and form alone."""
    return [
        accepts(lambda: pyjwt.api_jws.PyJWS().decode(text, for_pyjwt(alg), [alg.value])),
        accepts(lambda: joserfc.jws.deserialize_compact(text, for_joserfc(alg), [alg.value])),
        accepts(lambda: node.ask("verify", key=outer(alg), token=text, alg=alg.value)),
    ]


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.sampled_from(["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "", None, 1]),
        "kid": st.none() | TEXT,
        "alg": st.sampled_from([*map(str, Algorithm), "none", "HS512", None]),
        "crit": st.sampled_from([[], ["exp"], "exp", ["b64"]]),
        "b64": st.booleans(),
        "jku": st.just("https://x.example"),
        "x": TEXT,
    },
)


CHANGES = st.dictionaries(
    st.sampled_from(["exp", "nbf", "aud", "sub", "extra"]),
    st.none() | st.integers(0, 2**41) | TEXT,
    max_size=2,
)


@settings(FEW, max_examples=150)
@given(alg=st.sampled_from(ALGORITHMS), header=HEADERS, change=CHANGES, cut=st.integers(-3, 3))
def test_what_we_accept_two_others_accept(
    alg: Algorithm, header: dict[str, Any], change: dict[str, Any], cut: int, node: Node
) -> None:
    signing = key(alg)
    made = {**head(signing), **{name: value for name, value in header.items() if value is not None}}
    text = token(said(**change), made, signing=signing)
    text = text[:cut] if cut < 0 else text + "A" * cut
    if accepts(lambda: verifier(signing).verify(text, now=NOW)):
        assert sum(referees_of(node, text, alg)) >= 2
    if accepts(lambda: jws.verify(text, signing.verify_key)):
        assert sum(referees_of(node, text, alg)) >= 2


@pytest.mark.parametrize("alg", [a for a in ALGORITHMS if not a.symmetric])
def test_K22_the_others_name_a_key_as_we_do(alg: Algorithm, node: Node) -> None:
    members = key(alg).verify_key.to_jwk()
    assert joserfc.jwk.import_key(members).thumbprint() == jwk.thumbprint(members) == key(alg).kid
    assert node.ask("thumbprint", key=members) == key(alg).kid


@pytest.mark.parametrize("alg", ALGORITHMS)
@FEW
@given(payload=TEXT)
def test_a_payload_of_any_kind_goes_both_ways(alg: Algorithm, payload: str, node: Node) -> None:
    ours = jws.sign(payload.encode(), key(alg), typ="x")
    assert node.ask("verify", key=outer(alg), token=ours, alg=alg.value) == payload
    theirs = node.ask("sign", key=key(alg).to_private_jwk(), header=head(key(alg)), payload=payload)
    assert jws.verify(theirs, key(alg).verify_key).payload == payload.encode()
