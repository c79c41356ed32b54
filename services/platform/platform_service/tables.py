"""This service's tables: the base of all, and those that every service has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import DeclarativeBase

from shared.auth.entitlements import EntitlementMixin
from shared.db.base import TYPES, metadata
from shared.events.tables import OutboxMixin
from shared.idempotency import IdempotencyMixin

AnySelect = Select[*tuple[Any, ...]]
"""A SELECT of whatever columns: the rows go to JSON, where their types do not matter."""


class Base(DeclarativeBase):
    """What platform's models derive from."""

    metadata = metadata()
    type_annotation_map = TYPES


class Outbox(OutboxMixin, Base):
    """Events that wait to be published."""


class IdempotencyRecord(IdempotencyMixin, Base):
    """Answers to requests that may be repeated."""


class Entitlement(EntitlementMixin, Base):
    """Who may use which product: here the truth, of which the other services hold copies."""
