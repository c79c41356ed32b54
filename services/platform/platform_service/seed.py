"""The development data: products, an administrator, a demo user, and a user for each of coocook's chefs.

May run any number of times: what is there stays, and the passwords become those of the environment.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth.passwords import Passwords
from platform_service.keys.service import ensure_active
from platform_service.resources import open_passwords
from platform_service.settings import PlatformSettings
from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.queries import TAG, is_subscribed
from platform_service.subscriptions.rules import period_end
from platform_service.subscriptions.service import start
from platform_service.tables import Outbox
from platform_service.users.events import UserRegistered
from platform_service.users.models import Customer, User
from platform_service.users.service import lock_user, with_address
from shared.encryption import Cipher
from shared.events.outbox import publish
from shared.runtime import Runtime
from shared.schemas.dates import utcnow

DOMAIN = "softfactory.dev"


@dataclass(frozen=True)
class SeedUser:
    """A user with a fixed id, so that coocook's development chefs can name theirs. `products`: None for all."""

    id: int
    local_part: str
    name: str
    role: str = "user"
    products: tuple[str, ...] | None = ("coocook",)


USERS = (
    SeedUser(1, "admin", "Admin", role="admin", products=()),
    SeedUser(2, "demo", "Demo User", products=None),
    SeedUser(3, "chef.park", "Chef Park"),
    SeedUser(4, "chef.marco", "Chef Marco"),
    SeedUser(5, "chef.tanaka", "Chef Tanaka"),
    SeedUser(6, "chef.dubois", "Chef Dubois"),
    SeedUser(7, "chef.garcia", "Chef Garcia"),
)

# slug, name, description, icon, monthly price, annual price, currency
PRODUCTS = (
    ("coocook", "CooCook", "Book a chef who cooks at your place.", "🍳", "29", "290", "USD"),
    ("sns-auto", "SNS Auto", "Write once, publish to every network on time.", "📱", "49", "490", "USD"),
    ("review", "Review", "Campaigns that find reviewers for your product.", "⭐", "39", "390", "USD"),
    ("ai-automation", "AI Automation", "AI employees that take over routine work.", "🤖", "89", "890", "USD"),
    (
        "webapp-builder",
        "WebApp Builder",
        "The bootcamp at whose end your web app runs.",
        "💻",
        "590000",
        None,
        "KRW",
    ),
)


class SeedRefused(Exception):
    """The development data cannot be written to this database."""


async def seed(runtime: Runtime) -> None:
    """Write the development data. Raises SeedRefused in production and without the passwords."""
    if runtime.settings.is_production:
        raise SeedRefused("development users must not be created in production")
    settings: PlatformSettings = runtime.settings
    passwords = _passwords()
    with closing(open_passwords(settings)) as hasher:
        async with runtime.database.session() as session:
            await ensure_active(session, cipher=Cipher(settings.fernet_keys))
            await _products(session)
            await _users(session, hasher, passwords)
    for user in USERS:
        async with runtime.database.session() as session:
            await _subscriptions(session, user, settings.subscription_grace)
    await runtime.cache.invalidate(TAG)


def _passwords() -> dict[str, str]:
    """By the local part of the address; the chefs share the demo user's."""
    names = {"admin": "SEED_ADMIN_PASSWORD", "demo": "SEED_DEMO_PASSWORD"}
    if missing := [name for name in names.values() if not os.environ.get(name)]:
        raise SeedRefused(f"missing in the environment: {', '.join(missing)}")
    return {who: os.environ[name] for who, name in names.items()}


async def _products(session: AsyncSession) -> None:
    rows = [
        {
            "slug": slug,
            "name": name,
            "description": description,
            "icon": icon,
            "monthly_price": Decimal(monthly),
            "annual_price": None if annual is None else Decimal(annual),
            "currency": currency,
        }
        for slug, name, description, icon, monthly, annual, currency in PRODUCTS
    ]
    await session.execute(insert(Product).values(rows).on_conflict_do_nothing(index_elements=[Product.slug]))


async def _users(session: AsyncSession, hasher: Passwords, passwords: dict[str, str]) -> None:
    hashes = {who: await hasher.hash(password) for who, password in passwords.items()}
    for seeded in USERS:
        who = seeded.local_part if seeded.local_part in passwords else "demo"
        email = f"{seeded.local_part}@{DOMAIN}"
        values = {"id": seeded.id, "email": email, "name": seeded.name, "role": seeded.role}
        row = (
            insert(User)
            .values(**values, password_hash=hashes[who])
            .on_conflict_do_nothing()
            .returning(User.id)
        )
        if await session.scalar(row) is not None:
            await session.execute(
                insert(Customer).values(user_id=seeded.id, provider_id=f"cus_demo_{seeded.id}")
            )
            event = UserRegistered(user_id=seeded.id, email=email, name=seeded.name, role=seeded.role)
            await publish(session, Outbox, event, key=str(seeded.id))
            continue
        user = (await session.scalars(select(User).where(with_address(email)))).one_or_none()
        if user is None:
            raise SeedRefused(f"user {seeded.id} is not {email}: this is not a development database")
        if not await hasher.verify(passwords[who], user.password_hash):
            user.password_hash = hashes[who]
    # The ids above were given, not counted: the next registration must not get one of them.
    counter = "SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users))"
    await session.execute(text(counter))


async def _subscriptions(session: AsyncSession, seeded: SeedUser, grace: timedelta) -> None:
    user = await lock_user(session, seeded.id)
    if user is None or user.deleted_at is not None:
        return
    for product in await session.scalars(select(Product).order_by(Product.id)):
        wanted = seeded.products is None or product.slug in seeded.products
        if not wanted or await is_subscribed(session, user_id=user.id, product_id=product.id, grace=grace):
            continue
        subscription = Subscription(
            user_id=user.id,
            product_id=product.id,
            plan_type="monthly",
            price=product.monthly_price,
            currency=product.currency,
            current_period_end=period_end(utcnow(), "annual"),
        )
        await start(session, subscription, grace=grace)
