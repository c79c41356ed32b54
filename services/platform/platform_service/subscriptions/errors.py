"""What can go wrong with subscriptions."""

from shared.errors import Conflict, Forbidden, NotFound


class AlreadySubscribed(Conflict):
    """There is an active subscription of this product already."""

    code = "already_subscribed"


class UnknownSubscription(NotFound):
    """There is no such subscription."""

    code = "unknown_subscription"


class NotYourSubscription(Forbidden):
    """This subscription belongs to somebody else."""

    code = "not_your_subscription"


class SubscriptionSuspended(Conflict):
    """Your subscription of this product is suspended until its open invoice is paid."""

    code = "subscription_suspended"

    def __init__(self, payment_url: str | None = None) -> None:
        where = f"Pay it at {payment_url}" if payment_url else "Pay it with the payment provider"
        message = (
            "Your subscription of this product is suspended, because a payment is missing. "
            f"{where}, and it goes on; or cancel it before you subscribe anew."
        )
        super().__init__(message, payment_url=payment_url)
