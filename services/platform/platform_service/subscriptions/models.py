"""The tables of products and of their subscriptions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_service.tables import Base
from shared.db.base import BigId, TimestampMixin
from shared.schemas.money import CURRENCIES, decimals

KNOWN = ", ".join(f"'{code}'" for code in sorted(CURRENCIES))
WHOLE = ", ".join(f"'{code}'" for code in sorted(CURRENCIES) if decimals(code) == 0)
WHOLE_PRICES = (
    f"currency NOT IN ({WHOLE}) OR (monthly_price = trunc(monthly_price)"
    " AND (annual_price IS NULL OR annual_price = trunc(annual_price)))"
)


class Product(TimestampMixin, Base):
    """Something that can be subscribed to; other services know it by its slug."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("monthly_price > 0", name="monthly_price"),
        CheckConstraint("annual_price > 0", name="annual_price"),
        CheckConstraint(f"currency IN ({KNOWN})", name="currency"),
        CheckConstraint(WHOLE_PRICES, name="whole_prices"),
    )

    id: Mapped[BigId]
    slug: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(Text)
    icon: Mapped[str | None] = mapped_column(String(50))
    monthly_price: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    annual_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """None: only offered by the month."""
    currency: Mapped[str] = mapped_column(String(3))
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")


class Subscription(TimestampMixin, Base):
    """A user's subscription to a product; canceled and expired ones stay, and never come back to life.

    One that is suspended is still `active`: it gives no access, comes back with a payment, and lets no other begin.
    """

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
        Index(
            "ix_subscriptions_suspended",
            "provider_asked_at",
            postgresql_where=text("status = 'active' AND suspended_at IS NOT NULL"),
        ),
        Index("ix_subscriptions_due", "current_period_end", postgresql_where=text("status = 'active'")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    plan_type: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="active")
    price: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    """What the next period costs this subscriber, whatever the product costs today."""
    currency: Mapped[str] = mapped_column(String(3))
    provider_subscription_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    """None: granted by hand; no provider renews or cancels it."""
    current_period_end: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The end of what is paid for, not of what the provider plans. None: open-ended."""
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False, server_default="false")
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Since when a payment is missing that would bring it back."""
    payment_url: Mapped[str | None] = mapped_column(Text)
    """The provider's page on which the open invoice can be paid."""
    provider_asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the question was put whose answer stands here, by the database's clock: an older answer changes nothing."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
