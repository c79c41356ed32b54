"""What every service's migrations/env.py calls."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, MetaData

from shared.db.jobs_schema import TABLE_PREFIX


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
