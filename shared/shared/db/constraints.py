"""The database keeps the invariants; here their violations get the service's names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

LOCK_NOT_AVAILABLE = "55P03"


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's code of the error; None where the connection failed rather than the statement."""
    code = getattr(error.orig, "sqlstate", None)
    return code if isinstance(code, str) else None


def lock_not_available(error: DBAPIError) -> bool:
    """Whether a statement waited for another transaction for longer than the lock timeout."""
    return sqlstate(error) == LOCK_NOT_AVAILABLE


def violated(error: IntegrityError) -> str | None:
    """The violated constraint's name, e.g. "uq_users_email"; None where PostgreSQL names none (NOT NULL)."""
    # SQLAlchemy wraps its own wrapper of the driver's exception, which is the one that knows.
    driver_error = getattr(error.orig, "__cause__", None)
    name = getattr(driver_error, "constraint_name", None)
    return name if isinstance(name, str) else None


@contextmanager
def translate(errors: Mapping[str, Callable[[], Exception]]) -> Iterator[None]:
    """Raises what `errors` names in place of a constraint's violation; an unknown violation passes through.

    Surrounds `await session.flush()`; the transaction is over after a violation, unless a savepoint was inside.
    """
    try:
        yield
    except IntegrityError as error:
        known = errors.get(violated(error) or "")
        if known is None:
            raise
        raise known() from error
