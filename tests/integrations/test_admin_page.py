"""What docs/admin.md shows works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from limen.accounts import ADMIN_SCOPE
from limen.testing import running
from support.source import ROOT
from support.world import EMAIL, PASSWORD

pytestmark = pytest.mark.anyio


async def test_the_example_disables_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/admin.md").read_text(), re.DOTALL)
    names: dict[str, object] = {"__name__": "shown"}
    exec(block, names)
    from limen.integrations.fastapi import install

    app, auth = names["app"], names["auth"]
    install(app, auth)
    async with running(app):
        other = await auth.add_account(EMAIL, PASSWORD)
        await auth.add_account("root@example.org", PASSWORD, scopes=(ADMIN_SCOPE,))
        tokens = [(await auth.sign_in(who, PASSWORD)).grant.credential for who in (EMAIL, "root@example.org")]
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 1))
        statuses = []
        for token in tokens:
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                headers = {"authorization": f"Bearer {token}"}
                answer = await client.post(f"/staff/{other.id}/disable", headers=headers)
                statuses.append(answer.status_code)
        assert statuses == [403, 200]
        assert (await auth.find_account(EMAIL)).disabled is not None
