"""Alembic's entry: the models that the database is to match."""

from __future__ import annotations

from shared.db.migrations import run
from sns_service.schema import Base

run(Base.metadata)
