"""What can go wrong with a payment provider, whichever it is."""

from __future__ import annotations

from shared.errors import BadRequest, NotFound, PaymentRequired, Unavailable, UpstreamFailed


class CardDeclined(PaymentRequired):
    """The card was declined."""


class PaymentMethodMissing(PaymentRequired):
    """There is no card on file."""


class ProviderUnavailable(Unavailable):
    """The payment provider does not answer. The payment may or may not have been made; repeat the request."""

    code = "payment_provider_unavailable"


class ProviderRefused(UpstreamFailed):
    """The payment provider refused the request."""

    code = "payment_provider_refused"


class UnreadableAmount(UpstreamFailed):
    """The payment provider names an amount that nobody here can count."""

    code = "payment_amount_unreadable"


class RefundFailed(UpstreamFailed):
    """The bank did not accept the refund."""

    code = "payment_refund_failed"


class UnknownPayment(NotFound):
    """The payment provider does not know this object."""

    code = "payment_unknown"


class BadWebhook(BadRequest):
    """The webhook's signature or content is not valid."""
