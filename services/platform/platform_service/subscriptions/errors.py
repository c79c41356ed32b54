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
