"""What can go wrong with subscriptions."""

from __future__ import annotations

from shared.errors import Conflict, Forbidden, NotFound


class AlreadySubscribed(Conflict):
    """You already have an active subscription to this product."""

    code = "already_subscribed"


class UnknownSubscription(NotFound):
    """There is no subscription with this id."""

    code = "unknown_subscription"


class NotYourSubscription(Forbidden):
    """This subscription belongs to another user."""

    code = "not_your_subscription"


class SubscriptionSuspended(Conflict):
    """Your subscription to this product is suspended until its open invoice is paid."""

    code = "subscription_suspended"

    def __init__(self, payment_url: str | None = None) -> None:
        where = f"Pay it at {payment_url}" if payment_url else "Pay it with the payment provider"
        message = (
            "Your subscription to this product is suspended, because a payment is missing. "
            f"{where} to continue it, or cancel it before you subscribe again."
        )
        super().__init__(message, payment_url=payment_url)
