"""Which browser and which system a `User-Agent` speaks of, in the names that people know them by.

Browsers write each other's names into it, so the order of the rules is the rule. What is not known here stays
unknown: a wrong name would make somebody doubt a session of their own.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Device(NamedTuple):
    """What a session was opened with; empty where nobody can tell."""

    browser: str
    system: str


_BROWSERS = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\bEdg(?:e|A|iOS)?/", "Edge"),
        (r"\bOPR/|\bOPiOS/|\bOpera\b", "Opera"),
        (r"\bVivaldi/", "Vivaldi"),
        (r"\bYaBrowser/", "Yandex Browser"),
        (r"\bSamsungBrowser/", "Samsung Internet"),
        (r"\bDuckDuckGo/|\bDdg/", "DuckDuckGo"),
        (r"\bFirefox/|\bFxiOS/", "Firefox"),
        (r"\bChromium/", "Chromium"),
        (r"\bCriOS/|\b(?:Headless)?Chrome/", "Chrome"),
        (r"\bVersion/[\d.]+ .*\bSafari/", "Safari"),
        (r"^curl/", "curl"),
        (r"^Wget/", "Wget"),
        (r"^python-(?:httpx2?|requests|urllib3)\b|^Python-urllib|^Python/", "Python"),
        (r"^okhttp/", "okhttp"),
        (r"^Go-http-client/", "Go"),
        (r"^PostmanRuntime/", "Postman"),
        (r"^Dart/", "Dart"),
    )
)
_SYSTEMS = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\biPhone\b|\biPod\b", "iPhone"),
        (r"\biPad\b", "iPad"),
        (r"\bAndroid\b", "Android"),
        (r"\bCrOS\b", "ChromeOS"),
        (r"\bWindows\b", "Windows"),
        (r"\bMac OS X\b|\bMacintosh\b|\bDarwin\b", "macOS"),
        (r"\bUbuntu\b", "Ubuntu"),
        (r"\bLinux\b|\bX11\b", "Linux"),
    )
)


def read(user_agent: str) -> Device:
    """Browser and system, each empty where it is not known."""
    return Device(_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))


def _first(rules: tuple[tuple[re.Pattern[str], str], ...], text: str) -> str:
    return next((name for pattern, name in rules if pattern.search(text)), "")
