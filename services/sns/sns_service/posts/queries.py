"""What users read of their posts: rows by the bare driver, from the primary, since they watch them change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.db.database import Database
from shared.schemas.keyset import split_page
from sns_service.accounts.models import AS_LINKED
from sns_service.posts.errors import PostNotFound

SHORT = "CASE WHEN length(p.content) > 100 THEN left(p.content, 100) || '...' ELSE p.content END AS content"
FIELDS = f"""
    p.id, p.account_id, a.account_name, {AS_LINKED} AS platform, p.status, p.template_type, p.scheduled_at,
    p.published_at, p.url, p.failure_code, p.failure, p.created_at
"""
ONE = f"""
    SELECT {FIELDS}, p.content, p.media_urls, p.tries, p.network_id, p.views, p.likes, p.comments, p.shares
    FROM posts AS p JOIN accounts AS a ON a.id = p.account_id WHERE p.id = $1 AND p.user_id = $2
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts of a user. `before`, an id, takes the place of `offset`."""

    user_id: int
    limit: int
    offset: int
    before: int | None = None
    account_id: int | None = None
    status: str | None = None

    @property
    def filters(self) -> tuple[str, list[Any]]:
        """The condition of the count, and its values."""
        given = {"account_id": self.account_id, "status": self.status}
        named = {name: value for name, value in given.items() if value is not None}
        return _condition(tuple(named)), [self.user_id, *named.values()]


@cache
def _condition(filters: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} = ${place}" for place, name in enumerate(("user_id", *filters), 1))


@cache
def page_sql(condition: str, given: int, *, cursor: bool) -> str:
    """A page with the total beside each row: one statement, of which each shape is prepared once."""
    limit, start = f"${given + 1}", f"${given + 2}"
    where = f"{condition} AND id < {start}" if cursor else condition
    offset = "" if cursor else f" OFFSET {start}"
    return f"""
        SELECT {FIELDS}, {SHORT}, (SELECT count(*) FROM posts WHERE {condition}) AS total
        FROM (SELECT * FROM posts WHERE {where} ORDER BY id DESC LIMIT {limit}{offset}) AS p
        JOIN accounts AS a ON a.id = p.account_id ORDER BY p.id DESC
    """  # noqa: S608 - of constants


async def page(database: Database, wanted: Wanted) -> tuple[Sequence[dict[str, Any]], int, int | None]:
    """Posts, newest first; how many there are in all; and the id after which the next page starts."""
    condition, values = wanted.filters
    cursor = wanted.before is not None
    sql = page_sql(condition, len(values), cursor=cursor)
    start = wanted.before if cursor else wanted.offset
    found = [dict(row) for row in await database.fetch(sql, *values, wanted.limit + 1, start)]
    total = found[0]["total"] if found else await _count(database, condition, values)
    for row in found:
        del row["total"]
    rows, last = split_page(found, wanted.limit)
    return rows, total, last["id"] if last else None


async def _count(database: Database, condition: str, values: list[Any]) -> int:
    ((count,),) = await database.fetch(f"SELECT count(*) FROM posts WHERE {condition}", *values)  # noqa: S608
    return int(count)


async def one(database: Database, *, post_id: int, user_id: int) -> dict[str, Any]:
    """A user's post. Raises PostNotFound (404)."""
    async with database.read_raw() as connection:
        row = await connection.fetchrow(ONE, post_id, user_id)
    if row is None:
        raise PostNotFound
    return dict(row)
