"""Every table of the service, for code that needs all of them: migrations and their check."""

from __future__ import annotations

from coocook_service.bookings.models import Booking, BookingPayment
from coocook_service.chefs.models import Chef
from coocook_service.reviews.models import Review
from coocook_service.tables import Base, Entitlement, IdempotencyRecord, Inbox, Outbox

__all__ = [
    "Base",
    "Booking",
    "BookingPayment",
    "Chef",
    "Entitlement",
    "IdempotencyRecord",
    "Inbox",
    "Outbox",
    "Review",
]
