"""Addresses: which are taken, and which two are one account (A25, A26, A27)."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.accounts import EMAIL_MAX, Account, check_email, check_name, check_scopes, email_key, key_beginning
from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID
from limen.stores.base import is_storable

DATA = Path(__file__).parents[1] / "vectors/data"
PAIRS: list[dict[str, Any]] = json.loads((DATA / "unicode/identity-cases.json").read_text())["own_pairs"]
NAUGHTY: list[str] = json.loads((DATA / "strings/blns.json").read_text())
ONE_ACCOUNT = {
    "Kelvin sign", "long s", "ligature fi", "modifier letters (Spotify 2013)", "fullwidth", "NFC/NFD",
    "sharp s", "final sigma", "domain case", "IDN",
}  # fmt: skip
"""Pairs that any reader, or some mail host, takes for one: whoever has one of them, has the other."""
REFUSED = {
    "Cyrillic a homoglyph", "zero width joiner", "RTL override", "trailing space", "NBSP", "NUL",
    "quoted local part", "comment", "two addresses", "header injection", "trailing dot domain",
    "surrogate escape",
}  # fmt: skip
"""Pairs whose first half nobody can register."""


def addressed(text: str) -> str:
    """The address that has this name before its @."""
    return text if "@" in text else f"{text}@example.org"


def taken(text: str) -> str | None:
    try:
        return check_email(text)
    except Rejected as error:
        refusal = error
    assert (refusal.code, refusal.http_status, refusal.field) == ("email_malformed", 422, "email")
    assert len(str(refusal)) < 120
    return None


def test_the_pairs_are_those_that_this_test_knows() -> None:
    cases = {pair["case"] for pair in PAIRS}
    assert len(PAIRS) == 26
    assert cases >= ONE_ACCOUNT | REFUSED
    assert not ONE_ACCOUNT & REFUSED


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["case"])
def test_A25_twins_are_one_account_or_cannot_both_be_registered_or_differ_for_all(
    pair: dict[str, Any],
) -> None:
    one, other = addressed(pair["a"]), addressed(pair["b"])
    same = email_key(one) == email_key(other)
    assert same is (pair["case"] in ONE_ACCOUNT)
    assert (taken(one) is None) is (pair["case"] in REFUSED)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["case"])
def test_A25_what_the_canonical_form_is_canonical_of_itself(pair: dict[str, Any]) -> None:
    for text in (addressed(pair["a"]), addressed(pair["b"])):
        assert email_key(email_key(text)) == email_key(text)


def test_A25_canonical_form_is_idempotent_for_every_character_there_is() -> None:
    """The flaw behind Spotify's stolen accounts of 2013: a form of a form that was another form."""
    changing = [
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if unicodedata.combining(c) or unicodedata.normalize("NFKC", c).casefold() != c
    ]
    assert len(changing) > 7_000
    keys = [email_key(f"a{c}b@example.org") for c in changing]
    assert [email_key(key) for key in keys] == keys


@given(st.text(max_size=40), st.text(max_size=20))
def test_A25_canonical_form_is_idempotent_and_never_fails(local: str, domain: str) -> None:
    key = email_key(f"{local}@{domain}")
    assert email_key(key) == key
    assert email_key(local + domain) is not None
    if is_storable(local + domain):
        assert is_storable(key)


PLAUSIBLE = st.builds(
    "{}@{}.{}".format,
    st.text(st.characters(categories=["L", "N", "M"], include_characters="._+-"), min_size=1, max_size=12),
    st.text(st.characters(categories=["L", "N", "M"], include_characters="-"), min_size=1, max_size=12),
    st.sampled_from(["org", "example", "ДЕ", "xn--p1ai"]),
)


@given(PLAUSIBLE)
def test_A25_what_is_registered_is_found_by_every_spelling_of_it(text: str) -> None:
    address = taken(text)
    if address is None:
        return
    assert address == unicodedata.normalize("NFC", text)
    assert check_email(address) == address
    key = email_key(address)
    assert key
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert email_key(unicodedata.normalize(form, text)) == key
    for twin in (text.upper(), text.lower(), text.swapcase(), text.casefold()):
        if unicodedata.normalize("NFKC", twin).casefold() == unicodedata.normalize("NFKC", text).casefold():
            assert email_key(twin) == key


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.org", "Ada.Lovelace+notes@Example.ORG", "o'neill@example.org", "a@b.co",
        "jürgen@bücher.example",
        "用户@例子.公司", "user@xn--bcher-kva.example", "почта@пример.рф", "x" * 64 + "@example.org",
        "ada@" + "x" * 63 + ".org", "ada@1.example", "_@example.org",
    ],
)  # fmt: skip
def test_A26_addresses_that_people_have_are_taken_as_they_were_typed(text: str) -> None:
    assert check_email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "ada", "ada@", "@example.org", "ada@@example.org", "ada@b@example.org", "ada@example",
        "ada@example.org\r\nBcc: eve@example.org", "ada@example.org\n", "\tada@example.org",
        "ada @example.org",
        "ada＠example.org", "ada＠eve@example.org", "ada﹫example.org", '"ada"@example.org',
        "ada(x)@example.org",
        "ada@[192.0.2.1]", "ada@-example.org", "ada@example-.org", "ada@exa..org", "ada@.org",
        "ada@example.org.",
        ".ada@example.org", "ada.@example.org", "a..b@example.org", "ada@exam_ple.org,eve@x.org",
        "ada@ex ample.org",
        "ada@example.org\0", "ada\u200b@example.org", "ada\u202e@example.org", "ada@example\u2028.org",
        "\ufeffada@example.org", "ada@example.org\ud800", "ada\u00ad@example.org", "<ada@example.org>",
        "ada@example。org eve", "x" * 65 + "@example.org", "ada@" + "x" * 64 + ".org", "ada;eve@example.org",
        "ada@" + ("x" * 60 + ".") * 5 + "org", "ada\\@example.org", "pаypal@example.org",
        "ada@gοοgle.example",
    ],
)  # fmt: skip
def test_A26_what_is_no_address_or_hides_another_is_refused(text: str) -> None:
    assert taken(text) is None


def test_A26_a_full_width_dot_is_the_dot_that_it_looks_like() -> None:
    """It is kept as typed, and found under the one key."""
    assert email_key("ada@example。org") == email_key("ada@example.org") or taken("ada@example。org") is None


@pytest.mark.parametrize("text", NAUGHTY)
def test_A26_naughty_strings_are_no_addresses_and_no_errors(text: str) -> None:
    address = taken(text)
    assert address is None or "@" in address
    email_key(text)


@pytest.mark.parametrize("fill", ["a", "ﷺ", "é", "\u0301", "\ud800", "@", "xn--", "."])
def test_A27_a_megabyte_is_refused_before_it_is_looked_at(fill: str) -> None:
    text = "a" + fill * (1_048_576 // len(fill)) + "@example.org"
    started = time.perf_counter()
    assert taken(text) is None
    assert email_key(text) == ""
    assert time.perf_counter() - started < 0.1


@given(st.text(st.characters(categories=["L", "M"]), min_size=EMAIL_MAX, max_size=EMAIL_MAX + 3))
def test_A27_a_key_is_bounded(text: str) -> None:
    assert len(email_key(text)) <= EMAIL_MAX * 18, "no character has a longer compatible form (U+FDFA)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@XN--BCHER-KVA.example"),
        ("ada@straße.example", "ada@strasse.example"),
    ],
)
def test_A25_a_domain_and_its_punycode_are_one(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    "label", ["xn--", "xn--a", "xn--99999999", "xn--\ud800", "xn--example-", "xn--xn--a-", "xn--ls8h"]
)
def test_A25_what_is_no_idn_stays_as_it_is(label: str) -> None:
    assert email_key(f"ada@{label}.org") in (f"ada@{label}.org", "")


def test_scopes_are_sorted_and_once_each() -> None:
    assert check_scopes(("write", "read", "write")) == ("read", "write")
    assert check_scopes(()) == ()


@pytest.mark.parametrize(
    "scope", ["", " ", "a b", 'a"b', "a\\b", "é", "a\n", "\0", "x" * 65, "a\x7f", "\ud800"]
)
def test_a_scope_that_rfc_6749_does_not_know_is_refused(scope: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_scopes(("read", scope))
    assert caught.value.code == "scope_malformed"


def test_scopes_have_a_length_that_fits_a_cookie() -> None:
    longest = tuple(f"{n:063d}" for n in range(16))
    assert len(" ".join(longest)) == 1_023
    assert check_scopes(longest) == longest
    with pytest.raises(Rejected, match="1,024") as caught:
        check_scopes((*longest, "x"))
    assert caught.value.code == "scope_malformed"


def test_an_account_does_not_show_its_hash() -> None:
    account = Account(AccountID("i"), "a@b.c", "a@b.c", "$argon2id$hash", (), Instant(0.0))
    assert "argon2" not in repr(account)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada  ", "Ada"),
        ("", ""),
        ("Zoe\u0308", "Zoë"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("👩‍💻", "👩‍💻"),
        ("n" * 100, "n" * 100),
    ],
)
def test_a_name_is_any_line_of_text(typed: str, kept: str) -> None:
    assert check_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["n" * 101, "n" * 1_048_576, "a\nb", "a\r\nBcc: b", "a\0b", "\x1b[2J", "a\u2028b", "a\ud800"],
    ids=ascii,
)
def test_W06_a_name_is_one_line_and_has_a_length(typed: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_name(typed)
    assert (caught.value.code, caught.value.field) == ("name_malformed", "name")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("", "ada@example.org"),
        ("AD", "ada@example.org"),
        ("ada@", "ada@example.org"),
        ("Ada@Exa", "ada@example.org"),
        ("stra", "Straße@example.org"),
        ("\uff21da", "ada@example.org"),
        ("ada@xn--mnchen-3ya", "ada@münchen.example"),
    ],
)
def test_how_an_address_begins_is_how_its_key_begins(typed: str, address: str) -> None:
    beginning = key_beginning(typed)
    assert beginning is not None
    assert email_key(address).startswith(beginning)


@pytest.mark.parametrize("typed", ["a" * 255, "ad\ud800"])
def test_what_no_address_begins_with_begins_none(typed: str) -> None:
    assert key_beginning(typed) is None
