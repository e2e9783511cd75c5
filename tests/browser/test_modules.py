"""What else the page knows, beside what the rest of Limen knows: ids, password hashes, forms of a value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limen import ids
from limen.clock import Instant
from limen.lint import spell
from limen.passwords.hasher import read
from limen.passwords.stored import UnusableHash
from support.tokens import key, said, token

Ask = Callable[[list[tuple[str, Any]]], list[Any]]
DATA = Path(__file__).parents[1] / "vectors/data"


def test_a_uuid_says_here_what_the_server_says(ask: Ask) -> None:
    vectors = json.loads((DATA / "rfc/rfc9562-uuid.json").read_text())["vectors"]
    texts = [vector["uuid"] for vector in vectors] + [ids.uuid7(Instant(n * 1e9)) for n in range(1, 9)]
    texts += [texts[0][:19] + digit + texts[0][20:] for digit in "07cef"] + [
        texts[0][:14] + digit + texts[0][15:] for digit in "09af"
    ]
    for text, answer in zip(texts, ask([("uuid", text) for text in texts]), strict=True):
        known = ids.inspect(text)
        assert (answer["version"], answer["variant"], answer["node"], answer["sequence"]) == (
            known.version,
            known.variant,
            known.node,
            known.clock_sequence,
        )
        assert answer["created"] == (None if known.created is None else float(known.created))


def test_made_uuids_are_what_they_say(ask: Ask) -> None:
    [[four, seven]] = ask([("uuids", 1_800_000_000_123)])
    assert (ids.inspect(ids.parse(four)).version, ids.inspect(ids.parse(seven)).version) == (4, 7)
    assert ids.created_ms(seven) == 1_800_000_000_123


def test_other_spellings_of_a_uuid_are_brought_to_the_one(ask: Ask) -> None:
    uuid = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    spellings = [uuid, uuid.upper(), f"{{{uuid}}}", f"urn:uuid:{uuid}", uuid.replace("-", ""), f" {uuid}\n"]
    assert ask([("canonical", text) for text in spellings]) == [uuid] * len(spellings)
    others = ["", "017f22e2", uuid[:-1], uuid + "0", uuid.replace("0", "٠"), uuid.replace("-", "")[:-1]]
    assert ask([("canonical", text) for text in others]) == [None] * len(others)


def hashes() -> list[str]:
    bcrypt = json.loads((DATA / "bcrypt/bcrypt-vectors.json").read_text())["known_answers"]
    argon2 = json.loads((DATA / "argon2/argon2-encoded.json").read_text())["known_answers"]
    salt, tag = "c29tZXNhbHRzb21lc2FsdA", "A" * 43
    phc = [
        f"$argon2id$v=19$m={m},t={t},p=1${salt}${tag}"
        for m, t in ((19456, 2), (19455, 2), (47104, 1), (47103, 1), (12288, 3), (12288, 9), (65536, 1))
    ]
    made = [
        "pbkdf2_sha256$600000$salt$" + "A" * 43 + "=",
        "pbkdf2_sha256$599999$salt$" + "A" * 43 + "=",
        "pbkdf2_sha1$1300000$salt$" + "A" * 27 + "=",
        "pbkdf2:sha512:210000$salt$" + "ab" * 64,
        "pbkdf2:sha256:1000$salt$" + "ab" * 32,
        f"$pbkdf2-sha256$29000${salt}${tag}",
        f"$pbkdf2-sha512$210000${salt}$" + "A" * 86,
        f"$scrypt$ln=17,r=8,p=1${salt}${tag}",
        f"$scrypt$ln=14,r=8,p=5${salt}${tag}",
        f"$scrypt$ln=14,r=8,p=1${salt}${tag}",
        "scrypt:32768:8:1$salt$" + "ab" * 64,
        "scrypt:131072:8:1$salt$" + "ab" * 64,
        "scrypt$16384$salt$8$5$" + "A" * 86 + "==",
        "scrypt$16384$salt$8$1$" + "A" * 86 + "==",
        "ab" * 16 + ":" + "cd" * 64,
        "$bcrypt-sha256$v=2,t=2b,r=12$" + "A" * 21 + "O$" + "A" * 31,
        "$bcrypt-sha256$v=2,t=2b,r=10$" + "A" * 21 + "O$" + "A" * 31,
        "$bcrypt-sha256$2b,12$" + "A" * 21 + "O$" + "A" * 31,
        "bcrypt_sha256$$2b$12$" + "A" * 21 + "O" + "A" * 31,
        "bcrypt$$2b$12$" + "A" * 21 + "O" + "A" * 31,
        "argon2" + phc[0],
    ]
    return [one["hash"] for one in bcrypt] + [one["encoded"] for one in argon2] + phc + made


def test_a_password_hash_stands_here_as_it_stands_for_the_server(ask: Ask) -> None:
    texts = hashes()
    for text, answer in zip(texts, ask([("hash", text) for text in texts]), strict=True):
        assert answer is not None, text
        try:
            weak = read(text).weakness() is not None
        except UnusableHash:
            weak = True
        assert (answer["standing"] != "good") == weak, (text, answer)


def test_what_is_no_password_hash_is_none(ask: Ask) -> None:
    assert (
        ask(
            [
                ("hash", text)
                for text in ("", "password", "$2b$12$short", "$argon2id$v=19$m=1", "a" * 33, "$2b$" * 999)
            ]
        )
        == [None] * 6
    )
    [plain] = ask([("hash", "5f4dcc3b5aa765d61d8327deb882cf99")])
    assert plain["standing"] == "bad"


def test_the_72_bytes_of_bcrypt_are_bytes(ask: Ask) -> None:
    answers = ask([("cut", "a" * 72), ("cut", "a" * 73), ("cut", "é" * 40), ("cut", "😀" * 20)])
    assert [(one["bytes"], one["kept"]) for one in answers] == [(72, 72), (73, 72), (80, 36), (80, 36)]


PASTED = {
    "{t}": "as pasted",
    "Authorization: Bearer {t}": "Authorization header",
    "bearer {t}\n": "Authorization header",
    "Cookie: a=b; __Host-token={t}; c=d": "cookie __Host-token",
    "curl https://api.example/ -H 'Authorization: Bearer {t}' -v": "Authorization header",
    '{{"token_type":"Bearer","access_token":"{t}","expires_in":900}}': "“access_token”",
    "https://app.example/cb?id_token={t}&state=x": "parameter id_token",
    "the log said {t}, and then nothing": "at character 14",
    "({t}).": "at character 2",
}


def test_a_token_is_found_in_whatever_was_pasted(ask: Ask) -> None:
    text = token()
    answers = ask([("find", pasted.format(t=text)) for pasted in PASTED])
    assert answers == [[{"token": text, "where": where}] for where in PASTED.values()]


def test_several_tokens_are_all_found_and_a_broken_one_is_shown_as_it_is(ask: Ask) -> None:
    one, two = token(), token(said(sub="b"))
    head, body, tail = one.split(".")
    flat = json.dumps({"protected": head, "payload": body, "signature": tail})
    answers = ask(
        [
            ("find", f"{one}\n{two} {one}"),
            ("find", f"{one}=="),
            ("find", "nothing here"),
            ("find", ""),
            ("find", flat),
            ("find", "a" * 200_000),
            ("find", ".a" * 100_000),
        ]
    )
    assert [[found["token"] for found in answer] for answer in answers[:5]] == [
        [one, two],
        [f"{one}=="],
        ["nothing here"],
        [],
        [one],
    ]


def test_tokens_are_compared_claim_by_claim(ask: Ask) -> None:
    left = token(said(scope="read write", roles=["a", "b"], n=1, exp=1000, o={"a": 1, "b": 2}))
    right = token(said(scope="read admin", roles=["b", "a"], n="1", exp=1900, o={"b": 2, "a": 1}, extra=True))
    [rows] = ask([("compare", [left, right])])
    differ = {name: (kind, note) for name, kind, note in rows if kind != "same"}
    assert differ == {
        "scope": ("changed", "without write; with admin"),
        "roles": ("changed", "in another order"),
        "n": ("changed", "number became string"),
        "exp": ("changed", "15 min later"),
        "extra": ("right", ""),
    }


def test_a_value_is_shown_in_its_forms(ask: Ask) -> None:
    assert ask([("forms", ["é+/?", "text"])])[0] == {
        "text": "é+/?",
        "base64url": "w6krLz8",
        "base64": "w6krLz8=",
        "hex": "c3a92b2f3f",
        "URL": "%C3%A9%2B%2F%3F",
        "JSON string": '"é+/?"',
    }
    same = [
        ("w6krLz8", "base64url"),
        ("w6krLz8=", "base64"),
        ("c3:a9:2b:2f:3f", "hex"),
        ("%C3%A9%2B%2F%3F", "URL"),
        ('"\\u00e9+/?"', "JSON string"),
    ]
    assert {json.dumps(one) for one in ask([("forms", [*given]) for given in [("é+/?", "text"), *same]])} == {
        json.dumps(ask([("forms", ["é+/?", "text"])])[0])
    }
    assert (
        ask(
            [
                ("forms", ["%E9", "URL"]),
                ("forms", ["xyz", "hex"]),
                ("forms", ["a!", "base64"]),
                ("forms", ["{}", "JSON string"]),
            ]
        )
        == [None] * 4
    )
    assert ask([("forms", ["ff", "hex"])])[0] == {"base64url": "_w", "base64": "/w==", "hex": "ff"}


def test_a_moment_is_read_from_seconds_milliseconds_and_dates(ask: Ask) -> None:
    given = ["1764030000", "1764030000000", "1764030000000000", "2025-11-25T00:20:00Z"]
    for answer in ask([("moments", [text, 1764030060]) for text in given]):
        assert (answer["UTC"], answer["from now"]) == ("2025-11-25 00:20:00 UTC", "1 min ago")
    assert ask([("moments", [text, 0]) for text in ("", "soon", "-5", "0x10")]) == [{}] * 4


def test_durations_are_spelt_as_the_command_line_spells_them(ask: Ask) -> None:
    seconds = [0, 0.4, 1, 59, 60, 61, 3600, 3661, 86_399, 86_400, 90_061, 1e9]
    assert ask([("spell", one) for one in seconds]) == [spell(one) for one in seconds]


def test_what_is_made_keeps_every_byte_but_white_space(ask: Ask) -> None:
    text = '{\n  "n": 9007199254740993, "e": 1e400,\t"s": "a  \\" \\u00e9 b", "o": { "x": [ 1, 2 ] }\r\n}'
    assert ask([("compact", text)]) == [
        '{"n":9007199254740993,"e":1e400,"s":"a  \\" \\u00e9 b","o":{"x":[1,2]}}'
    ]


def test_problems_are_named_while_one_types(ask: Ask) -> None:
    asked = [
        ("header", '{"alg":"ES256"}', "ES256"),
        ("header", '{"alg":"none"}', "ES256"),
        ("header", "{", "ES256"),
        ("payload", "[]", ""),
        ("payload", '{"a":1,"a":2}', ""),
    ]
    answers = ask([("problems", [*one]) for one in asked])
    assert [len(answer) for answer in answers] == [0, 1, 1, 1, 1]
    assert "none" in answers[1][0]


def test_B02_what_does_not_show_itself_is_named(ask: Ask) -> None:
    [odd, *plain] = ask(
        [
            ("oddities", "a\u202eb\u200bc\u0000dе\U000e0041"),
            ("oddities", "plain text"),
            ("oddities", "Zoë, 日本語 😀"),
            ("oddities", ""),
        ]
    )
    words = " ".join(odd)
    assert all(point in words for point in ("U+202E", "U+200B", "U+0000", "U+E0041"))
    assert "two alphabets" in words
    assert plain == [[], [], []]


def test_a_session_credential_of_limen_is_known_by_its_shape(ask: Ask) -> None:
    assert ask([("find", "A" * 64)]) == [[{"token": "A" * 64, "where": "as pasted"}]]
    assert re.fullmatch(r"[\w-]{43}", key().kid)
