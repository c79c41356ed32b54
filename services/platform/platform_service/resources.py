"""What a platform process holds open beyond the Runtime, and how endpoints get it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.ended_sessions import remember_ended
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import Passwords
from platform_service.keys.ring import SigningRing
from platform_service.keys.service import ensure_active
from platform_service.settings import PlatformSettings
from shared.auth.service_tokens import ServiceTokenVerifier
from shared.encryption import Cipher
from shared.payments.provider import PaymentProvider
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI


@dataclass(frozen=True)
class Resources:
    """One of each per process."""

    runtime: Runtime
    settings: PlatformSettings
    passwords: Passwords
    guessing: LoginThrottle
    earlier: EarlierSessions
    ring: SigningRing
    provider: PaymentProvider


def make_resources(runtime: Runtime) -> Resources:
    """All of it, without connecting yet."""
    settings = cast("PlatformSettings", runtime.settings)
    return Resources(
        runtime=runtime,
        settings=settings,
        passwords=Passwords(
            threads=settings.hash_threads,
            queue=settings.hash_queue,
            memory_kib=settings.hash_memory_kib,
            time_cost=settings.hash_time_cost,
        ),
        guessing=LoginThrottle(
            runtime.redis, free=settings.free_guesses, longest_seconds=settings.longest_guess_delay_seconds
        ),
        earlier=EarlierSessions(runtime.redis, runtime.database, lifetime=settings.refresh_lifetime),
        ring=SigningRing(
            runtime.database,
            cipher=Cipher(settings.fernet_keys),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            lifetime=settings.access_lifetime,
        ),
        provider=stripe_provider(settings),
    )


@asynccontextmanager
async def open_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    """The resources; their threads and connections are closed at the end."""
    resources = make_resources(runtime)
    try:
        yield resources
    finally:
        resources.passwords.close()
        await resources.provider.close()


def stripe_provider(settings: PlatformSettings) -> StripeProvider:
    """The payment provider that the environment names: Stripe, or the sandbox that speaks its language."""
    return StripeProvider(
        api_url=settings.stripe_api_url,
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
    )


@asynccontextmanager
async def lifespan(runtime: Runtime, app: FastAPI) -> AsyncIterator[None]:
    """Put the resources on `app.state`, where the dependencies find them."""
    secrets = runtime.settings.service_secrets
    app.state.service_tokens = ServiceTokenVerifier(
        "platform", {name: secret.get_secret_value() for name, secret in secrets.items()}
    )
    async with open_resources(runtime) as resources:
        async with runtime.database.session() as session:
            await ensure_active(session, cipher=Cipher(resources.settings.fernet_keys))
        await remember_ended(runtime)
        app.state.resources = resources
        yield
