"""The copy of platform's users: names and e-mails of applicants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, String, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base
from shared.auth.platform_client import PlatformClient
from shared.db.database import Database

PAGE = 1000
DELETED_USER_NAME = "Deleted user"


class User(Base):
    """A user of platform's, as last heard. A deleted one leaves a row without name and address, which keeps an event
    that comes late from bringing them back."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(320))
    version: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool] = mapped_column(server_default=text("false"))
    heard_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    """When platform last confirmed the user: a rebuild deletes those whom it did not confirm."""


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What the copy holds of a user; `version` counts the user's changes."""

    user_id: int
    name: str
    email: str
    version: int


async def store(session: AsyncSession, users: Sequence[KnownUser]) -> int:
    """Take over users, except where a newer version or a deletion is known. Returns how many were new or newer."""
    if not users:
        return 0
    # one order everywhere, so that two that store the same users never wait for each other in a circle
    rows = [asdict(user) for user in sorted(users, key=lambda user: user.user_id)]
    statement = insert(User).values([{"id": row.pop("user_id"), **row} for row in rows])
    new = statement.excluded
    newer = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "name": new.name,
            "email": new.email,
            "version": new.version,
            "heard_at": func.clock_timestamp(),
        },
        where=(User.version < new.version) & ~User.deleted,
    )
    return len((await session.execute(newer.returning(User.id))).all())


async def erase(session: AsyncSession, user_ids: Sequence[int]) -> None:
    """Forget names and addresses for good; also of users who were never heard of."""
    rows = [
        {"id": user_id, "name": DELETED_USER_NAME, "email": "", "version": 0, "deleted": True}
        for user_id in sorted(user_ids)
    ]
    if rows:
        statement = insert(User).values(rows)
        gone = {"name": DELETED_USER_NAME, "email": "", "deleted": True}
        await session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=gone))


async def rebuild(database: Database, platform: PlatformClient) -> tuple[int, list[int]]:
    """Fetch every user there is. How many were new or newer, and who is known here but no longer there.

    Raises httpx.HTTPError, or ValueError for a strange answer; what came until then is kept.
    """
    async with database.session() as session:
        started = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    changed = 0
    async for users in platform.snapshot("users", KnownUser, limit=PAGE):
        async with database.session() as session:
            changed += await store(session, users)
            await _touch(session, [user.user_id for user in users])
    return changed, await _not_confirmed_since(database, started)


async def _touch(session: AsyncSession, user_ids: Sequence[int]) -> None:
    statement = update(User).where(User.id.in_(user_ids)).values(heard_at=func.clock_timestamp())
    await session.execute(statement.execution_options(synchronize_session=False))


async def _not_confirmed_since(database: Database, moment: datetime) -> list[int]:
    query = select(User.id).where(User.heard_at < moment, ~User.deleted).order_by(User.id)
    async with database.read(fresh=True) as connection:
        return list((await connection.execute(query)).scalars())
