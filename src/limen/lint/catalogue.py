"""What there is to say about tokens and keys: id → severity, sentence, reason, section, mend.

The ids are what the command line, the workbench and people's scripts know a finding by. They do not change.
The table is `findings.json`, from which the workbench in the browser is made as well.
"""

from __future__ import annotations

from importlib.resources import files

import msgspec

from limen.lint.finding import Catalogue, Rule


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`findings.json`."""

    header: dict[str, Rule]
    claims: dict[str, Rule]
    keys: dict[str, Rule]
    secret_words: frozenset[str]
    personal_words: frozenset[str]


TABLE = msgspec.json.decode(files(__package__).joinpath("findings.json").read_bytes(), type=Table)

HEADER: Catalogue = TABLE.header
CLAIMS: Catalogue = TABLE.claims
KEYS: Catalogue = TABLE.keys
CATALOGUE: Catalogue = {**HEADER, **CLAIMS, **KEYS}
SECRET_WORDS, PERSONAL_WORDS = TABLE.secret_words, TABLE.personal_words
"""Names of claims, in lower case and letters alone, that tell a secret, or something personal."""
