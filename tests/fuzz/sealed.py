"""Opaque texts that we hand out, and stored hashes of passwords."""

from __future__ import annotations

from fuzz.target import target, text
from limen import ids
from limen.clock import Instant
from limen.devices import DeviceSealer
from limen.errors import Rejected
from limen.factors import HalfSealer
from limen.ids import AccountID, SessionID
from limen.jose import b64
from limen.letters import Kind, Letter, LetterSealer, Posted
from limen.passwords import firebase, hasher
from limen.passwords.stored import Limits, UnusableHash
from limen.passwords.text import MAX_BYTES, normalise
from limen.secret import Secret
from limen.sessions import Sealer
from limen.set_up import SetUpSealer
from limen.status_list.places import Places
from limen.tickets import Purpose, TicketSealer

_SECRET = Secret(bytes(range(32)))
_NOW = Instant(1_800_000_000.0)
_SEALER, _TICKETS, _LETTERS = Sealer(_SECRET), TicketSealer(_SECRET), LetterSealer(_SECRET)
_HALVES, _SET_UP, _DEVICES = HalfSealer(_SECRET), SetUpSealer(_SECRET), DeviceSealer(_SECRET)
_PLACES = Places(_SECRET)


def _chance(count: int) -> bytes:
    return bytes(range(count))


_ID = ids.uuid7(_NOW, _chance)
_SESSION = _SEALER.seal(_SEALER.mint(SessionID(_ID), _chance))
_TICKET = _TICKETS.seal(_TICKETS.mint(AccountID(_ID), next(iter(Purpose)), _chance))
_NAME = _PLACES.name(77, -1)
_LETTER = _LETTERS.post(
    Letter(next(iter(Kind)), "a@b.example"), now=_NOW, lifetime=9, entropy=_chance
)  # fmt: skip
_FORM = b"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
_HASHES = (
    _FORM,
    b"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    b"bcrypt$$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    b"bcrypt_sha256$$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    b"$bcrypt-sha256$v=2,t=2b,r=12$R9h/cIPz0gi.URNNX3kh2O$PST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    b"pbkdf2_sha256$1000000$salt$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=",
    b"pbkdf2:sha256:600000$salt$" + b"ab" * 32,
    b"$pbkdf2-sha256$29000$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    b"scrypt:32768:8:1$salt$" + b"ab" * 64,
    b"scrypt$c2FsdA==$16384$8$1$"
    + b"aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=",
    b"$scrypt$ln=16,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    b"ab" * 16 + b":" + b"cd" * 64,
)


@target(_SESSION, _SESSION[:-1], _SESSION.swapcase(), words=(b"=", b"-", b"_"))
def session_credential(raw: bytes) -> None:
    """Ours alone, and by one text alone."""
    assert _SEALER.open(text(raw)) is None or text(raw) == _SESSION
    assert _DEVICES.recognise(text(raw), "a@b.example") is None


@target(_TICKET, _TICKET[:-2], words=(b"=", b"-"))
def ticket(raw: bytes) -> None:
    try:
        _TICKETS.open(text(raw), *Purpose)
    except Rejected:
        return
    assert text(raw) == _TICKET


@target("e30", b64.encode(bytes(40)), _SET_UP.seal(now=_NOW, entropy=_chance))
def half(raw: bytes) -> None:
    """A half sign-in, and the text that makes the first administrator."""
    assert _HALVES.open(text(raw), now=_NOW) is None
    good = _SET_UP.seal(now=_NOW, entropy=_chance)
    assert not _SET_UP.is_good(text(raw), now=_NOW) or text(raw) == good


@target(_LETTER.sealed, _LETTER.sealed[:12], b"")
def letter(raw: bytes) -> None:
    """A letter in the outbox that somebody laid hands on."""
    posted = Posted(_LETTER.id, raw, _LETTER.due, _LETTER.ends)
    assert _LETTERS.open(posted) is None or raw == _LETTER.sealed


@target(_NAME, "A" * 22, words=(b"=", b"-"))
def status_list_name(raw: bytes) -> None:
    found = _PLACES.parse(text(raw))
    assert found is None or _PLACES.name(*found) == text(raw)


@target(*_HASHES, "!", words=(b"$", b",", b"=", b":", b"ln=", b"m=4294967296", b"9" * 30, b"-1"), runs=8_000)
def stored_hash(raw: bytes) -> None:
    """A hash from a table or an import. It is read, or asks for too much; nothing is hashed."""
    try:
        found = hasher.read(text(raw))
        found.check(Limits())
    except UnusableHash:
        return
    found.parameters()
    found.weakness()


@target("c2FsdA==\nBw==\n8\n14\n" + "A" * 86 + "==\n" + "A" * 86 + "==", words=(b"\n", b"=", b"-", b"99"))
def firebase_hash(raw: bytes) -> None:
    """What `firebase auth:export` says, and the parameters of a project."""
    parts = [*text(raw).split("\n"), *[""] * 6][:6]
    salt, separator, rounds, cost, signer, digest = parts
    numbers = [int(one) if one.isascii() and one.isdigit() and len(one) < 12 else 8 for one in (rounds, cost)]
    try:
        found = firebase.from_firebase(
            digest, salt, signer_key=signer, salt_separator=separator, rounds=numbers[0], mem_cost=numbers[1]
        )
        hasher.read(found).check(Limits())
    except UnusableHash:
        return


@target(
    "correct horse", "é", "e\u0301" * 9, words=(b"\0", "\u0344".encode(), "\ufdfa".encode()), longest=16_384
)
def password(raw: bytes) -> None:
    try:
        found = normalise(text(raw))
    except Rejected:
        return
    assert normalise(found) == found
    assert 0 < len(found.encode()) <= MAX_BYTES
