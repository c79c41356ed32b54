"""The tables of a service that publishes or consumes events: `class Outbox(OutboxMixin, Base)`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import DateTime, Index, SmallInteger, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from shared.db.base import BigId

if TYPE_CHECKING:
    from sqlalchemy import Table


class OutboxMixin:
    """Columns of the table `outbox`. `id` counts in the order in which events were saved."""

    __tablename__ = "outbox"

    id: Mapped[BigId]
    event_id: Mapped[UUID] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str] = mapped_column(String(255))
    trace: Mapped[str | None] = mapped_column(String(55))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the relay handed it to Redis; the relay sends those that have none."""

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 - SQLAlchemy passes the class
        return (
            Index("ix_outbox_pending", "id", postgresql_where=text("published_at IS NULL")),
            Index("ix_outbox_published_at", "published_at"),
        )


class InboxMixin:
    """Columns of the table `inbox`: the events that were handled."""

    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )


def table_of(model: type[OutboxMixin | InboxMixin]) -> Table:
    """The Core table of a service's model."""
    table: Table = model.__table__  # type: ignore[union-attr]  # declared where the mixin meets the service's Base
    return table
