"""`limen id`."""

from __future__ import annotations

import pytest

from limen import ids
from support.shell import Shell


def test_new_makes_what_is_asked_for(shell: Shell) -> None:
    seven = shell("id", "new", "--count", "3")
    assert [ids.inspect(line).version for line in seven.out.split()] == [7, 7, 7]
    assert ids.inspect(shell("id", "new", "--version", "4", "--json").json["ids"][0]).version == 4


@pytest.mark.parametrize(
    ("uuid", "version", "created"),
    [
        ("c232ab00-9414-11ec-b3c8-9f6bdeced846", 1, "2022-02-22T19:22:22.000Z"),
        ("5df41881-3aed-3515-88a7-2f4a814cf09e", 3, None),
        ("919108f7-52d1-4320-9bac-f847db4148a8", 4, None),
        ("2ed6657d-e927-568b-95e1-2665a8aea6a2", 5, None),
        ("1ec9414c-232a-6b00-b3c8-9f6bdeced846", 6, "2022-02-22T19:22:22.000Z"),
        ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 7, "2022-02-22T19:22:22.000Z"),
        ("2489e9ad-2ee2-8e00-8ec9-32d5f69181c0", 8, None),
    ],
)
def test_inspect_reads_every_version_of_the_rfc(
    shell: Shell, uuid: str, version: int, created: str | None
) -> None:
    said = shell("id", "inspect", uuid.upper(), "--json").json
    assert (said["version"], said["created_at"]) == (version, created)


@pytest.mark.parametrize("text", ["", "x", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "\x1b[2J"])
def test_what_is_no_uuid_is_refused_in_one_line(shell: Shell, text: str) -> None:
    ran = shell("id", "inspect", text)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "\x1b[2J" not in ran.err


def test_the_end_of_time_has_no_date(shell: Shell) -> None:
    assert shell("id", "inspect", "ffffffff-ffff-7fff-bfff-ffffffffffff", "--json").code == 0
