"""Pages of the lab: self-contained, without a script, light and dark, and readable on paper."""

from __future__ import annotations

from limen.lab.page.advising import advice_page
from limen.lab.page.hashing import hash_page
from limen.lab.page.planning import plan_page
from limen.lab.page.whole import page

__all__ = ["advice_page", "hash_page", "page", "plan_page"]
