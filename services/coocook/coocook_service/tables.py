"""The service's Base, and the standard tables that every service has."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from shared.auth.entitlements import EntitlementMixin
from shared.db.base import TYPES, metadata
from shared.events.tables import InboxMixin, OutboxMixin
from shared.idempotency import IdempotencyMixin


class Base(DeclarativeBase):
    """What coocook's tables are declared on."""

    metadata = metadata()
    type_annotation_map = TYPES


class Outbox(OutboxMixin, Base):
    """Events on their way out."""


class Inbox(InboxMixin, Base):
    """Events that were handled."""


class IdempotencyRecord(IdempotencyMixin, Base):
    """Answers kept for a client that asks again."""


class Entitlement(EntitlementMixin, Base):
    """Who may use what: coocook's copy of platform's subscriptions."""
