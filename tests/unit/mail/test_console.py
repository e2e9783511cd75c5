"""Letters on the console, and in a folder that nobody else reads."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from limen.mail.console import Console
from limen.mail.writing import Written

pytestmark = pytest.mark.anyio
LETTER = Written("ada@example.com", "Hello", "Read this.\n", b"", international=False)


async def sent(console: Console) -> None:
    async with console.open() as deliver:
        await deliver(LETTER)


async def test_a_letter_is_written_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    await sent(Console())
    assert "To: ada@example.com\nSubject: Hello\n\nRead this.\n" in capsys.readouterr().err


async def test_each_letter_is_a_file_that_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "mail"
    for _ in range(3):
        await sent(Console(folder))
    (folder / "000001.txt").unlink()
    await sent(Console(folder))
    assert sorted(file.name for file in folder.iterdir()) == ["000002.txt", "000003.txt", "000004.txt"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_folder_that_takes_nothing_keeps_no_letter_from_the_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    await sent(Console(tmp_path / "file"))
    assert "Read this." in capsys.readouterr().err
    assert "on the console alone" in caplog.text
