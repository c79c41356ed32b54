"""What the services' tables have in common. Each service declares its own Base on `metadata()`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, func
from sqlalchemy.orm import Mapped, mapped_column

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Constraints have names that migrations and `shared.db.constraints` can rely on."""

TYPES: dict[Any, Any] = {datetime: DateTime(timezone=True)}
"""A Base's `type_annotation_map`: a time without a zone is a mistake waiting for its day."""

BigId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A primary key that the database counts up, 64 bits wide: `id: Mapped[BigId]`."""


def metadata() -> MetaData:
    """A fresh collection of tables with our naming conventions."""
    return MetaData(naming_convention=NAMING)


class TimestampMixin:
    """When the row was made."""

    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), sort_order=1000
    )
