"""What holds for a migration beside that models and database agree after it."""

from __future__ import annotations

from sqlalchemy import text

from shared.db import migrate
from shared.db.database import Database
from shared.service import ServiceDefinition
from sns_service.schema import Base

BEFORE = "20261126174605"


async def test_indexes_that_were_broken_off_are_made_anew(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    """One that is made concurrently and gives up stays behind, and what was done before it is committed."""
    await migrate.downgrade(committed_db.url, definition.migrations, revision=BEFORE)
    async with committed_db.session() as session:
        await session.execute(text("ALTER TABLE posts ADD COLUMN due_at timestamptz"))
        await session.execute(text("CREATE INDEX ix_posts_scheduled_at ON posts (id)"))
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    assert await migrate.check(committed_db.url, Base.metadata) == []


async def test_names_from_before_are_composed_where_that_makes_no_second_one(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision="20261126205300")
    names = ["Cafe\u0301", "caf\u00e9", "Zu\u0308rich", "\u0958" * 120]
    insert = text("INSERT INTO accounts (user_id, platform, account_name) VALUES (1, 'blog', :name)")
    async with committed_db.session() as session:
        for name in names:
            await session.execute(insert, {"name": name})
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    async with committed_db.read(fresh=True) as connection:
        kept = await connection.scalars(text("SELECT account_name FROM accounts ORDER BY id"))
        assert list(kept) == [names[0], names[1], "Z\u00fcrich", names[3]]
