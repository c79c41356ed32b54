"""A web app's way from an idea to its users, and what students read of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.webapps import rules
from ai_service.webapps.errors import NoAddress, TooManyWebApps, WebAppNotFound
from ai_service.webapps.models import WebApp
from ai_service.webapps.schemas import WebAppShown
from shared.db.database import Database
from shared.schemas.dates import utcnow
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

MAX_PER_USER: Final = 500
Rows = Sequence[dict[str, Any]]
_FIELDS: Final = """
    SELECT id, name, description, status, url, code_repo AS repo, created_at AS created, deployed_at AS deployed
    FROM webapps WHERE user_id = $1
"""
_LIST: Final = f"{_FIELDS} AND id < $2 ORDER BY id DESC LIMIT $3"
_ONE: Final = f"{_FIELDS} AND id = $2"


async def create(session: AsyncSession, *, user_id: int, name: str, description: str | None) -> WebApp:
    """A draft. Raises TooManyWebApps."""
    # Two at once may pass the limit by one; it only keeps a script from filling the table.
    count = await session.scalar(select(func.count()).where(WebApp.user_id == user_id)) or 0
    if count >= MAX_PER_USER:
        raise TooManyWebApps(f"You have {count} web apps, and the maximum is {MAX_PER_USER}.")
    webapp = WebApp(user_id=user_id, name=name, description=description)
    session.add(webapp)
    await session.flush()
    await session.refresh(webapp)
    return webapp


async def build(session: AsyncSession, *, user_id: int, webapp_id: int) -> WebApp:
    """It is being worked on. Raises WebAppNotFound or InvalidTransition."""
    webapp = await _locked(session, user_id=user_id, webapp_id=webapp_id)
    if rules.move(webapp.status, "building"):
        webapp.status = "building"
    return webapp


async def deploy(
    session: AsyncSession, *, user_id: int, webapp_id: int, url: str | None, repo: str | None
) -> WebApp:
    """It stands somewhere; an address that is left out stays as it was. Raises as `build`."""
    webapp = await _locked(session, user_id=user_id, webapp_id=webapp_id)
    rules.move(webapp.status, "deployed")
    webapp.status, webapp.deployed_at = "deployed", utcnow()
    webapp.url, webapp.code_repo = url or webapp.url, repo or webapp.code_repo
    return webapp


async def launch(session: AsyncSession, *, user_id: int, webapp_id: int) -> WebApp:
    """Its users may come. Raises as `build`, or NoAddress."""
    webapp = await _locked(session, user_id=user_id, webapp_id=webapp_id)
    if rules.move(webapp.status, "live"):
        if webapp.url is None:
            raise NoAddress
        webapp.status = "live"
    return webapp


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


async def _locked(session: AsyncSession, *, user_id: int, webapp_id: int) -> WebApp:
    query = select(WebApp).where(WebApp.id == webapp_id, WebApp.user_id == user_id)
    webapp = await session.scalar(query.with_for_update(key_share=True))
    if webapp is None:
        raise WebAppNotFound
    return webapp
