"""Runs a checker in Python over tokens: one a line in, one JSON object a line out."""

import importlib
import json
import sys

checker = importlib.import_module(sys.argv[1])
for line in sys.stdin:
    try:
        print(json.dumps({"claims": checker.check(line.rstrip("\n"))}))
    except Exception as error:
        print(json.dumps({"refused": f"{error!r} {error.__cause__!r}"}))
