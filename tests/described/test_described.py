"""A server answers whatever schemathesis makes of its description: no 5xx, nothing that it did not say."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.auth import Limen
from limen.secret import Secret
from support.serving import Serving
from support.world import PASSWORD

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("DESCRIBED_EXAMPLES", "8")
"""Of each operation, beside those at the edges of its schema. `make fuzz` asks for more."""
SECRET = Secret.generate().reveal()
CLIENT = "described"


WHO = ("nobody", "bearer", "cookie")


class Asking:
    """A server with people in it, and schemathesis at it as one of these."""

    def __init__(self, who: str, folder: Path) -> None:
        database = f"sqlite:///{folder / 'limen.db'}"
        bob, secret = asyncio.run(peopled(database))
        environment = {
            "LIMEN_SECRET": SECRET, "LIMEN_CLIENTS": CLIENT, "LIMEN_TRUSTED_PROXIES": "127.0.0.1",
            "LIMEN_STATUS_LIST": "60", "LIMEN_FORWARD_AUDIENCE": "https://app.example",
        }  # fmt: skip
        arguments = ("--database", database, "--port", "0", "--log-level", "error")
        self.serving = Serving(folder, *arguments, **environment).ready().drain()
        self.process = subprocess.Popen(
            [*self._command(who), "--workers", "1", "--continue-on-failure", "--no-color"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={
                **os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "hooks",
                "DESCRIBED_ADDRESS": self.serving.address, "DESCRIBED_AS": who, "DESCRIBED_BOB": bob,
                "DESCRIBED_PASSWORD": PASSWORD, "DESCRIBED_CLIENT": f"{CLIENT}:{secret}",
            },
        )  # fmt: skip

    def _command(self, who: str) -> list[str]:
        # What schemathesis makes of a credential is none, however well it fits the description.
        stranger = ("--exclude-checks", "positive_data_acceptance") if who == "nobody" else ()
        return [
            str(Path(sys.executable).with_name("st")), "--config-file", str(HERE / "described.toml"),
            "run", f"{self.serving.address}/openapi.json", "--generation-deterministic", *stranger,
            "--max-examples", EXAMPLES, "--warnings", "off", "--phases", "coverage,fuzzing,stateful",
        ]  # fmt: skip

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.serving.__exit__()


async def peopled(database: str) -> tuple[str, str]:
    """An administrator, one with sessions to end, four whose passwords are guessed; the id of the second."""
    async with Limen(database, secret=SECRET, clients=(CLIENT,)) as auth:
        await auth.add_account("root@example.com", PASSWORD, scopes=("limen:admin",), verified=True)
        bob = await auth.add_account("bob@example.com", PASSWORD)
        for _ in range(6):
            await auth.sign_in("bob@example.com", PASSWORD)
        for number in range(4):
            await auth.add_account(f"guess{number}@example.com", PASSWORD)
        return bob.id, auth.client_secret(CLIENT)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Asking]]:
    """All at once: most of the time they wait, for answers that keep to the grid of 250 ms."""
    started: dict[str, Asking] = {}
    try:
        for who in WHO:
            started[who] = Asking(who, tmp_path_factory.mktemp(who))
        yield started
    finally:
        for one in started.values():
            one.close()


@pytest.mark.slow
@pytest.mark.parametrize("who", WHO)
def test_every_operation_keeps_to_its_description(who: str, asking: dict[str, Asking]) -> None:
    said, _ = asking[who].process.communicate(timeout=900)
    print(said[said.rfind("Test cases:") :])
    assert asking[who].process.returncode == 0, said
    code, _, errors = asking[who].serving.stop()
    assert (code, "Traceback" in errors, " ERROR " in errors) == (0, False, False), errors
