"""Sessions in PostgreSQL: one family of refresh tokens each, of which only the newest is good.

The table holds the hash of the newest secret and of the one before it. The successor of a token is kept wrapped in the
token itself: who repeats a refresh whose answer got lost gets the same successor, and who reads the table gets none.
Everything about a session is decided in one transaction with its user, so an outage leaves it done or not done.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import refresh_tokens
from platform_service.auth.models import AGENT_LENGTH, SessionRow
from platform_service.auth.refresh_tokens import PresentedToken, Verdict
from platform_service.users.models import User
from shared.db.database import Database

MAX_OPEN = 5000
"""Of one user; with one more the ones used longest ago end. A script that logs in and never out fills no table."""
FORGOTTEN_AFTER = timedelta(hours=1)
"""When an ended one of those is deleted: no access token of it is good by then."""
PURGED_AT_ONCE = 1000


class StoredSession(NamedTuple):
    """What the table has of a session and of its user, at `now`."""

    user_id: int
    family: str
    current_hash: str
    previous_hash: str | None
    wrapped: str | None
    answered_at: datetime | None
    is_over: bool
    user_may: bool
    """Whether the user may have it: is active, and has not logged out everywhere since."""
    role: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of a presented refresh token. `refresh_token` is the successor, "" where there is none."""

    verdict: Verdict
    user_id: int
    role: str
    refresh_token: str = ""
    ended: bool = False
    """Whether this ended the session: the token was used before, or the user may no longer have such a session."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What users see of a session of theirs, in the order of the columns that are read."""

    id: str
    created_at: datetime
    used_at: datetime
    user_agent: str


async def open_session(
    session: AsyncSession, *, user_id: int, epoch: int, user_agent: str, lifetime: timedelta
) -> tuple[str, str]:
    """A new session: its id and its first refresh token. A user has MAX_OPEN of them at most."""
    session_id, secret, family = secrets.token_hex(16), refresh_tokens.new_secret(), secrets.token_hex(16)
    values = {
        "id": session_id,
        "user_id": user_id,
        "epoch": epoch,
        "family": family,
        "current_hash": refresh_tokens.digest(secret),
        "user_agent": user_agent[:AGENT_LENGTH],
        "expires_at": func.clock_timestamp() + lifetime,
    }
    await session.execute(insert(SessionRow).values(values))
    await _end_surplus(session, user_id)
    return session_id, refresh_tokens.join(session_id, secret, family)


async def _end_surplus(session: AsyncSession, user_id: int) -> None:
    own = select(SessionRow.id).where(SessionRow.user_id == user_id, is_open())
    surplus = own.order_by(SessionRow.used_at.desc(), SessionRow.id).offset(MAX_OPEN)
    ended = {**_ENDED, "expires_at": func.clock_timestamp() + FORGOTTEN_AFTER}
    await session.execute(update(SessionRow).where(SessionRow.id.in_(surplus)).values(ended))


async def exchange(
    session: AsyncSession, token: PresentedToken, *, grace: timedelta, lifetime: timedelta
) -> Exchange | None:
    """Exchange a refresh token for its successor, or end the session of one used before; None: no such session."""
    found = (await session.execute(_STORED.where(SessionRow.id == token.session_id))).one_or_none()
    if found is None:
        return None
    row = StoredSession(*found)
    verdict = Verdict.UNKNOWN if row.is_over else refresh_tokens.judge(token, row, now=row.now, grace=grace)
    if verdict is Verdict.UNKNOWN:
        return Exchange(verdict, row.user_id, row.role)
    if verdict is Verdict.REUSED or not row.user_may:
        await end(session, user_id=row.user_id, session_ids=[token.session_id], lifetime=lifetime)
        return Exchange(verdict, row.user_id, row.role, ended=True)
    # A token that may be repeated has a successor.
    repeated = verdict is Verdict.REPEATED
    wrapped = cast("str", row.wrapped) if repeated else await _rotate(session, token, lifetime)
    successor = refresh_tokens.wrap(bytes.fromhex(wrapped), token.secret)
    answer = refresh_tokens.join(token.session_id, successor, row.family)
    return Exchange(verdict, row.user_id, row.role, answer)


async def _rotate(session: AsyncSession, token: PresentedToken, lifetime: timedelta) -> str:
    """Make a successor, and return it wrapped."""
    successor = refresh_tokens.new_secret()
    wrapped = refresh_tokens.wrap(successor, token.secret).hex()
    values = {
        "previous_hash": token.hash,
        "current_hash": refresh_tokens.digest(successor),
        "wrapped": wrapped,
        "answered_at": None,
        "used_at": func.clock_timestamp(),
        "expires_at": func.clock_timestamp() + lifetime,
    }
    await session.execute(update(SessionRow).where(SessionRow.id == token.session_id).values(values))
    return wrapped


async def mark_answered(database: Database, newest: PresentedToken) -> None:
    """Note that the newest token was handed over: the grace of the one before it begins."""
    await database.fetch(_MARK_ANSWERED, newest.session_id, newest.hash)


async def end(
    session: AsyncSession, *, user_id: int, session_ids: Iterable[str], lifetime: timedelta
) -> None:
    """End sessions of a user; also those that only an earlier release knows of, so that nobody takes them over."""
    for session_id in sorted(session_ids):
        unknown = insert(SessionRow).values(
            id=session_id,
            user_id=user_id,
            epoch=0,
            family="",
            current_hash="",
            user_agent="",
            expires_at=func.clock_timestamp() + lifetime,
            ended_at=func.clock_timestamp(),
        )
        known = unknown.on_conflict_do_update(
            index_elements=["id"], set_=_ENDED, where=is_open() & (SessionRow.user_id == user_id)
        )
        await session.execute(known)


async def end_before(session: AsyncSession, *, user_id: int, epoch: int) -> None:
    """End a user's sessions of earlier epochs."""
    earlier = (SessionRow.user_id == user_id, SessionRow.epoch < epoch, is_open())
    await session.execute(update(SessionRow).where(*earlier).values(_ENDED))


async def purge_expired(database: Database) -> int:
    """Delete the sessions whose last refresh token has expired, in small steps. How many there were."""
    some = select(SessionRow.id).where(SessionRow.expires_at < func.clock_timestamp())
    some = some.order_by(SessionRow.expires_at).limit(PURGED_AT_ONCE).with_for_update(skip_locked=True)
    statement = delete(SessionRow).where(SessionRow.id.in_(some)).returning(SessionRow.id)
    total, purged = 0, PURGED_AT_ONCE
    while purged == PURGED_AT_ONCE:
        async with database.session() as session:
            purged = len((await session.execute(statement)).all())
        total += purged
    return total


async def session_of(database: Database, token: PresentedToken, *, user_id: int) -> str | None:
    """The user's session to which the token belongs, the newest one or the one before it; None if there is none."""
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


def is_open() -> ColumnElement[bool]:
    return SessionRow.ended_at.is_(None)


_STORED: Final = (
    select(
        SessionRow.user_id,
        SessionRow.family,
        SessionRow.current_hash,
        SessionRow.previous_hash,
        SessionRow.wrapped,
        SessionRow.answered_at,
        or_(~is_open(), SessionRow.expires_at <= func.clock_timestamp()).label("is_over"),
        and_(User.is_active, User.session_epoch == SessionRow.epoch).label("user_may"),
        User.role,
        func.clock_timestamp().label("now"),
    )
    .join(User)
    .with_for_update(of=SessionRow)
)
_SESSION: Final = (SessionRow.id, SessionRow.created_at, SessionRow.used_at, SessionRow.user_agent)
_MARK_ANSWERED = """
    UPDATE sessions SET answered_at = clock_timestamp()
    WHERE id = $1 AND current_hash = $2 AND answered_at IS NULL
"""
_ENDED: dict[str, Any] = {"ended_at": func.clock_timestamp(), "user_agent": ""}
