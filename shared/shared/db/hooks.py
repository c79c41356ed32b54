"""What must happen once a transaction is committed, and only then."""

import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

Callback = Callable[[], Awaitable[object]]
logger = logging.getLogger(__name__)
_KEY = "after_commit"


def after_commit(session: AsyncSession, callback: Callback) -> None:
    """Runs `callback` right after the commit of `Database.session()`; never, when it rolls back."""
    session.info.setdefault(_KEY, []).append(callback)


async def run_callbacks(session: AsyncSession) -> None:
    """Runs them in their order. One that fails is logged: what was committed cannot be refused any more."""
    for callback in session.info.pop(_KEY, ()):
        try:
            await callback()
        except Exception:
            logger.exception("a callback failed after the commit")
