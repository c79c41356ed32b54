"""What every service's migrations import: `run` for env.py, and the job queue's tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

from alembic import context
from sqlalchemy import Connection, MetaData


def include_object(_item: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Leaves the job queue's tables out of comparisons: no model describes them."""
    return kind != "table" or not (name or "").startswith(TABLE_PREFIX)


def run(metadata: MetaData) -> None:
    """Runs the migrations on the connection that `shared.db.migrate` opened, or writes them as SQL."""
    connection: Connection | None = context.config.attributes.get("connection")
    context.configure(
        connection=connection,
        dialect_name="postgresql" if connection is None else None,
        target_metadata=metadata,
        include_object=include_object,
        compare_type=True,
        # A revision that fails leaves those before it done, and one may create an index concurrently.
        transaction_per_migration=True,
        literal_binds=connection is None,
        on_version_apply=context.config.attributes.get("on_version_apply"),
    )
    with context.begin_transaction():
        context.run_migrations()


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
