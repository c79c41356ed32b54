"""Running a transaction once more where the database rolled it back for a reason that is gone by then."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.failures import Failure, classify, is_stale_plan

T = TypeVar("T")
logger = logging.getLogger(__name__)


def may_be_repeated(error: BaseException) -> bool:
    """Whether the transaction that raised this was undone whole, and would go well now: the plans of its statements
    were older than a change of the schema, or it stood in the way of another one."""
    return classify(error) is Failure.REPEATABLE


async def repeated(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` comes to: one transaction, or something that bears to be done twice. Raises what the second raises.

    One repetition and no more: under load each further one makes the trouble larger.
    """
    try:
        return await work()
    except Exception as error:
        if not may_be_repeated(error):
            raise
        logger.warning("a transaction is run again: %r", error)
    return await work()


class ReadConnection(AsyncConnection):
    """For SELECTs that are transactions of their own: one whose plan is older than a change of the schema is made
    anew, which SQLAlchemy does with the next one."""

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute(*args, **kwargs)
        except DBAPIError as error:
            if not is_stale_plan(error):
                raise
            return await super().execute(*args, **kwargs)
