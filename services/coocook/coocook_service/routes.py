"""Every route of the coocook service."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from coocook_service.bookings.router import payments_router as payments
from coocook_service.bookings.router import router as bookings
from coocook_service.chefs.router import router as chefs
from coocook_service.reviews.router import router as reviews
from coocook_service.settings import CoocookSettings


def routers(_: CoocookSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (chefs, bookings, payments, reviews)
