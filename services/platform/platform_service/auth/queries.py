"""Reading users as logins need them, and the sessions of a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from platform_service.auth.models import SessionRow
from platform_service.auth.refresh_tokens import PresentedToken
from platform_service.auth.sessions import is_open
from platform_service.tables import AnySelect
from platform_service.users.models import Role, User
from platform_service.users.service import with_address
from shared.db.database import Database


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with what a login checks, in the order of the columns that are read."""

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime
    is_active: bool
    password_hash: str
    session_epoch: int


_USER: Final = (
    User.id,
    User.email,
    User.name,
    User.role,
    User.created_at,
    User.is_active,
    User.password_hash,
    User.session_epoch,
)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What users see of a session of theirs, in the order of the columns that are read."""

    id: str
    created_at: datetime
    used_at: datetime
    user_agent: str


_SESSION: Final = (SessionRow.id, SessionRow.created_at, SessionRow.used_at, SessionRow.user_agent)


async def user_by_id(database: Database, user_id: int) -> UserRow | None:
    """A user as last committed; None where there is none."""
    return next(iter(await _users(database, User.id == user_id)), None)


async def users_by_email(database: Database, email: str) -> Sequence[UserRow]:
    """Who has this address: nobody or one; more where accounts were made before spellings were compared as now. The
    one who spelled it like this comes first."""
    return await _users(database, with_address(email), User.email != email, User.email_twin)


async def session_of(database: Database, token: PresentedToken, *, user_id: int) -> str | None:
    """The session of this user to which the token belongs, be it the newest or the last; None if there is none."""
    hashes = (SessionRow.current_hash, SessionRow.previous_hash)
    own = (SessionRow.id == token.session_id, SessionRow.user_id == user_id, is_open())
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(select(*hashes).where(*own))).one_or_none()
    return token.session_id if row is not None and token.hash in row else None


async def open_sessions_of(database: Database, user_id: int) -> Sequence[OpenSession]:
    """A user's open sessions, the one used last first."""
    unexpired = (SessionRow.user_id == user_id, is_open(), SessionRow.expires_at > func.clock_timestamp())
    current = SessionRow.epoch >= User.session_epoch
    statement = select(*_SESSION).join(User).where(*unexpired, current).order_by(SessionRow.used_at.desc())
    async with database.read(fresh=True) as connection:
        return [OpenSession(*row) for row in await connection.execute(statement)]


async def _users(
    database: Database,
    condition: ColumnElement[bool],
    *order: ColumnElement[Any] | InstrumentedAttribute[Any],
) -> Sequence[UserRow]:
    statement: AnySelect = select(*_USER).where(condition).order_by(*order)
    async with database.read(fresh=True) as connection:
        return [UserRow(*row) for row in await connection.execute(statement)]
