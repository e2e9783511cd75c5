"""The routes of the playground: its page and modules, what the page asks, and the switches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files

from limen import transport
from limen.errors import Rejected
from limen.server.bodies import read_json
from limen.server.modules import slim
from limen.server.playground.ground import Playground
from limen.server.playground.records import Role, State, Switch
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header, json_answer

PATH = "/playground"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_INDEX = "index.html"
_MEDIA = {"html": b"text/html", "css": b"text/css", "js": b"text/javascript"}
_AFTER_MAX = 15


@cache
def assets() -> dict[str, bytes]:
    """Name → content of everything that the page is made of, beside what it takes from the workbench."""
    folder = files("limen.server").joinpath("static", "playground")
    found = {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(tuple(_MEDIA))}
    return {name: (slim(text) if name.endswith(".js") else text).encode() for name, text in found.items()}


def endpoints(ground: Playground) -> list[Endpoint]:
    """`/playground`, each file below it, the log, and the switches."""
    pages = [_file(PATH if name == _INDEX else f"{PATH}/{name}", name) for name in sorted(assets())]
    log = Endpoint(
        method="GET", path=f"{PATH}/log", run=_log(ground), summary="The lanes and their log.",
        gives=(State,), query={"after": "the number of the last entry that is known"}, errors=(400,),
    )  # fmt: skip
    return [*pages, log, *_switches(ground)]


def _switches(ground: Playground) -> list[Endpoint]:
    async def switch(call: Call) -> tuple[Header, ...]:
        ground.switch(await read_json(call, Switch))
        return ()

    async def wait(call: Call) -> tuple[Header, ...]:
        ground.wait()
        return ()

    async def role(call: Call) -> tuple[Header, ...]:
        await ground.change_role(await read_json(call, Role))
        return ()

    async def again(call: Call) -> tuple[Header, ...]:
        return tuple(await ground.begin_again())

    return [
        _switch(ground, "switch", switch, "Stop the store of the lanes, or cut their feed.", Switch),
        _switch(ground, "wait", wait, "Turn the lanes' clock by a minute."),
        _switch(ground, "role", role, "Change what the lanes' account may do.", Role),
        _switch(ground, "again", again, "Join what was cut, and count from nothing."),
    ]


def _switch(
    ground: Playground,
    name: str,
    turn: Callable[[Call], Awaitable[tuple[Header, ...]]],
    summary: str,
    takes: type[Switch | Role] | None = None,
) -> Endpoint:
    """A switch. Whoever does not say that a page of ours asks is refused."""

    async def run(site: Site, call: Call) -> Answer:
        transport.check_forgery(call.scope["method"], call.headers, site.auth.origins)
        await ground.start()
        headers = await turn(call)
        return json_answer(ground.state(ground.log.last), *headers)

    run.__name__ = f"playground_{name}"
    return Endpoint(
        method="POST", path=f"{PATH}/{name}", run=run, summary=summary, takes=takes, gives=(State,),
        errors=(400, 413, 415), guarded=True,
    )  # fmt: skip


def _log(ground: Playground) -> Callable[[Site, Call], Awaitable[Answer]]:
    async def playground_log(site: Site, call: Call) -> Answer:
        await ground.start()
        return json_answer(ground.state(_after(call.scope.get("query_string", b""))))

    return playground_log


def _after(query: bytes) -> int:
    name, _, number = query.partition(b"=")
    if not query:
        return 0
    if name != b"after" or not number.isdigit() or len(number) > _AFTER_MAX:
        raise Rejected("the log is asked for with ?after= and a number", code="invalid_request")
    return int(number)


def _file(path: str, name: str) -> Endpoint:
    media = _MEDIA[name.rpartition(".")[2]]
    headers: tuple[Header, ...] = (
        (b"content-type", media + b"; charset=utf-8"),
        (b"content-security-policy", POLICY.encode()),
    )

    async def file(site: Site, call: Call) -> Answer:
        return Answer(200, assets()[name], headers)

    summary = "Three signed-in browsers to play with." if name == _INDEX else f"Its {name}."
    return Endpoint(method="GET", path=path, run=file, summary=summary, gives=(), media=media.decode())
