"""A run as one page: self-contained, without a script, light and dark, and readable on paper."""

from __future__ import annotations

from limen.lab.page.whole import page

__all__ = ["page"]
