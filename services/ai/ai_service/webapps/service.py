"""A web app's way from an idea to its users."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.webapps import rules
from ai_service.webapps.errors import NoAddress, TooManyWebApps, WebAppNotFound
from ai_service.webapps.models import WebApp
from shared.schemas.dates import utcnow

MAX_PER_USER: Final = 500


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


async def _locked(session: AsyncSession, *, user_id: int, webapp_id: int) -> WebApp:
    query = select(WebApp).where(WebApp.id == webapp_id, WebApp.user_id == user_id)
    webapp = await session.scalar(query.with_for_update(key_share=True))
    if webapp is None:
        raise WebAppNotFound
    return webapp
