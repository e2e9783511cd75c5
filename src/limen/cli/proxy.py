"""`limen proxy snippet PROGRAM`: a configuration that puts Limen before an application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

import click

from limen import __version__
from limen.cli import surroundings
from limen.cli.answer import Answer, VerbGroup
from limen.errors import Misconfigured
from limen.secret import Secret
from limen.server.pages.table import places
from limen.settings import Settings, load

SNIPPETS = {
    "nginx": "nginx.conf",
    "caddy": "Caddyfile",
    "traefik": "traefik.yml",
    "envoy": "envoy.yaml",
    "envoy-jwt": "envoy-jwt.yaml",
    "haproxy": "haproxy.cfg",
    "apache": "apache.conf",
    "apache-jwt": "apache-jwt.conf",
}
"""Program → its file in `snippets/`."""

UNREAD = {
    "envoy-jwt": ("HS256",),
    "haproxy": ("EdDSA", "PS256", "HS256"),
    "apache-jwt": ("EdDSA", "HS256"),
}
"""What programs that verify alone cannot: HS256 has no public half, the other algorithms they do not know."""

_MARK = re.compile(r"@([a-z_]+)@")
# What none of the programs reads as anything but a name, quoted or not.
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\Z", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+\Z", re.ASCII)
_FILE = re.compile(r"/[A-Za-z0-9._/-]*\Z", re.ASCII)
_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,64}\Z", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9._:/~-]{1,256}\Z", re.ASCII)
_PUBLISHED = ("/.well-known/jwks.json", "/.well-known/oauth-authorization-server")
_TLS = """
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: "{host}"
          common_tls_context:
            validation_context:
              # Where Debian keeps the authorities that are trusted.
              trusted_ca: {{filename: /etc/ssl/certs/ca-certificates.crt}}
              match_typed_subject_alt_names:
                - {{san_type: DNS, matcher: {{exact: "{host}"}}}}"""


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@click.group("proxy", cls=VerbGroup)
def verb() -> None:
    """Print configurations for the programs that stand before an application."""


@verb.command()
@click.argument("program", type=click.Choice(list(SNIPPETS)))
@click.option("--upstream", default="http://127.0.0.1:9000", show_default=True, help="The application.")
@click.option("--limen", "asked", default="http://127.0.0.1:8000", show_default=True, help="Where Limen is.")
@click.option("--host", help="The name that people type; that of the issuer unless it is said.")
@click.option("--listen", default="127.0.0.1:8080", show_default=True, help="Where the program listens.")
@click.option(
    "--page",
    "pages",
    multiple=True,
    metavar="PATH",
    help="A path that Limen answers; those of its pages if none is said.",
)
@click.option("--keys", default="/etc/haproxy/limen", show_default=True, help="HAProxy: `limen key export`.")
@click.option("--client", default="gateway", show_default=True, help="Apache: who introspects.")
@surroundings.configuration_options
def snippet(
    program: str, upstream: str, asked: str, host: str | None, listen: str, pages: tuple[str, ...],
    keys: str, client: str, database: str | None, config: str | None,
) -> Answer:  # fmt: skip
    """Print a configuration for PROGRAM that asks Limen about every request, with its reasons.

    It clears what clients say about who they are. Issuer, audience, algorithm and the path of the API are
    those of the configuration. docs/gateways.md says what each program can do.
    """
    surroundings.put({"database": database, "config": config})
    # To print a text no secret and no folder is made.
    unneeded = {"secret": Secret.generate().reveal(), "database": "memory://"}
    settings = load({}, environment=True, over=unneeded).settings
    if settings.algorithm in UNREAD.get(program, ()):
        raise Misconfigured(
            f"{program} cannot verify {settings.algorithm}: set `algorithm` to ES256, or take one that asks"
        )
    pages = pages or places(settings.pages)
    values = {
        **_described(settings),
        **_addressed(settings, host, _place(listen, "--listen")),
        **_paths(settings, pages),
        **_parts("limen", _place(asked, "--limen")),
        **_parts("upstream", _place(upstream, "--upstream")),
        "keys": _fitting(keys, _FILE, "--keys"),
        "client": _fitting(client, _CLIENT, "--client"),
    }
    values["proxy_pass"] = _proxy_pass(settings, pages, values["limen"])
    file = SNIPPETS[program]
    text = _filled(files("limen.cli").joinpath("snippets", file).read_text("utf-8"), values)
    return Answer({"file": file, "text": text}, [text.rstrip("\n")])


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with a value for each mark. KeyError for a mark that has none."""
    return f"{_MARK.sub(lambda mark: values[mark[1]], template)}\n# Made by Limen {__version__}.\n"


def _described(settings: Settings) -> dict[str, str]:
    """What a verifier of tokens needs to know."""
    issuer = urlsplit(settings.issuer)
    https = issuer.scheme == "https"
    host = issuer.hostname or ""
    return {
        "issuer": _fitting(settings.issuer, _PLAIN, "issuer"),
        "issuer_host": host,
        "issuer_port": str(issuer.port or (443 if https else 80)),
        "issuer_tls": _TLS.format(host=host) if https else "",
        "audience": _fitting(settings.audience or settings.issuer, _PLAIN, "audience"),
        "algorithm": settings.algorithm,
        "leeway": f"{settings.leeway:.0f}",
        "keys_age": str(max(settings.jwks_max_age, 1)),
    }


def _addressed(settings: Settings, host: str | None, listen: Place) -> dict[str, str]:
    name = _fitting(host or urlsplit(settings.issuer).hostname or "", _HOST, "--host")
    return {
        "host": name,
        "name": name,
        "listen": str(listen),
        "address": listen.host,
        "port": str(listen.port),
    }


def _paths(settings: Settings, pages: tuple[str, ...]) -> dict[str, str]:
    """Limen's own paths as the programs write them. No escape is needed in any: `[.]` is a dot everywhere."""
    below = [_fitting(page, _PATH, "--page") for page in pages]
    api = _fitting(settings.prefix, _PATH, "prefix")
    regex = [f"{_dotted(api)}/.*", *map(_dotted, _PUBLISHED), *(f"{_dotted(one)}(/.*)?" for one in below)]
    traefik = [f"PathPrefix(`{api}/`)", *(f"Path(`{one}`)" for one in _PUBLISHED)]
    traefik += [f"Path(`{one}`) || PathPrefix(`{one}/`)" for one in below]
    spaced = [f"{api}/*", *_PUBLISHED, *(f"{one} {one}/*" for one in below)]
    return {
        "paths_regex": "|".join(regex),
        "paths_traefik": " || ".join(traefik),
        "paths_spaced": " ".join(spaced),
    }


def _proxy_pass(settings: Settings, pages: tuple[str, ...], limen: str) -> str:
    """Apache's lines for Limen's own paths."""
    own = [f"{settings.prefix}/", *_PUBLISHED, *pages]
    return "\n".join(f"    ProxyPass {path} http://{limen}{path}" for path in own)


def _dotted(path: str) -> str:
    return path.replace(".", "[.]")


def _parts(name: str, place: Place) -> dict[str, str]:
    return {name: str(place), f"{name}_host": place.host, f"{name}_port": str(place.port)}


def _place(text: str, option: str) -> Place:
    """`http://host:port`, or `host:port`."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme != "http" or parts.path not in ("", "/") or "@" in text or parts.query or parts.fragment:
        raise click.BadParameter(f"{text!r} is not like http://127.0.0.1:9000.", param_hint=option)
    return Place(_fitting(host, _HOST, option), port)


def _fitting(text: str, pattern: re.Pattern[str], where: str) -> str:
    """`text` if it stays what it is in every file, else a usage error."""
    if not pattern.match(text):
        raise click.BadParameter(f"{text!r} cannot stand in these files.", param_hint=where)
    return text
