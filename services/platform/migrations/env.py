"""Alembic's way to platform's tables."""

from platform_service.schema import Base
from shared.db.migrations import run

run(Base.metadata)
