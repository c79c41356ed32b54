"""Who charges cards."""

from __future__ import annotations

from platform_service.settings import PlatformSettings
from shared.payments.stripe_provider import StripeProvider


def open_provider(settings: PlatformSettings) -> StripeProvider:
    """Stripe, or the sandbox that speaks its language, as the environment says. The caller closes it."""
    return StripeProvider(
        api_url=settings.stripe_api_url,
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
    )
