"""Alembic's entry: the models that the database is to match."""

from __future__ import annotations

from coocook_service.schema import Base
from shared.db.migrations import run

run(Base.metadata)
