"""The products table."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, Numeric, String, Text
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
