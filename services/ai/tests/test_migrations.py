"""What a migration makes of the rows that are there."""

from __future__ import annotations

import pytest

from shared.db import migrate
from shared.db.database import Database
from shared.service import ServiceDefinition

BEFORE_MONTHLY_SAVINGS = "20261130051000"


@pytest.mark.parametrize(
    ("weekday", "weekend", "expected"),
    [
        ((30, 0), (20, 0), {"weekday": 3, "weekend": 0}),
        ((30, 5), (20, 2), {"weekday": 5, "weekend": 2}),
        ((12, 1), (8, 0), {"weekday": 12, "weekend": 8}),
    ],
)
async def test_seats_become_those_that_there_are_but_for_taken_ones_and_an_administrators_word(
    committed_db: Database,
    definition: ServiceDefinition,
    weekday: tuple[int, int],
    weekend: tuple[int, int],
    expected: dict[str, int],
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision=BEFORE_MONTHLY_SAVINGS)
    async with committed_db.read_raw() as connection:
        for slug, (seats, taken) in {"weekday": weekday, "weekend": weekend}.items():
            await connection.execute(
                "UPDATE bootcamp_plans SET seats = $2, taken = $3 WHERE slug = $1", slug, seats, taken
            )
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    rows = await committed_db.fetch("SELECT slug, seats, duration FROM bootcamp_plans")
    assert {row["slug"]: row["seats"] for row in rows} == expected
    assert {row["duration"] for row in rows} == {"8주"}


async def test_what_a_run_saves_stays_and_a_month_has_twenty_of_them(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision=BEFORE_MONTHLY_SAVINGS)
    async with committed_db.read_raw() as connection:
        await connection.execute(
            "INSERT INTO scenarios (name, category, estimated_savings) VALUES ('A', 'a', 2), ('B', 'b', NULL)"
        )
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    rows = await committed_db.fetch("SELECT name, estimated_savings, monthly_savings FROM scenarios")
    assert {row["name"]: (row["estimated_savings"], row["monthly_savings"]) for row in rows} == {
        "A": (2, 40),
        "B": (None, None),
    }
