"""The subscriptions table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Subscription(TimestampMixin, Base):
    """A user's subscription to a product; canceled and expired ones stay, and never come back to life."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("plan_type IN ('monthly', 'annual')", name="plan_type"),
        CheckConstraint("status IN ('active', 'canceled', 'expired')", name="status"),
        Index(
            "uq_subscriptions_active",
            "user_id",
            "product_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_subscriptions_user_id", "user_id"),
        Index("ix_subscriptions_due", "current_period_end", postgresql_where=text("status = 'active'")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    plan_type: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="active")
    price: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    """What a period costs this subscriber, whatever the product costs today."""
    currency: Mapped[str] = mapped_column(String(3))
    provider_subscription_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    """None: granted by hand; no provider renews or cancels it."""
    current_period_end: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """None: open-ended."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
