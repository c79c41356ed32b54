"""Users, products and subscriptions for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
from sqlalchemy import insert

from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.service import start
from platform_service.users.models import User
from platform_service.users.service import lock_user
from shared.db.database import Database
from shared.schemas.dates import utcnow

PASSWORD = "correct horse battery staple"
_numbers = count(1)


def new_email() -> str:
    """An address that no other test has."""
    return f"somebody{next(_numbers)}@example.com"


async def registered(client: httpx.AsyncClient, email: str | None = None, **fields: Any) -> dict[str, Any]:
    """What registering answers: tokens and user, and `headers` with the access token."""
    body = {"email": email or new_email(), "password": PASSWORD, "name": "Some Body", **fields}
    answer = await client.post("/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return {**content, "headers": bearer(content["access_token"])}


def bearer(token: str) -> dict[str, str]:
    """The header with this access token."""
    return {"Authorization": f"Bearer {token}"}


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    """The answer of a login."""
    return await client.post("/api/auth/login", json={"email": email, "password": password})


async def make_user(
    database: Database, *, email: str | None = None, role: str = "user", **fields: Any
) -> int:
    """A user without a session; the id."""
    values = {
        "email": email or new_email(),
        "password_hash": "!",
        "name": "Some Body",
        "role": role,
        **fields,
    }
    async with database.session() as session:
        made: int | None = await session.scalar(insert(User).values(**values).returning(User.id))
    assert made is not None
    return made


async def make_product(
    database: Database,
    slug: str | None = None,
    *,
    monthly: str = "29",
    annual: str | None = "290",
    **fields: Any,
) -> int:
    """A product; the id."""
    slug = slug or f"product-{next(_numbers)}"
    values = {
        "slug": slug,
        "name": slug.title(),
        "monthly_price": Decimal(monthly),
        "annual_price": None if annual is None else Decimal(annual),
        "currency": "USD",
        **fields,
    }
    async with database.session() as session:
        made: int | None = await session.scalar(insert(Product).values(**values).returning(Product.id))
    assert made is not None
    return made


async def subscribe(
    database: Database,
    user_id: int,
    product_id: int,
    *,
    until: datetime | None = None,
    grace: timedelta = timedelta(hours=24),
    **fields: Any,
) -> int:
    """An active subscription until `until` (default: in 30 days) through the service's own function; the id."""
    values = {"plan_type": "monthly", "price": Decimal(29), "currency": "USD", **fields}
    subscription = Subscription(
        user_id=user_id,
        product_id=product_id,
        current_period_end=until or utcnow() + timedelta(days=30),
        **values,
    )
    async with database.session() as session:
        await lock_user(session, user_id)
        await start(session, subscription, grace=grace)
    return subscription.id
