"""Marks in PostgreSQL: what another engine beside this one must not fall behind."""

from __future__ import annotations

from limen.stores.postgres.step import Step

ALL = "SELECT name, value FROM limen_marks"
_RAISE = (
    "INSERT INTO limen_marks AS m SELECT * FROM unnest($1::text[], $2::bigint[]) "
    "ON CONFLICT (name) DO UPDATE SET value = greatest(m.value, excluded.value)"
)


async def raise_(step: Step, marks: dict[str, int]) -> None:
    names = sorted(marks)  # one order for all, so that no two wait for each other
    await step.change(_RAISE, names, [marks[name] for name in names])
