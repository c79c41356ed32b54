"""What the services ask of a payment provider, in our own terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from shared.schemas.money import Money

Interval = Literal["month", "year"]
EventKind = Literal[
    "checkout_completed",
    "checkout_expired",
    "invoice_paid",
    "invoice_failed",
    "subscription_changed",
    "subscription_deleted",
    "payment_changed",
    "irrelevant",
    "other",
]
MovementKind = Literal["refund", "refund_reversal", "dispute", "dispute_reversal"]
FLOW: Final = "flow"
"""The key of a charge's metadata that says what was sold, where several flows share one provider account."""
BOOKING: Final = "booking"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout page of the provider, to which the browser is sent."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """`payment` is the id for the ledger: the first invoice's, the same as in its event invoice_paid."""

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
class PaidInvoice:
    """Proof that a period was paid for. The period is None for an invoice of something else than a subscription."""

    id: str
    amount: Money
    customer: str | None
    subscription: str | None
    period_start: datetime | None
    period_end: datetime | None
    paid_at: datetime
    metadata: Mapping[str, str]
    """Of the subscription."""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """The provider's state and plans. What was paid for is in `invoices`: the paid ones, the newest first.

    `status` is the provider's own term; `price` is what a period costs from now on; `payment_url` is a page on which
    the customer can pay an open invoice.
    """

    id: str
    status: str
    active: bool
    customer: str | None
    period_end: datetime | None
    cancel_at_period_end: bool
    metadata: Mapping[str, str]
    price: Money | None = None
    interval: Interval | None = None
    invoices: Sequence[PaidInvoice] = ()
    payment_url: str | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that went back to a customer, or came back from one; `amount` is above zero, `id` is this movement's."""

    id: str
    kind: MovementKind
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentState:
    """A charge, what it paid for, and everything that happened to its money so far. `metadata` is the charge's own."""

    id: str
    customer: str | None
    metadata: Mapping[str, str]
    invoice: PaidInvoice | None
    movements: Sequence[Movement]
    dispute_lost: bool


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment that was asked for."""

    id: str
    status: Literal["succeeded", "processing", "failed"]


@dataclass(frozen=True, slots=True)
class EventData:
    """The content of an event, as far as it says. `payment` is as in CheckoutState, or the charge's id."""

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
    """A webhook with a valid signature. `id` stays the same when it is delivered again; `created` orders late ones.

    `problem`: why nothing can be said about it, although its type is known.
    """

    id: str
    type: str
    created: datetime
    kind: EventKind
    data: EventData
    problem: str = ""


class PaymentProvider(Protocol):
    """Every call raises ProviderUnavailable if its outcome is unknown, and ProviderRefused for a bug of ours (both
    503). Calls that return an amount raise UnreadableAmount for a currency that is not known here.

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
        """With the invoices that were paid for it last. Raises UnknownPayment."""
        ...

    async def get_payment(self, charge_id: str) -> PaymentState:
        """What happened to a charge; the id is one that an event names. Raises UnknownPayment."""
        ...

    async def cancel_subscription(
        self, subscription_id: str, *, idempotency_key: str, at_period_end: bool = False
    ) -> None:
        """End it now, or at the end of the paid period. One that is already gone, or unknown, is fine."""
        ...

    async def void_open_invoices(self, subscription_id: str) -> None:
        """Prevent that anything still open of a subscription is paid. Paid invoices stay paid; repeatable."""
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
        """The charge that was made with this key, if there is one: for settling what a crash left open."""
        ...

    async def refund(self, charge_id: str, *, idempotency_key: str) -> None:
        """Refund all of a Charge, or of a CheckoutState's `payment`. One that is already refunded is fine.

        Raises UnknownPayment, and RefundFailed if the bank did not accept it.
        """
        ...

    def parse_webhook(self, payload: bytes, signature: str | None) -> ProviderEvent:
        """Raises BadWebhook for a wrong or old signature and for a body that is not an event."""
        ...

    def read_event(self, content: Mapping[str, Any]) -> ProviderEvent:
        """A webhook's body whose signature was verified when it arrived. Raises BadWebhook if it is not an event."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
