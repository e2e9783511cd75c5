"""Every public name of Python: signature and words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scripts.site.reference import source
from scripts.site.reference.markdown import NOTE

_SEE = re.compile(r"See ((?:flows/)?\w+)\.")

HEAD = """# The Python API

What `from limen import …` gives, what its objects lead to, and what each framework gets. How they are
used: [embedding](../embedding.md), [verifier](../verifier.md), [administration](../admin.md#from-code). A
name that does not stand here may change without a word.

An `Instant` is a moment, in seconds since 1970 (UTC), and `Seconds` a length of time, both a `float`; an
`AccountID` and a `SessionID` are a UUID as `str`. `source` is the address that a request came from, for
throttles and the audit log. What the other words mean: [words](../words.md).
"""

SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("limen", "What an application holds.", ()),
    ("limen.recovery", "`auth.recovery`: letters and links, one's own account.", ("Recovery",)),
    ("limen.administration", "`auth.admin`: what an administrator may do.", ("Administration",)),
    ("limen.requirement", "`auth.required` and its kin.", ("Requirement",)),
    ("limen.background", "", ("Background",)),
    ("limen.accounts", "What accounts are.", ("Account",)),
    ("limen.integrations.fastapi", "", ()),
    ("limen.integrations.starlette", "", ()),
    ("limen.integrations.asgi", "", ()),
    ("limen.integrations.litestar", "", ()),
    ("limen.integrations.wsgi", "", ()),
    ("limen.integrations.flask", "", ()),
    ("limen.django.config", "", ("auth", "run", "arun")),
    ("limen.django.backend", "", ()),
    ("limen.django.middleware", "", ("LimenMiddleware", "user_of")),
    ("limen.django.decorators", "", ()),
    ("limen.django.sessions", "", ("SessionStore",)),
    ("limen.django.hashers", "", ()),
    ("limen.django.asgi", "", ("with_websockets",)),
    ("limen.django.config", "", ("close",)),
    ("limen.django.rest", "", ("LimenAuthentication", "scopes")),
    ("limen.server", "`limen serve` as an ASGI application.", ("create_app",)),
    ("limen.metrics", "", ("Collector",)),
    ("limen.tracing", "", ("trace", "otlp")),
    ("limen.testing", "", ()),
    ("limen.insecure", "", ()),
)
"""Module, words in place of its docstring's first, and which of its names if not all."""
PARTS = {"Operating": "limen.operating", "Requiring": "limen.requirement"}
"""Bases that nobody names: what they add is told where they are added."""


def page() -> str:
    return HEAD + "".join(_section(*one) for one in SECTIONS if source.place(one[0])) + NOTE


def undocumented() -> list[str]:
    """Public names that say nothing of themselves."""
    found = []
    for module, _, only in SECTIONS:
        if source.place(module):
            for name in only or source.exported(module):
                node = source.find(module, name)
                if node is None or (isinstance(node, source.Defined) and not source.first(node)):
                    found.append(f"{module}.{name}")
                if isinstance(node, ast.ClassDef):
                    found += [f"{module}.{name}.{m.name}" for m in _methods(node) if not source.first(m)]
    return found


def _section(module: str, words: str, only: tuple[str, ...]) -> str:
    said = words or _plain(source.first(source.tree(module)))
    parts = [f"\n## {module}\n\n{said}\n"]
    for name in only or source.exported(module):
        node = source.find(module, name)
        if node is None:
            raise LookupError(f"{module} exports {name} and has none")
        parts.append(f"\n### {name}\n\n{_entry(node)}")
    return "".join(parts)


def _entry(node: source.Defined | ast.Assign | ast.AnnAssign) -> str:
    if isinstance(node, ast.ClassDef):
        return _class(node)
    if isinstance(node, source.Function):
        return f"```python\n{_signature(node)}\n```\n\n{_paragraphs(node)}\n"
    return f"`{_field(node) if isinstance(node, ast.AnnAssign) else ast.unparse(node)}`\n"


def _class(node: ast.ClassDef) -> str:
    made = next(
        (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None
    )
    written = f"```python\n{_signature(made, named=node.name)}\n```\n\n" if made else ""
    lines = [f"- `{_field(one)}`{f': {_plain(text)}' if text else ''}" for one, text in source.fields(node)]
    lines += [f"- `{name} = {value}`" for name, value in source.members(node)]
    lines += [f"- {_member(one)}" for one in _methods(node)]
    return f"{written}{_paragraphs(node)}\n" + (f"\n{chr(10).join(lines)}\n" if lines else "")


def _paragraphs(node: source.Defined) -> str:
    return "\n\n".join(map(_plain, source.words(node)))


def _methods(node: ast.ClassDef) -> Iterator[source.Function]:
    """What it adds: a method without words of its own, in a class with a base, is the base's."""
    for one in node.body:
        inherited = node.bases and isinstance(one, source.Function) and not source.first(one)
        if isinstance(one, source.Function) and one.name[0] != "_" and not inherited:
            yield one
    for base in map(ast.unparse, node.bases):
        part = source.find(PARTS[base], base) if base in PARTS else None
        if isinstance(part, ast.ClassDef):
            yield from _methods(part)


def _said(one: source.Function) -> str:
    """The words of a method; where they are "See flows/refresh", those of what it hands on to there."""
    said = " ".join(source.words(one))
    elsewhere = _SEE.search(said)
    if elsewhere is None:
        return said
    module = f"limen.{elsewhere[1].replace('/', '.')}"
    called = [node.func for node in ast.walk(one) if isinstance(node, ast.Call)]
    names = [func.attr if isinstance(func, ast.Attribute) else ast.unparse(func) for func in called]
    for node in ast.walk(source.tree(module)):
        if isinstance(node, source.Function) and node.name in names:
            return _SEE.sub(" ".join(source.words(node)), said).strip()
    raise LookupError(f"{one.name} says to see {module}, and calls nothing of it")


def _member(one: source.Function) -> str:
    said = _plain(_said(one))
    decorators = {ast.unparse(name) for name in one.decorator_list}
    if decorators & {"property", "cached_property"}:
        answers = f": {ast.unparse(one.returns)}" if one.returns else ""
        return f"`{one.name}{answers}`" + (f": {said}" if said else "")
    return f"`{_signature(one, method=True)}`" + (f": {said}" if said else "")


def _field(one: ast.AnnAssign) -> str:
    """Its name, its kind, and its default if that is a value and no call."""
    plain = one.value is not None and not isinstance(one.value, ast.Call)
    default = f" = {ast.unparse(one.value)}" if one.value is not None and plain else ""
    return f"{ast.unparse(one.target)}: {_bare(one.annotation)}{default}"


def _bare(annotation: ast.expr) -> str:
    """`str` of `Annotated[str, "…"]`: the words are said elsewhere."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        inner = annotation.slice
        return ast.unparse(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
    return ast.unparse(annotation)


def _signature(one: source.Function, *, named: str | None = None, method: bool = False) -> str:
    """`await f(a, *, b=1) -> C`, in lines if it is long and stands by itself."""
    parts = _parameters(one.args)
    answers = f" -> {ast.unparse(one.returns)}" if one.returns and named is None else ""
    waits = "await " if isinstance(one, ast.AsyncFunctionDef) and not _iterates(one) else ""
    name = named or one.name
    line = f"{waits}{name}({', '.join(parts)}){answers}"
    if method or len(line) <= 100:
        return line
    return f"{waits}{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){answers}"


def _iterates(one: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(one))


def _parameters(args: ast.arguments) -> list[str]:
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    parts = [
        _parameter(a, d) for a, d in zip(positional, defaults, strict=True) if a.arg not in ("self", "cls")
    ]
    if args.vararg:
        parts.append(f"*{_parameter(args.vararg, None)}")
    elif args.kwonlyargs:
        parts.append("*")
    parts += [_parameter(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return [*parts, f"**{_parameter(args.kwarg, None)}"] if args.kwarg else parts


def _parameter(one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(one.annotation)}" if one.annotation else ""
    return f"{one.arg}{kind}" + (f"{' = ' if kind else '='}{ast.unparse(default)}" if default else "")


def _plain(text: str) -> str:
    """Words of a docstring as Markdown: a bare star is no emphasis."""
    return text.replace("*", "\\*").replace("<", "&lt;") if "`" not in text else text
