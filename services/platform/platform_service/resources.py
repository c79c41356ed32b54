"""What a platform process holds open beyond the Runtime: made here, and passed on one by one to whoever uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import Passwords
from platform_service.auth.revocation import SessionRevoker, remember_ended
from platform_service.keys.ring import SigningRing
from platform_service.keys.service import ensure_active
from platform_service.settings import PlatformSettings
from shared.auth.service_tokens import ServiceTokenVerifier
from shared.encryption import Cipher
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI


def open_provider(settings: PlatformSettings) -> StripeProvider:
    """Who charges cards: Stripe, or the sandbox that speaks its language. The caller closes it."""
    return StripeProvider(
        api_url=settings.stripe_api_url,
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
    )


def open_passwords(settings: PlatformSettings) -> Passwords:
    """Who hashes passwords. The caller closes it."""
    return Passwords(
        threads=settings.hash_threads,
        queue=settings.hash_queue,
        memory_kib=settings.hash_memory_kib,
        time_cost=settings.hash_time_cost,
    )


def login_throttle_of(runtime: Runtime) -> LoginThrottle:
    """Who counts failed logins."""
    settings: PlatformSettings = runtime.settings
    longest = settings.longest_guess_delay_seconds
    return LoginThrottle(runtime.redis, free=settings.free_guesses, longest_seconds=longest)


def earlier_sessions_of(runtime: Runtime) -> EarlierSessions:
    """The sessions that the release before left in Redis."""
    settings: PlatformSettings = runtime.settings
    return EarlierSessions(runtime.redis, runtime.database, lifetime=settings.refresh_lifetime)


def session_revoker_of(runtime: Runtime) -> SessionRevoker:
    """Who ends sessions."""
    settings: PlatformSettings = runtime.settings
    return SessionRevoker(
        runtime.database,
        runtime.revoked,
        earlier_sessions_of(runtime),
        refresh_lifetime=settings.refresh_lifetime,
        revocation_lifetime=settings.revocation_lifetime,
    )


def signing_ring_of(runtime: Runtime) -> SigningRing:
    """The keys that sign and that are published."""
    settings: PlatformSettings = runtime.settings
    return SigningRing(
        runtime.database,
        cipher=Cipher(settings.fernet_keys),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        lifetime=settings.access_lifetime,
    )


@asynccontextmanager
async def lifespan(runtime: Runtime, app: FastAPI) -> AsyncIterator[None]:
    """Put the resources on `app.state`, where the dependencies find them."""
    settings: PlatformSettings = runtime.settings
    secrets = {name: secret.get_secret_value() for name, secret in settings.service_secrets.items()}
    app.state.service_tokens = ServiceTokenVerifier("platform", secrets)
    app.state.login_throttle = login_throttle_of(runtime)
    app.state.earlier_sessions = earlier_sessions_of(runtime)
    app.state.session_revoker = session_revoker_of(runtime)
    app.state.signing_ring = signing_ring_of(runtime)
    app.state.passwords = passwords = open_passwords(settings)
    app.state.payments = provider = open_provider(settings)
    try:
        async with runtime.database.session() as session:
            await ensure_active(session, cipher=Cipher(settings.fernet_keys))
        await remember_ended(runtime.database, runtime.revoked, within=settings.revocation_lifetime)
        yield
    finally:
        passwords.close()
        await provider.close()
