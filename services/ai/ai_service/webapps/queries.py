"""What students read of their web apps, from the primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ai_service.webapps.errors import WebAppNotFound
from ai_service.webapps.models import WebApp
from ai_service.webapps.schemas import WebAppShown
from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

Rows = Sequence[dict[str, Any]]

_FIELDS: Final = """
    SELECT id, name, description, status, url, code_repo AS repo, created_at AS created, deployed_at AS deployed
    FROM webapps WHERE user_id = $1
"""
_LIST: Final = f"{_FIELDS} AND id < $2 ORDER BY id DESC LIMIT $3"
_ONE: Final = f"{_FIELDS} AND id = $2"


async def of_user(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """The user's web apps, newest first, and the id after which the next page starts."""
    found = await database.fetch(_LIST, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None


async def one(database: Database, *, user_id: int, webapp_id: int) -> WebAppShown:
    """One web app of the user's. Raises WebAppNotFound."""
    async with database.read_raw() as connection:
        row = await connection.fetchrow(_ONE, user_id, webapp_id)
    if row is None:
        raise WebAppNotFound
    return WebAppShown(**row)


def shown(webapp: WebApp) -> WebAppShown:
    """The same of a row that a transaction holds."""
    return WebAppShown(
        id=webapp.id,
        name=webapp.name,
        description=webapp.description,
        status=webapp.status,
        url=webapp.url,
        repo=webapp.code_repo,
        created=webapp.created_at,
        deployed=webapp.deployed_at,
    )
