"""What would make a new password better, while it is typed. It is looked at here, and kept nowhere.

zxcvbn is slow in Python, so few are looked at at once, and who asks too often is told to wait: an advice that
does not come hinders nobody.
"""

from __future__ import annotations

import asyncio

import msgspec

from limen import transport
from limen.passwords import Strength, strength
from limen.server.bodies import read_json
from limen.server.pages.render import texts_of
from limen.server.pages.texts import Texts, msg, msgs
from limen.server.site import Site
from limen.server.wire import Answer, Call, json_answer

_MISSING = msgs("%(n)s more character", "%(n)s more characters")
_SCORES = (
    msg("Guessed at once."),
    msg("Guessed soon."),
    msg("Guessed with patience."),
    msg("Hard to guess."),
    msg("Very hard to guess."),
)
WORDS = (
    msg("Add another word or two. Uncommon words are better."),
    msg("Capitalization doesn't help very much."),
    msg("Reversed words aren't much harder to guess."),
    msg("Predictable substitutions like '@' instead of 'a' don't help very much."),
    msg("Use a few words, avoid common phrases."),
    msg("No need for symbols, digits, or uppercase letters."),
    msg("Straight rows of keys are easy to guess."),
    msg("Short keyboard patterns are easy to guess."),
    msg("This is a top-10 common password."),
    msg("This is similar to a commonly used password."),
    msg("A word by itself is easy to guess."),
    msg("All-uppercase is almost as easy to guess as all-lowercase."),
    msg("Use a longer keyboard pattern with more turns."),
    msg('Repeats like "aaa" are easy to guess.'),
    msg('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
    msg("This is a top-100 common password."),
    msg("This is a very common password."),
    msg("Names and surnames by themselves are easy to guess."),
    msg("Common names and surnames are easy to guess."),
    msg("Avoid repeated words and characters."),
    msg('Sequences like "abc" or "6543" are easy to guess.'),
    msg("Avoid sequences."),
    msg("Recent years are easy to guess."),
    msg("Dates are often easy to guess."),
    msg("Avoid recent years."),
    msg("Avoid years that are associated with you."),
    msg("Avoid dates and years that are associated with you."),
)
"""What zxcvbn says, so that it can be said in other languages."""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A password as far as it is typed, and the address that it is for."""

    password: str = ""
    about: str = ""


class Advice(msgspec.Struct):
    """0 to 4, and a sentence or two."""

    score: int
    says: str


async def advise(site: Site, call: Call) -> Answer:
    """How good it is, and one thing that would help."""
    transport.check_forgery(call.scope["method"], call.headers, site.auth.origins)
    asked = await read_json(call, Asked)
    texts = texts_of(site, call)
    missing = site.auth.settings.password_min_length - len(asked.password)
    if missing > 0:
        return json_answer(Advice(0, texts.say_count(*_MISSING, missing)))
    async with site.advisor.turn(call.source):
        found = await asyncio.to_thread(strength, asked.password, _words(asked.about))
    return json_answer(Advice(found.score, _says(texts, found)))


def _says(texts: Texts, found: Strength) -> str:
    """The verdict, what is wrong, and the first thing that would help."""
    sentences = [_SCORES[found.score], found.warning, *found.suggestions[:1]]
    return " ".join(texts.say(sentence) for sentence in sentences if sentence)


def _words(about: str) -> list[str]:
    local, _, domain = about[:254].partition("@")
    return [about[:254], local, domain, domain.partition(".")[0]]
