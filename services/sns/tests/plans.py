"""How PostgreSQL goes about a statement, among thousands of rows."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, TextClause, text

from services.sns.tests.factories import USER, make_account
from shared.db.database import Database

MANY: Final = 4000
_POSTS = text("""
    INSERT INTO posts (user_id, account_id, content, template_type, status, scheduled_at, due_at, ticket)
    SELECT :user, :account, repeat('x', 200), 'blog_post', CASE n % 2 WHEN 0 THEN 'scheduled' ELSE 'draft' END,
        now() + make_interval(hours => n), CASE n % 2 WHEN 0 THEN now() END, 1
    FROM generate_series(1, :many) AS n
""")
_JOBS = text("""
    INSERT INTO pgqueuer (priority, status, entrypoint, dedupe_key, payload, execute_after)
    SELECT 0, CASE WHEN status = 'scheduled' THEN 'queued' ELSE 'failed' END::pgqueuer_status, 'posts.publish',
        'post:' || id || ':' || ticket, '{}', coalesce(scheduled_at, now())
    FROM posts
""")


async def crowd(database: Database) -> int:
    """Thousands of posts of one account, half of them scheduled; half of as many jobs are held. The account's id."""
    account_id = await make_account(database)
    async with database.session() as session:
        await session.execute(_POSTS, {"user": USER, "account": account_id, "many": MANY})
        await session.execute(_JOBS)
        for table in ("posts", "pgqueuer"):
            await session.execute(text(f"ANALYZE {table}"))
    return account_id


async def plan(database: Database, statement: TextClause | Select[Any], **values: Any) -> str:
    """What EXPLAIN says of it."""
    sql = statement.compile(dialect=database.primary.dialect, compile_kwargs={"literal_binds": True})
    written = str(statement) if isinstance(statement, TextClause) else str(sql)
    async with database.session() as session:
        return "\n".join(await session.scalars(text(f"EXPLAIN {written}"), values))
