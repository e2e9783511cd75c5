"""Accounts: who can sign in, and by which address.

`Account.email` is kept as it was typed, because mail goes there; `Account.key` is its canonical form, and
two accounts never share one. Registration, sign-in and recovery all go through `email_key`, so a twin in
another case or another Unicode form is the same account and never a second one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum

from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID
from limen.settings import ADMIN_SCOPE as ADMIN_SCOPE

SCOPES_MAX = 1_024
"""Of the 4,096 bytes of a cookie, what scopes may take: 1,366 in base64url."""
NAME_MAX = 100
CANARY_KEY = "CANARY"
"""The key of the account of `canary`. No address has one like it: theirs are folded, and have an @."""
EMAIL_MAX = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_LOCAL_MAX = 64
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,64}\Z")  # RFC 6749 §3.3
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?\Z")
_LOOK_ALIKES = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_NO_NAME = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+\Z")


@dataclass(frozen=True, slots=True)
class Account:
    """A person or machine that can sign in."""

    id: AccountID
    email: str
    key: str
    password: str | None = field(repr=False)
    """The password's hash, in the format that names its scheme. None: cannot sign in by password."""
    scopes: tuple[str, ...]
    created: Instant
    disabled: Instant | None = None
    cutoff: Instant = Instant(0.0)
    """Sessions created at or before this moment are dead, and none is opened with such an id."""
    claims_changed: Instant = Instant(0.0)
    """Access tokens whose `jti` is of this moment or earlier carry claims that no longer hold."""
    verified: Instant | None = None
    """When the address was proven: somebody read what was sent there. None: it may be anybody's."""
    name: str = ""
    """How the person wants to be called: any text, so whoever shows it escapes it."""


HIDDEN = "hidden"


def shown(account: Account) -> Account:
    """The account for whoever may answer with it: that there is a password, and nothing of its hash."""
    return account if account.password is None else replace(account, password=HIDDEN)


class Among(StrEnum):
    """Which accounts are meant."""

    ALL = "all"
    DISABLED = "disabled"
    ADMINISTRATORS = "administrators"
    """Those with ADMIN_SCOPE, disabled ones too."""


def check_email(text: str) -> str:
    """`text` in NFC if it is an address that we send mail to, else Rejected.

    Length first, then normalisation, then the grammar: neither a megabyte nor a look-alike `＠` gets far.
    Quoted local parts and address literals (RFC 5321 §4.1.2) are refused on purpose: nobody has one, and
    they are how header injections travel.
    """
    if not text or len(text) > EMAIL_MAX:
        raise _bad("an e-mail address has 3 to 254 characters")
    normal = unicodedata.normalize("NFC", text)
    compatible = unicodedata.normalize("NFKC", normal)
    if any(unicodedata.category(c)[0] in "CZ" for c in normal) or compatible.count("@") != 1:
        raise _bad("an e-mail address has one @ and no blanks or invisible characters")
    local, _, domain = compatible.partition("@")
    labels = domain.split(".")
    if not _LOCAL.match(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise _bad("the part before the @ is not an address")
    if len(local.encode()) > _LOCAL_MAX or len(labels) < 2 or not all(_LABEL.match(x) for x in labels):
        raise _bad("the part after the @ is not a domain")
    if len(normal.encode()) > EMAIL_MAX:
        raise _bad("an e-mail address has at most 254 bytes")
    if "@" not in normal:
        raise _bad("an e-mail address has one @ and no blanks or invisible characters")
    if any(_mixes_alphabets(part) for part in (local, *labels)):
        raise _bad("an e-mail address does not mix alphabets whose letters look alike")
    return normal


def email_key(text: str) -> str:
    """The canonical form under which an address is found: NFKC, case folded, NFKC again, IDNs in Unicode.

    Never fails, for it meets whatever was typed at a sign-in: what cannot be an address has the empty key,
    which no account has.
    """
    if len(text) > EMAIL_MAX or any(unicodedata.category(c) == "Cs" for c in text):
        return ""
    local, at, domain = _fold(text).rpartition("@")
    return local + at + ".".join(_label_key(label) for label in domain.split("."))


def key_beginning(text: str) -> str | None:
    """What the keys begin with of those addresses that begin with `text`; None where no address does."""
    if len(text) > EMAIL_MAX or any(unicodedata.category(c) == "Cs" for c in text):
        return None
    return email_key(text) if "@" in text else _fold(text)


def ascii_domain(domain: str) -> str:
    """A domain as mail servers and DNS have it: each label that is not ASCII by its punycode (RFC 5891 §5.5).

    What only looks other (full width) is what it looks like, and nothing else is folded: `ß` stays `ß`, for
    `ss` is another domain.
    """
    labels = unicodedata.normalize("NFKC", domain).lower().split(".")
    return ".".join(x if x.isascii() else "xn--" + x.encode("punycode").decode("ascii") for x in labels)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _label_key(label: str) -> str:
    """A label of a domain as people read it. `xn--` that encodes what folds to something else stays as it is:
    it is no real IDN (RFC 5891 §4.2), and must not be taken for the domain that it folds to."""
    if not label.startswith("xn--"):
        return label
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    real = not decoded.isascii() and decoded == _fold(decoded) and not decoded.startswith("xn--")
    whole = all(c == "-" or c.isalnum() or unicodedata.category(c) == "Mn" for c in decoded)
    return decoded if real and whole else label


def _mixes_alphabets(text: str) -> bool:
    """Whether letters of several look-alike alphabets stand side by side (UTS 39 §5)."""
    if text.isascii():
        return False
    names = {unicodedata.name(c, "").split(" ")[0] for c in text if c.isalpha()}
    return len(names & _LOOK_ALIKES) > 1


def check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes, sorted and once each, else Rejected: all of them stand in each access token, and that in a
    cookie."""
    for scope in scopes:
        if not _SCOPE.match(scope):
            raise Rejected(
                "a scope has 1 to 64 printable ASCII characters without blanks, quotes or backslashes",
                code="scope_malformed",
                status=422,
                field="scope",
            )
    kept = tuple(sorted(set(scopes)))
    if len(" ".join(kept)) > SCOPES_MAX:
        raise Rejected(
            f"scopes have at most {SCOPES_MAX:,} characters together; name a role instead",
            code="scope_malformed",
            status=422,
            field="scope",
        )
    return kept


def check_name(text: str) -> str:
    """A name as it is kept: in NFC, without blanks around it; Rejected if too long or more than a line."""
    name = unicodedata.normalize("NFC", text[: 4 * NAME_MAX]).strip()
    if len(text) > 4 * NAME_MAX or len(name) > NAME_MAX:
        raise _bad_name(f"a name has at most {NAME_MAX} characters")
    if any(unicodedata.category(c) in _NO_NAME for c in name):
        raise _bad_name("a name is one line of text without control characters")
    return name


def _bad_name(why: str) -> Rejected:
    return Rejected(why, code="name_malformed", status=422, field="name")


def _bad(why: str) -> Rejected:
    return Rejected(why, code="email_malformed", status=422, field="email")
