"""Imports go down the rings of the design: the tables here are that section as data.

A new concept gets a line in RINGS. A pair within a ring gets a line in PAIRS, with its reason; before writing
one, ask whether the shared thing belongs lower.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import pytest

from support.source import Import, Module, imports, modules, names, parse, unit

FACE = "limen"
"""The package itself: it re-exports, so the core cannot import from it and the edge may."""

RINGS = {
    0: {"errors", "clock", "ids", "secret", "settings"},
    1: {
        "accounts",
        "audit",
        "compact",
        "cookies",
        "devices",
        "environ",
        "explanation",
        "factors",
        "feed_page",
        "forwarded",
        "insecure",
        "jose",
        "keys",
        "letters",
        "lint",
        "next_url",
        "passwords",
        "problems",
        "proxies",
        "public_paths",
        "revocations",
        "sessions",
        "set_up",
        "status_list",
        "throttle",
        "tickets",
        "transport",
    },
    2: {"stores"},
    3: {"strategies"},
    4: {
        "administration",
        "adoption",
        "audit_log",
        "auth",
        "background",
        "barrier",
        "doctor",
        "feed",
        "flows",
        "hashing",
        "live_ring",
        "mail",
        "operating",
        "pulse",
        "recovery",
        "requirement",
        "status_lists",
        "verifier",
        "vigil",
    },
    5: {"django", "integrations", "lab", "server", "testing"},
    6: {"cli"},
}
RING = {concept: ring for ring, concepts in RINGS.items() for concept in concepts}

PAIRS = {
    ("ids", "clock"): "a UUIDv7 holds an Instant",
    ("secret", "errors"): "a weak secret is Misconfigured",
    ("settings", "clock"): "lifetimes are Seconds",
    ("settings", "errors"): "a bad setting is Misconfigured",
    ("settings", "secret"): "LIMEN_SECRET is a setting",
    ("forwarded", "jose"): "what an application is told can be signed",
    ("tickets", "accounts"): "whether a ticket may be made depends on the account",
    ("tickets", "sessions"): "a store sees a Digest and no secret",
    ("keys", "jose"): "a ring is made of JOSE keys",
    ("lint", "jose"): "its findings are about tokens and keys",
    ("explanation", "accounts"): "whether an account may sign in is a fact of a refresh",
    ("explanation", "jose"): "it sets what the policy wants beside what the token says",
    ("explanation", "keys"): "what became of the key that a token names",
    ("explanation", "revocations"): "which events cover a credential",
    ("explanation", "sessions"): "what became of its session",
    ("insecure", "passwords"): "the weak scheme for tests is a password scheme",
    ("factors", "jose"): "base64url that is read in one way alone",
    ("set_up", "jose"): "as in factors",
    ("feed_page", "revocations"): "the feed is made of revocations",
    ("revocations", "compact"): "the filter is a million ids in little memory",
    ("transport", "cookies"): "a cookie is one of the two ways in which a credential travels",
    ("auth", "feed"): "Limen puts the parts together",
    ("auth", "flows"): "Limen puts the parts together",
    ("auth", "hashing"): "Limen puts the parts together",
    ("auth", "live_ring"): "Limen puts the parts together",
    ("auth", "recovery"): "`auth.recovery` hands on to its flows",
    ("recovery", "flows"): "`auth.recovery` hands on to its flows",
    ("auth", "mail"): "Limen puts the parts together",
    ("recovery", "mail"): "whoever waits for letters has them sent now",
    ("auth", "requirement"): "`auth.required` is a requirement",
    ("background", "requirement"): "what it starts and asks is whoever `Authenticates`",
    ("auth", "barrier"): "callers who come at once share one read",
    ("auth", "vigil"): "what stays open ends with its session",
    ("auth", "status_lists"): "Limen puts the parts together",
    ("status_list", "jose"): "a status list is a JWT",
    ("status_list", "revocations"): "what it lists is what the feed revoked",
    ("verifier", "barrier"): "as in auth",
    ("verifier", "feed"): "a feed in a store is followed as Limen follows it",
    ("verifier", "requirement"): "`verifier.required` is a requirement",
    ("verifier", "vigil"): "as in auth",
    ("flows", "audit_log"): "what a person did is recorded",
    ("auth", "administration"): "`auth.admin`",
    ("auth", "adoption"): "`auth.adoption` hands on to its flows",
    ("adoption", "flows"): "`auth.adoption` hands on to its flows",
    ("auth", "operating"): "Limen is the operator's object too",
    ("operating", "flows"): "each method hands on to its flow",
    ("operating", "live_ring"): "an operator moves the keys",
    ("auth", "audit_log"): "Limen puts the parts together",
    ("auth", "pulse"): "Limen puts the parts together",
    ("administration", "doctor"): "its findings stand beside the configuration",
    ("administration", "flows"): "what an administrator does is what an operator does, and is recorded",
    ("administration", "live_ring"): "an administrator may rotate the keys",
    ("administration", "pulse"): "how busy the feed is",
    ("flows", "hashing"): "a password is proven in the pool",
}
"""Concepts of one ring that may import each other, and why."""

SIDEWAYS = {
    ("integrations", "server"): "an application that embeds Limen mounts the server's own routes",
    ("django", "server"): "as for integrations; Django wants a folder with a label",
    ("django", "integrations"): "its WebSockets are those of plain ASGI",
    ("lab", "integrations"): "what is measured is what an application embeds",
}
"""The edge's parts never import each other, but for these."""

EDGE_SEES = {
    "accounts",
    "administration",
    "adoption",
    "audit",
    "auth",
    "background",
    "cookies",
    "environ",
    "explanation",
    "factors",
    "feed_page",
    "forwarded",
    "insecure",
    "jose",
    "keys",
    "lint",
    "next_url",
    "passwords",
    "problems",
    "proxies",
    "public_paths",
    "requirement",
    "revocations",
    "sessions",
    "strategies",
    "throttle",
    "transport",
    "verifier",
}
"""What ring 5 may import beside ring 0 and `limen` itself: never stores, flows or the machinery of ring 4."""

EDGE_DEBTS: dict[tuple[str, str], str] = {}
"""Named so that they are seen. A debt that is paid must leave the table, or its test fails."""

ROOT_OF_COMPOSITION = "limen.auth"
"""The one module of ring 4 that names strategies and the opener of stores; the others know protocols."""

REMOTE_TWIN = "limen.verifier"
"""It puts strategies together as well, and has no store."""

FEED_OF_A_STORE = "limen.verifier.beside"
"""It opens one by its address, as `auth` opens a store, and knows it as `Followed`."""

CORE = {"argon2", "bcrypt", "cryptography", "msgspec"}
"""What rings 0 to 4 stand on. Nothing there opens a socket."""

DRIVERS: dict[tuple[str, str], str] = {
    ("passwords", "zxcvbn"): "advice on a new password, imported when asked for",
    ("stores.postgres", "asyncpg"): "its driver",
    ("stores.redis", "hiredis"): "its driver",
    ("mail", "jinja2"): "letters are put into words by templates; `limen[server]` brings it",
    ("mail", "aiosmtplib"): "the client of the mail server; imported where there is one",
    (
        "verifier",
        "httpx2",
    ): "it is the issuer's client; nothing else imports it, and `limen[verifier]` brings it",
}

KNOWN = names() | {f"limen.{concept}" for concept in RING}


def inner(source: Iterable[Module]) -> Iterator[tuple[Module, Import]]:
    """Every import of one module of Limen by another."""
    for module in source:
        for taken in imports(module, KNOWN):
            if taken.origin.split(".")[0] == "limen":
                yield module, taken


def wrong(source: Iterable[Module]) -> list[str]:
    """Each import that goes the wrong way, as `path:line: reason`."""
    return [
        f"{module.path}:{taken.line}: {reason}"
        for module, taken in inner(source)
        if (reason := _why(module, taken)) is not None
    ]


def _why(module: Module, taken: Import) -> str | None:
    importer, imported = module.unit(), unit(taken.origin)
    if importer == FACE:
        return (
            None if RING.get(imported, 0) < 5 else f"`limen` is the core's face, and {imported} is the edge"
        )
    for concept in (importer, imported):
        if concept not in RING and concept != FACE:
            return f"{concept} is in no ring: give it one in RINGS"
    if importer == imported:
        return _within(module, taken)
    if imported == FACE:
        return None if RING[importer] >= 5 else "the core does not import `limen`, which imports the core"
    return _between(module, taken, importer, imported)


def _within(module: Module, taken: Import) -> str | None:
    """Stores and integrations are interchangeable, so none knows another; other packages are one concept."""
    mine, theirs = _member(module.name), _member(taken.origin)
    if mine is None or theirs is None or mine == theirs or theirs in ("base", "migrations"):
        return None
    if module.unit() in ("stores", "integrations"):
        return f"{module.name} must not know {taken.origin}"
    return None


def _member(dotted: str) -> str | None:
    """`sqlite` of `limen.stores.sqlite.writer` or `sqlite_writer`; None for the package itself."""
    parts = dotted.split(".")
    return parts[2].split("_")[0] if len(parts) > 2 else None


def _between(module: Module, taken: Import, importer: str, imported: str) -> str | None:
    low, high = RING[imported], RING[importer]
    if low > high:
        return f"{importer} (ring {high}) must not know {imported} (ring {low})"
    if high == 6:
        return None
    if low == high:
        named = (importer, imported) in (SIDEWAYS if high == 5 else PAIRS)
        return None if named else f"{importer} and {imported} share ring {high}, and no table names the pair"
    if high == 5:
        seen = low == 0 or imported in EDGE_SEES or (importer, imported) in EDGE_DEBTS
        return None if seen else f"the edge does not see {imported}"
    if imported in ("stores", "strategies") and not _protocol(module, taken):
        return f"{module.name} knows {taken.origin}, where `{imported}.base` has the protocols"
    return None


def _protocol(module: Module, taken: Import) -> bool:
    if module.name == ROOT_OF_COMPOSITION:
        return (
            taken.origin == "limen.stores"
            or _member(taken.origin) == "base"
            or unit(taken.origin) != "stores"
        )
    if module.name == REMOTE_TWIN and unit(taken.origin) == "strategies":
        return True
    if module.name == FEED_OF_A_STORE and taken.origin == "limen.stores":
        return True
    return _member(taken.origin) == "base"


def test_imports_go_down_the_rings() -> None:
    assert wrong(modules()) == []


@pytest.mark.parametrize(
    ("importer", "line", "reason"),
    [
        ("limen.sessions", "from limen.stores.base import Store", "must not know"),
        ("limen.sessions", "def f():\n    import limen.auth", "must not know"),
        ("limen.sessions", "if TYPE_CHECKING:\n    from limen.auth import Limen", "must not know"),
        ("limen.sessions", "from limen import throttle", "no table names the pair"),
        ("limen.errors", "from limen.settings import Settings", "no table names the pair"),
        ("limen.sessions", "from limen import Identity", "does not import `limen`"),
        ("limen.stores.sqlite", "from limen.stores.memory import MemoryStore", "must not know"),
        ("limen.integrations.fastapi", "from limen.integrations.starlette import x", "must not know"),
        ("limen.strategies.jwt", "from limen.stores.sqlite import SQLiteStore", "has the protocols"),
        ("limen.flows.refresh", "from limen.strategies.hybrid import HybridStrategy", "has the protocols"),
        ("limen.auth", "from limen.stores.sqlite import SQLiteStore", "has the protocols"),
        ("limen.server.api", "from limen.integrations.asgi import x", "no table names the pair"),
        ("limen.server.api", "from limen.stores.base import Store", "does not see stores"),
        ("limen.server.api", "from limen.flows.register import register", "does not see flows"),
        ("limen.server.api", "from limen.cli import main", "must not know"),
        ("limen.sundries", "import limen.errors", "is in no ring"),
        ("limen", "from limen.server import create_app", "is the edge"),
    ],
)
def test_a_wrong_import_is_seen(importer: str, line: str, reason: str) -> None:
    found = wrong([parse(importer, line)])
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("limen.keys", "from limen.jose import jwk"),
        ("limen.stores.sqlite.writer", "from limen.stores.sqlite.schema import SCHEMA"),
        ("limen.stores.sqlite_writer", "from limen.stores.sqlite_rows import row"),
        ("limen.stores.sqlite", "from limen.stores.base import Store"),
        ("limen.auth", "from limen.stores import open_store"),
        ("limen.auth", "from limen.strategies.hybrid import HybridStrategy"),
        ("limen.server.api", "from limen import Identity"),
        ("limen.cli.serve", "from limen.server import create_app"),
        ("limen", "from limen.auth import Limen"),
    ],
)
def test_a_right_import_is_not(importer: str, line: str) -> None:
    assert wrong([parse(importer, line)]) == []


def test_every_module_is_in_a_ring() -> None:
    assert {module.unit() for module in modules()} - RING.keys() == {FACE}


def test_every_concept_is_in_one_ring() -> None:
    assert len(RING) == sum(len(concepts) for concepts in RINGS.values())


def test_exceptions_are_still_needed() -> None:
    """A table that names what nobody does any more would let it come back unseen."""
    used = {(module.unit(), unit(taken.origin)) for module, taken in inner(modules())}
    assert (SIDEWAYS | EDGE_DEBTS).keys() - used == set()


def relative(source: Iterable[Module]) -> list[str]:
    return [f"{m.path}:{i.line}" for m in source for i in imports(m, KNOWN) if i.origin.startswith(".")]


def test_no_import_is_relative() -> None:
    """`grep limen.sessions` must find all who know sessions."""
    assert relative(modules()) == []
    assert relative([parse("limen.keys", "from .jose import jwk")]) != []


def foreign_secrets(source: Iterable[Module]) -> list[str]:
    """Names with a leading underscore that another module takes."""
    return [
        f"{module.path}:{taken.line}: {taken.origin}.{taken.name}"
        for module, taken in inner(source)
        if taken.name is not None and taken.name.startswith("_") and not taken.name.startswith("__")
    ]


def test_nobody_takes_anothers_private_name() -> None:
    assert foreign_secrets(modules()) == []
    assert foreign_secrets([parse("limen.keys", "from limen.jose.jwk import _thumb")]) != []


def heavy(source: Iterable[Module]) -> list[str]:
    """Packages in rings 0 to 4 beside the four that the core stands on, and a store's own driver."""
    found = []
    for module in source:
        if RING.get(module.unit(), 0) > 4:
            continue
        for taken in imports(module, KNOWN):
            package = taken.origin.split(".")[0]
            inside = ".".join(module.name.split(".")[1:])
            own = any(inside.startswith(who) and package == what for who, what in DRIVERS)
            if package not in sys.stdlib_module_names | CORE | {"limen"} and not own:
                found.append(f"{module.path}:{taken.line}: {package}")
    return found


def test_the_core_stays_light() -> None:
    assert heavy(modules()) == []
    assert heavy([parse("limen.sessions", "import starlette")]) != []
    assert heavy([parse("limen.stores.sqlite", "import asyncpg")]) != []
    assert heavy([parse("limen.stores.postgres", "import asyncpg")]) == []


def cycles(source: Iterable[Module]) -> list[str]:
    """Modules that need each other at run time, each as a way around the circle."""
    graph: dict[str, set[str]] = {}
    for module, taken in inner(source):
        if taken.runtime and taken.origin != module.name:
            graph.setdefault(module.name, set()).add(taken.origin)
    found: list[str] = []
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            found.append(" → ".join((*way[way.index(name) :], name)))
        elif name not in done:
            for further in sorted(graph.get(name, ())):
                walk(further, (*way, name))
            done.add(name)

    for name in sorted(graph):
        walk(name, ())
    return found


def test_no_two_modules_need_each_other_at_run_time() -> None:
    assert cycles(modules()) == []
    both = [parse("limen.keys", "import limen.jose.jwk"), parse("limen.jose.jwk", "import limen.keys")]
    assert cycles(both) == ["limen.jose.jwk → limen.keys → limen.jose.jwk"]
