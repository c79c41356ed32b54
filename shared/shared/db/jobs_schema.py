"""The job queue's tables, for a service's migration: `jobs_schema.install(op)`."""

import re
from pathlib import Path
from typing import Protocol

TABLE_PREFIX = "pgqueuer"
"""Of the tables that belong to the queue and not to a service's models."""

_INSTALL = Path(__file__).with_name("jobs_schema.sql")
_UNINSTALL = (
    "DROP TABLE pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics",
    "DROP FUNCTION fn_pgqueuer_changed",
    "DROP TYPE pgqueuer_status",
)


class Operations(Protocol):
    """The part of `alembic.op` that is needed here."""

    def execute(self, sqltext: str) -> None: ...


def install(op: Operations) -> None:
    """Creates the queue's tables. Later versions of pgqueuer bring their changes in helpers of their own."""
    for statement in re.split(r";\n+(?=CREATE )", _INSTALL.read_text()):
        op.execute(statement)


def uninstall(op: Operations) -> None:
    """Drops them, with every job."""
    for statement in _UNINSTALL:
        op.execute(statement)
