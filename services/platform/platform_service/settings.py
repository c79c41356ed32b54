"""What platform is told by its environment, beyond what every service is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from shared.encryption import FernetKeys, split_keys
from shared.schemas.money import minor_unit
from shared.settings import HttpUrl, PaymentSettings

CLOCK_MARGIN = timedelta(minutes=1)


def _known_currency(code: str) -> str:
    minor_unit(code)
    return code


class PlatformSettings(PaymentSettings):
    """Every time is in the unit that its name says."""

    service_secrets: dict[str, SecretStr]
    """JSON: the SERVICE_SECRET of each service that may call this one, by its name."""
    key_encryption_keys: FernetKeys
    """Comma-separated: the first encrypts the signing keys, all of them decrypt."""
    public_url: HttpUrl
    """Where browsers reach the gateway: the payment provider sends them back there."""
    billing_page: Annotated[str, Field(pattern=r"^(/|https?://[^\s/]+/)")] = "/web/platform/billing.html"
    """The app's page to which a browser is sent on, with `checkout=` and what became of it: a path below PUBLIC_URL, or
    a whole address."""
    stripe_webhook_secret: SecretStr

    access_minutes: int = Field(default=15, ge=1, le=45)
    """How long an access token is good. After a change to fewer, those that were signed before live on as they were
    signed, and a session that ends is refused for as long as the new ones live: so change it in small steps."""
    refresh_days: int = Field(default=30, ge=1, le=365)
    refresh_grace_seconds: float = Field(default=10.0, ge=0, le=300)
    """How long after its answer a used refresh token still gets its successor, for clients that lost the answer."""
    hash_threads: int = Field(default=2, ge=1)
    hash_queue: int = Field(default=64, ge=1)
    """Logins and registrations that may wait for a thread; the next one gets 503."""
    hash_memory_kib: int = Field(default=19 * 1024, ge=8)
    hash_time_cost: int = Field(default=2, ge=1)
    free_guesses: int = Field(default=5, ge=1)
    """Failed logins of an account before the next one has to wait: 1 s, 2 s, 4 s and so on."""
    longest_guess_delay_seconds: float = Field(default=900.0, gt=0)
    key_publish_seconds: float = Field(default=60.0, ge=0)
    """How long `keys rotate` waits before a published key signs: time for gateways to be rendered anew."""
    subscription_grace_hours: float = Field(default=24.0, ge=0)
    """How long access outlasts the paid period: time for the provider to collect a renewal, declined cards included."""
    reporting_currency: Annotated[str, AfterValidator(_known_currency)] = "USD"
    exchange_rates: dict[str, Decimal] = Field(default_factory=lambda: {"KRW": Decimal("0.00072")})
    """JSON: what a unit of each other currency is worth in the reporting currency, for the revenue report only."""

    @property
    def fernet_keys(self) -> list[str]:
        """KEY_ENCRYPTION_KEYS, split."""
        return split_keys(self.key_encryption_keys)

    @property
    def access_lifetime(self) -> timedelta:
        """ACCESS_MINUTES as a span of time."""
        return timedelta(minutes=self.access_minutes)

    @property
    def revocation_lifetime(self) -> timedelta:
        """How long the tokens of a session that ended are refused: until the last one is over by anybody's clock."""
        return self.access_lifetime + CLOCK_MARGIN

    @property
    def refresh_lifetime(self) -> timedelta:
        """REFRESH_DAYS as a span of time."""
        return timedelta(days=self.refresh_days)

    @property
    def refresh_grace(self) -> timedelta:
        """REFRESH_GRACE_SECONDS as a span of time."""
        return timedelta(seconds=self.refresh_grace_seconds)

    @property
    def subscription_grace(self) -> timedelta:
        """SUBSCRIPTION_GRACE_HOURS as a span of time."""
        return timedelta(hours=self.subscription_grace_hours)
