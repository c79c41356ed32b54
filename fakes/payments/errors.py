"""Errors in Stripe's shape."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """An answer `{"error": {...}}`. `kept`: whether the idempotency key answers it again."""

    def __init__(self, status: int, kind: str, message: str, *, kept: bool = False, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.body = {"error": {"type": kind, "message": message, **details}}


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400
) -> StripeError:
    """A request that Stripe refuses before it does anything."""
    details: dict[str, Any] = {
        name: value for name, value in (("param", param), ("code", code)) if value is not None
    }
    return StripeError(status, "invalid_request_error", message, **details)


def missing(kind: str, identity: str, param: str = "id") -> StripeError:
    """No such object."""
    return invalid(f"No such {kind}: '{identity}'", param=param, code="resource_missing", status=404)


def declined(intent: dict[str, Any] | None = None) -> StripeError:
    """The bank said no."""
    details = {} if intent is None else {"payment_intent": intent}
    return StripeError(
        402,
        "card_error",
        "Your card was declined.",
        kept=True,
        code="card_declined",
        decline_code="generic_decline",
        **details,
    )
