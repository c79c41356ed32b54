"""What the services ask of a payment provider, in their own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from shared.schemas.money import Money

Interval = Literal["month", "year"]
EventKind = Literal[
    "checkout_completed",
    "checkout_expired",
    "invoice_paid",
    "invoice_failed",
    "subscription_changed",
    "subscription_deleted",
    "refunded",
    "other",
]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout page of the provider, to which the browser is sent."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """`payment` is the id to keep a ledger by: the first invoice's, the same that its event invoice_paid names."""

    id: str
    status: Literal["open", "complete", "expired"]
    paid: bool
    subscription: str | None
    customer: str | None
    amount: Money | None
    metadata: Mapping[str, str]
    period_end: datetime | None
    payment: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """`active` says whether it is paid for now; `status` is the provider's own word for it."""

    id: str
    status: str
    active: bool
    customer: str | None
    period_end: datetime | None
    cancel_at_period_end: bool
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment that was asked for."""

    id: str
    status: Literal["succeeded", "processing", "failed"]


@dataclass(frozen=True, slots=True)
class EventData:
    """What an event says, as far as it says it. `payment` is as in CheckoutState, or the charge's id for refunds."""

    checkout: str | None = None
    subscription: str | None = None
    customer: str | None = None
    payment: str | None = None
    status: str | None = None
    active: bool | None = None
    paid: bool | None = None
    amount: Money | None = None
    period_end: datetime | None = None
    cancel_at_period_end: bool | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A webhook whose signature was good. `id` is the same when it comes again; `created` orders late ones."""

    id: str
    type: str
    created: datetime
    kind: EventKind
    data: EventData


class PaymentProvider(Protocol):
    """Every call raises ProviderUnavailable (503) without a sure answer, and ProviderRefused (502) for a bug of ours.

    Every write takes an idempotency key: the same key and arguments never do the work twice.
    """

    async def create_customer(self, *, user_id: int, email: str, name: str, idempotency_key: str) -> str:
        """The provider's id of the new customer."""
        ...

    async def create_checkout(
        self,
        *,
        customer: str,
        product_name: str,
        price: Money,
        interval: Interval,
        metadata: Mapping[str, str],
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
    ) -> Checkout:
        """A page on which the customer subscribes. `{CHECKOUT_SESSION_ID}` in success_url is filled in."""
        ...

    async def get_checkout(self, checkout_id: str) -> CheckoutState:
        """Raises UnknownPayment."""
        ...

    async def get_subscription(self, subscription_id: str) -> SubscriptionState:
        """Raises UnknownPayment."""
        ...

    async def cancel_subscription(
        self, subscription_id: str, *, idempotency_key: str, at_period_end: bool = False
    ) -> None:
        """End it now, or let it run to what is paid for. One that is gone already, or unknown, is fine."""
        ...

    async def charge(
        self,
        *,
        amount: Money,
        customer: str,
        description: str,
        metadata: Mapping[str, str],
        idempotency_key: str,
    ) -> Charge:
        """Charge the customer's card on file. Raises CardDeclined or PaymentMethodMissing (402)."""
        ...

    async def find_charge(self, *, customer: str, idempotency_key: str) -> Charge | None:
        """The charge that was made with this key, if it was made: for settling what a crash left open."""
        ...

    async def refund(self, charge_id: str, *, idempotency_key: str) -> None:
        """Give all of a Charge back, or of a CheckoutState's `payment`. One that is refunded already is fine.

        Raises UnknownPayment.
        """
        ...

    def parse_webhook(self, payload: bytes, signature: str | None) -> ProviderEvent:
        """Raises BadWebhook for a wrong or old signature and for a body that is no event."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
