"""Bookings over HTTP, and paying for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from coocook_service.bookings import changes, errors, queries, service
from coocook_service.bookings.errors import BookingNotFound
from coocook_service.bookings.payments import pay
from coocook_service.bookings.schemas import (
    BookingDetail,
    BookingMade,
    Canceled,
    ChefsBooking,
    CustomersBooking,
    FreeSlots,
    Hours,
    NewBooking,
    Paid,
    Payment,
    StatusChange,
    StatusChanged,
)
from coocook_service.bookings.settlement import ChargeRequest
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.deps import (
    PREFIX,
    PRODUCT,
    EntitlementsDep,
    Idempotent,
    Provider,
    Subscriber,
    SubscriberOrChef,
)
from coocook_service.settings import CoocookSettings
from shared.auth.dependencies import CurrentUser
from shared.auth.errors import SubscriptionRequired
from shared.idempotency import IdempotencyKeyReused
from shared.idempotency.idempotent import IdempotencyKey
from shared.payments.errors import CardDeclined, PaymentMethodMissing, ProviderRefused, ProviderUnavailable
from shared.schemas.dates import Day
from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from shared.web.routes import public

router = APIRouter(prefix=PREFIX, tags=["bookings"])
BOOKING_ERRORS = (
    errors.BadDate,
    errors.PastDate,
    ChefNotFound,
    errors.ChefUnavailable,
    errors.DayFull,
    errors.TooManyReservations,
    errors.OwnChef,
    errors.TooFarAhead,
    errors.OutsideWorkingHours,
    SubscriptionRequired,
)
CHANGE_ERRORS = (errors.BookingNotFound, errors.InvalidTransition)


@router.get(
    "/bookings",
    response_model=list[CustomersBooking],
    responses=responses(InvalidCursor, SubscriptionRequired),
)
async def list_bookings(request: Request, runtime: RuntimeDep, user: Subscriber, query: Listing) -> Response:
    """Your bookings, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await queries.of_customer(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.post("/bookings", status_code=201, response_model=BookingMade, responses=responses(*BOOKING_ERRORS))
async def create_booking(
    session: Session, runtime: RuntimeDep, user: Subscriber, idempotent: Idempotent, body: NewBooking
) -> Response:
    """Reserve a chef at the given time, or at the day's first free time. Pay before `expires_at`, or it expires."""
    settings: CoocookSettings = runtime.settings
    terms = service.Terms(seconds=settings.reservation_seconds, at_most=settings.max_unpaid_reservations)
    request = service.BookingRequest(
        user_id=user.user_id,
        chef_id=body.chef_id,
        booking_date=body.booking_date,
        duration_hours=body.duration_hours,
        special_requests=body.special_requests or "",
    )

    async def work() -> BookingMade:
        return _made(await service.book(session, request, terms))

    return await idempotent(operation="bookings.create", request=body, work=work)


def _made(reservation: service.Reservation) -> BookingMade:
    return BookingMade(
        id=reservation.id,
        message=f"The chef is reserved for you until {reservation.expires_at:%Y-%m-%d %H:%M} UTC. Pay to confirm.",
        total_price=reservation.total_price,
        currency=reservation.currency,
        status=reservation.status,
        starts_at=reservation.period.start,
        ends_at=reservation.period.end,
        expires_at=reservation.expires_at,
    )


@router.get("/chefs/me/bookings", response_model=list[ChefsBooking], responses=responses(InvalidCursor))
async def list_bookings_to_serve(
    request: Request, runtime: RuntimeDep, user: CurrentUser, query: Listing
) -> Response:
    """The bookings that you serve as a chef, newest first."""
    rows, last = await queries.of_chef(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.get(
    "/chefs/{chef_id}/slots",
    response_model=FreeSlots,
    dependencies=[public],
    responses=responses(ChefNotFound),
)
async def list_free_slots(
    runtime: RuntimeDep,
    chef_id: Id,
    date: Annotated[Day, Query()],
    duration_hours: Annotated[Hours, Query()] = 1,
) -> Response:
    """When a chef is free on a day. A day in the past or too far ahead has no free times."""
    slots = await queries.free_slots(
        runtime.database, chef_id=chef_id, day=date, duration_hours=duration_hours
    )
    return ModelAnswer(slots)


@router.get(
    "/bookings/{booking_id}",
    response_model=BookingDetail,
    responses=responses(errors.BookingNotFound, SubscriptionRequired),
)
async def get_booking(runtime: RuntimeDep, user: SubscriberOrChef, booking_id: Id) -> Response:
    """A booking of yours, as its customer or its chef."""
    row = await queries.one(runtime.database, booking_id=booking_id, user_id=user.user_id)
    return JSONBytes(dumps(row))


@router.put(
    "/bookings/{booking_id}",
    response_model=StatusChanged,
    responses=responses(
        *CHANGE_ERRORS, errors.NotPaid, errors.NotOver, errors.NotTheChef, SubscriptionRequired
    ),
)
async def change_booking(
    session: Session, runtime: RuntimeDep, user: SubscriberOrChef, booking_id: Id, body: StatusChange
) -> Response:
    """Change a booking's status, as the booked chef: confirmed (accepted, and still to be paid), completed (once it is
    paid and over) or canceled."""
    settings: CoocookSettings = runtime.settings
    booking = await changes.change_status(
        session,
        booking_id=booking_id,
        user_id=user.user_id,
        status=body.status,
        accepted_seconds=settings.accepted_reservation_seconds,
    )
    return ModelAnswer(StatusChanged(message=f"The booking is {booking.status}.", status=booking.status))


@router.post("/bookings/{booking_id}/cancel", response_model=Canceled, responses=responses(*CHANGE_ERRORS))
async def cancel_booking(session: Session, user: CurrentUser, booking_id: Id) -> Response:
    """Cancel your own booking. Your payment is refunded if you cancel at least 24 hours before the start."""
    booking, refunded = await changes.cancel(session, booking_id=booking_id, user_id=user.user_id)
    message = "The booking is canceled" + (" and the payment is refunded." if refunded else ".")
    return ModelAnswer(Canceled(message=message, status=booking.status, refunded=refunded))


payments_router = APIRouter(prefix=PREFIX, tags=["payments"])
PAYING_ERRORS = (
    BookingNotFound,
    errors.AmountDiffers,
    errors.NoCard,
    errors.NotYourBooking,
    errors.AlreadyPaid,
    errors.CanceledBooking,
    errors.ReservationExpired,
    errors.BookingStarted,
    errors.PaymentInProgress,
    CardDeclined,
    PaymentMethodMissing,
    ProviderRefused,
    ProviderUnavailable,
    IdempotencyKeyReused,
    SubscriptionRequired,
)


@payments_router.post("/bookings/{booking_id}/pay", response_model=Paid, responses=responses(*PAYING_ERRORS))
async def pay_booking(
    runtime: RuntimeDep,
    provider: Provider,
    entitlements: EntitlementsDep,
    user: Subscriber,
    key: IdempotencyKey,
    booking_id: Id,
    body: Payment | None = None,
) -> Response:
    """Pay for your booking with your subscription's card, which confirms the booking."""
    entitlement = await entitlements.check(user.user_id, PRODUCT)
    request = ChargeRequest(
        booking_id=booking_id,
        user_id=user.user_id,
        amount=body.amount if body else None,
        customer=entitlement.customer if entitlement else None,
        request_key=key,
    )
    payment = await pay(runtime.database, provider, request)
    return ModelAnswer(
        Paid(
            message="The payment succeeded and the booking is confirmed.",
            payment_id=payment.id,
            booking_id=payment.booking_id,
            amount=payment.amount,
            currency=payment.currency,
        )
    )
