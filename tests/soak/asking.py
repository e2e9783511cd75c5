"""Asking servers and verifiers, and writing down what was asked and what came back."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx2

from limen.auth import Limen
from limen.errors import Denied, LimenError, Rejected
from soak.fleet import LOST, Server, Verifying
from soak.history import Kind, Operation, Outcome, Recorder
from soak.verifying import NOBODY_CAN_TELL, OK

UNSETTLED = frozenset({"password_changed"})
"""Refusals after which it may have been done all the same."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written down, and what a client goes on with."""

    operation: Operation
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        return self.operation.outcome is Outcome.OK

    @property
    def open(self) -> bool:
        """Whether nobody knows what became of it."""
        return self.operation.outcome in (Outcome.UNKNOWN, Outcome.BROKEN)


class Asker:
    """Everything that is asked goes through here."""

    def __init__(self, recorder: Recorder, operator: Limen) -> None:
        self._recorder, self._operator = recorder, operator
        self.operator_store = operator.store

    async def server(
        self, server: Server, kind: Kind, method: str, path: str, *, source: str, token: str = "", **more: Any
    ) -> Answer:
        """A request over HTTP. `body` is its JSON; the rest are fields of the operation."""
        headers = {"x-forwarded-for": source} | ({"authorization": f"Bearer {token}"} if token else {})
        body, label, begin = more.pop("body", None), server.label, time.monotonic()
        try:
            answer = await server.http.request(method, path, headers=headers, json=body)
        except httpx2.TransportError:
            outcome, code, said = Outcome.UNKNOWN, LOST, {}
        else:
            said = _said(answer)
            outcome, code = _outcome(answer.status_code, str(said.get("code", answer.status_code)))
        end = time.monotonic()
        process = label if label == server.label else f"{label}-{server.incarnation}"
        if outcome is Outcome.OK and said.get("access_token"):
            more |= _granted(said, kind)
        return self._did(
            said, kind=kind, process=process, begin=begin, end=end, outcome=outcome, code=code, **more
        )

    async def verifier(self, verifier: Verifying, token: str, **more: Any) -> Answer:
        """A token, looked at by a service that only checks."""
        label = verifier.label
        begin, end, code = await verifier.ask(token)
        outcome = Outcome.UNKNOWN if code in (NOBODY_CAN_TELL, LOST) else Outcome.DENIED
        outcome, code = (Outcome.OK, "") if code == OK else (outcome, code)
        return self._did(
            {}, kind=Kind.CALL, process=label, begin=begin, end=end, outcome=outcome, code=code, **more
        )

    async def operator(self, kind: Kind, *, account: str, session: str = "") -> Answer:
        """An operator with a Limen of his own on the same store ends a session, or all of an account."""
        begin, code, outcome = time.monotonic(), "", Outcome.OK
        try:
            if kind is Kind.END:
                await self._operator.revoke_session(session)
            else:
                await self._operator.revoke_sessions(await self._operator.find_account(account))
        except LimenError as error:
            code = error.code
            outcome = Outcome.DENIED if isinstance(error, Denied | Rejected) else Outcome.UNKNOWN
        more = {"client": "operator", "account": account, "session": session}
        end = time.monotonic()
        return self._did(
            {}, kind=kind, process="operator.1", begin=begin, end=end, outcome=outcome, code=code, **more
        )

    def _did(self, said: dict[str, Any], **fields: Any) -> Answer:
        operation = Operation(**fields)
        self._recorder.did(operation)
        return Answer(operation, said)


def session_of(credential: str) -> str:
    """The id of the session that a credential is of, read as its holder may, who trusts who gave it."""
    if "." in credential:
        payload = credential.split(".")[1]
        return str(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sid"])
    return str(UUID(bytes=urlsafe_b64decode(credential)[1:17]))


def _granted(said: dict[str, Any], kind: Kind) -> dict[str, Any]:
    mark = sha256(said.get("refresh_token", "").encode()).hexdigest()[:12]
    return {"given": mark} if kind is Kind.REFRESH else {"session": session_of(said["access_token"])}


def _said(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _outcome(status: int, code: str) -> tuple[Outcome, str]:
    if status < 300:
        return Outcome.OK, ""
    if status == 503 or code in UNSETTLED:
        return Outcome.UNKNOWN, code
    return (Outcome.BROKEN if status >= 500 else Outcome.DENIED), code
