"""Every claim of an access token, and of the token that a gateway hands on."""

from __future__ import annotations

import ast

from scripts.site.reference import source
from scripts.site.reference.markdown import NOTE, code, sentence, table

HEAD = """# Claims

An access token is a JWT by [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068), in compact form. What is
checked, and that one call checks all of it: [threat model](../threat-model.md). `limen token decode`
shows a token, `limen token explain` says why it is refused.

## Access token

Header: `alg` (the algorithm of the key, of the setting `algorithm`), `kid` (the key, in the JWKS), `typ`
(`at+jwt`). Any other member that a verifier would have to understand (`crit`) is refused, and `jku`,
`jwk`, `x5u` and `x5c` are never looked at.

"""
FORWARDED = """
## `X-Limen-JWT`

What `/forward-auth` signs for the application behind a gateway, where `forward_audience` is set
([gateways](../gateways.md)). Its `typ` is `limen-forwarded+jwt`, and it is good for a minute. It is no
access token: nothing of Limen accepts it.

"""


def page() -> str:
    own, forwarded = of("limen.jose.payloads", "Claims"), of("limen.forwarded", "Forwarded")
    return f"{HEAD}{own}{FORWARDED}{forwarded}{NOTE}"


def of(module: str, name: str) -> str:
    """The claims of one kind of token."""
    return table(("claim", "kind", "always there", "says"), rows(module, name))


def rows(module: str, name: str) -> list[tuple[str, str, str, str]]:
    node = source.find(module, name)
    if not isinstance(node, ast.ClassDef):
        raise LookupError(f"{module} defines no {name}")  # noqa: TRY004 - it is not there
    return [
        (
            code(ast.unparse(one.target)),
            _kind(one.annotation),
            "no" if one.value else "yes",
            sentence(text) if text else "",
        )
        for one, text in source.fields(node)
    ]


def _kind(annotation: ast.expr) -> str:
    """As JSON has it."""
    kinds = {
        "Name": "string", "str": "string", "int": "number", "NumericDate": "number", "Status": "object",
        "tuple[str, ...]": "array of strings",
    }  # fmt: skip
    parts = [part for part in ast.unparse(annotation).split(" | ") if part != "None"]
    return " or ".join(kinds[part] for part in parts)
