"""Customers, checkouts, the ledger, and the provider's events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Checkout(TimestampMixin, Base):
    """A visit to the provider's checkout page: pending until paid (completed), over (expired), or paid twice."""

    __tablename__ = "checkouts"
    __table_args__ = (
        CheckConstraint("plan_type IN ('monthly', 'annual')", name="plan_type"),
        CheckConstraint("status IN ('pending', 'completed', 'expired', 'duplicate')", name="status"),
        Index("ix_checkouts_pending", "created_at", postgresql_where=text("status = 'pending'")),
        Index("ix_checkouts_user_id", "user_id"),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    plan_type: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    provider_session_id: Mapped[str] = mapped_column(String(255), unique=True)
    status: Mapped[str] = mapped_column(String(20), default="pending")
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the provider was last asked about it without having reported."""
    looks: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """How often the success page had the provider asked while this was pending."""
    next_look_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Before that the success page answers what is known here. None: it may ask."""


class Payment(Base):
    """A row of the ledger. Never changed or deleted.

    charge: money that came. refund, dispute: money that went back, below zero. refund_reversal, dispute_reversal: a
    refund that the bank did not take, a dispute that was won.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "(kind IN ('charge', 'refund_reversal', 'dispute_reversal') AND amount > 0) "
            "OR (kind IN ('refund', 'dispute') AND amount < 0)",
            name="kind_and_sign",
        ),
        Index("ix_payments_user_id_created_at", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_payments_refund_of", "refund_of", postgresql_where=text("refund_of IS NOT NULL")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    """None where the provider does not say what a refund was for."""
    kind: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    provider_ref: Mapped[str] = mapped_column(String(255), unique=True)
    """The provider's id of this very movement of money: what makes a second report of it no second row."""
    refund_of: Mapped[str | None] = mapped_column(String(255))
    """The `provider_ref` of the charge whose money this is; refunds of before December 2026 have its intent's id."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class WebhookEvent(Base):
    """An event of the provider that was taken, so that its second delivery does nothing."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        CheckConstraint("outcome IN ('handled', 'irrelevant', 'not_ours', 'unhandled')", name="outcome"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When it happened, by the provider's clock."""
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    outcome: Mapped[str] = mapped_column(String(20), default="handled", server_default="handled")


class UnhandledEvent(Base):
    """An event that no code here handles: kept in full until it is handled by hand."""

    __tablename__ = "unhandled_events"
    __table_args__ = (
        Index("ix_unhandled_events_received_at", "received_at", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As it came: unlike JSONB this takes any character that a customer may have typed."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When it happened, by the provider's clock."""
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
