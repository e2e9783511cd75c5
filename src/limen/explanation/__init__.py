"""Why a credential is accepted or refused: what the check came to, beside what it wants and what it found.

The check itself is the server's own (`flows/explain` runs it); here its word is placed among the steps and
put into sentences. An explanation proves nothing and grants nothing, and holds no credential.
"""

from limen.explanation.facts import Facts, Prospect, View
from limen.explanation.record import Check, Event, Explanation, KeyFact, Outcome, Ruling, Verdict
from limen.explanation.rule import WHYS, Named, explain, named
from limen.explanation.steps import REFRESH, SEALED, TOKEN, Step
from limen.explanation.telling import data_of, headline, sentences
from limen.explanation.written import moment

__all__ = [
    "REFRESH",
    "SEALED",
    "TOKEN",
    "WHYS",
    "Check",
    "Event",
    "Explanation",
    "Facts",
    "KeyFact",
    "Named",
    "Outcome",
    "Prospect",
    "Ruling",
    "Step",
    "Verdict",
    "View",
    "data_of",
    "explain",
    "headline",
    "moment",
    "named",
    "sentences",
]
