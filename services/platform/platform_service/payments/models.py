"""Customers, checkouts, the ledger, and the provider's events that were handled."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Customer(TimestampMixin, Base):
    """A user as the payment provider knows them."""

    __tablename__ = "customers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    provider_id: Mapped[str] = mapped_column(String(255), unique=True)


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


class Payment(Base):
    """A row of the ledger: money that came (charge) or went back (refund, below zero). Never changed or deleted."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'charge' AND amount > 0) OR (kind = 'refund' AND amount < 0)", name="kind_and_sign"
        ),
        Index("ix_payments_user_id_created_at", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_payments_refund_of", "refund_of", postgresql_where=text("refund_of IS NOT NULL")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    """None where the provider does not say what a refund was for."""
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    provider_ref: Mapped[str] = mapped_column(String(255), unique=True)
    """The provider's id of this very movement of money: what makes a second report of it no second row."""
    refund_of: Mapped[str | None] = mapped_column(String(255))
    """The provider's id of the payment that was given back."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class WebhookEvent(Base):
    """An event of the provider that was handled, so that its second delivery does nothing."""

    __tablename__ = "webhook_events"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When it happened, by the provider's clock."""
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
