"""Alembic's way to platform's tables."""

from __future__ import annotations

from platform_service.schema import Base
from shared.db.migrations import run

run(Base.metadata)
