"""Those who use it: people with an account and several devices, a thief, and an operator."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from soak.asking import Answer, Asker
from soak.fleet import PATIENCE, Fleet, Server
from soak.history import Kind, Promise

DEVICES = 5
"""Of a person, at the same time."""
_ENDED_KEPT = 40
_PROBES_AT_ONCE = 24
_TRIES = 3


@dataclass(slots=True, eq=False)
class Device:
    """One sign-in, as its holder knows it."""

    account: str
    session: str
    strategy: str
    access: str
    refresh: str = ""
    generation: int = 0
    spent: list[str] = field(default_factory=list)
    """Refresh credentials of earlier generations."""
    rests_until: float = 0.0
    """A refresh was not answered and may come yet: to go on before that would make a replay of it."""
    tried_at: float = 0.0
    """Since when the current refresh credential is being spent, 0 if it is not."""


class Crowd:
    """What all people share."""

    def __init__(
        self, fleet: Fleet, asker: Asker, promise: Promise, seed: int, *, lossy: bool = False
    ) -> None:
        self.fleet, self.asker, self.promise, self.seed = fleet, asker, promise, seed
        self.lossy = lossy
        """Whether a password that was replaced can be the good one again."""
        self.people: list[Person] = []
        self._places = asyncio.Semaphore(_PROBES_AT_ONCE)
        self._probing: set[asyncio.Task[None]] = set()

    async def call(self, device: Device, at: object, client: str, *, final: bool = False) -> Answer:
        """Present a credential to a server or a verifier."""
        more: dict[str, Any] = {"client": client, "account": device.account, "session": device.session}
        more |= {"strategy": device.strategy, "final": final}
        if isinstance(at, Server):
            return await self.asker.server(
                at, Kind.CALL, "GET", "/auth/session", source=source_of(client), token=device.access, **more
            )
        return await self.asker.verifier(at, device.access, **more)  # type: ignore[arg-type]

    def acceptors(self, device: Device) -> list[Any]:
        return self.fleet.processes if device.strategy == "hybrid" else self.fleet.servers

    def probe(self, device: Device) -> None:
        """From now on ask everybody about a credential that was ended, until each has refused it."""
        if device.strategy == "jwt":
            return
        for at in self.acceptors(device):
            task = asyncio.create_task(self._probe(device, at))
            self._probing.add(task)
            task.add_done_callback(self._probing.discard)

    async def _probe(self, device: Device, at: Any) -> None:
        end = time.monotonic() + 2.5 * self.promise.max_staleness
        while time.monotonic() < end:
            async with self._places:
                answer = await self.call(device, at, "probe")
            if answer.operation.code == "credential_revoked":
                return
            await asyncio.sleep(0.05 if answer.ok else 0.3)

    async def settled(self) -> None:
        """Until nobody is asked any more."""
        while self._probing:
            await asyncio.wait(set(self._probing))

    async def end_somebody(self, chance: random.Random) -> bool:
        """An operator ends a session; whether that was acknowledged."""
        able = [person for person in self.people if any(d.strategy != "jwt" for d in person.devices)]
        if not able:
            return False
        person = chance.choice(able)
        return await person.be_ended(chance.choice([d for d in person.devices if d.strategy != "jwt"]))


def source_of(client: str) -> str:
    """An address of one's own, so that nobody is slowed down by what others do."""
    return f"10.{sum(client.encode()) % 200}.{len(client)}.7"


class Person:
    """One account, and whoever acts on it: its owner step by step, sometimes two at once."""

    def __init__(self, crowd: Crowd, name: str) -> None:
        self.crowd, self.name = crowd, name
        self.account = f"{name}@example.org"
        self.password, self.known_passwords = 0, [0]
        """The newest; and all that may be good, where a change was not answered."""
        self.devices: list[Device] = []
        self.ended: list[Device] = []
        self.chance = random.Random(f"{crowd.seed} {name}")
        self.looked_at: list[Device] = []
        self.signed_in_at_last = False
        self.leaves = False
        """Told to stop."""

    # -- living ------------------------------------------------------------------------------------------

    async def live(self, until: float) -> None:
        """Do one thing after the other."""
        await _again(self._register, until)
        while time.monotonic() < until and not self.leaves:
            if len(self.devices) < 2:
                await self.sign_in()
            else:
                names, weights = zip(*_STEPS, strict=True)
                step: Callable[[], Awaitable[None]] = getattr(self, self.chance.choices(names, weights)[0])
                await step()
            await asyncio.sleep(self.chance.uniform(0.0, 0.05))

    async def _register(self) -> bool:
        body = {"email": self.account, "password": secret_of(self.password)}
        return (await self._ask(Kind.REGISTER, "POST", "/auth/register", body=body)).ok

    async def sign_in(self, *, final: bool = False) -> bool:
        """With the password that is good, or with one of those that may be, another at each time."""
        if len(self.devices) >= DEVICES and not final:
            await self.sign_out()
        server, number = self._server(), self.known_passwords[-1]
        body = {"email": self.account, "password": secret_of(number)}
        answer = await self._ask(
            Kind.SIGN_IN, "POST", "/auth/login", server=server, strategy=server.strategy, password=number,
            final=final, body=body,
        )  # fmt: skip
        if answer.ok:
            self.password = number
            self._has(answer, server.strategy)
        elif answer.operation.code == "sign_in_failed":
            self.known_passwords = [number, *self.known_passwords[:-1]]
        elif answer.operation.code == "too_many_attempts":
            await asyncio.sleep(0.2)
        return answer.ok

    async def look(self, *, until: float) -> None:
        """At the end: is everything there that was acknowledged, and is everything gone that was ended?"""
        for _ in range(2):  # what is there, and then what the last sign-in opens
            seen = [device for device in [*self.devices, *self.ended] if device.strategy != "jwt"]
            for device in seen:
                if device not in self.looked_at:
                    await _again(partial(self._look_at, device), until)
            self.looked_at += seen
            if not self.signed_in_at_last:
                await _again(self._sign_in_at_last, until)

    async def _sign_in_at_last(self) -> bool:
        self.signed_in_at_last = await self.sign_in(final=True)
        return self.signed_in_at_last

    async def _look_at(self, device: Device) -> bool:
        """Whether there was an answer."""
        if device.strategy == "hybrid" and not device.tried_at:
            return not (await self._present(device, device.refresh, final=True)).open
        return not (await self.crowd.call(device, self._server(), self.name, final=True)).open

    async def call(self) -> None:
        device = self.chance.choice(self.devices)
        await self.crowd.call(device, self.chance.choice(self.crowd.acceptors(device)), self.name)

    async def call_with_what_was_ended(self) -> None:
        if self.ended:
            device = self.chance.choice(self.ended[-_ENDED_KEPT:])
            await self.crowd.call(device, self.chance.choice(self.crowd.acceptors(device)), self.name)

    async def refresh(self) -> None:
        """In one tab, or in two at the same moment."""
        device = self._one("hybrid")
        if device is not None and self._may_go_on(device):
            await self.spend(device, tabs=self.chance.choice((1, 1, 2)))

    async def spend(self, device: Device, *, tabs: int = 1) -> None:
        """Present the current refresh credential, again where no answer came, and go on with the next."""
        for _ in range(_TRIES):
            now = time.monotonic()
            device.tried_at = device.tried_at or now
            if now - device.tried_at > self._enough:
                break  # whoever spends it again is a thief, as far as anybody can tell
            present = (self._present(device, device.refresh) for _ in range(tabs))
            answers = await asyncio.gather(*present)
            granted = next((answer for answer in answers if answer.ok), None)
            is_open = any(answer.open for answer in answers)
            if is_open:
                device.rests_until = time.monotonic() + self.crowd.promise.linger
            if granted is not None:
                device.spent.append(device.refresh)
                device.access, device.refresh = (granted.body[n] for n in ("access_token", "refresh_token"))
                device.generation, device.tried_at = device.generation + 1, 0.0
                return
            if not is_open:
                break
            tabs = 1
        else:
            return
        self._drop(device)

    # -- ending ------------------------------------------------------------------------------------------

    async def sign_out(self) -> None:
        device = self.chance.choice(self.devices)
        await self._end(Kind.SIGN_OUT, "POST", "/auth/logout", device, [device])

    async def sign_out_others(self) -> None:
        device = self.chance.choice(self.devices)
        others = [one for one in self.devices if one is not device]
        await self._end(Kind.SIGN_OUT_OTHERS, "DELETE", "/auth/sessions", device, others)

    async def sign_out_everywhere(self) -> None:
        device = self.chance.choice(self.devices)
        body = {"all": True}
        await self._end(
            Kind.SIGN_OUT_EVERYWHERE, "POST", "/auth/logout", device, list(self.devices), body=body
        )

    async def change_password(self) -> None:
        device, fresh = self.chance.choice(self.devices), max(self.known_passwords) + 1
        server = self._server()
        body = {"current_password": secret_of(self.password), "new_password": secret_of(fresh)}
        before = list(self.devices)
        answer = await self._ask(
            Kind.CHANGE_PASSWORD, "POST", "/auth/password/change", server=server, token=device.access,
            strategy=server.strategy, password=fresh, body=body,
        )  # fmt: skip
        if answer.ok:
            before_that = [self.password] if self.crowd.lossy else []
            self.password, self.known_passwords = fresh, [*before_that, fresh]
            self._has(answer, server.strategy)
            self._are_ended(before, probed=True)
        elif answer.open:
            self.known_passwords.append(fresh)
            self._are_ended(before, probed=False)
        else:
            await self.call()

    async def be_ended(self, device: Device) -> bool:
        """By an operator."""
        answer = await self.crowd.asker.operator(Kind.END, account=self.account, session=device.session)
        if answer.ok or answer.open:
            self._are_ended([device], probed=answer.ok)
        return answer.ok

    async def be_ended_by_an_operator(self) -> None:
        device = self.chance.choice(self.devices)
        if self.chance.random() < 0.3:
            before = list(self.devices)
            answer = await self.crowd.asker.operator(Kind.END_ALL, account=self.account)
            if answer.ok or answer.open:
                self._are_ended(before, probed=answer.ok)
        elif device.strategy != "jwt":
            await self.be_ended(device)

    async def be_robbed(self) -> None:
        """A thief presents a refresh credential that was spent long ago: the session ends for both."""
        device = self._one("hybrid")
        if device is None or device.generation < 2 or device.tried_at:
            return
        number = self.chance.randrange(device.generation - 1)
        answer = await self._present(device, device.spent[number], generation=number, client="thief")
        self._are_ended([device], probed=not answer.ok and not answer.open)

    async def race(self) -> None:
        """Two at once of whom one ends what the other uses."""
        device = self._one("hybrid")
        if device is not None and self._may_go_on(device):
            await asyncio.gather(self.spend(device), self.be_ended(device), self.sign_in())

    # -- parts of these ----------------------------------------------------------------------------------

    async def _end(
        self, kind: Kind, method: str, path: str, device: Device, meant: list[Device], **more: Any
    ) -> None:
        answer = await self._ask(
            kind, method, path, token=device.access, session=device.session, strategy=device.strategy, **more
        )
        if answer.ok or answer.open:
            self._are_ended(meant, probed=answer.ok)
        elif device.strategy == "hybrid":  # an expired token, perhaps
            if device in self.devices and self._may_go_on(device):
                await self.spend(device)
        elif device.strategy == "jwt":
            self._drop(device)

    async def _present(self, device: Device, credential: str, **more: Any) -> Answer:
        return await self._ask(
            Kind.REFRESH, "POST", "/auth/refresh", session=device.session, strategy="hybrid",
            body={"refresh_token": credential}, **{"generation": device.generation, **more},
        )  # fmt: skip

    async def _ask(self, kind: Kind, method: str, path: str, **more: Any) -> Answer:
        server, client = more.pop("server", None) or self._server(), more.pop("client", self.name)
        return await self.crowd.asker.server(
            server, kind, method, path, source=source_of(client), client=client, account=self.account, **more
        )

    def _may_go_on(self, device: Device) -> bool:
        """Whether no earlier attempt of another generation can come in between."""
        return bool(device.tried_at) or device.rests_until <= time.monotonic()

    @property
    def rests_until(self) -> float:
        """When the last of the devices may go on."""
        return max((device.rests_until for device in [*self.devices, *self.ended]), default=0.0)

    @property
    def _enough(self) -> float:
        """For so long one credential may be spent: the last attempt is over before the grace is."""
        promise = self.crowd.promise
        return promise.refresh_grace - promise.linger - 1.5 * PATIENCE

    def _server(self) -> Server:
        return self.chance.choice(self.crowd.fleet.servers)

    def _one(self, strategy: str) -> Device | None:
        able = [device for device in self.devices if device.strategy == strategy]
        return self.chance.choice(able) if able else None

    def _has(self, answer: Answer, strategy: str) -> None:
        access, refresh = answer.body["access_token"], answer.body.get("refresh_token", "")
        self.devices.append(Device(self.account, answer.operation.session, strategy, access, refresh))

    def _are_ended(self, devices: list[Device], *, probed: bool) -> None:
        """Known to be ended, or perhaps."""
        for device in devices:
            self._drop(device)
            if probed:
                self.crowd.probe(device)

    def _drop(self, device: Device) -> None:
        if device in self.devices:
            self.devices.remove(device)
            self.ended.append(device)


async def _again(attempt: Callable[[], Awaitable[bool]], until: float) -> None:
    while time.monotonic() < until:
        if await attempt():
            return
        await asyncio.sleep(0.2)


def secret_of(number: int) -> str:
    """The account's nth password."""
    return f"correct horse battery staple {number}"


_STEPS = (
    ("call", 40),
    ("call_with_what_was_ended", 10),
    ("refresh", 18),
    ("sign_in", 12),
    ("sign_out", 6),
    ("sign_out_others", 1),
    ("sign_out_everywhere", 1),
    ("change_password", 1.5),
    ("be_ended_by_an_operator", 4),
    ("be_robbed", 2),
    ("race", 2),
)
